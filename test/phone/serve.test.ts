// Being called by strangers: who they say they are, what they claim, how many they are. Sessions of those who are who
// they say are tested elsewhere (rows S).

import { describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { systemClock } from '../../src/clock.js';
import { LimitError } from '../../src/errors.js';
import { nodeHost } from '../../src/host/node.js';
import type { Identity } from '../../src/identity/identity.js';
import { createIdentity, identityOver } from '../../src/identity/seed-identity.js';
import { nobleSuite } from '../../src/noise/suite-noble.js';
import { DEFAULT_ADMISSION } from '../../src/phone/admission.js';
import { connect } from '../../src/phone/connect.js';
import type { Peer } from '../../src/phone/peer.js';
import { type PhoneServer, type ServeOptions, serve } from '../../src/phone/serve.js';
import { type FakeClock, fakeClock } from '../../src/testing/fake-clock.js';
import type { Misbehaviour } from '../../src/testing/misbehaviour.js';
import { ScriptedPeer } from '../../src/testing/scripted-peer.js';
import type { IncomingCall, Transport } from '../../src/transport/contract.js';
import { memoryPair, memoryTransports } from '../../src/transport/memory.js';
import { type WebSocketConstructor, webSocket } from '../../src/transport/websocket.js';
import cases from '../../vectors/did-key/edge-cases.json' with { type: 'json' };
import { settle } from '../support/frame-peer.js';
import { alice, bob, code, mallory, suite } from '../support/handshake.js';
import { unhex } from '../support/hex.js';

const never = () => new Promise<never>(() => {});

interface Stage {
  readonly server: PhoneServer;
  readonly clock: FakeClock;
  readonly handled: Peer[];
  /** What `onRefused` was told. */
  readonly refused: unknown[];
  /** The same, once it was told so often. */
  refusals(count: number): Promise<unknown[]>;
  /** A connection to the server, from an address. */
  ring(callerDid?: string, remoteAddress?: string): { near: Transport; accepted: Promise<unknown> };
  /** A scripted peer that calls, from an address. */
  mischief(misbehaviours: Misbehaviour[], remoteAddress?: string, identity?: Identity): Promise<ScriptedPeer>;
  /** An honest caller that makes one call. */
  honest(remoteAddress?: string): Promise<unknown>;
}

function stage(options: Partial<ServeOptions> = {}): Stage {
  const clock = fakeClock();
  const handled: Peer[] = [];
  const refused: unknown[] = [];
  const server = serve({
    identity: bob,
    suite,
    clock,
    handlers: {
      echo: (params: unknown, { peer }) => {
        handled.push(peer);
        return params;
      },
    },
    onRefused: (error) => refused.push(error),
    ...options,
  });
  const ring = (callerDid = alice.did, remoteAddress?: string) => {
    const [near, far] = memoryTransports({ clock });
    const address = remoteAddress === undefined ? {} : { remoteAddress };
    const incoming: IncomingCall = { transport: far, callerDid, subprotocol: 'agent-phone.v1', ...address };
    const accepted = server.accept(incoming);
    accepted.catch(() => {});
    return { near, accepted };
  };
  return {
    server,
    clock,
    handled,
    refused,
    async refusals(count) {
      while (refused.length < count) await settle(1);
      await settle();
      return refused;
    },
    ring,
    async mischief(misbehaviours, remoteAddress, identity = mallory) {
      const peer = new ScriptedPeer({ identity, suite, misbehaviours });
      void peer.dial(ring(peer.did, remoteAddress).near, bob.did);
      await settle();
      return peer;
    },
    async honest(remoteAddress) {
      const { near } = ring(alice.did, remoteAddress);
      const session = await connect({
        identity: alice,
        suite,
        transport: { dial: async () => near },
        remoteDid: bob.did,
        clock,
      });
      const answer = await session.call('echo', 'hello');
      await session.close();
      return answer;
    },
  };
}

/** Says message 1 and then nothing. */
const STALL: Misbehaviour[] = [{ kind: 'silence', message: 3 }];

describe('N1, F1: nobody is believed who does not hold the key of the DID it claims', () => {
  test.each<[string, Misbehaviour[]]>([
    ['with its own key', [{ kind: 'claim', did: alice.did }]],
    ["with the victim's public key", [{ kind: 'claim', did: alice.did }, { kind: 'borrowed-static-key' }]],
    ['with a key that was just made', [{ kind: 'wrong-static-key' }]],
    [
      'with the prologue of its own name',
      [
        { kind: 'claim', did: alice.did },
        { kind: 'wrong-prologue', prologue: unhex('') },
      ],
    ],
  ])('%s: closed, no handler runs, no session is seen', async (_, misbehaviours) => {
    const onSession = vi.fn();
    const { server, handled, refusals, mischief } = stage({ onSession });
    const peer = await mischief(misbehaviours);
    expect(await peer.closed).toMatchObject({ code: 1008, reason: '' });
    expect(await refusals(1)).toEqual([code('ERR_CHANNEL_IMPOSTOR')]);
    expect(peer.frames).toEqual([]);
    expect(handled).toHaveLength(0);
    expect(onSession).not.toHaveBeenCalled();
    expect(server.sessions.size).toBe(0);
  });

  test('not even with a request right behind message 3', async () => {
    const { handled, refused, ring } = stage();
    const peer = new ScriptedPeer({ identity: mallory, suite, misbehaviours: [{ kind: 'claim', did: alice.did }] });
    const { near, accepted } = ring(alice.did);
    await peer.dial(near, bob.did);
    for (let id = 1; id < 20; id += 2) {
      peer.send({ envelope: { type: 'req', stream_id: id, seq: 0, method: 'echo', params: id } });
    }
    await expect(accepted).rejects.toEqual(code('ERR_CHANNEL_IMPOSTOR'));
    await settle();
    expect(handled).toHaveLength(0);
    expect(refused).toHaveLength(1);
  });

  test.each([
    ['a fragment', `${alice.did}#key`],
    ['another case', alice.did.toLowerCase()],
    ['another case in front', alice.did.replace('did', 'DID')],
    ['F2: any text', 'not-a-did-at-all'],
    ['N9, F18: 65,539 characters', 'x'.repeat(65_539)],
  ])('%s in the claim is refused before anything is computed', async (_, did) => {
    const { server, handled, refused, ring } = stage();
    const { near, accepted } = ring(did);
    await expect(accepted).rejects.toEqual(code('ERR_IDENTITY_DID'));
    expect(await near.closed).toMatchObject({ code: 1008, reason: '' });
    expect(refused).toEqual([code('ERR_IDENTITY_DID')]);
    expect(handled).toHaveLength(0);
    expect(server.sessions.size).toBe(0);
  });

  test('F3: handlers know the caller, and only what is known', async () => {
    const { handled, honest } = stage();
    expect(await honest('192.0.2.7')).toBe('hello');
    expect(handled).toEqual([
      { did: alice.did, proof: 'x25519', agreementKey: expect.any(Uint8Array), remoteAddress: '192.0.2.7' },
    ]);
  });

  test('one impostor does not disturb another session', async () => {
    const { ring, mischief } = stage();
    const { near } = ring();
    const session = await connect({
      identity: alice,
      suite,
      transport: { dial: async () => near },
      remoteDid: bob.did,
    });
    await mischief([{ kind: 'claim', did: alice.did }]);
    await mischief([{ kind: 'garbage', message: 1 }]);
    expect(await session.call('echo', 1)).toBe(1);
    await session.close();
  });
});

describe('N2: the twin', () => {
  test('goes by either name with one key, so bans and quotas belong on the key', async () => {
    const [owner] = await Promise.all([identityOver(unhex(cases.seed), 'noble')]);
    const { handled, ring } = stage();
    for (const did of [cases.did, cases.twin]) {
      const peer = new ScriptedPeer({ identity: owner, suite, misbehaviours: [{ kind: 'claim', did }] });
      await peer.dial(ring(did).near, bob.did);
      peer.send({ envelope: { type: 'req', stream_id: 1, seq: 0, method: 'echo' } });
      await peer.next();
    }
    expect(handled.map(({ did }) => did)).toEqual([cases.did, cases.twin]);
    for (const { agreementKey, proof } of handled) {
      expect(agreementKey).toEqual(unhex(cases.x25519));
      expect(proof).toBe('x25519');
    }
  });

  test('does not answer for the other: who calls the twin reaches nobody', async () => {
    const owner = await identityOver(unhex(cases.seed), 'noble');
    const { ring } = stage({ identity: owner });
    const { near, accepted } = ring();
    const calling = connect({ identity: alice, suite, transport: { dial: async () => near }, remoteDid: cases.twin });
    await expect(calling).rejects.toEqual(code('ERR_CHANNEL_REFUSED'));
    await expect(accepted).rejects.toEqual(code('ERR_CHANNEL_IMPOSTOR'));
  });
});

describe('N6, F20: floods', () => {
  const DEADLINE = DEFAULT_ADMISSION.maxPending;

  test('1,000 silent connections: an honest caller gets through, and at the deadline they are gone', async () => {
    const { server, clock, refused, ring, honest } = stage();
    const silent = Array.from({ length: 1_000 }, () => ring());
    expect(await honest()).toBe('hello');
    clock.advance(9_999);
    await settle();
    expect(refused).toEqual([]);
    clock.advance(1);
    for (const { near } of silent) expect(await near.closed).toMatchObject({ code: 1008, reason: '' });
    expect(refused).toHaveLength(1_000);
    expect(refused).toEqual(refused.map(() => code('ERR_CHANNEL_TIMEOUT')));
    expect(server.sessions.size).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  test('1,000 garbage messages 1: each is refused, and an honest caller in between is not', async () => {
    // As servers run: over WebCrypto.
    const identity = await createIdentity();
    const { clock, refusals, ring } = stage({ identity, suite: nobleSuite });
    const garbage = Array.from({ length: 1_000 }, (_, n) => {
      const { near } = ring();
      near.send(Uint8Array.from({ length: 48 }, (_, at) => (at * 7 + n) % 256));
      return near;
    });
    const transport = { dial: async () => ring().near };
    const session = await connect({ identity: alice, transport, remoteDid: identity.did, clock });
    expect(await session.call('echo', 'hello')).toBe('hello');
    await session.close();
    for (const near of garbage) expect(await near.closed).toMatchObject({ code: 1008, reason: '' });
    expect(await refusals(1_000)).toEqual(garbage.map(() => code('ERR_CHANNEL_IMPOSTOR')));
    expect(clock.pendingTimers).toBe(0);
  });

  test('1,000 messages 1 of a wrong length cost no key agreement at all', async () => {
    const agree = vi.fn(bob.agree);
    const { server, refusals, ring } = stage({ identity: { ...bob, agree } });
    await server.ready();
    agree.mockClear();
    for (let n = 0; n < 1_000; n++) ring().near.send(new Uint8Array(n % 48));
    expect(await refusals(1_000)).toEqual(Array.from({ length: 1_000 }, () => code('ERR_CHANNEL_PROTOCOL')));
    expect(agree).not.toHaveBeenCalled();
  });

  test(`connections that have said nothing: ${DEADLINE} have a place, one more is refused at once`, async () => {
    const { refused, ring, honest } = stage();
    for (let n = 0; n < DEADLINE - 1; n++) ring();
    // One place is left: the honest caller takes it and gives it back.
    expect(await honest()).toBe('hello');
    const last = ring();
    const { near, accepted } = ring();
    await expect(accepted).rejects.toMatchObject({ limit: 'maxPending', allowed: DEADLINE, seen: DEADLINE + 1 });
    expect(await near.closed).toMatchObject({ code: 1008, reason: '' });
    expect(refused).toHaveLength(1);
    last.near.abort();
    await settle();
    expect(await honest()).toBe('hello');
  });

  test('128 of them from one address keep only that address out', async () => {
    const { refused, ring, honest } = stage();
    for (let n = 0; n < 127; n++) ring(alice.did, '192.0.2.1');
    expect(await honest('192.0.2.1')).toBe('hello');
    ring(alice.did, '192.0.2.1');
    const { accepted } = ring(alice.did, '::ffff:192.0.2.1');
    await expect(accepted).rejects.toMatchObject({ limit: 'maxPendingPerAddress', allowed: 128, seen: 129 });
    expect(await honest('192.0.2.2')).toBe('hello');
    expect(await honest()).toBe('hello');
    expect(refused).toEqual([expect.any(LimitError)]);
  });

  test.each([1, 3, DEFAULT_ADMISSION.maxHalfOpen])(
    '%i handshakes under way: one less lets a caller through, one more waits until its own deadline',
    async (maxHalfOpen) => {
      const { clock, refused, mischief, ring, honest } = stage({ admission: { maxHalfOpen } });
      for (let n = 0; n < maxHalfOpen - 1; n++) expect((await mischief(STALL)).handshake).toHaveLength(2);
      expect(await honest()).toBe('hello');
      const stalled = await mischief(STALL);
      expect(stalled.handshake).toHaveLength(2);
      clock.advance(4_000);

      // One more: not refused, not answered.
      const waiting = await mischief(STALL);
      const { near, accepted } = ring();
      const honestly = connect({
        identity: alice,
        suite,
        transport: { dial: async () => near },
        remoteDid: bob.did,
        clock: fakeClock(),
      });
      await settle();
      expect(waiting.handshake).toHaveLength(1);
      expect(refused).toEqual([]);

      // When those who stall have run out of time the line moves on.
      clock.advance(6_000);
      await settle();
      expect(refused).toEqual(Array.from({ length: maxHalfOpen }, () => code('ERR_CHANNEL_TIMEOUT')));
      expect(waiting.handshake).toHaveLength(2);
      if (maxHalfOpen === 1) {
        // The one slot is now held by the one who waited; the honest caller's own deadline has come first.
        clock.advance(4_000);
        await expect(honestly).rejects.toEqual(code('ERR_CHANNEL_REFUSED'));
        await expect(accepted).rejects.toEqual(code('ERR_CHANNEL_TIMEOUT'));
      } else {
        const session = await honestly;
        expect(await session.call('echo', 1)).toBe(1);
        await session.close();
      }
    },
  );

  test('16 from one address: the 17th waits until its deadline, callers from elsewhere do not', async () => {
    const { clock, refused, mischief, honest } = stage();
    for (let n = 0; n < 15; n++) expect((await mischief(STALL, '2001:db8::1')).handshake).toHaveLength(2);
    expect(await honest('2001:db8::2')).toBe('hello');
    expect((await mischief(STALL, '2001:db8::3')).handshake).toHaveLength(2);
    const seventeenth = await mischief(STALL, '2001:db8::4');
    const more = await Promise.all(Array.from({ length: 100 }, () => mischief(STALL, '2001:db8::5')));
    for (const peer of [seventeenth, ...more]) expect(peer.handshake).toHaveLength(1);
    for (const elsewhere of ['2001:db8:0:1::1', '192.0.2.1', undefined]) {
      expect(await honest(elsewhere)).toBe('hello');
    }
    expect(refused).toEqual([]);
    clock.advance(10_000);
    expect(await seventeenth.closed).toMatchObject({ code: 1008, reason: '' });
    expect(seventeenth.handshake).toHaveLength(1);
    await settle();
    expect(clock.pendingTimers).toBe(0);
  });

  test('loopback is not counted by address', async () => {
    const { mischief, honest } = stage();
    for (let n = 0; n < 20; n++) expect((await mischief(STALL, '127.0.0.1')).handshake).toHaveLength(2);
    expect(await honest('127.0.0.1')).toBe('hello');
  });

  test('who waits in line and leaves is forgotten at once', async () => {
    const { clock, refused, mischief, honest } = stage({ admission: { maxHalfOpen: 1, maxPending: 3 } });
    const stalled = await mischief(STALL);
    const waiting = await mischief(STALL);
    for (let n = 0; n < 5; n++) {
      const passing = await mischief(STALL);
      passing.abort();
      await settle();
    }
    expect(refused).toEqual(Array.from({ length: 5 }, () => code('ERR_CHANNEL_REFUSED')));
    stalled.abort();
    await settle();
    expect(waiting.handshake).toHaveLength(2);
    waiting.abort();
    await settle();
    expect(await honest()).toBe('hello');
    await settle();
    expect(clock.pendingTimers).toBe(0);
  });

  test('what waits in line is one short message each, whatever else they send', async () => {
    const { refused, refusals, mischief, ring } = stage({ admission: { maxHalfOpen: 1 } });
    await mischief(STALL);
    const { near } = ring();
    near.send(new Uint8Array(48));
    await settle();
    expect(refused).toEqual([]);
    near.send(new Uint8Array(1_000_000));
    expect(await near.closed).toMatchObject({ code: 1008 });
    expect(await refusals(1)).toEqual([code('ERR_CHANNEL_PROTOCOL')]);
  });

  test.each([1, 2, 5])('%i sessions, and one more is refused, before and after its handshake', async (maxSessions) => {
    const { server, refused, ring } = stage({ admission: { maxSessions } });
    const call = () =>
      connect({ identity: alice, suite, transport: { dial: async () => ring().near }, remoteDid: bob.did });
    const sessions = [];
    for (let n = 0; n < maxSessions - 1; n++) sessions.push(await call());
    // Two at once for the last place: both may try, one gets it.
    const outcomes = await Promise.allSettled([call(), call()]);
    await settle();
    expect(server.sessions.size).toBe(maxSessions);
    expect(refused).toEqual([expect.objectContaining({ limit: 'maxSessions', allowed: maxSessions })]);
    await expect(call()).rejects.toEqual(code('ERR_CHANNEL_REFUSED'));
    expect(refused).toHaveLength(2);
    // The one that came second was connected for a moment, and closed before anything of it was heard.
    for (const session of server.sessions) expect(await session.close()).toMatchObject({ code: 1000 });
    await settle();
    expect(server.sessions.size).toBe(0);
    const again = await call();
    expect(await again.call('echo', 1)).toBe(1);
    for (const outcome of outcomes) if (outcome.status === 'fulfilled') await outcome.value.close();
    await again.close();
  });

  test('connections that are only pending do not count as sessions', async () => {
    const { ring, honest } = stage({ admission: { maxSessions: 2 } });
    for (let n = 0; n < 100; n++) ring();
    expect(await honest()).toBe('hello');
  });

  test.each([1, 10_000, 600_000])('%i ms for the whole handshake', async (handshakeTimeoutMs) => {
    for (const misbehaviours of [[{ kind: 'silence', message: 1 }], STALL] as Misbehaviour[][]) {
      const { clock, refused, mischief } = stage({ handshakeTimeoutMs });
      const peer = await mischief(misbehaviours);
      clock.advance(handshakeTimeoutMs - 1);
      await settle();
      expect(refused).toEqual([]);
      clock.advance(1);
      expect(await peer.closed).toMatchObject({ code: 1008, reason: '' });
      expect(refused).toEqual([code('ERR_CHANNEL_TIMEOUT')]);
      expect(clock.pendingTimers).toBe(0);
    }
  });

  test('one millisecond before the deadline a handshake still ends well', async () => {
    const { clock, ring } = stage();
    const { near, accepted } = ring(alice.did);
    clock.advance(9_999);
    const peer = new ScriptedPeer({ identity: alice, suite });
    expect(await peer.dial(near, bob.did)).toBe('ready');
    await accepted;
  });

  test('a caller that says no name at all, over an end without a URL, has the same time', async () => {
    const { server, clock } = stage();
    const [near, far] = memoryPair({ clock });
    const accepted = server.accept(far);
    const rejected = expect(accepted).rejects.toEqual(code('ERR_CHANNEL_TIMEOUT'));
    clock.advance(10_000);
    await rejected;
    await expect(near.dial({ subprotocol: 'agent-phone.v1', callerDid: alice.did })).rejects.toThrow();
    expect(clock.pendingTimers).toBe(0);
  });

  test('F19: another subprotocol is not ours', async () => {
    const { server, clock } = stage();
    const [near, far] = memoryPair({ clock });
    const accepted = expect(server.accept(far)).rejects.toEqual(code('ERR_CHANNEL_PROTOCOL'));
    const transport = await near.dial({ subprotocol: 'evil.v9', callerDid: alice.did });
    await accepted;
    expect(await transport.closed).toMatchObject({ code: 1002 });
  });
});

describe('the admission hook', () => {
  test('decides on what is claimed, when message 1 has come and before any key is touched', async () => {
    const admit = vi.fn(async () => false);
    const agree = vi.fn(bob.agree);
    const { server, refusals, ring } = stage({ admit, identity: { ...bob, agree } });
    await server.ready();
    agree.mockClear();
    const { near } = ring(alice.did, '192.0.2.1');
    await settle();
    expect(admit).not.toHaveBeenCalled();
    near.send(new Uint8Array(48));
    expect(await near.closed).toMatchObject({ code: 1008, reason: '' });
    expect(admit).toHaveBeenCalledExactlyOnceWith({ callerDid: alice.did, remoteAddress: '192.0.2.1' });
    expect(agree).not.toHaveBeenCalled();
    expect(await refusals(1)).toEqual([code('ERR_CHANNEL_REFUSED')]);
  });

  test.each([
    ['nothing', undefined],
    ['1', 1],
    ['text', 'true'],
  ])('takes only true for yes: %s is no', async (_, answer) => {
    const { honest, refused } = stage({ admit: (() => answer) as never });
    await expect(honest()).rejects.toEqual(code('ERR_CHANNEL_REFUSED'));
    expect(refused).toEqual([code('ERR_CHANNEL_REFUSED')]);
  });

  test('that throws refuses, with what it threw; that says yes admits', async () => {
    const broken = new Error('no database');
    const { honest, refused } = stage({ admit: () => Promise.reject(broken) });
    await expect(honest()).rejects.toEqual(code('ERR_CHANNEL_REFUSED'));
    expect(refused).toEqual([broken]);
    expect(await stage({ admit: () => true }).honest()).toBe('hello');
  });

  test('that never answers is bounded by the deadline, and by the connection', async () => {
    const { clock, refused, mischief } = stage({ admit: never });
    const patient = await mischief(STALL);
    const impatient = await mischief(STALL);
    impatient.abort();
    await settle();
    expect(refused).toEqual([code('ERR_CHANNEL_REFUSED')]);
    clock.advance(10_000);
    expect(await patient.closed).toMatchObject({ code: 1008 });
    expect(refused.at(-1)).toEqual(code('ERR_CHANNEL_TIMEOUT'));
  });
});

describe('N7: an identity that does not answer for its DID serves nobody, and says so', () => {
  const MISMATCH = code('ERR_IDENTITY_MISMATCH');
  const wrong: [string, Identity][] = [
    ['another name', { ...mallory, did: bob.did }],
    ['another signing key', { ...bob, sign: mallory.sign }],
    ['another agreement key', { ...bob, agree: mallory.agree }],
  ];

  test.each(wrong)('%s: ready() and every caller hear of it', async (_, identity) => {
    const { server, handled, refusals, honest, mischief } = stage({ identity });
    await expect(server.ready()).rejects.toEqual(MISMATCH);
    await honest().catch(() => {});
    await mischief([{ kind: 'garbage', message: 1 }]);
    expect(await refusals(2)).toEqual([MISMATCH, MISMATCH]);
    expect(handled).toHaveLength(0);
    expect(server.sessions.size).toBe(0);
  });

  test.each(wrong)('%s: the error is the same when a caller comes first', async (_, identity) => {
    // A fresh object each time: what is known of another one does not count.
    const { refusals, honest } = stage({ identity: { ...identity } });
    await honest().catch(() => {});
    expect(await refusals(1)).toEqual([MISMATCH]);
  });

  test('a wallet that was locked may be asked again', async () => {
    const locked = new Error('locked');
    const sign = vi.fn(bob.sign).mockRejectedValueOnce(locked);
    const { server, honest } = stage({ identity: { ...bob, sign } });
    await expect(server.ready()).rejects.toBe(locked);
    await server.ready();
    expect(await honest()).toBe('hello');
  });

  test('nothing is asked of an identity before somebody calls', async () => {
    const sign = vi.fn(bob.sign);
    stage({ identity: { ...bob, sign } });
    await settle();
    expect(sign).not.toHaveBeenCalled();
  });
});

describe('wrong options are refused at once', () => {
  test.each<[string, object, new () => Error, RegExp]>([
    ['no identity', { identity: undefined }, TypeError, /identity/],
    ['half an identity', { identity: { did: bob.did } }, TypeError, /identity/],
    ['a transport that cannot accept', { transport: {} }, TypeError, /transport/],
    ['no time at all', { handshakeTimeoutMs: 0 }, RangeError, /handshakeTimeoutMs/],
    ['more than ten minutes', { handshakeTimeoutMs: 600_001 }, RangeError, /handshakeTimeoutMs/],
    ['a misspelt limit', { admission: { maxHalfopen: 1 } }, TypeError, /maxHalfopen/],
    ['a limit over its default', { admission: { maxHalfOpen: 65 } }, RangeError, /maxHalfOpen/],
    ['a proof that is neither required nor not', { requireProof: 'yes' }, TypeError, /requireProof/],
    ['an admission hook that is none', { admit: true }, TypeError, /admit/],
    ['a listener that is none', { onSession: {} }, TypeError, /onSession/],
    ['another', { onRefused: 'log' }, TypeError, /onRefused/],
  ])('%s', (_, options, kind, name) => {
    const failing = () => serve({ identity: bob, ...options } as ServeOptions);
    expect(failing).toThrow(kind);
    expect(failing).toThrow(name);
  });

  test('a DID that is none', () => {
    expect(() => serve({ identity: { ...bob, did: 'bob' } })).toThrow(code('ERR_IDENTITY_DID'));
    const smallOrder = cases.refusedKey[0]?.did as string;
    expect(() => serve({ identity: { ...bob, did: smallOrder } })).toThrow(code('ERR_IDENTITY_KEY'));
  });
});

describe('a server that is closed', () => {
  test('ends its sessions and its handshakes, and takes no more calls', async () => {
    const { server, clock, refused, ring, mischief } = stage();
    const { near } = ring();
    const session = await connect({
      identity: alice,
      suite,
      transport: { dial: async () => near },
      remoteDid: bob.did,
      clock,
    });
    const silent = ring();
    const stalled = await mischief(STALL);
    await server.close();
    await server.close();
    expect(await session.closed).toMatchObject({ code: 1000, clean: true });
    expect(await silent.near.closed).toMatchObject({ code: 1008 });
    expect(await stalled.closed).toMatchObject({ code: 1008 });
    const late = ring();
    await expect(late.accepted).rejects.toEqual(code('ERR_CHANNEL_CLOSED'));
    expect(await late.near.closed).toMatchObject({ code: 1008, reason: '' });
    expect(refused).toEqual(Array.from({ length: 3 }, () => code('ERR_CHANNEL_CLOSED')));
    expect(server.sessions.size).toBe(0);
    await settle();
    expect(clock.pendingTimers).toBe(0);
  });

  test('N10: a relay that strips the query or the headers leaves a caller without a name, who is refused', async () => {
    const { refused, ring } = stage();
    const { accepted } = ring('');
    await expect(accepted).rejects.toEqual(code('ERR_IDENTITY_DID'));
    expect(refused).toHaveLength(1);
  });
});

describe('N11: whatever page a call comes from, the handshake is the gate', () => {
  /** A WebSocket as a page of that origin would open it. */
  const from = (origin: string) =>
    class extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, { origin });
      }
    } as unknown as WebSocketConstructor;

  test('a page of any origin may be let in, and is still nobody without a key', async () => {
    const { server, handled, refusals } = stage({ suite: nobleSuite, clock: systemClock });
    const host = await nodeHost(server, { allowedOrigins: '*' });
    try {
      const transport = webSocket(host.url, { WebSocket: from('https://evil.example') });
      const peer = new ScriptedPeer({ identity: mallory, misbehaviours: [{ kind: 'claim', did: alice.did }] });
      expect(await peer.dial(transport, bob.did)).toBe('ready');
      expect(await peer.closed).toMatchObject({ code: 1008, reason: '' });
      expect(await refusals(1)).toEqual([code('ERR_CHANNEL_IMPOSTOR')]);
      expect(handled).toEqual([]);
      const session = await connect({ identity: alice, transport, remoteDid: bob.did });
      expect(await session.call('echo', 1)).toBe(1);
      await session.close();
    } finally {
      await server.close();
      await host.close();
    }
  });

  test('over loopback a foreign page is not even let in', async () => {
    const { server, refused } = stage({ suite: nobleSuite, clock: systemClock });
    const host = await nodeHost(server);
    try {
      const transport = webSocket(host.url, { WebSocket: from('https://evil.example') });
      const calling = connect({ identity: alice, transport, remoteDid: bob.did });
      await expect(calling).rejects.toEqual(code('ERR_CHANNEL_REFUSED'));
      expect(refused).toEqual([]);
    } finally {
      await server.close();
      await host.close();
    }
  });
});
