// Artifacts over the wire: put, fetched, released; whose they are, how many, and until when.

import { describe, expect, test } from 'vitest';
import type { ArtifactStore } from '../../../../src/arcp/artifacts/contract.js';
import { memoryArtifacts } from '../../../../src/arcp/artifacts/memory.js';
import type { ArcpError } from '../../../../src/arcp/errors.js';
import { artifactService } from '../../../../src/arcp/runtime/artifacts/artifacts-service.js';
import { bearerTokens, noAuthentication } from '../../../../src/arcp/runtime/authenticator.js';
import type { RuntimeOptions } from '../../../../src/arcp/runtime/runtime.js';
import type { ToolContext } from '../../../../src/arcp/runtime/tool-context.js';
import { resultRef, type Tool } from '../../../../src/arcp/runtime/tools.js';
import { sha256Hex } from '../../../../src/arcp/wire/sha256.js';
import { encodeBase64 } from '../../../../src/codec/base64.js';
import type { JsonObject, JsonValue } from '../../../../src/codec/json-value.js';
import { yieldToEventLoop } from '../../../../src/yield.js';
import { EPOCH_MS, type RawPeer, type Received, settle, TOKENS, testRuntime } from '../../support/raw-peer.js';

type Run = (context: ToolContext, args: JsonValue) => ReturnType<Tool['handler']>;

const BOB = { auth: { scheme: 'bearer', token: 'tok-bob' } };

function bench(options: RuntimeOptions = {}, run: Run = () => null) {
  const tools: Tool[] = [{ name: 'run', handler: (args, context) => run(context, args) }];
  return testRuntime({ tools, services: [artifactService()], ...options });
}

/** Sends a command and waits for its answer. */
function ask(peer: RawPeer, type: string, payload: JsonObject): Promise<Received> {
  return peer.answerTo(peer.send(type, payload));
}

const put = (peer: RawPeer, data: string, more: JsonObject = {}) =>
  ask(peer, 'artifact.put', { media_type: 'text/plain', data, ...more });
const fetch = (peer: RawPeer, artifact_id: string) => ask(peer, 'artifact.fetch', { artifact_id });
const idOf = ({ payload }: Received) => payload.artifact.artifact_id as string;
const outcome = ({ type, payload }: Received) => (type === 'nack' ? payload.code : type);

/** A store that answers later, as one on a disk does. */
function laterArtifacts(store: ArtifactStore): ArtifactStore {
  const later =
    <A extends unknown[], R>(call: (...args: A) => R) =>
    async (...args: A): Promise<Awaited<R>> => {
      await yieldToEventLoop();
      return await call(...args);
    };
  return {
    put: later((artifact) => store.put(artifact)),
    get: later((id) => store.get(id)),
    delete: later((id) => store.delete(id)),
    sweep: later((nowMs) => store.sweep(nowMs)),
    usage: later((principal) => store.usage(principal)),
  };
}

describe('artifact.put', () => {
  test('[10.66] of aGk= is answered with artifact.ref, and fetch gives aGk= back', async () => {
    const { session } = bench();
    const peer = await session();
    const ref = await put(peer, 'aGk=');
    expect(ref.type).toBe('artifact.ref');
    const id = idOf(ref);
    const artifact = {
      artifact_id: expect.stringMatching(/^art_[0-9A-Z]{26}$/),
      uri: `arcp://session/${peer.sessionId}/artifact/${id}`,
      media_type: 'text/plain',
      size: 2,
      sha256: await sha256Hex(new TextEncoder().encode('hi')),
      expires_at: new Date(EPOCH_MS + 3_600_000).toISOString(),
    };
    expect(ref.payload).toEqual({ artifact });
    expect((await fetch(peer, id)).payload).toEqual({ artifact, data: 'aGk=' });
  });

  test.each([
    ['what is no base64', 'not!base64!'],
    ['missing padding', 'aGk'],
    ['the url-safe alphabet', '_-8='],
    ['whitespace', 'aG k='],
    ['unused bits that are not zero', 'aGl='],
    ['padding in the middle', 'aGk=aGk='],
  ])('[10.67] of %s is INVALID_ARGUMENT, and keeps nothing', async (_title, data) => {
    const artifacts = memoryArtifacts();
    const { session } = bench({ artifacts });
    expect(outcome(await put(await session(), data))).toBe('INVALID_ARGUMENT');
    expect(await artifacts.usage('alice')).toEqual({ count: 0, bytes: 0 });
  });

  test('[10.67] takes 4,194,304 bytes, and 4,194,305 are INVALID_ARGUMENT', async () => {
    const { session } = bench();
    const peer = await session();
    const bytes = new Uint8Array(4_194_304).fill(0xa5);
    const ref = await put(peer, encodeBase64(bytes));
    expect(ref.payload.artifact.size).toBe(4_194_304);
    expect((await fetch(peer, idOf(ref))).payload.data).toBe(encodeBase64(bytes));
    expect(outcome(await put(peer, encodeBase64(new Uint8Array(4_194_305))))).toBe('INVALID_ARGUMENT');
    expect(outcome(await put(peer, ''))).toBe('artifact.ref');
  });

  test('R6: whose hash is not that of its data, or none at all, is INVALID_ARGUMENT; a right one passes in both forms', async () => {
    const { session } = bench();
    const peer = await session();
    const hash = await sha256Hex(new TextEncoder().encode('hi'));
    for (const sha256 of ['0'.repeat(64), hash.toUpperCase(), hash.slice(1), 'md5:abc', '']) {
      expect(outcome(await put(peer, 'aGk=', { sha256 }))).toBe('INVALID_ARGUMENT');
    }
    for (const sha256 of [hash, `sha256:${hash}`]) {
      expect((await put(peer, 'aGk=', { sha256 })).payload.artifact.sha256).toBe(hash);
    }
  });

  test('R6: of a media type that would break a header is INVALID_ARGUMENT', async () => {
    const { session } = bench();
    const peer = await session();
    for (const media_type of ['', 'text', 'text/plain\r\nx: y', 'text/\u0000', `a/${'b'.repeat(254)}`]) {
      expect(outcome(await put(peer, 'aGk=', { media_type }))).toBe('INVALID_ARGUMENT');
    }
    for (const media_type of ['text/html; charset=utf-8', 'application/vnd.acme+json', `a/${'b'.repeat(253)}`]) {
      expect((await put(peer, 'aGk=', { media_type })).payload.artifact.media_type).toBe(media_type);
    }
  });

  test.each([
    ['nothing', undefined, 3_600],
    ['0 seconds', 0, 0],
    ['10 seconds', 10, 10],
    ['the most there is', 86_400, 86_400],
    ['one second more', 86_401, 86_400],
    ['2^53 - 1 seconds', Number.MAX_SAFE_INTEGER, 86_400],
  ])(
    'that asks for %s is kept as long as the runtime keeps anything at most',
    async (_title, retain_seconds, seconds) => {
      const { session } = bench();
      const ref = await put(await session(), 'aGk=', retain_seconds === undefined ? {} : { retain_seconds });
      expect(ref.payload.artifact.expires_at).toBe(new Date(EPOCH_MS + seconds * 1_000).toISOString());
    },
  );

  test('says its retention in the handshake, as the limits have it', async () => {
    const limits = { artifactRetentionSeconds: 50, maxArtifactRetentionSeconds: 40 };
    const accepted = await bench({ limits }).connect().open();
    expect(accepted.payload.capabilities.artifact_retention).toEqual({ default_seconds: 40, max_seconds: 40 });
  });

  test('needs the capability', async () => {
    const { session } = bench();
    expect(outcome(await put(await session({ capabilities: {} }), 'aGk='))).toBe('UNIMPLEMENTED');
  });
});

describe('an artifact', () => {
  test('[10.68] is gone after its time: there at the last millisecond, NOT_FOUND strictly later', async () => {
    const artifacts = memoryArtifacts();
    const { session, clock } = bench({ artifacts, services: [artifactService({ sweepIntervalMs: 0 })] });
    const peer = await session();
    const id = idOf(await put(peer, 'aGk=', { retain_seconds: 1 }));
    clock.advance(1_000);
    expect(outcome(await fetch(peer, id))).toBe('artifact.ref');
    clock.advance(1);
    expect(outcome(await fetch(peer, id))).toBe('NOT_FOUND');
    expect(await artifacts.get(id)).toBeUndefined();
  });

  test('[10.68] is gone after release, and releasing is acknowledged whatever there was', async () => {
    const { session } = bench();
    const peer = await session();
    const artifact_id = idOf(await put(peer, 'aGk='));
    for (const id of [artifact_id, artifact_id, 'art_none']) {
      expect(outcome(await ask(peer, 'artifact.release', { artifact_id: id }))).toBe('ack');
    }
    expect(outcome(await fetch(peer, artifact_id))).toBe('NOT_FOUND');
  });

  test('R2: of another principal looks as if there were none, to the letter, and cannot be released', async () => {
    const { session } = bench();
    const [alice, bob] = [await session(), await session(BOB)];
    const id = idOf(await put(alice, 'aGk='));
    const foreign = await fetch(bob, id);
    const unknown = await fetch(bob, 'art_none');
    const bare = ({ type, payload }: Received) => ({ type, payload });
    expect(bare(foreign)).toEqual(bare(unknown));
    expect(outcome(foreign)).toBe('NOT_FOUND');
    expect(bare(await ask(bob, 'artifact.release', { artifact_id: id }))).toEqual(
      bare(await ask(bob, 'artifact.release', { artifact_id: 'art_none' })),
    );
    expect((await fetch(alice, id)).payload.data).toBe('aGk=');
  });

  test('is there for every session of its principal', async () => {
    const { session } = bench();
    const [first, second] = [await session(), await session()];
    const ref = await put(first, 'aGk=');
    expect((await fetch(second, idOf(ref))).payload).toEqual({ ...ref.payload, data: 'aGk=' });
  });

  test('is swept every 60 s by the clock, and no timer is left when none is kept', async () => {
    const artifacts = memoryArtifacts();
    const { session, clock, runtime } = bench({ artifacts });
    const peer = await session();
    await put(peer, 'aGk=', { retain_seconds: 30 });
    await put(peer, 'aGk=', { retain_seconds: 90 });
    clock.advance(59_999);
    expect(await artifacts.usage('alice')).toMatchObject({ count: 2 });
    clock.advance(1);
    expect(await artifacts.usage('alice')).toMatchObject({ count: 1 });
    clock.advance(60_000);
    expect(await artifacts.usage('alice')).toMatchObject({ count: 0 });
    await runtime.close();
    expect(clock.pendingTimers).toBe(0);
  });

  test('that a runtime before left is swept too', async () => {
    const artifacts = memoryArtifacts();
    const first = bench({ artifacts, services: [artifactService({ sweepIntervalMs: 0 })] });
    await put(await first.session(), 'aGk=', { retain_seconds: 30 });
    const second = await first.restart({ services: [artifactService()] });
    second.clock.advance(60_000);
    expect(await artifacts.usage('alice')).toMatchObject({ count: 0 });
  });

  test('stays although a sweep of the store fails, and the host hears of it', async () => {
    const artifacts = memoryArtifacts();
    const sweep = () => Promise.reject(new Error('disk'));
    const { session, clock, faults } = bench({ artifacts: { ...artifacts, sweep } });
    const peer = await session();
    const id = idOf(await put(peer, 'aGk='));
    clock.advance(60_000);
    await settle();
    expect(faults).toMatchObject([{ where: 'artifacts' }]);
    expect(outcome(await fetch(peer, id))).toBe('artifact.ref');
  });

  test('that a client points at is acknowledged and fetched by nobody', async () => {
    const { session } = bench();
    const artifact = { artifact_id: 'art_1', uri: 'http://169.254.169.254/', media_type: 'a/b', size: 1 };
    expect(outcome(await ask(await session(), 'artifact.ref', { artifact }))).toBe('ack');
  });
});

describe('quotas', () => {
  test.each([
    ['count', { maxArtifacts: 3 }],
    ['bytes', { maxArtifactBytes: 6 }],
  ])('R6: by %s hold for each principal alone, to the last one; release makes room', async (_title, limits) => {
    const { session } = bench({ limits });
    const [alice, other, bob] = [await session(), await session(), await session(BOB)];
    const first = idOf(await put(alice, 'aGk='));
    await put(other, 'aGk=');
    expect(outcome(await put(alice, 'aGk='))).toBe('artifact.ref');
    const refused = await put(other, 'aGk=');
    expect(refused.payload).toMatchObject({ code: 'RESOURCE_EXHAUSTED', retryable: true });
    expect(outcome(await put(bob, 'aGk='))).toBe('artifact.ref');
    await ask(alice, 'artifact.release', { artifact_id: first });
    expect(outcome(await put(alice, 'aGk='))).toBe('artifact.ref');
  });

  test('count what has expired no longer, also before the sweep', async () => {
    const { session, clock } = bench({
      limits: { maxArtifacts: 1 },
      services: [artifactService({ sweepIntervalMs: 0 })],
    });
    const peer = await session();
    await put(peer, 'aGk=', { retain_seconds: 1 });
    clock.advance(1_001);
    expect(outcome(await put(peer, 'aGk='))).toBe('artifact.ref');
  });

  test.each([
    ['at once', (store: ArtifactStore) => store],
    ['later', laterArtifacts],
  ])('R6: hold against many puts at the same moment, over a store that answers %s', async (_title, wrap) => {
    const artifacts = memoryArtifacts();
    const { session } = bench({ artifacts: wrap(artifacts), limits: { maxArtifacts: 5, maxArtifactBytes: 1_000 } });
    const peers = [await session(), await session(), await session()];
    const ids = peers.flatMap((peer) =>
      Array.from({ length: 20 }, () => [peer, peer.send('artifact.put', { media_type: 'a/b', data: 'aGk=' })] as const),
    );
    const outcomes = (await Promise.all(ids.map(([peer, id]) => peer.answerTo(id)))).map(outcome);
    expect(outcomes.filter((one) => one === 'artifact.ref')).toHaveLength(5);
    expect(outcomes.filter((one) => one === 'RESOURCE_EXHAUSTED')).toHaveLength(55);
    expect(await artifacts.usage('alice')).toEqual({ count: 5, bytes: 10 });
  });

  test('one that is refused or fails does not hold up the next', async () => {
    const store = memoryArtifacts();
    let failures = 1;
    const artifacts: ArtifactStore = {
      ...store,
      put: (artifact) => {
        if (failures-- > 0) throw new Error('disk');
        return store.put(artifact);
      },
    };
    const { session, faults } = bench({ artifacts: laterArtifacts(artifacts) });
    const peer = await session();
    const outcomes = (await Promise.all([put(peer, 'aGk='), put(peer, 'aGk=')])).map(outcome);
    // They are hashed side by side: either may be the first that is kept.
    expect(outcomes.toSorted()).toEqual(['INTERNAL', 'artifact.ref']);
    expect(faults).toMatchObject([{ where: 'artifact.put' }]);
    expect(outcome(await put(peer, 'aGk='))).toBe('artifact.ref');
  });
});

describe('a tool', () => {
  test('makes an artifact that is announced among the events of its job, and fetched by the client', async () => {
    const { session } = bench({}, async ({ artifact }) =>
      resultRef(await artifact(Uint8Array.of(104, 105), { mediaType: 'text/plain', retainSeconds: 60 }), 'made'),
    );
    const peer = await session();
    const id = peer.send('tool.invoke', { tool: 'run', arguments: null });
    const ref = await peer.until('artifact.ref');
    const done = await peer.until('job.completed');
    expect(ref).toMatchObject({ correlation_id: id, job_id: done.job_id });
    expect(done.payload).toEqual({ value: 'made', result_ref: ref.payload.artifact });
    expect(ref.payload.artifact).toMatchObject({
      size: 2,
      uri: `arcp://session/${peer.sessionId}/artifact/${idOf(ref)}`,
      expires_at: new Date(EPOCH_MS + 60_000).toISOString(),
    });
    expect((await fetch(peer, idOf(ref))).payload.data).toBe('aGk=');
  });

  test.each([Number.NaN, -1, '60'])('keeps nothing for %j seconds, which no sweep would end', async (seconds) => {
    const store = memoryArtifacts();
    const { session } = bench({ artifacts: store }, async ({ artifact }) => {
      const options = { mediaType: 'text/plain', retainSeconds: seconds as number };
      return artifact(Uint8Array.of(1), options).then(
        () => 'kept',
        (error: Error) => error.name,
      );
    });
    const peer = await session();
    peer.send('tool.invoke', { tool: 'run', arguments: null });
    expect((await peer.until('job.completed')).payload.value).toBe('RangeError');
    expect(await store.usage('alice')).toMatchObject({ count: 0 });
  });

  test('keeps the bytes as they were, and may leave the announcement out', async () => {
    const { session } = bench({}, async ({ artifact }) => {
      const bytes = Uint8Array.of(104, 105);
      const making = artifact(bytes, { mediaType: 'text/plain', announce: false });
      bytes.fill(0);
      return resultRef(await making);
    });
    const peer = await session();
    peer.send('tool.invoke', { tool: 'run', arguments: null });
    const done = await peer.until('job.completed');
    expect(peer.types()).toEqual(['job.accepted', 'job.started', 'job.completed']);
    expect((await fetch(peer, done.payload.result_ref.artifact_id)).payload.data).toBe('aGk=');
  });

  test('R2: fetches what its caller may fetch, and nothing else', async () => {
    const { session } = bench({}, async ({ fetchArtifact }, args) => {
      try {
        const { bytes, mediaType, sha256 } = await fetchArtifact(args as string);
        return [[...bytes], mediaType, sha256];
      } catch (error) {
        return (error as ArcpError).wireCode;
      }
    });
    const [alice, bob] = [await session(), await session(BOB)];
    const ref = await put(alice, 'aGk=');
    const results: unknown[] = [];
    for (const peer of [alice, bob]) {
      peer.send('tool.invoke', { tool: 'run', arguments: idOf(ref) });
      results.push((await peer.until('job.completed')).payload.value);
    }
    expect(results).toEqual([[[104, 105], 'text/plain', ref.payload.artifact.sha256], 'NOT_FOUND']);
  });

  test.each([
    ['more bytes than an artifact has', 4_194_305, 'text/plain', {}, 'INVALID_ARGUMENT'],
    ['no media type', 1, '', {}, 'INVALID_ARGUMENT'],
    ['more than its caller may keep', 11, 'text/plain', {}, 'RESOURCE_EXHAUSTED'],
    ['the capability missing', 1, 'text/plain', { capabilities: {} }, 'UNIMPLEMENTED'],
  ])('that makes one of %s fails', async (_title, length, mediaType, fields, code) => {
    const limits = { maxArtifactBytes: 10 };
    const { session } = bench({ limits }, async ({ artifact }) => {
      await artifact(new Uint8Array(length), { mediaType });
    });
    const peer = await session(fields);
    peer.send('tool.invoke', { tool: 'run', arguments: null });
    expect((await peer.until('job.failed')).payload.code).toBe(code);
  });

  test('whose job has ended makes none', async () => {
    const artifacts = memoryArtifacts();
    let late: Promise<unknown> = Promise.resolve();
    const { session } = bench({ artifacts }, ({ artifact, signal }) => {
      signal.addEventListener('abort', () => {
        late = yieldToEventLoop().then(() => artifact(Uint8Array.of(1), { mediaType: 'a/b' }));
        late.catch(() => {});
      });
      return null;
    });
    const peer = await session();
    peer.send('tool.invoke', { tool: 'run', arguments: null });
    await peer.until('job.completed');
    await expect(late).rejects.toMatchObject({ code: 'ERR_ARCP_CANCELLED' });
    expect(await artifacts.usage('alice')).toEqual({ count: 0, bytes: 0 });
  });
});

describe('R6: strangers', () => {
  const STRANGER = { auth: { scheme: 'none' }, capabilities: { anonymous: true, artifacts: true } };
  /** 6,000 bytes, which count for 7,024. */
  const DATA = encodeBase64(new Uint8Array(6_000));

  function open(maxArtifactBytes: number) {
    const authenticators = [bearerTokens(TOKENS), noAuthentication()];
    return bench({ authenticators, limits: { maxArtifactBytes } });
  }

  test('keep together what one principal may, however many there are; who leaves makes room', async () => {
    const { session } = open(15_000);
    const strangers: RawPeer[] = [];
    const outcomes: string[] = [];
    for (let i = 0; i < 3; i++) {
      const stranger = await session(STRANGER);
      strangers.push(stranger);
      outcomes.push(outcome(await put(stranger, DATA)));
    }
    expect(outcomes).toEqual(['artifact.ref', 'artifact.ref', 'RESOURCE_EXHAUSTED']);
    // Those who are somebody are not held to it.
    expect(outcome(await put(await session(), DATA))).toBe('artifact.ref');
    await strangers[0]?.drop();
    expect(outcome(await put(strangers[2] as RawPeer, DATA))).toBe('artifact.ref');
  });

  test('have room again for what they released, and for what has expired', async () => {
    const { session, clock } = open(15_000);
    const [one, other] = [await session(STRANGER), await session(STRANGER)];
    const kept = await put(one, DATA);
    await put(one, DATA, { retain_seconds: 10 });
    expect(outcome(await put(other, DATA))).toBe('RESOURCE_EXHAUSTED');
    await ask(one, 'artifact.release', { artifact_id: idOf(kept) });
    expect(outcome(await put(other, DATA))).toBe('artifact.ref');
    expect(outcome(await put(other, DATA))).toBe('RESOURCE_EXHAUSTED');
    clock.advance(10_001);
    expect(outcome(await put(other, DATA))).toBe('artifact.ref');
  });
});

test('the service refuses a sweep interval that is none', () => {
  expect(() => testRuntime({ services: [artifactService({ sweepIntervalMs: -1 })] })).toThrow(RangeError);
});

describe('artifact.put with an idempotency key', () => {
  const key = { idempotency_key: 'k' };

  test('that is repeated with a hash its data does not have is INVALID_ARGUMENT, not the artifact of the first', async () => {
    const peer = await bench().session();
    const put = (more: JsonObject) =>
      peer.answerTo(peer.send('artifact.put', { media_type: 'text/plain', data: 'aGk=', ...more }, key));
    expect(outcome(await put({}))).toBe('artifact.ref');
    expect(outcome(await put({ sha256: '0'.repeat(64) }))).toBe('INVALID_ARGUMENT');
  });
  const putAs = (peer: RawPeer, data: string, fields: object = key) =>
    peer.answerTo(peer.send('artifact.put', { media_type: 'text/plain', data }, fields as Record<string, unknown>));

  test('R7: is carried out once, and answered with the same artifact, in other sessions of the principal too', async () => {
    const { session, runtime } = bench();
    const peer = await session();
    const answers = await Promise.all([putAs(peer, 'aGk='), putAs(peer, 'aGk='), putAs(await session(), 'aGk=')]);
    expect(new Set(answers.map(idOf)).size).toBe(1);
    const { artifacts } = runtime as unknown as { artifacts: ArtifactStore };
    expect(await artifacts.usage('alice')).toEqual({ count: 1, bytes: 2 });
  });

  test('R7: with another body, or for another command, is ALREADY_EXISTS', async () => {
    const { session } = bench();
    const peer = await session();
    await putAs(peer, 'aGk=');
    expect(outcome(await putAs(peer, 'aGkh'))).toBe('ALREADY_EXISTS');
    const id = peer.send('tool.invoke', { tool: 'run', arguments: null }, key);
    const failed = await peer.until('job.failed', ({ correlation_id }) => correlation_id === id);
    expect(failed.payload.code).toBe('ALREADY_EXISTS');
    peer.send('tool.invoke', { tool: 'run', arguments: null }, { idempotency_key: 'other' });
    await peer.until('job.completed');
    expect(outcome(await putAs(peer, 'aGk=', { idempotency_key: 'other' }))).toBe('ALREADY_EXISTS');
  });

  test('R7: is another one for another principal', async () => {
    const { session } = bench();
    const mine = await putAs(await session(), 'aGk=');
    const theirs = await putAs(await session(BOB), 'aGkh');
    expect(theirs.type).toBe('artifact.ref');
    expect(idOf(theirs)).not.toBe(idOf(mine));
  });

  test('is not used up by a put that was refused, and says NOT_FOUND once the artifact is gone', async () => {
    const { session } = bench({ limits: { maxArtifactBytes: 2 } });
    const peer = await session();
    expect(outcome(await putAs(peer, 'aGkh'))).toBe('RESOURCE_EXHAUSTED');
    const ref = await putAs(peer, 'aGk=');
    expect(ref.type).toBe('artifact.ref');
    await ask(peer, 'artifact.release', { artifact_id: idOf(ref) });
    expect(outcome(await putAs(peer, 'aGk='))).toBe('NOT_FOUND');
  });
});
