// The tool itself: honest, it is a peer like any other; told to misbehave, it does exactly that and no more.

import { describe, expect, test } from 'vitest';
import { concatBytes } from '../../src/bytes/concat.js';
import { didToX25519 } from '../../src/identity/did-key.js';
import { createIdentity } from '../../src/identity/seed-identity.js';
import { buildPrologue } from '../../src/noise/prologue.js';
import { connect } from '../../src/phone/connect.js';
import { serve } from '../../src/phone/serve.js';
import type { Misbehaviour } from '../../src/testing/misbehaviour.js';
import { type HandshakeOutcome, ScriptedPeer } from '../../src/testing/scripted-peer.js';
import type { Message } from '../../src/transport/contract.js';
import { memoryPair, memoryTransports } from '../../src/transport/memory.js';
import cases from '../../vectors/did-key/edge-cases.json' with { type: 'json' };
import { settle } from '../support/frame-peer.js';
import { hex, unhex } from '../support/hex.js';

const [alice, bob] = await Promise.all([createIdentity(), createIdentity()]);
const request = { type: 'req', stream_id: 1, seq: 0, method: 'echo', params: { a: 1 } };
const zero = new Uint8Array(32);

/** Lets two scripted peers talk to each other; the misbehaviours are one's own. */
async function talk({ calling = [], answering = [] }: { calling?: Misbehaviour[]; answering?: Misbehaviour[] }) {
  const [near, far] = memoryPair();
  const caller = new ScriptedPeer({ identity: alice, misbehaviours: calling });
  const callee = new ScriptedPeer({ identity: bob, misbehaviours: answering });
  const called = caller.dial(near, bob.did);
  const answered = callee.answer(far);
  const falls = (faults: Misbehaviour[]) => faults.some(({ kind }) => kind === 'silence');
  const outcome = falls(calling) ? [await called] : falls(answering) ? [await answered] : await both(called, answered);
  return { caller, callee, outcome };
}

const both = (...outcomes: Promise<HandshakeOutcome>[]) => Promise.all(outcomes);
const calling = (...misbehaviours: Misbehaviour[]) => talk({ calling: misbehaviours });
const answering = (...misbehaviours: Misbehaviour[]) => talk({ answering: misbehaviours });

/** Whether the callee can open what the caller seals. */
async function understands({ caller, callee }: { caller: ScriptedPeer; callee: ScriptedPeer }): Promise<boolean> {
  caller.send({ plaintext: 'hello' });
  return (await callee.next()).plaintext !== undefined;
}

const lengths = (messages: readonly Message[]) => messages.map((message) => message.length);

describe('an honest scripted peer', () => {
  test('calls an agent, whose handlers know it by its DID', async () => {
    const [near, far] = memoryPair();
    serve({ identity: bob, transport: far, handlers: { who: (params, { peer }) => [peer.did, params] } });
    const peer = new ScriptedPeer({ identity: alice });
    expect(await peer.dial(near, bob.did)).toBe('ready');
    peer.send({ envelope: { ...request, method: 'who' } });
    const { envelope } = await peer.next();
    expect(envelope).toEqual({ type: 'res', stream_id: 1, seq: 0, result: [alice.did, { a: 1 }] });
    expect(peer.frames).toHaveLength(1);
    peer.close();
    expect(await peer.closed).toMatchObject({ code: 1000, clean: true });
  });

  test('answers an agent', async () => {
    const [near, far] = memoryPair();
    const peer = new ScriptedPeer({ identity: bob });
    const [session, outcome] = await Promise.all([
      connect({ identity: alice, transport: near, remoteDid: bob.did }),
      peer.answer(far),
    ]);
    expect(outcome).toBe('ready');
    const result = session.call('echo', { a: 1 });
    expect((await peer.next()).envelope).toEqual(request);
    peer.send({ envelope: { type: 'res', stream_id: 1, seq: 0, result: 'yes' } });
    expect(await result).toBe('yes');
    await session.close();
  });

  test('works over open transports, without an offer', async () => {
    const [near, far] = memoryTransports();
    const caller = new ScriptedPeer({ identity: alice });
    const callee = new ScriptedPeer({ identity: bob });
    const answered = callee.answer({ transport: far, callerDid: alice.did, subprotocol: 'agent-phone.v1' });
    expect(await caller.dial(near, bob.did)).toBe('ready');
    expect(await answered).toBe('ready');
    expect(lengths(caller.handshake)).toEqual([48, 48, 64]);
    expect(callee.handshake).toEqual(caller.handshake);
    expect(callee.handshakeHash).toEqual(caller.handshakeHash);
  });

  test('reads what it is sent: an envelope, plaintext that is none, what does not open, and text', async () => {
    const { caller, callee } = await calling();
    caller.send({ envelope: request }, { plaintext: 'not json' }, { ciphertext: unhex('00') }, { text: 'hello' });
    await settle();
    expect(callee.frames).toHaveLength(4);
    expect(callee.frames[0]?.envelope).toEqual(request);
    expect(callee.frames[1]?.plaintext).toEqual(new TextEncoder().encode('not json'));
    expect(callee.frames[1]).not.toHaveProperty('envelope');
    expect(callee.frames[2]).toEqual({ message: unhex('00') });
    expect(callee.frames[3]).toEqual({ message: 'hello' });
  });

  test('sends frames again, late, flipped and past counters', async () => {
    const { caller, callee } = await calling();
    const late = caller.seal({ plaintext: 'late' });
    caller.send({ plaintext: 'early' }, { ciphertext: late }, { replay: 0 }, { replay: 1, flip: 2 });
    caller.send({ replay: 1 }, { skip: 2 }, { plaintext: 'after' });
    await settle();
    const sent = callee.frames.map(({ message }) => message as Uint8Array);
    expect(sent).toHaveLength(6);
    expect(sent[2]).toEqual(late);
    expect(sent[3]?.map((byte, i) => byte ^ (sent[0]?.[i] ?? 0))).toEqual(
      new Uint8Array(sent[0]?.length ?? 0).fill(1, 2, 3),
    );
    // In the order of their counters: `late`, then `early` when it came the second time.
    const opened = callee.frames.map(({ plaintext }) => plaintext !== undefined);
    expect(opened).toEqual([false, true, false, false, true, false]);
  });

  test('waits end with their signal, and with the connection', async () => {
    const { caller, callee } = await calling();
    const aborter = new AbortController();
    const waiting = callee.next(aborter.signal);
    aborter.abort('enough');
    await expect(waiting).rejects.toBe('enough');
    const last = callee.next();
    caller.abort();
    await expect(last).rejects.toMatchObject({ code: 'ERR_CHANNEL_LOST' });

    const [near] = memoryPair();
    const unheard = new ScriptedPeer({ identity: alice });
    const ending = new AbortController();
    const dialling = unheard.dial(near, bob.did, ending.signal);
    await settle();
    ending.abort('enough');
    await expect(dialling).rejects.toBe('enough');
  });

  test('says what it cannot do', async () => {
    const peer = new ScriptedPeer({ identity: alice });
    expect(() => peer.handshakeHash).toThrow(TypeError);
    expect(() => peer.send({ text: '' })).toThrow(TypeError);
    const [near, far] = memoryTransports();
    const { transport } = { transport: far };
    const silent = new ScriptedPeer({ identity: alice, misbehaviours: [{ kind: 'silence', message: 1 }] });
    expect(await silent.dial(near, bob.did)).toBe('silent');
    transport.send('hello');
    expect((await silent.next()).message).toBe('hello');
    expect(() => silent.send({ plaintext: '' })).toThrow(TypeError);
    expect(() => silent.send({ replay: 0 })).toThrow(TypeError);
    expect(() => silent.send({ skip: 1 })).toThrow(TypeError);
    await expect(silent.dial(near, bob.did)).rejects.toThrow(TypeError);
  });
});

describe('misbehaviours of a caller', () => {
  test('none: both sides are ready, and the callee knows the key of the DID', async () => {
    const peers = await calling();
    expect(peers.outcome).toEqual(['ready', 'ready']);
    expect(await understands(peers)).toBe(true);
  });

  test('claim: goes by another name, in the offer and in the prologue, with its own key', async () => {
    const peers = await calling({ kind: 'claim', did: cases.did });
    expect(peers.outcome).toEqual(['ready', 'ready']);
    expect(peers.caller.did).toBe(cases.did);
    expect(await understands(peers)).toBe(true);
  });

  test('wrong-static-key: the callee would believe another key', async () => {
    const peers = await calling({ kind: 'wrong-static-key' });
    expect(peers.caller.did).toBe(alice.did);
    expect(await understands(peers)).toBe(true);
  });

  test('borrowed-static-key: shows the right key, and cannot use it', async () => {
    const peers = await calling({ kind: 'claim', did: cases.did }, { kind: 'borrowed-static-key' });
    expect(await understands(peers)).toBe(false);
  });

  test('wrong-prologue: the two sides do not agree on anything', async () => {
    const prologue = buildPrologue(bob.did, alice.did);
    const peers = await calling({ kind: 'wrong-prologue', prologue });
    expect(peers.callee.handshakeHash).not.toEqual(peers.caller.handshakeHash);
    expect(await understands(peers)).toBe(false);
  });

  test('low-order-ephemeral: every secret with it is zero, on both sides', async () => {
    const peers = await calling({ kind: 'low-order-ephemeral', point: zero });
    expect(hex(peers.caller.handshake[0]?.slice(0, 32) as Uint8Array)).toBe(hex(zero));
    expect(await understands(peers)).toBe(true);
  });

  test('low-order-static: the secret with it is zero too', async () => {
    expect(await understands(await calling({ kind: 'low-order-static', point: zero }))).toBe(true);
  });

  test.each<[Misbehaviour, number[]]>([
    [{ kind: 'text', message: 3 }, [48, 48, 16]],
    [{ kind: 'empty', message: 3 }, [48, 48, 0]],
    [{ kind: 'short', message: 3 }, [48, 48, 63]],
    [{ kind: 'short', message: 3, by: 16 }, [48, 48, 48]],
    [{ kind: 'long', message: 3 }, [48, 48, 65]],
    [{ kind: 'garbage', message: 3 }, [48, 48, 64]],
    [{ kind: 'flip', message: 3, byte: -1 }, [48, 48, 64]],
    [{ kind: 'replay', message: 3, recorded: zero }, [48, 48, 32]],
    [{ kind: 'payload', message: 3, payload: zero }, [48, 48, 96]],
    [{ kind: 'payload', message: 1, payload: zero }, [80, 48, 64]],
    [{ kind: 'extra', message: 3, before: ['a', zero] }, [48, 48, 1, 32, 64]],
    [{ kind: 'extra', message: 1, before: ['a'] }, [1, 48, 48, 64]],
    [{ kind: 'repeat', message: 3 }, [48, 48, 64, 64]],
    [{ kind: 'out-of-turn', message: 3 }, [48, 64, 48, 64]],
    [{ kind: 'garbage', message: 2 }, [48, 48, 64]],
  ])('%j', async (misbehaviour, expected) => {
    const { caller } = await calling(misbehaviour);
    expect(lengths(caller.handshake)).toEqual(expected);
    if (misbehaviour.kind === 'text') expect(typeof caller.handshake[2]).toBe('string');
  });

  test('payload: is encrypted like everything else', async () => {
    expect(await understands(await calling({ kind: 'payload', message: 1, payload: unhex('2a') }))).toBe(true);
  });

  test('flip: one bit, and the other side cannot read it', async () => {
    const peers = await calling({ kind: 'flip', message: 1, byte: 40 });
    expect(peers.callee.handshake[0]).toEqual(peers.caller.handshake[0]);
    expect(await understands(peers)).toBe(false);
  });

  test('silence and hang-up: stop where the message was due', async () => {
    const silent = await calling({ kind: 'silence', message: 3 });
    expect(silent.outcome).toEqual(['silent']);
    expect(lengths(silent.caller.handshake)).toEqual([48, 48]);
    const gone = await calling({ kind: 'hang-up', message: 3 });
    expect(gone.outcome).toEqual(['ended', 'ended']);
    expect(lengths(gone.caller.handshake)).toEqual([48, 48]);
  });
});

describe('misbehaviours of a callee', () => {
  test.each<[Misbehaviour, number[]]>([
    [{ kind: 'text', message: 2 }, [48, 16, 64]],
    [{ kind: 'empty', message: 2 }, [48, 0, 64]],
    [{ kind: 'payload', message: 2, payload: zero }, [48, 80, 64]],
    [{ kind: 'out-of-turn', message: 2 }, [48, 48, 48, 64]],
    [{ kind: 'extra', message: 2, before: [zero] }, [48, 32, 48, 64]],
    [{ kind: 'repeat', message: 2 }, [48, 48, 48, 64]],
  ])('%j', async (misbehaviour, expected) => {
    const { callee } = await answering(misbehaviour);
    expect(lengths(callee.handshake)).toEqual(expected);
  });

  test('claim: an impostor that knows the public key of whom it plays, and not the secret', async () => {
    const [near, far] = memoryPair();
    const caller = new ScriptedPeer({ identity: alice });
    const callee = new ScriptedPeer({ identity: bob, misbehaviours: [{ kind: 'claim', did: cases.did }] });
    await Promise.all([caller.dial(near, cases.did), callee.answer(far)]);
    expect(hex(didToX25519(callee.did))).toBe(cases.x25519);
    expect(await understands({ caller, callee })).toBe(false);
  });

  test('silence and hang-up', async () => {
    expect((await answering({ kind: 'silence', message: 2 })).outcome).toEqual(['silent']);
    expect((await answering({ kind: 'hang-up', message: 2 })).outcome).toEqual(['ended', 'ended']);
  });

  test('several at once', async () => {
    const { callee } = await answering(
      { kind: 'long', message: 2, by: 2 },
      { kind: 'extra', message: 2, before: [''] },
    );
    expect(lengths(callee.handshake)).toEqual([48, 0, 50, 64]);
    expect(callee.handshake[2]?.slice(-2)).toEqual(concatBytes(new Uint8Array(2)));
  });
});
