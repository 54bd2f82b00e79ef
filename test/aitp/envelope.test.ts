import { describe, expect, it } from 'vitest';
import { buildEnvelope, encodeEnvelope, parseEnvelope } from '../../src/aitp/envelope.js';
import { verifyEnvelope } from '../../src/aitp/envelope-verify.js';
import { errorPayload, readErrorPayload } from '../../src/aitp/error-payload.js';
import { memoryReplayStore, type ReplayStore } from '../../src/aitp/replay-store.js';
import type { JsonObject } from '../../src/codec/json-value.js';
import { type Break, breaksInOrder } from './checklist-steps.js';
import { mutations, outcome, signerOf, T, withBadSignature } from './support.js';

const ID = '770e8400-e29b-41d4-a716-446655441001';
const replay = { dangerouslyAllowReplay: true } as const;

async function envelopeText(more: Partial<Parameters<typeof buildEnvelope>[0]> = {}, name: 'A' | 'P' = 'A') {
  const content = { messageType: 'mutual_hello', messageId: ID, timestampSec: T, payload: { hello: true } } as const;
  return encodeEnvelope(await buildEnvelope({ ...content, ...more }, await signerOf(name)));
}
const verify = (input: string | Uint8Array, nowSec = T, store: ReplayStore | typeof replay = replay) =>
  outcome(() => verifyEnvelope(input, { now: () => nowSec, replay: store }));
/** The text with members changed and the signature as it was. */
const changed = (text: string, members: object) => JSON.stringify({ ...JSON.parse(text), ...members });

describe('time', () => {
  it('[16.11] 301 s off is too far, either way, and 300 s is not', async () => {
    const text = await envelopeText();
    expect(await verify(text, T + 300)).toBe('accepted');
    expect(await verify(text, T - 300)).toBe('accepted');
    expect(await verify(text, T + 301)).toBe('TIMESTAMP_EXPIRED');
    expect(await verify(text, T - 301)).toBe('TIMESTAMP_EXPIRED');
  });
});

describe('replay', () => {
  it('[16.12] the same id twice is refused, and accepted again after the window', async () => {
    let now = T;
    const store = memoryReplayStore({ now: () => now });
    expect(await verify(await envelopeText(), now, store)).toBe('accepted');
    expect(await verify(await envelopeText(), now, store)).toBe('REPLAY_DETECTED');
    now = T + 300;
    expect(await verify(await envelopeText(), now, store)).toBe('REPLAY_DETECTED');
    now = T + 301;
    expect(await verify(await envelopeText(), now, store)).toBe('TIMESTAMP_EXPIRED');
    expect(await verify(await envelopeText({ timestampSec: now }), now, store)).toBe('accepted');
  });

  it('a message from a clock that is ahead is remembered for as long as it could be replayed', async () => {
    let now = T;
    const store = memoryReplayStore({ now: () => now });
    const text = await envelopeText({ timestampSec: T + 300 });
    expect(await verify(text, now, store)).toBe('accepted');
    now = T + 600;
    expect(await verify(text, now, store)).toBe('REPLAY_DETECTED');
  });

  it('a stranger cannot use up the id of somebody else', async () => {
    const store = memoryReplayStore({ now: () => T });
    const text = await envelopeText();
    expect(await verify(withBadSignature(text), T, store)).toBe('INVALID_SIGNATURE');
    expect(await verify(await envelopeText({}, 'P'), T, store)).toBe('accepted');
    expect(await verify(text, T, store)).toBe('accepted');
  });

  it('of two copies at once one is taken', async () => {
    const store = memoryReplayStore({ now: () => T });
    const text = await envelopeText();
    const both = await Promise.all([verify(text, T, store), verify(text, T, store)]);
    expect(both.sort()).toEqual(['REPLAY_DETECTED', 'accepted']);
  });

  it('no decision about replay is a mistake of the caller', async () => {
    const text = await envelopeText();
    // @ts-expect-error: the decision is missing
    await expect(verifyEnvelope(text, { now: () => T })).rejects.toThrow(TypeError);
    // @ts-expect-error: the clock is missing
    await expect(verifyEnvelope(text, { replay })).rejects.toThrow(TypeError);
  });
});

describe('shape', () => {
  it('[16.13] another version is unknown', async () => {
    const text = await envelopeText();
    expect(await verify(changed(text, { version: 'aitp/0.1' }))).toBe('UNKNOWN_VERSION');
    expect(await verify(changed(text, { version: 'AITP/0.2' }))).toBe('UNKNOWN_VERSION');
    expect(await verify(changed(text, { version: 2 }))).toBe('INVALID_ENVELOPE');
    expect(await verify(changed(text, { version: undefined }))).toBe('INVALID_ENVELOPE');
  });

  it('[16.14] a member nobody knows is the code only as the one defect, and extensions are ignored', async () => {
    const text = await envelopeText();
    expect(await verify(changed(text, { trace_id: 1 }))).toBe('UNKNOWN_FIELD');
    expect(await verify(changed(text, { trace_id: 1, payload: undefined }))).toBe('INVALID_ENVELOPE');
    const { agent_id } = JSON.parse(text).sender;
    expect(await verify(changed(text, { sender: { agent_id, name: 'A' } }))).toBe('UNKNOWN_FIELD');
    expect(await verify(changed(text, { sender: { name: 'A' } }))).toBe('INVALID_ENVELOPE');
    expect(await verify(changed(text, { extensions: { 'com.example.debug': { a: [] } } }))).toBe('accepted');
    expect(await verify(changed(text, { extensions: [] }))).toBe('INVALID_ENVELOPE');
    expect(await verify(await envelopeText({ extensions: { x: 1 } }))).toBe('accepted');
  });

  it.each<[string, object, string]>([
    ['the payload changed by one byte', { payload: { hellp: true } }, 'INVALID_SIGNATURE'],
    ['an id in capitals', { message_id: ID.toUpperCase() }, 'INVALID_ENVELOPE'],
    ['an id of version 1', { message_id: ID.replace('-41d4', '-11d4') }, 'INVALID_ENVELOPE'],
    ['a time as text', { timestamp: `${T}` }, 'INVALID_ENVELOPE'],
    ['a time with a fraction', { timestamp: T + 0.5 }, 'INVALID_ENVELOPE'],
    ['a time before 1970', { timestamp: -1 }, 'INVALID_ENVELOPE'],
    ['a kind of message nobody registered', { message_type: 'hello' }, 'INVALID_ENVELOPE'],
    ['a payload that is no object', { payload: [] }, 'INVALID_ENVELOPE'],
    ['a sender that is no AID', { sender: { agent_id: 'aid:pubkey:A' } }, 'INVALID_ENVELOPE'],
    ['extensions that are null', { extensions: null }, 'INVALID_ENVELOPE'],
    ['a signature that is no text', { signature: null }, 'INVALID_ENVELOPE'],
    ['a signature of another form', { signature: 'A' }, 'INVALID_SIGNATURE'],
    ['another id', { message_id: ID.replace('1001', '1002') }, 'INVALID_SIGNATURE'],
    ['another time', { timestamp: T + 1 }, 'INVALID_SIGNATURE'],
  ])('[16.15] %s', async (_, members, code) => {
    expect(await verify(changed(await envelopeText(), members))).toBe(code);
  });

  it.each(['', 'x', '[]', 'null', '"aitp/0.2"', '{', '\ufeff{}'])('not an envelope at all: %j', async (text) => {
    expect(await verify(text)).toBe('INVALID_ENVELOPE');
  });

  it('too long is refused before it is parsed, and what is neither text nor bytes is a mistake of the caller', async () => {
    const payload = { a: 'A'.repeat(70_000) };
    const text = JSON.stringify({ ...(JSON.parse(await envelopeText()) as object), payload });
    expect(await verify(text)).toBe('INVALID_ENVELOPE');
    expect(() => parseEnvelope(7 as unknown as string)).toThrow(TypeError);
  });

  it('takes other kinds of message where the caller names them', async () => {
    const signer = await signerOf('A');
    const content = { messageType: 'capability_invocation', timestampSec: T, payload: {} } as const;
    const text = encodeEnvelope(await buildEnvelope<string>(content, signer));
    expect(await verify(text)).toBe('INVALID_ENVELOPE');
    const options = { now: () => T, replay, messageTypes: ['capability_invocation'] };
    expect((await verifyEnvelope(text, options)).messageType).toBe('capability_invocation');
  });
});

describe('order of the checks', () => {
  /** What to break, and the code that tells of it. Each leaves the others as they are. */
  interface Case {
    text: string;
    nowSec: number;
    seen: boolean;
  }
  const steps: Break<Case>[] = [
    ['duplicate member', 'INVALID_ENVELOPE', (c) => ({ text: c.text.replace('{', '{"payload":{},') })],
    ['version', 'UNKNOWN_VERSION', (c) => ({ text: c.text.replace('aitp/0.2', 'aitp/0.3') })],
    ['shape', 'INVALID_ENVELOPE', (c) => ({ text: c.text.replace('mutual_hello', 'hello') })],
    ['unknown member', 'UNKNOWN_FIELD', (c) => ({ text: c.text.replace('{', '{"a":1,') })],
    ['replay', 'REPLAY_DETECTED', () => ({ seen: true })],
    ['time', 'TIMESTAMP_EXPIRED', () => ({ nowSec: T + 301 })],
    ['signature', 'INVALID_SIGNATURE', (c) => ({ text: withBadSignature(c.text) })],
  ];
  breaksInOrder('an envelope', steps, async (spoil) => {
    const state = spoil({ text: await envelopeText(), nowSec: T, seen: false });
    const store: ReplayStore = { has: async () => state.seen, addIfAbsent: async () => !state.seen };
    return verify(state.text, state.nowSec, store);
  });
});

it.each(['A', 'P'] as const)('an envelope of %s with any one byte changed is refused', async (name) => {
  const text = await envelopeText({}, name);
  expect(await verify(text)).toBe('accepted');
  for (const { at, bytes } of mutations(text)) expect([at, await verify(bytes)]).not.toEqual([at, 'accepted']);
});

describe('error messages', () => {
  it('say a registered code, and whether to try again', () => {
    const payload = errorPayload('TIMESTAMP_EXPIRED', 'too late');
    expect(payload).toEqual({ code: 'TIMESTAMP_EXPIRED', reason: 'too late', retryable: true });
    expect(readErrorPayload(payload)).toEqual(payload);
    expect(errorPayload('INVALID_SIGNATURE', '').retryable).toBe(false);
  });

  it('a code nobody registered is kept, and never retryable', async () => {
    const payload: JsonObject = { code: 'TRUST_FAILED', reason: '', retryable: true };
    expect(readErrorPayload(payload)).toEqual({ code: 'TRUST_FAILED', reason: '', retryable: false });
    expect(await outcome(() => readErrorPayload({ code: 'X' }))).toBe('INVALID_ENVELOPE');
    expect(await outcome(() => readErrorPayload({ ...payload, more: 1 }))).toBe('UNKNOWN_FIELD');
  });
});

it('a tolerance that is none is the fault of the caller, and opens nothing', async () => {
  const signer = await signerOf('A');
  const old = encodeEnvelope(
    await buildEnvelope({ messageType: 'error', payload: {}, timestampSec: T - 90_000 }, signer),
  );
  for (const toleranceSec of [Number.POSITIVE_INFINITY, Number.NaN, -1, 0.5, 86_401]) {
    const verdict = verifyEnvelope(old, { now: () => T, replay: { dangerouslyAllowReplay: true }, toleranceSec });
    await expect(verdict, `${toleranceSec}`).rejects.toBeInstanceOf(RangeError);
  }
  const text = { now: () => T, replay: { dangerouslyAllowReplay: true }, toleranceSec: '300' } as never;
  await expect(verifyEnvelope(old, text)).rejects.toBeInstanceOf(TypeError);
});
