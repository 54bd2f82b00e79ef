// The caller's handshake and what may end it: wrong arguments, signals, deadlines, late connections, a failing identity.

import { describe, expect, test, vi } from 'vitest';
import type { Identity } from '../../src/identity/identity.js';
import { type FakeClock, fakeClock } from '../../src/testing/fake-clock.js';
import { ScriptedPeer } from '../../src/testing/scripted-peer.js';
import type { Dialer, DialOffer, Transport } from '../../src/transport/contract.js';
import { memoryPair, memoryTransports } from '../../src/transport/memory.js';
import cases from '../../vectors/did-key/edge-cases.json' with { type: 'json' };
import { countedSignal } from '../support/counted-signal.js';
import { settle } from '../support/frame-peer.js';
import { alice, answering, bob, calling, channels, code, mallory, record, suite, write } from '../support/handshake.js';
import { unhandledDuring } from '../support/unhandled.js';

/** A dialer in the test's hand, and what it was told. */
function slowDialer() {
  const [near, far] = memoryTransports();
  const heard: unknown[] = [];
  far.receive((message) => heard.push(message));
  let offer: DialOffer | undefined;
  let settleDial: { resolve(transport: Transport): void; reject(error: unknown): void } | undefined;
  const dialer: Dialer = {
    dial: (given) => {
      offer = given;
      return new Promise((resolve, reject) => {
        settleDial = { resolve, reject };
      });
    },
  };
  return {
    dialer,
    far,
    heard,
    open: () => settleDial?.resolve(near),
    refuse: (error: unknown) => settleDial?.reject(error),
    get offer() {
      return offer as DialOffer;
    },
  };
}

const never = () => new Promise<never>(() => {});

describe('two honest sides', () => {
  test('agree on names, roles and the handshake hash, and talk both ways', async () => {
    const { initiator, responder } = await channels();
    expect([initiator.role, initiator.localDid, initiator.remoteDid]).toEqual(['initiator', alice.did, bob.did]);
    expect([responder.role, responder.localDid, responder.remoteDid]).toEqual(['responder', bob.did, alice.did]);
    expect(initiator.handshakeHash).toHaveLength(32);
    expect(responder.handshakeHash).toEqual(initiator.handshakeHash);
    const [toBob, toAlice] = [record(responder), record(initiator)];
    write(initiator, 'hello');
    write(responder, 'hello yourself');
    await settle();
    expect([toBob, toAlice]).toEqual([['hello'], ['hello yourself']]);
    initiator.close();
    expect(await responder.closed).toEqual({ code: 1000, reason: '', clean: true });
  });

  test('leave no timer and no listener behind', async () => {
    const clock = fakeClock();
    const counted = countedSignal();
    const [near, far] = memoryPair();
    await Promise.all([calling(near, { clock, signal: counted.signal }), answering(far)]);
    expect(clock.pendingTimers).toBe(0);
    expect(counted.listeners).toBe(0);
  });
});

describe('arguments are refused before anything is dialled', () => {
  const dial = vi.fn(never);
  test.each<[string, object, new () => Error, RegExp]>([
    ['no identity', { identity: undefined }, TypeError, /identity/],
    ['an identity that cannot agree', { identity: { did: alice.did, sign: alice.sign } }, TypeError, /identity/],
    ['no transport', { transport: undefined }, TypeError, /transport/],
    ['a transport that cannot dial', { transport: {} }, TypeError, /transport/],
    ['no DID', { remoteDid: undefined }, TypeError, /remoteDid/],
    ['a DID that is no text', { remoteDid: 7 }, TypeError, /remoteDid/],
    ['no time to connect', { connectTimeoutMs: 0 }, RangeError, /connectTimeoutMs/],
    ['more than ten minutes to connect', { connectTimeoutMs: 600_001 }, RangeError, /connectTimeoutMs/],
    ['half a millisecond', { handshakeTimeoutMs: 0.5 }, RangeError, /handshakeTimeoutMs/],
    ['more than ten minutes', { handshakeTimeoutMs: 600_001 }, RangeError, /handshakeTimeoutMs/],
    ['a time that is no number', { handshakeTimeoutMs: '1' }, TypeError, /handshakeTimeoutMs/],
    ['no signal', { signal: {} }, TypeError, /signal/],
  ])('%s', async (_, wrong, kind, name) => {
    const clock = fakeClock();
    const failing = calling({ dial }, { clock, ...wrong } as never);
    await expect(failing).rejects.toThrow(kind);
    await expect(failing).rejects.toThrow(name);
    expect(dial).not.toHaveBeenCalled();
    expect(clock.pendingTimers).toBe(0);
  });

  test.each<[string, string]>([
    ['not-a-did-at-all', 'ERR_IDENTITY_DID'],
    ['', 'ERR_IDENTITY_DID'],
    [`${bob.did}#key`, 'ERR_IDENTITY_DID'],
    [`${bob.did} `, 'ERR_IDENTITY_DID'],
    [bob.did.toUpperCase(), 'ERR_IDENTITY_DID'],
    ...cases.refusedKey.map(({ did }): [string, string] => [did, 'ERR_IDENTITY_KEY']),
  ])('N3, N8: %j is nobody to call', async (remoteDid, expected) => {
    await expect(calling({ dial }, { remoteDid })).rejects.toEqual(code(expected));
    expect(dial).not.toHaveBeenCalled();
  });

  test('the shortest and the longest time are taken', async () => {
    for (const ms of [1, 600_000]) {
      const [near, far] = memoryPair();
      const options = { connectTimeoutMs: ms, handshakeTimeoutMs: ms, clock: fakeClock() };
      await Promise.all([calling(near, options), answering(far)]);
    }
  });
});

describe('N7: an identity that does not answer for its DID calls nobody', () => {
  test.each<[string, Identity]>([
    ['another name', { ...mallory, did: alice.did }],
    ['another signing key', { ...alice, sign: mallory.sign }],
    ['another agreement key', { ...alice, agree: mallory.agree }],
  ])('%s', async (_, identity) => {
    const { dialer, far, heard, open } = slowDialer();
    const failing = calling(dialer, { identity });
    open();
    await expect(failing).rejects.toEqual(code('ERR_IDENTITY_MISMATCH'));
    expect(await far.closed).toMatchObject({ code: 1008, reason: '' });
    expect(heard).toEqual([]);
  });
});

describe('abort: at every point the reason comes through, and nothing stays behind', () => {
  /** Runs a call up to some point, aborts it there, and looks what is left. */
  async function abortedAt(
    until: (parts: {
      near: Transport;
      far: Transport;
      clock: FakeClock;
      call(transport: Dialer, identity?: Identity): void;
      abort(): void;
    }) => Promise<void>,
  ) {
    const reason = { why: 'not an error at all' };
    const clock = fakeClock();
    const counted = countedSignal();
    const [near, far] = memoryTransports({ clock });
    let call: Promise<unknown> | undefined;
    await until({
      near,
      far,
      clock,
      call: (transport, identity = alice) => {
        call = calling(transport, { clock, signal: counted.signal, identity });
      },
      abort: () => counted.abort(reason),
    });
    await expect(call).rejects.toBe(reason);
    expect(counted.listeners).toBe(0);
    await settle();
    expect(clock.pendingTimers).toBe(0);
    return { near, far };
  }

  async function expectClosed({ near, far }: { near: Transport; far: Transport }) {
    expect(await near.closed).toMatchObject({ code: 1008 });
    expect(await far.closed).toMatchObject({ code: 1008, reason: '' });
  }

  test('before it begins: nothing is dialled', async () => {
    const dial = vi.fn(never);
    await abortedAt(async ({ call, abort }) => {
      abort();
      call({ dial });
    });
    expect(dial).not.toHaveBeenCalled();
  });

  test('during the dial: the dialer is told the same reason', async () => {
    let told: AbortSignal | undefined;
    await abortedAt(async ({ call, abort }) => {
      call({
        dial: ({ signal }) => {
          told = signal;
          return never();
        },
      });
      await settle();
      abort();
    });
    expect(told?.reason).toEqual({ why: 'not an error at all' });
  });

  test('during the dial, with a dialer that opens all the same: the late connection is closed', async () => {
    const slow = slowDialer();
    await abortedAt(async ({ call, abort }) => {
      call(slow.dialer);
      await settle();
      abort();
    });
    slow.open();
    expect(await slow.far.closed).toMatchObject({ code: 1008, reason: '' });
  });

  test('in the very turn in which the connection opens', async () => {
    const ends = await abortedAt(async ({ near, call, abort }) => {
      call({
        dial: async () => {
          queueMicrotask(abort);
          return near;
        },
      });
    });
    await expectClosed(ends);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20])(
    'so many microtasks after everything is ready: %i',
    async (ticks) => {
      // The dial is what is waited for last, so that its end is the end of connecting.
      const slow = slowDialer();
      await abortedAt(async ({ call, abort }) => {
        call(slow.dialer);
        await settle(10);
        slow.open();
        for (let tick = 0; tick < ticks; tick++) await null;
        abort();
      });
      expect(await slow.far.closed).toMatchObject({ code: 1008, reason: '' });
    },
  );

  test('while the identity is put to the test by a wallet that hangs', async () => {
    const ends = await abortedAt(async ({ near, call, abort }) => {
      call({ dial: async () => near }, { ...alice, sign: never });
      await settle();
      abort();
    });
    await expectClosed(ends);
  });

  test('awaiting message 2', async () => {
    const ends = await abortedAt(async ({ near, far, call, abort }) => {
      const heard: unknown[] = [];
      far.receive((message) => heard.push(message));
      call({ dial: async () => near });
      while (heard.length === 0) await settle(1);
      abort();
    });
    await expectClosed(ends);
  });

  test('during the agreement with message 2, by a wallet that hangs', async () => {
    const ends = await abortedAt(async ({ near, far, call, abort }) => {
      let proven = false;
      let asked = false;
      const wallet: Identity = {
        ...alice,
        agree: (key) => {
          if (!proven) {
            proven = true;
            return alice.agree(key);
          }
          asked = true;
          return never();
        },
      };
      const peer = new ScriptedPeer({ identity: bob });
      void peer.answer({ transport: far, callerDid: alice.did, subprotocol: 'agent-phone.v1' });
      call({ dial: async () => near }, wallet);
      while (!asked) await settle(1);
      abort();
    });
    await expectClosed(ends);
  });

  test('after it is over: the channel stands', async () => {
    const [near, far] = memoryPair();
    const controller = new AbortController();
    const [channel, other] = await Promise.all([calling(near, { signal: controller.signal }), answering(far)]);
    controller.abort();
    const seen = record(other);
    write(channel, 'still here');
    await settle();
    expect(seen).toEqual(['still here']);
  });
});

describe('N6, F20: deadlines', () => {
  test.each([1, 10_000, 600_000])('%i ms to connect', async (connectTimeoutMs) => {
    const clock = fakeClock();
    const slow = slowDialer();
    const call = calling(slow.dialer, { clock, connectTimeoutMs });
    const rejected = expect(call).rejects.toEqual(code('ERR_CHANNEL_TIMEOUT'));
    await settle();
    clock.advance(connectTimeoutMs - 1);
    expect(slow.offer.signal?.aborted).toBe(false);
    clock.advance(1);
    await rejected;
    expect(slow.offer.signal?.reason).toEqual(code('ERR_CHANNEL_TIMEOUT'));
    expect(clock.pendingTimers).toBe(0);
    slow.open();
    expect(await slow.far.closed).toMatchObject({ code: 1008 });
  });

  test.each([1, 10_000, 600_000])('%i ms for the handshake, which begins when the connection stands', async (ms) => {
    const clock = fakeClock();
    const [near, far] = memoryPair();
    const peer = new ScriptedPeer({ identity: bob, misbehaviours: [{ kind: 'silence', message: 2 }] });
    const rejected = expect(calling(near, { clock, handshakeTimeoutMs: ms })).rejects.toEqual(
      code('ERR_CHANNEL_TIMEOUT'),
    );
    expect(await peer.answer(far)).toBe('silent');
    clock.advance(ms - 1);
    await settle();
    expect(clock.pendingTimers).toBe(1);
    clock.advance(1);
    await rejected;
    expect(clock.pendingTimers).toBe(0);
    expect(await peer.closed).toMatchObject({ code: 1008, reason: '' });
  });

  test('10 s each by default', async () => {
    const clock = fakeClock();
    const slow = slowDialer();
    const call = calling(slow.dialer, { clock });
    await settle();
    clock.advance(9_999);
    slow.open();
    await settle();
    clock.advance(9_999);
    expect(clock.pendingTimers).toBe(1);
    clock.advance(1);
    await expect(call).rejects.toEqual(code('ERR_CHANNEL_TIMEOUT'));
  });

  test('one millisecond before the deadline everything is still well', async () => {
    const clock = fakeClock();
    const [near, far] = memoryPair();
    const slow = slowDialer();
    const call = calling({ dial: (offer) => slow.dialer.dial(offer).then(() => near.dial(offer)) }, { clock });
    await settle();
    clock.advance(9_999);
    slow.open();
    await settle();
    clock.advance(9_999);
    await Promise.all([call, answering(far)]);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('what else may fail', () => {
  test('a dialer that refuses: its error, and the identity is not waited for', async () => {
    const refusal = new Error('no route');
    const dialer = { dial: () => Promise.reject(refusal) };
    await expect(calling(dialer, { identity: { ...alice, sign: never } })).rejects.toBe(refusal);
  });

  test('a dialer that throws is one that refuses, and leaves nothing behind', async () => {
    const clock = fakeClock();
    const refusal = new Error('not today');
    const unhandled = await unhandledDuring(async () => {
      const dialer = {
        dial: () => {
          throw refusal;
        },
      };
      await expect(calling(dialer, { clock })).rejects.toBe(refusal);
    });
    expect(unhandled).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  test('an identity that fails while a dial is under way: the dial goes no further', async () => {
    const locked = new Error('the wallet is locked');
    const slow = slowDialer();
    await expect(calling(slow.dialer, { identity: { ...alice, sign: () => Promise.reject(locked) } })).rejects.toBe(
      locked,
    );
    expect(slow.offer.signal?.reason).toBe(locked);
  });

  test('our own identity failing in the handshake does not make the other side an impostor', async () => {
    const gone = new Error('the wallet was closed');
    let asked = 0;
    const wallet: Identity = { ...alice, agree: (key) => (asked++ === 0 ? alice.agree(key) : Promise.reject(gone)) };
    const [near, far] = memoryPair();
    const peer = new ScriptedPeer({ identity: bob });
    const answered = peer.answer(far);
    await expect(calling(near, { identity: wallet })).rejects.toBe(gone);
    expect(await answered).toBe('ended');
  });

  test('a connection that ends first: ERR_CHANNEL_REFUSED, at once', async () => {
    const [near, far] = memoryPair();
    const peer = new ScriptedPeer({ identity: bob, misbehaviours: [{ kind: 'hang-up', message: 2 }] });
    void peer.answer(far);
    await expect(calling(near)).rejects.toEqual(code('ERR_CHANNEL_REFUSED'));
  });

  test('a connection that ends during the agreement does not wait for it', async () => {
    const [near, far] = memoryPair();
    let asked = 0;
    const wallet: Identity = { ...alice, agree: (key) => (asked++ === 0 ? alice.agree(key) : never()) };
    const peer = new ScriptedPeer({ identity: bob });
    const answered = peer.answer(far);
    const rejected = expect(calling(near, { identity: wallet })).rejects.toEqual(code('ERR_CHANNEL_REFUSED'));
    while (asked < 2) await settle(1);
    peer.abort();
    await rejected;
    expect(await answered).toBe('ended');
  });

  test('a suite that cannot make keys: its error, and the connection is closed', async () => {
    const broken = { ...suite, generateKeyPair: () => Promise.reject(new Error('no entropy')) };
    const slow = slowDialer();
    const call = calling(slow.dialer, { suite: broken });
    slow.open();
    await expect(call).rejects.toEqual(code('ERR_NOISE_HANDSHAKE'));
    expect(await slow.far.closed).toMatchObject({ code: 1008 });
  });
});
