// Calling: what is refused before anything is dialled, and that nothing stays behind a call that did not come about.
// The handshake itself: test/channel/initiate.test.ts.

import { describe, expect, test, vi } from 'vitest';
import { didToX25519 } from '../../src/identity/did-key.js';
import { createIdentity } from '../../src/identity/seed-identity.js';
import { nobleSuite } from '../../src/noise/suite-noble.js';
import { type ConnectOptions, connect } from '../../src/phone/connect.js';
import { serve } from '../../src/phone/serve.js';
import { Session } from '../../src/phone/session.js';
import { fakeClock } from '../../src/testing/fake-clock.js';
import type { Misbehaviour } from '../../src/testing/misbehaviour.js';
import { ScriptedPeer } from '../../src/testing/scripted-peer.js';
import type { DialOffer } from '../../src/transport/contract.js';
import { memoryPair } from '../../src/transport/memory.js';
import { countedSignal } from '../support/counted-signal.js';
import { settle } from '../support/frame-peer.js';
import { alice, bob, code, mallory, suite } from '../support/handshake.js';

describe('wrong options are refused before anything is dialled', () => {
  test.each<[string, object, new () => Error, RegExp]>([
    ['no identity', { identity: undefined }, TypeError, /identity/],
    ['no transport', { transport: undefined }, TypeError, /transport/],
    ['no DID', { remoteDid: undefined }, TypeError, /remoteDid/],
    ['a proof that is neither requested nor required', { proof: true }, TypeError, /proof/],
    ['a misspelt proof', { proof: 'Require' }, TypeError, /proof/],
    ['no time', { handshakeTimeoutMs: 0 }, RangeError, /handshakeTimeoutMs/],
    ['no time to connect', { connectTimeoutMs: 600_001 }, RangeError, /connectTimeoutMs/],
    ['a limit over its default', { limits: { maxOpenStreams: 257 } }, RangeError, /maxOpenStreams/],
    ['a handler that is none', { handlers: { echo: 7 } }, TypeError, /echo/],
  ])('%s', async (_, options, kind, name) => {
    const dial = vi.fn();
    const connecting = connect({
      identity: alice,
      transport: { dial },
      remoteDid: bob.did,
      ...options,
    } as ConnectOptions);
    await expect(connecting).rejects.toThrow(kind);
    await expect(connecting).rejects.toThrow(name);
    expect(dial).not.toHaveBeenCalled();
  });
});

describe('C1: an impostor that answers', () => {
  test.each<[string, Misbehaviour[]]>([
    ['with its own key', [{ kind: 'claim', did: bob.did }]],
    ['with a key that was just made', [{ kind: 'wrong-static-key' }]],
    ['with garbage', [{ kind: 'garbage', message: 2 }]],
  ])('%s: no session, nothing of ours runs, nothing stays', async (_, misbehaviours) => {
    const clock = fakeClock();
    const counted = countedSignal();
    const handler = vi.fn();
    const [near, far] = memoryPair({ clock });
    const peer = new ScriptedPeer({ identity: mallory, suite, misbehaviours });
    const answered = peer.answer(far);
    const connecting = connect({
      identity: alice,
      suite,
      transport: near,
      remoteDid: bob.did,
      handlers: { act: handler },
      clock,
      signal: counted.signal,
    });
    await expect(connecting).rejects.toEqual(code('ERR_CHANNEL_IMPOSTOR'));
    expect(await answered).toBe('ended');
    expect(await peer.closed).toMatchObject({ code: 1008, reason: '' });
    expect(handler).not.toHaveBeenCalled();
    expect(clock.pendingTimers).toBe(0);
    expect(counted.listeners).toBe(0);
  });
});

test('F26: the key of the callee comes from its DID, and no option says otherwise', async () => {
  const [near, far] = memoryPair();
  const peer = new ScriptedPeer({ identity: mallory, suite, misbehaviours: [{ kind: 'claim', did: bob.did }] });
  const answered = peer.answer(far);
  const key = didToX25519(mallory.did);
  const overrides = { responderPublicKey: key, remoteStaticKey: key, remotePublicKey: key };
  const options = { identity: alice, suite, transport: near, remoteDid: bob.did, ...overrides };
  await expect(connect(options)).rejects.toEqual(code('ERR_CHANNEL_IMPOSTOR'));
  expect(await answered).toBe('ended');
});

describe('abort at whatever moment', () => {
  /** The object, and a call of `onTouch` each time something of it is looked at. */
  function touched<T extends object>(object: T, onTouch: () => void): T {
    return new Proxy(object, {
      get(target, name) {
        onTouch();
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  // A moment is one touch of transport, identity or suite, and so many microtasks after it.
  const TICKS = process.env.RINGLINE_LONG === '1' ? [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 30] : [0, 1, 3, 10];

  test.each([undefined, 'require'] as const)('proof: %s', { timeout: 120_000 }, async (proof) => {
    // Over WebCrypto, where everything takes a little while.
    const [caller, callee] = await Promise.all([createIdentity(), createIdentity()]);
    for (const ticks of TICKS) {
      let stands = false;
      for (let moment = 1; !stands; moment++) {
        const reason = { moment, ticks };
        const clock = fakeClock();
        const counted = countedSignal();
        let touches = 0;
        const abortSoon = async () => {
          for (let tick = 0; tick < ticks; tick++) await null;
          counted.abort(reason);
        };
        const onTouch = () => {
          if (++touches === moment) void abortSoon();
        };
        const [near, far] = memoryPair({ clock });
        const server = serve({ identity: callee, suite: nobleSuite, clock });
        server.accept(far).catch(() => {});
        const dial = async (offer: DialOffer) => touched(await near.dial(offer), onTouch);
        const outcome: unknown = await connect({
          identity: touched(caller, onTouch),
          suite: touched(nobleSuite, onTouch),
          transport: { dial },
          remoteDid: callee.did,
          clock,
          signal: counted.signal,
          ...(proof && { proof }),
        }).catch((error: unknown) => error);
        stands = outcome instanceof Session;
        if (outcome instanceof Session) await outcome.close();
        else expect(outcome).toBe(reason);
        await server.close();
        await settle();
        expect(counted.listeners).toBe(0);
        expect(server.sessions.size).toBe(0);
        expect(clock.pendingTimers).toBe(0);
        if (stands) expect(moment).toBeGreaterThan(20);
      }
    }
  });
});

describe('a session that stands', () => {
  test('listens to no signal of its making, and leaves no timer when it is over', async () => {
    const clock = fakeClock();
    const counted = countedSignal();
    const [near, far] = memoryPair({ clock });
    serve({ identity: bob, suite, clock, transport: far, handlers: { echo: (params) => params } });
    const options = { identity: alice, suite, transport: near, remoteDid: bob.did, clock, signal: counted.signal };
    const session = await connect(options);
    expect(counted.listeners).toBe(0);
    counted.abort();
    expect(await session.call('echo', 1)).toBe(1);
    expect(session.peer).toEqual({ did: bob.did, proof: 'x25519', agreementKey: expect.any(Uint8Array) });
    await session.close();
    await settle();
    expect(clock.pendingTimers).toBe(0);
  });

  test('early frames: calls sent right behind message 3 are answered in order', async () => {
    const [near, far] = memoryPair();
    const seen: unknown[] = [];
    serve({ identity: bob, transport: far, handlers: { note: (params) => void seen.push(params) } });
    const peer = new ScriptedPeer({ identity: alice, suite });
    await peer.dial(near, bob.did);
    for (let n = 0; n < 50; n++) {
      peer.send({ envelope: { type: 'req', stream_id: 2 * n + 1, seq: 0, method: 'note', params: n } });
    }
    for (let n = 0; n < 50; n++)
      expect((await peer.next()).envelope).toMatchObject({ type: 'res', stream_id: 2 * n + 1 });
    expect(seen).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });

  test('text after the handshake ends it, on either side', async () => {
    const [near, far] = memoryPair();
    const server = serve({ identity: bob, suite });
    const accepted = server.accept(far);
    const caller = new ScriptedPeer({ identity: alice, suite });
    await caller.dial(near, bob.did);
    const session = await accepted;
    caller.send({ text: '{"type":"req"}' });
    expect(await session.closed).toMatchObject({ code: 1002, error: code('ERR_CHANNEL_PROTOCOL') });
    expect(await caller.closed).toMatchObject({ code: 1002, reason: '' });

    const [near2, far2] = memoryPair();
    const callee = new ScriptedPeer({ identity: bob, suite });
    const answered = callee.answer(far2);
    const calling = await connect({ identity: alice, suite, transport: near2, remoteDid: bob.did });
    await answered;
    const pending = calling.call('anything');
    callee.send({ text: 'hello' });
    await expect(pending).rejects.toMatchObject({ code: 'ERR_CHANNEL_PROTOCOL', delivery: 'sent' });
    expect(await callee.closed).toMatchObject({ code: 1002, reason: '' });
  });
});
