// The edges of connect and serve where a connection, a slot or a promise could be left behind. What the handshake proves,
// and what it takes from a stranger, is tested elsewhere (rows N).

import { describe, expect, test, vi } from 'vitest';
import { initiate } from '../../../src/channel/initiate.js';
import { respond } from '../../../src/channel/respond.js';
import { createIdentity } from '../../../src/identity/seed-identity.js';
import { nobleSuite } from '../../../src/noise/suite-noble.js';
import { connect } from '../../../src/phone/connect.js';
import type { SessionLimits } from '../../../src/phone/limits.js';
import { serve } from '../../../src/phone/serve.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import type { Dialer, Transport } from '../../../src/transport/contract.js';
import { memoryPair, memoryTransports } from '../../../src/transport/memory.js';
import { settle } from '../../support/frame-peer.js';
import { unhandledDuring } from '../../support/unhandled.js';

const [alice, bob] = await Promise.all([createIdentity(), createIdentity()]);
const hangs = () => new Promise<never>(() => {});
const dialerOf = (transport: Transport): Dialer => ({ dial: async () => transport });

describe('nothing stays behind a caller that gives up', () => {
  const reason = new Error('enough');

  test('while its connection stands and its wallet thinks', async () => {
    const [near, far] = memoryTransports();
    const controller = new AbortController();
    const identity = { ...alice, sign: hangs };
    const calling = initiate({
      identity,
      transport: dialerOf(near),
      remoteDid: bob.did,
      suite: nobleSuite,
      signal: controller.signal,
    });
    await settle();
    controller.abort(reason);
    await expect(calling).rejects.toBe(reason);
    expect(await far.closed).toMatchObject({ code: 1008 });
  });

  test('in the moment between connection and handshake', async () => {
    const [near, far] = memoryTransports();
    const controller = new AbortController();
    // The last thing to come is the proof of our own identity: abort right behind it.
    const identity = {
      ...alice,
      sign: async (message: Uint8Array) => {
        const signature = await alice.sign(message);
        setImmediate(() => controller.abort(reason));
        return signature;
      },
    };
    const clock = { ...fakeClock(), setTimer: () => () => {} };
    const options = { identity, transport: dialerOf(near), remoteDid: bob.did, suite: nobleSuite, clock };
    await expect(initiate({ ...options, signal: controller.signal })).rejects.toBe(reason);
    expect(await far.closed).toMatchObject({ code: 1008 });
  });

  test('while its wallet works on message 2', async () => {
    const [near, far] = memoryTransports();
    let asked = 0;
    // Once for the proof of itself, then for good.
    const identity = { ...alice, agree: (key: Uint8Array) => (asked++ === 0 ? alice.agree(key) : hangs()) };
    const controller = new AbortController();
    const answering = respond({
      identity: bob,
      incoming: { transport: far, callerDid: alice.did, subprotocol: '' },
      suite: nobleSuite,
      signal: new AbortController().signal,
    }).catch((error: unknown) => error);
    const options = { identity, transport: dialerOf(near), remoteDid: bob.did, suite: nobleSuite };
    const calling = initiate({ ...options, signal: controller.signal }).catch((error: unknown) => error);
    await vi.waitFor(() => expect(asked).toBe(2));
    controller.abort(reason);
    expect(await calling).toBe(reason);
    expect(await answering).toMatchObject({ code: 'ERR_CHANNEL_REFUSED' });
    expect(await far.closed).toMatchObject({ code: 1008 });
  });

  test('with a dialer that throws at once: no timer is left', async () => {
    const clock = fakeClock();
    const transport: Dialer = {
      dial: () => {
        throw reason;
      },
    };
    const unhandled = await unhandledDuring(async () => {
      const options = { identity: alice, transport, remoteDid: bob.did, suite: nobleSuite, clock };
      await expect(initiate(options)).rejects.toBe(reason);
    });
    expect(unhandled).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  test('with a dialer that is too late: the connection is closed when it comes', async () => {
    const [near, far] = memoryTransports();
    const clock = fakeClock();
    let open: (transport: Transport) => void = () => {};
    const transport: Dialer = { dial: () => new Promise((resolve) => (open = resolve)) };
    const options = { identity: alice, transport, remoteDid: bob.did, suite: nobleSuite, clock, connectTimeoutMs: 5 };
    const calling = expect(initiate(options)).rejects.toMatchObject({ code: 'ERR_CHANNEL_TIMEOUT' });
    clock.advance(5);
    await calling;
    open(near);
    expect(await far.closed).toMatchObject({ code: 1008 });
  });
});

describe('wrong options are heard of before any I/O', () => {
  const WRONG: [string, Record<string, unknown>, typeof TypeError | typeof RangeError][] = [
    ['a limit that is none', { limits: { maxOpenStream: 1 } }, TypeError],
    ['a limit named like a method of every object', { limits: { toString: 1 } }, TypeError],
    ['a limit of 0', { limits: { maxOpenStreams: 0 } }, RangeError],
    ['a limit above its default', { limits: { maxOpenStreams: 257 } }, RangeError],
    ['a limit as text', { limits: { maxOpenStreams: '8' } }, TypeError],
    ['a handler that is no function', { handlers: { echo: 'yes' } }, TypeError],
    ['an authorisation hook that is no function', { authorize: true }, TypeError],
    ['a fault listener that is no function', { onFault: console }, TypeError],
  ];

  test.each(WRONG)('connect: %s', async (_, options, kind) => {
    const dial = vi.fn();
    await expect(
      connect({ identity: alice, transport: { dial }, remoteDid: bob.did, ...options }),
    ).rejects.toBeInstanceOf(kind);
    expect(dial).not.toHaveBeenCalled();
  });

  test.each(WRONG)('serve: %s', (_, options, kind) => {
    const accept = vi.fn();
    expect(() => serve({ identity: bob, transport: { accept }, ...options })).toThrow(kind);
    expect(accept).not.toHaveBeenCalled();
  });

  test('every limit may be lowered', async () => {
    const limits: Partial<SessionLimits> = { maxOpenStreams: 1, maxRunningHandlers: 1 };
    const [near, far] = memoryPair();
    serve({ identity: bob, transport: far, limits, handlers: { echo: (value) => value } });
    const session = await connect({ identity: alice, transport: near, remoteDid: bob.did, limits });
    expect(await session.call('echo', 1)).toBe(1);
    await session.close();
  });
});

describe('a server that was closed', () => {
  test('closes a connection it is still handed', async () => {
    const server = serve({ identity: bob });
    await server.close();
    const [near, far] = memoryTransports();
    const incoming = { transport: far, callerDid: alice.did, subprotocol: 'agent-phone.v1' };
    await expect(server.accept(incoming)).rejects.toMatchObject({ code: 'ERR_CHANNEL_CLOSED' });
    expect(await near.closed).toMatchObject({ code: 1008 });
  });

  test('gives birth to no session, however far the handshake was', async () => {
    for (let wait = 0; wait < 8; wait++) {
      let proved = () => {};
      const sign = async (message: Uint8Array) => {
        const signature = await bob.sign(message);
        await new Promise<void>((resolve) => {
          proved = resolve;
        });
        return signature;
      };
      const [near, far] = memoryPair();
      const onSession = vi.fn();
      const server = serve({ identity: { ...bob, sign }, transport: far, onSession });
      // For the caller the handshake ends before we know that our own identity is sound.
      const session = await connect({ identity: alice, transport: near, remoteDid: bob.did });
      await settle();
      proved();
      for (let tick = 0; tick < wait; tick++) await Promise.resolve();
      const before = onSession.mock.calls.length;
      await server.close();
      await session.closed;
      expect(onSession).toHaveBeenCalledTimes(before);
      expect(server.sessions.size).toBe(0);
    }
  });

  test('does not wait for an admission hook, or a wallet, that never answers', async () => {
    for (const options of [
      { identity: bob, admit: hangs },
      { identity: { ...bob, agree: hangs } },
      { identity: { ...bob, sign: hangs } },
    ]) {
      const clock = fakeClock();
      const onRefused = vi.fn();
      const server = serve({ ...options, clock, onRefused });
      const [near, far] = memoryTransports();
      const incoming = { transport: far, callerDid: alice.did, subprotocol: 'agent-phone.v1' };
      const accepting = server.accept(incoming).catch((error: unknown) => error);
      near.receive(() => {});
      near.send(new Uint8Array(48));
      await settle();
      clock.advance(10_000);
      expect(await accepting).toMatchObject({ code: expect.stringMatching(/^ERR_CHANNEL_(TIMEOUT|IMPOSTOR)$/) });
      expect(await near.closed).toMatchObject({ code: 1008 });
      expect(onRefused).toHaveBeenCalledTimes(1);
      expect(clock.pendingTimers).toBe(0);
    }
  });
});
