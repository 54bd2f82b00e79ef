// Callers in phone sessions that mean harm: quotas escaped by another session, signatures asked for without end, streams that
// go on after the token does, lists that never answer.

import { describe, expect, it, vi } from 'vitest';
import { AitpAgent } from '../../../src/aitp/agent.js';
import { type AitpPhoneOptions, aitpPhone } from '../../../src/aitp/phone/aitp-phone.js';
import { handshakeOverPhone, presentTct } from '../../../src/aitp/phone/call.js';
import { COMMIT_METHOD, HELLO_METHOD } from '../../../src/aitp/phone/names.js';
import { pinnedKeys } from '../../../src/aitp/pinned-keys.js';
import { ownRevocations } from '../../../src/aitp/revocation.js';
import { LimitError } from '../../../src/errors.js';
import type { Identity } from '../../../src/identity/identity.js';
import { connect } from '../../../src/phone/connect.js';
import type { Handlers } from '../../../src/phone/handlers.js';
import { serve } from '../../../src/phone/serve.js';
import type { Session } from '../../../src/phone/session.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { memoryPair } from '../../../src/transport/memory.js';
import { alice, bob, mallory, suite } from '../../support/handshake.js';
import { NOW } from '../parties.js';

const IGNORE = { revocation: { dangerouslyIgnoreRevocation: true } } as const;
const clock = { sec: NOW };

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'accepted',
    ({ wireCode, code }) => (typeof wireCode === 'string' ? wireCode : code),
  );

async function agentOf(identity: Identity, name: string) {
  const key = (of: Identity) => AitpAgent.fromIdentity(of, IGNORE).aid.slice('aid:pubkey:'.length);
  const known = { alice, bob, mallory };
  const pins = Object.entries(known).map(([subject, of]) => ({ subject, publicKey: key(of) }));
  const agent = AitpAgent.fromIdentity(identity, { ...IGNORE, now: () => clock.sec, pinnedKeys: pinnedKeys(pins) });
  await agent.buildManifest({
    displayName: name,
    handshakeEndpoint: `https://${name}.example/aitp/`,
    offeredCapabilities: ['read', 'write'],
    acceptedIdentityTypes: ['pinned_key'],
  });
  return agent;
}

async function setUp(options: Partial<AitpPhoneOptions> = {}, guarded: Handlers = {}) {
  clock.sec = NOW;
  const [a, b] = [await agentOf(alice, 'alice'), await agentOf(bob, 'bob')];
  const revoked = new Set<string>();
  const timers = fakeClock();
  const aitp = aitpPhone({ agent: b, revocation: ownRevocations(revoked), clock: timers, ...options });
  const capabilities = Object.fromEntries(Object.keys(guarded).map((method) => [method, 'read']));
  const handlers = { ...aitp.handlers, ...aitp.guard(guarded, capabilities) };
  const dial = async (identity: Identity = alice): Promise<Session> => {
    const [near, far] = memoryPair();
    serve({ identity: bob, suite, transport: far, handlers });
    return connect({ identity, suite, transport: near, remoteDid: bob.did });
  };
  const manifest = b.manifest as NonNullable<typeof b.manifest>;
  const shake = (session: Session, agent = a) =>
    handshakeOverPhone(session, agent, manifest, { requestedGrants: ['read'] });
  const presented = async () => {
    const session = await dial();
    const { tct, claims } = await shake(session);
    await presentTct(session, tct);
    return { session, tct, claims };
  };
  return { a, b, aitp, revoked, timers, dial, shake, presented, manifest };
}

describe('a quota', () => {
  it('of handshakes is that of the caller, and not of its session', async () => {
    const { dial, shake } = await setUp({ maxHellos: 2 });
    const sessions = [await dial(), await dial(), await dial()] as const;
    await shake(sessions[0]);
    await shake(sessions[1]);
    expect(await codeOf(shake(sessions[2]))).toBe('ERR_RPC_BUSY');
    const other = await dial(mallory);
    await shake(other, await agentOf(mallory, 'mallory'));
    clock.sec += 60;
    await shake(sessions[2]);
    await Promise.all([...sessions, other].map((session) => session.close()));
  });

  it('keeps a caller from having errors signed, and tokens verified, without end', async () => {
    const { b, dial } = await setUp({ maxMessages: 3 });
    const sign = vi.spyOn(b, 'buildError');
    const sessions = [await dial(), await dial()] as const;
    const codes = [];
    for (let i = 0; i < 3; i++) codes.push(await codeOf(sessions[0].call(COMMIT_METHOD, 'garbage')));
    codes.push(await codeOf(sessions[1].call(COMMIT_METHOD, 'garbage')));
    codes.push(await codeOf(presentTct(sessions[1], 'a.b.c')));
    expect(codes).toEqual(['accepted', 'accepted', 'accepted', 'ERR_RPC_BUSY', 'ERR_RPC_BUSY']);
    expect(sign).toHaveBeenCalledTimes(3);
    await Promise.all(sessions.map((session) => session.close()));
  });
});

it('an error of a caller is not answered with another one', async () => {
  const { a, b, dial } = await setUp();
  const sign = vi.spyOn(b, 'buildError');
  const session = await dial();
  const error = await a.buildError('POLICY_VIOLATION');
  for (const method of [HELLO_METHOD, COMMIT_METHOD])
    expect(await codeOf(session.call(method, error))).toBe('ERR_RPC_REMOTE');
  expect(sign).not.toHaveBeenCalled();
  await session.close();
});

it('a book that is full is told of as such, and no token goes out', async () => {
  const { dial, shake } = await setUp({ onHandshake: () => Promise.reject(new LimitError('issued', 1, 2)) });
  const session = await dial();
  expect(await codeOf(shake(session))).toBe('ERR_RPC_BUSY');
  await session.close();
});

it('a session that ends takes the handshake with it that it had begun', async () => {
  const { a, b, manifest, dial } = await setUp();
  const begun = vi.spyOn(b, 'newResponder');
  const session = await dial();
  const hello = await a.newSession().buildHello(JSON.stringify({ manifest: manifest.body }), ['read']);
  await session.call(HELLO_METHOD, hello);
  const responder = begun.mock.results[0]?.value as ReturnType<typeof b.newResponder>;
  expect(responder.state).toBe('awaiting-commit');
  await session.close();
  await vi.waitFor(() => expect(responder.state).toBe('failed'));
  expect(responder.popNonce).toBeUndefined();
});

describe('a guarded stream', () => {
  /** Counts, and waits before each item but the first until it is let go on. */
  function counter() {
    const state = { finished: 0, go: () => {} };
    async function* count() {
      try {
        for (let n = 0; ; n++) {
          yield n;
          await new Promise<void>((resolve) => {
            state.go = resolve;
          });
        }
      } finally {
        state.finished++;
      }
    }
    return { state, count };
  }

  it('ends when its token is taken back, also while the next item is waited for', async () => {
    const { state, count } = counter();
    const { presented, revoked, timers } = await setUp({}, { count });
    const { session, claims } = await presented();
    const stream = session.stream('count', {}, { credits: 8 })[Symbol.asyncIterator]();
    expect((await stream.next()).value).toBe(0);
    const next = stream.next();
    revoked.add(claims.jti);
    timers.advance(60_000);
    await expect(next).rejects.toMatchObject({ code: 'ERR_RPC_DENIED', message: 'TCT_REVOKED' });
    state.go();
    await vi.waitFor(() => expect(state.finished).toBe(1));
    expect(timers.pendingTimers).toBe(0);
    await session.close();
  });

  it('ends when its token does, and its generator too, also where the caller asks for nothing more', async () => {
    const { state, count } = counter();
    const { presented, timers } = await setUp({}, { count });
    const { session, claims } = await presented();
    const stream = session.stream('count', {}, { credits: 1, window: 1 } as never)[Symbol.asyncIterator]();
    expect((await stream.next()).value).toBe(0);
    clock.sec = claims.expiresAtSec;
    timers.advance(60_000);
    await vi.waitFor(() => {
      state.go();
      expect(state.finished).toBe(1);
    });
    await session.close();
  });

  it('goes on while another presented token grants the same', async () => {
    const { state, count } = counter();
    const { presented, shake, revoked, timers } = await setUp({}, { count });
    const { session, claims } = await presented();
    const second = await shake(session);
    await presentTct(session, second.tct);
    const stream = session.stream('count', {}, { credits: 8 })[Symbol.asyncIterator]();
    expect((await stream.next()).value).toBe(0);
    revoked.add(claims.jti);
    timers.advance(60_000);
    for (let i = 0; i < 20; i++) await Promise.resolve();
    state.go();
    expect((await stream.next()).value).toBe(1);
    await stream.return?.();
    await session.close();
  });

  it('that ends by itself, or is cancelled, leaves no timer behind', async () => {
    const { count } = counter();
    function* three() {
      yield* [1, 2, 3];
    }
    const { presented, timers } = await setUp({}, { count, three });
    const { session } = await presented();
    const items = [];
    for await (const item of session.stream('three', {}, { credits: 8 })) items.push(item);
    expect(items).toEqual([1, 2, 3]);
    for await (const _ of session.stream('count', {}, { credits: 8 })) break;
    await vi.waitFor(() => expect(timers.pendingTimers).toBe(0));
    await session.close();
  });

  it('and every other answer wants a token first', async () => {
    const { count } = counter();
    const list = vi.fn(() => ['meeting']);
    const { dial, shake, presented, aitp } = await setUp({}, { count, list });
    const bare = await dial();
    await shake(bare);
    expect(await codeOf(bare.call('list'))).toBe('ERR_RPC_DENIED');
    expect(list).not.toHaveBeenCalled();
    const { session } = await presented();
    expect(await session.call('list')).toEqual(['meeting']);
    expect(aitp.guard({ list }, { list: null }).list).toBe(list);
    expect(() => aitp.guard({ list }, {})).toThrow(TypeError);
    expect(() => aitp.guard({}, { list: 'read' })).toThrow(TypeError);
    expect(() => aitp.guard({ list }, { list: 'two words' })).toThrow(TypeError);
    await Promise.all([bare.close(), session.close()]);
  });
});

it('a list that never answers does not hold a call for ever', async () => {
  let hangs = false;
  const revocation = {
    check: ({ grants }: { readonly grants: readonly string[] }) =>
      hangs ? new Promise<never>(() => {}) : Promise.resolve({ grants, basis: 'list' as const }),
  };
  const { presented, timers, aitp } = await setUp({ revocation }, { list: () => [] });
  const { session } = await presented();
  hangs = true;
  const answer = codeOf(session.call('list'));
  await vi.waitFor(() => expect(timers.pendingTimers).toBe(1));
  timers.advance(60_000);
  expect(await answer).toBe('ERR_RPC_DENIED');
  expect(timers.pendingTimers).toBe(0);
  expect(aitp.require('read')).toBeTypeOf('function');
  await session.close();
});

it('options that cannot be are refused', async () => {
  const { b: agent } = await setUp();
  for (const wrong of [{ maxMessages: 0 }, { recheckSec: 0 }, { recheckSec: 301 }]) {
    expect(() => aitpPhone({ agent, ...IGNORE, ...wrong })).toThrow(RangeError);
  }
});
