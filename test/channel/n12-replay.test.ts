// N12: what was recorded is worth nothing later, a name in the prologue cannot be exchanged, and a stolen key of ours
// does not let others pose as somebody else to us.

import { describe, expect, test } from 'vitest';
import { buildPrologue } from '../../src/noise/prologue.js';
import { hostileLink } from '../../src/testing/hostile-link.js';
import type { LinkDirection } from '../../src/testing/link-faults.js';
import type { Misbehaviour } from '../../src/testing/misbehaviour.js';
import { ScriptedPeer } from '../../src/testing/scripted-peer.js';
import { memoryPair, memoryTransports } from '../../src/transport/memory.js';
import cases from '../../vectors/did-key/edge-cases.json' with { type: 'json' };
import { settle } from '../support/frame-peer.js';
import { alice, answering, bob, calling, code, mallory, record, suite, write } from '../support/handshake.js';

const IMPOSTOR = code('ERR_CHANNEL_IMPOSTOR');

/** A genuine session of alice and bob, as somebody on the way has recorded it, one frame each way included. */
async function recording() {
  const link = hostileLink();
  const [near, far] = await Promise.all([calling(link.near), answering(link.far)]);
  record(near);
  record(far);
  write(near, 'pay mallory');
  write(far, 'done');
  await settle();
  const sent = (direction: LinkDirection) =>
    link.log.filter((one) => one.direction === direction).map(({ message }) => message);
  const [, message1, message3, request] = sent('to-far') as Uint8Array[];
  const [message2, answer] = sent('to-near') as Uint8Array[];
  return { message1, message2, message3, request, answer } as Record<string, Uint8Array> & {
    message1: Uint8Array;
    message2: Uint8Array;
    message3: Uint8Array;
    request: Uint8Array;
    answer: Uint8Array;
  };
}

const recorded = await recording();

/** Somebody who has only an open connection to bob and the recording. */
async function replayed(...messages: Uint8Array[]) {
  const [near, far] = memoryTransports();
  const got: unknown[] = [];
  near.receive((message) => {
    got.push(message);
    const next = messages.shift();
    if (next !== undefined) near.send(next);
  });
  near.send(messages.shift() as Uint8Array);
  const answer = answering({ transport: far, callerDid: alice.did, subprotocol: 'agent-phone.v1' });
  return { answer, got, near };
}

describe('N12: replay', () => {
  test('message 1 is answered with a fresh key, and then message 3 does not fit', async () => {
    const { answer, got } = await replayed(recorded.message1, recorded.message3);
    await expect(answer).rejects.toEqual(IMPOSTOR);
    expect(got).toHaveLength(1);
    expect(got[0]).not.toEqual(recorded.message2);
  });

  test('message 1 under another name', async () => {
    const [near, far] = memoryTransports();
    near.send(recorded.message1);
    const incoming = { transport: far, callerDid: mallory.did, subprotocol: 'agent-phone.v1' };
    await expect(answering(incoming)).rejects.toEqual(IMPOSTOR);
  });

  test('message 1 to somebody else', async () => {
    const [near, far] = memoryTransports();
    near.send(recorded.message1);
    const incoming = { transport: far, callerDid: alice.did, subprotocol: 'agent-phone.v1' };
    await expect(answering(incoming, { identity: mallory })).rejects.toEqual(IMPOSTOR);
  });

  test.each([1, 3] as const)('message %i in a handshake of somebody else', async (message) => {
    const misbehaviours: Misbehaviour[] = [
      { kind: 'replay', message, recorded: recorded[`message${message}`] as Uint8Array },
    ];
    for (const claim of [[], [{ kind: 'claim', did: alice.did } as const]]) {
      const [near, far] = memoryPair();
      const peer = new ScriptedPeer({ identity: mallory, suite, misbehaviours: [...misbehaviours, ...claim] });
      const dialling = peer.dial(near, bob.did);
      await expect(answering(far)).rejects.toEqual(IMPOSTOR);
      await dialling;
    }
  });

  test('message 2 to a caller that calls again', async () => {
    const [near, far] = memoryPair();
    const misbehaviours: Misbehaviour[] = [{ kind: 'replay', message: 2, recorded: recorded.message2 }];
    const peer = new ScriptedPeer({ identity: bob, suite, misbehaviours });
    const answered = peer.answer(far);
    await expect(calling(near)).rejects.toEqual(IMPOSTOR);
    expect(await answered).toBe('ended');
  });

  test('a frame in a later session of the same two, and back to who sent it', async () => {
    for (const [frame, direction] of [
      [recorded.request, 'to-far'],
      [recorded.answer, 'to-near'],
      [recorded.request, 'to-near'],
      [recorded.answer, 'to-far'],
    ] as const) {
      const link = hostileLink();
      const [near, far] = await Promise.all([calling(link.near), answering(link.far)]);
      const seen = [record(near), record(far)];
      link.inject(direction, frame);
      const { closed } = direction === 'to-far' ? far : near;
      expect(await closed).toMatchObject({ code: 1002, error: code('ERR_NOISE_DECRYPT') });
      expect(seen).toEqual([[], []]);
    }
  });

  test('a frame of this session back to who sent it', async () => {
    const link = hostileLink({
      policy: ({ direction, index }) => (direction === 'to-far' && index === 3 ? { kind: 'drop' } : undefined),
    });
    const [near, far] = await Promise.all([calling(link.near), answering(link.far)]);
    const seen = [record(near), record(far)];
    write(near, 'echo me');
    await settle();
    link.inject('to-near', link.log.at(-1)?.message as Uint8Array);
    expect(await near.closed).toMatchObject({ code: 1002, error: code('ERR_NOISE_DECRYPT') });
    expect(seen).toEqual([[], []]);
  });
});

describe('N12: the names are part of the handshake (unknown key share)', () => {
  test.each<[string, Uint8Array]>([
    ['exchanged', buildPrologue(bob.did, alice.did)],
    ['the callee called by its twin', buildPrologue(alice.did, cases.twin)],
    ['the caller by another name', buildPrologue(mallory.did, bob.did)],
    ['both the same', buildPrologue(bob.did, bob.did)],
    ['none', new Uint8Array(0)],
  ])('%s: nobody who means that is connected', async (_, prologue) => {
    const [near, far] = memoryPair();
    const misbehaviours: Misbehaviour[] = [{ kind: 'wrong-prologue', prologue }];
    const caller = new ScriptedPeer({ identity: alice, suite, misbehaviours });
    const dialling = caller.dial(near, bob.did);
    await expect(answering(far)).rejects.toEqual(IMPOSTOR);
    expect(await dialling).toBe('ended');

    const [near2, far2] = memoryPair();
    const callee = new ScriptedPeer({ identity: bob, suite, misbehaviours });
    const answered = callee.answer(far2);
    await expect(calling(near2)).rejects.toEqual(IMPOSTOR);
    expect(await answered).toBe('ended');
  });

  test('a caller cannot be connected to one agent while it means another', async () => {
    const link = hostileLink();
    const answer = answering(link.far, { identity: mallory });
    const call = calling(link.near);
    await expect(answer).rejects.toEqual(IMPOSTOR);
    await expect(call).rejects.toEqual(code('ERR_CHANNEL_REFUSED'));
  });

  test('nor can an agent be made to believe that a call to somebody else, passed on, was for it', async () => {
    // Alice calls mallory, who passes every message on to bob, under any name it likes.
    for (const callerDid of [alice.did, mallory.did]) {
      const [near, mallorysEnd] = memoryTransports();
      const [mallorysOther, far] = memoryTransports();
      mallorysEnd.receive((message) => mallorysOther.send(message));
      mallorysOther.receive((message) => mallorysEnd.send(message));
      void mallorysOther.closed.then(() => mallorysEnd.abort());
      const call = calling({ dial: async () => near }, { remoteDid: mallory.did });
      const refused = expect(call).rejects.toEqual(code('ERR_CHANNEL_REFUSED'));
      const incoming = { transport: far, callerDid, subprotocol: 'agent-phone.v1' };
      await expect(answering(incoming)).rejects.toEqual(IMPOSTOR);
      await refused;
    }
  });

  test('two handshakes of the same two never have the same hash', async () => {
    const hashes = new Set<string>();
    for (let round = 0; round < 10; round++) {
      const [near, far] = memoryPair();
      const [channel] = await Promise.all([calling(near), answering(far)]);
      hashes.add(channel.handshakeHash.join());
    }
    expect(hashes.size).toBe(10);
  });
});

describe('N12: key-compromise impersonation', () => {
  test("who has stolen the callee's key cannot call it under the name of somebody else", async () => {
    for (const misbehaviours of [
      [{ kind: 'claim', did: alice.did }],
      [{ kind: 'claim', did: alice.did }, { kind: 'borrowed-static-key' }],
    ] as const) {
      const [near, far] = memoryPair();
      const thief = new ScriptedPeer({ identity: bob, suite, misbehaviours });
      const dialling = thief.dial(near, bob.did);
      await expect(answering(far)).rejects.toEqual(IMPOSTOR);
      expect(await dialling).toBe('ready');
      expect(thief.frames).toEqual([]);
    }
  });

  test("who has stolen the caller's key cannot answer it under the name of somebody else", async () => {
    const [near, far] = memoryPair();
    const thief = new ScriptedPeer({ identity: alice, suite, misbehaviours: [{ kind: 'claim', did: bob.did }] });
    const answered = thief.answer(far);
    await expect(calling(near)).rejects.toEqual(IMPOSTOR);
    expect(await answered).toBe('ended');
  });
});
