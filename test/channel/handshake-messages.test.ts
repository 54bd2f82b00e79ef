// Every way a peer can get a handshake message wrong, against both roles (F17; conformance clause C1 on the callee's
// side). Whatever it is: one stable code, the connection closed with 1008 and no word, nothing delivered.

import { describe, expect, test } from 'vitest';
import { createIdentity } from '../../src/identity/seed-identity.js';
import { buildPrologue } from '../../src/noise/prologue.js';
import { hostileLink } from '../../src/testing/hostile-link.js';
import { HANDSHAKE_BYTES, type Misbehaviour } from '../../src/testing/misbehaviour.js';
import { ScriptedPeer } from '../../src/testing/scripted-peer.js';
import { memoryPair, memoryTransports } from '../../src/transport/memory.js';
import { settle } from '../support/frame-peer.js';
import { alice, answering, bob, calling, code, mallory, suite } from '../support/handshake.js';

const victim = await createIdentity();
const bytes = (length: number) => new Uint8Array(length).fill(7);

const PROTOCOL = 'ERR_CHANNEL_PROTOCOL';
const IMPOSTOR = 'ERR_CHANNEL_IMPOSTOR';
const REFUSED = 'ERR_CHANNEL_REFUSED';

const CALLER: [expected: string, ...misbehaviours: Misbehaviour[]][] = [
  [IMPOSTOR, { kind: 'claim', did: victim.did }],
  [IMPOSTOR, { kind: 'wrong-static-key' }],
  [IMPOSTOR, { kind: 'claim', did: victim.did }, { kind: 'borrowed-static-key' }],
  [IMPOSTOR, { kind: 'wrong-prologue', prologue: buildPrologue(bob.did, mallory.did) }],
  [IMPOSTOR, { kind: 'wrong-prologue', prologue: new Uint8Array(0) }],
  [IMPOSTOR, { kind: 'low-order-ephemeral', point: new Uint8Array(32) }],
  [IMPOSTOR, { kind: 'low-order-static', point: new Uint8Array(32) }],
  ...([1, 3] as const).flatMap((message): [string, ...Misbehaviour[]][] => [
    [PROTOCOL, { kind: 'text', message }],
    [PROTOCOL, { kind: 'empty', message }],
    [PROTOCOL, { kind: 'short', message }],
    [PROTOCOL, { kind: 'long', message }],
    [PROTOCOL, { kind: 'long', message, by: 65_535 }],
    [IMPOSTOR, { kind: 'garbage', message }],
    [PROTOCOL, { kind: 'payload', message, payload: bytes(1) }],
    [PROTOCOL, { kind: 'extra', message, before: ['hello'] }],
    [PROTOCOL, { kind: 'extra', message, before: [bytes(0)] }],
    [PROTOCOL, { kind: 'extra', message, before: [bytes(message === 1 ? 47 : 63)] }],
    // As long as the message that is due: the first one looks false, and after message 1 the second is out of turn.
    [message === 1 ? PROTOCOL : IMPOSTOR, { kind: 'extra', message, before: [bytes(message === 1 ? 48 : 64)] }],
    [REFUSED, { kind: 'hang-up', message }],
  ]),
  [PROTOCOL, { kind: 'repeat', message: 1 }],
  [PROTOCOL, { kind: 'out-of-turn', message: 3 }],
];

const CALLEE: [expected: string, ...misbehaviours: Misbehaviour[]][] = [
  [IMPOSTOR, { kind: 'wrong-static-key' }],
  [IMPOSTOR, { kind: 'wrong-prologue', prologue: buildPrologue(bob.did, bob.did) }],
  [IMPOSTOR, { kind: 'low-order-ephemeral', point: new Uint8Array(32) }],
  [PROTOCOL, { kind: 'text', message: 2 }],
  [PROTOCOL, { kind: 'empty', message: 2 }],
  [PROTOCOL, { kind: 'short', message: 2 }],
  [PROTOCOL, { kind: 'long', message: 2 }],
  [PROTOCOL, { kind: 'payload', message: 2, payload: bytes(1) }],
  [IMPOSTOR, { kind: 'garbage', message: 2 }],
  [PROTOCOL, { kind: 'extra', message: 2, before: ['hello'] }],
  [PROTOCOL, { kind: 'extra', message: 2, before: [bytes(47)] }],
  [PROTOCOL, { kind: 'repeat', message: 2 }],
  // Taken for message 2. What comes before there is a message 1 is the last test of this file.
  [IMPOSTOR, { kind: 'out-of-turn', message: 2 }],
  [REFUSED, { kind: 'hang-up', message: 2 }],
];

const named = (cases: [string, ...Misbehaviour[]][]) =>
  cases.map(([expected, ...misbehaviours]) => ({ expected, misbehaviours, title: misbehaviours.map(titleOf).join() }));

function titleOf({ kind, ...detail }: Misbehaviour): string {
  const short = (_: string, value: unknown) => (value instanceof Uint8Array ? `${value.length} bytes` : value);
  return `${kind} ${JSON.stringify(detail, short).replaceAll('"', '')}`;
}

describe('C1, F17: a caller that does not keep to the handshake is refused', () => {
  test.each(named(CALLER))('$title', async ({ expected, misbehaviours }) => {
    const [near, far] = memoryPair();
    const peer = new ScriptedPeer({ identity: mallory, misbehaviours });
    const dialling = peer.dial(near, bob.did);
    await expect(answering(far)).rejects.toEqual(code(expected));
    await dialling;
    if (misbehaviours[0]?.kind !== 'hang-up') {
      expect(await peer.closed).toMatchObject({ code: 1008, reason: '' });
    }
    expect(peer.frames).toEqual([]);
  });

  test('text and frames that waited before anybody listened are no exception', async () => {
    const [near, far] = memoryTransports();
    const incoming = { transport: far, callerDid: mallory.did, subprotocol: 'agent-phone.v1' };
    near.send(bytes(48));
    near.send(bytes(48));
    await Promise.resolve();
    await expect(answering(incoming)).rejects.toEqual(code(PROTOCOL));
    expect(await near.closed).toMatchObject({ code: 1008, reason: '' });
  });
});

describe('C1, F17: a callee that does not keep to the handshake is refused', () => {
  test.each(named(CALLEE))('$title', async ({ expected, misbehaviours }) => {
    const [near, far] = memoryPair();
    const peer = new ScriptedPeer({ identity: bob, misbehaviours });
    const answered = peer.answer(far);
    await expect(calling(near)).rejects.toEqual(code(expected));
    await answered;
    if (misbehaviours[0]?.kind !== 'hang-up') {
      expect(await peer.closed).toMatchObject({ code: 1008, reason: '' });
    }
    // Not even message 3, which would tell it who called.
    expect(peer.handshake.filter((message) => message.length === 64)).toEqual([]);
  });

  test('C1: an impostor that holds another key than the DID that was called', async () => {
    const [near, far] = memoryPair();
    const peer = new ScriptedPeer({ identity: mallory, misbehaviours: [{ kind: 'claim', did: bob.did }] });
    const answered = peer.answer(far);
    await expect(calling(near)).rejects.toEqual(code(IMPOSTOR));
    expect(await answered).toBe('ended');
    expect(peer.handshake).toHaveLength(2);
  });

  test('what it said before it was called', async () => {
    const [near, far] = memoryTransports();
    far.send(bytes(48));
    await Promise.resolve();
    await expect(calling({ dial: async () => near })).rejects.toEqual(code(PROTOCOL));
    expect(await far.closed).toMatchObject({ code: 1008, reason: '' });
  });
});

describe('C1: every single byte of the handshake counts', () => {
  const places = ([1, 2, 3] as const).flatMap((message) =>
    Array.from({ length: HANDSHAKE_BYTES[message] }, (_, byte) => ({ message, byte })),
  );

  test.each(places)('message $message, byte $byte', async ({ message, byte }) => {
    const [near, far] = memoryPair();
    const identity = message === 2 ? bob : alice;
    const peer = new ScriptedPeer({ identity, suite, misbehaviours: [{ kind: 'flip', message, byte }] });
    const talking = message === 2 ? peer.answer(far) : peer.dial(near, bob.did);
    await expect(message === 2 ? calling(near) : answering(far)).rejects.toEqual(code(IMPOSTOR));
    await talking;
  });

  test.each(['to-far', 'to-near'] as const)('the one bit that X25519 does not look at, %s', async (direction) => {
    const index = direction === 'to-far' ? 1 : 0;
    const link = hostileLink({ plan: [{ direction, index, action: { kind: 'flip', bit: 255 } }] });
    const outcomes = await Promise.allSettled([calling(link.near), answering(link.far)]);
    const [victim, other] = direction === 'to-far' ? [outcomes[1], outcomes[0]] : outcomes;
    expect(victim).toMatchObject({ reason: code(IMPOSTOR) });
    expect(other).toMatchObject({ reason: code(REFUSED) });
  });
});

describe('no misbehaviour gets through, whatever its name', () => {
  // Typed by name, so that a new one must be added here.
  const EVERY: { [Kind in Misbehaviour['kind']]: Misbehaviour[] } = {
    claim: [{ kind: 'claim', did: victim.did }],
    'wrong-static-key': [{ kind: 'wrong-static-key' }],
    'borrowed-static-key': [{ kind: 'claim', did: victim.did }, { kind: 'borrowed-static-key' }],
    'wrong-prologue': [{ kind: 'wrong-prologue', prologue: bytes(3) }],
    'low-order-ephemeral': [{ kind: 'low-order-ephemeral', point: bytes(32).fill(0) }],
    'low-order-static': [{ kind: 'low-order-static', point: bytes(32).fill(0) }],
    text: both((message) => ({ kind: 'text', message })),
    empty: both((message) => ({ kind: 'empty', message })),
    short: both((message) => ({ kind: 'short', message })),
    long: both((message) => ({ kind: 'long', message })),
    garbage: both((message) => ({ kind: 'garbage', message })),
    flip: both((message) => ({ kind: 'flip', message, byte: 0 })),
    payload: both((message) => ({ kind: 'payload', message, payload: bytes(16) })),
    replay: both((message) => ({ kind: 'replay', message, recorded: bytes(HANDSHAKE_BYTES[message]) })),
    repeat: [
      { kind: 'repeat', message: 1 },
      { kind: 'repeat', message: 2 },
    ],
    extra: both((message) => ({ kind: 'extra', message, before: [bytes(16)] })),
    'out-of-turn': both((message) => ({ kind: 'out-of-turn', message: message as 2 | 3 })),
    silence: both((message) => ({ kind: 'silence', message })),
    'hang-up': both((message) => ({ kind: 'hang-up', message })),
  };

  /** For the caller's last message and the callee's only one. */
  function both(make: (message: 2 | 3) => Misbehaviour): Misbehaviour[] {
    return [make(3), make(2)];
  }

  test.each(Object.entries(EVERY))('%s, in either role', async (_, misbehaviours) => {
    for (const role of ['caller', 'callee'] as const) {
      const [near, far] = memoryPair();
      const peer = new ScriptedPeer({ identity: role === 'caller' ? mallory : bob, suite, misbehaviours });
      // A callee that goes by another name is asked for by that name, and has not its key.
      const remoteDid = role === 'caller' ? bob.did : peer.did;
      const deadline = new AbortController();
      const { signal } = deadline;
      void (role === 'caller' ? peer.dial(near, bob.did) : peer.answer(far));
      const outcome = role === 'caller' ? answering(far, { signal }) : calling(near, { remoteDid, signal });
      outcome.catch(() => {});
      await settle();
      deadline.abort('deadline');
      await expect(outcome).rejects.toBeDefined();
      expect(peer.frames).toEqual([]);
    }
  });
});
