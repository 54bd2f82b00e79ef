// N2, N10: the proof of the exact DID, both ways: who can give it, what is no proof, and what happens without one.

import { describe, expect, test, vi } from 'vitest';
import { concatBytes } from '../../src/bytes/concat.js';
import { encodeUtf8 } from '../../src/bytes/utf8.js';
import { encodeBase64url } from '../../src/codec/base64url.js';
import type { Identity } from '../../src/identity/identity.js';
import { identityOver } from '../../src/identity/seed-identity.js';
import { type ConnectOptions, connect } from '../../src/phone/connect.js';
import { type ServeOptions, serve } from '../../src/phone/serve.js';
import { fakeClock } from '../../src/testing/fake-clock.js';
import { hostileLink } from '../../src/testing/hostile-link.js';
import { ScriptedPeer } from '../../src/testing/scripted-peer.js';
import { memoryPair } from '../../src/transport/memory.js';
import cases from '../../vectors/did-key/edge-cases.json' with { type: 'json' };
import { countedSignal } from '../support/counted-signal.js';
import { settle } from '../support/frame-peer.js';
import { alice, bob, code, mallory, suite } from '../support/handshake.js';
import { unhex } from '../support/hex.js';

const METHOD = 'ringline.proof.v1';
const never = () => new Promise<never>(() => {});
const owner = await identityOver(unhex(cases.seed), 'noble');

/** An agent, and a caller of it by its options. */
function agent(options: Partial<ServeOptions> = {}) {
  const server = serve({
    identity: bob,
    suite,
    handlers: { proof: (_params, { peer }) => peer.proof },
    ...options,
  });
  return {
    server,
    call: (calling: Partial<ConnectOptions> = {}) => {
      const [near, far] = memoryPair();
      server.accept(far).catch(() => {});
      return connect({ identity: alice, suite, transport: near, remoteDid: server.did, ...calling });
    },
    /** A scripted caller, its handshake over. */
    async peer(identity: Identity = alice, claim?: string) {
      const [near, far] = memoryPair();
      server.accept(far).catch(() => {});
      const misbehaviours = claim === undefined ? [] : [{ kind: 'claim' as const, did: claim }];
      const peer = new ScriptedPeer({ identity, suite, misbehaviours });
      await peer.dial(near, server.did);
      return peer;
    },
  };
}

/** A caller of ours, and a scripted callee whose handshake is over and who has got the first frame. */
async function called(options: Partial<ConnectOptions>, identity: Identity = bob) {
  const [near, far] = memoryPair();
  const peer = new ScriptedPeer({ identity, suite });
  const connecting = connect({ identity: alice, suite, transport: near, remoteDid: identity.did, ...options });
  connecting.catch(() => {});
  await peer.answer(far);
  return {
    peer,
    connecting,
    request: (await peer.next()).envelope as { readonly params: { readonly signature: string } },
  };
}

/** What each role signs. */
const statement = (role: string, hash: Uint8Array) => concatBytes(encodeUtf8(`${METHOD} ${role}\n`), hash);

const signed = async (identity: Identity, role: string, hash: Uint8Array) =>
  encodeBase64url(await identity.sign(statement(role, hash)));

const proofRequest = (id: number, signature: unknown) => ({
  envelope: { type: 'req', stream_id: id, seq: 0, method: METHOD, params: { signature } },
});

const answer = (result: unknown) => ({ envelope: { type: 'res', stream_id: 1, seq: 0, result } });
const refusal = (wireCode: number) => ({
  envelope: { type: 'error', stream_id: 1, seq: 0, error: { code: wireCode, message: 'no' } },
});

describe('N2: two peers that know how', () => {
  test.each(['request', 'require'] as const)('proof: %s: both have signed', async (proof) => {
    const { server, call } = agent();
    const session = await call({ proof });
    expect(session.peer).toEqual({ did: bob.did, proof: 'ed25519', agreementKey: expect.any(Uint8Array) });
    expect(await session.call('proof')).toBe('ed25519');
    expect([...server.sessions][0]?.peer.proof).toBe('ed25519');
    await session.close();
  });

  test('neither asks: x25519, and the method costs nobody anything', async () => {
    const sign = vi.fn(alice.sign);
    const { call } = agent();
    const session = await call();
    expect(session.peer.proof).toBe('x25519');
    expect(await session.call('proof')).toBe('x25519');
    expect(sign).not.toHaveBeenCalled();
    await session.close();
  });

  test('the server requires it: a caller that gives it is heard', async () => {
    const { call } = agent({ requireProof: true });
    for (const proof of ['request', 'require'] as const) {
      const session = await call({ proof });
      expect(await session.call('proof')).toBe('ed25519');
      await session.close();
    }
  });

  test("the application's own hook is asked for everything but the proof", async () => {
    const authorize = vi.fn(() => true);
    for (const requireProof of [true, false]) {
      authorize.mockClear();
      const session = await agent({ requireProof, authorize }).call({ proof: 'require' });
      expect(await session.call('proof')).toBe('ed25519');
      expect(authorize).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ method: 'proof' }));
      await session.close();
    }
    const session = await agent({ requireProof: true, authorize: () => false }).call({ proof: 'require' });
    await expect(session.call('proof')).rejects.toEqual(code('ERR_RPC_DENIED'));
    await session.close();
  });

  test("an application's handler of that name is not asked", async () => {
    const handler = vi.fn();
    const session = await agent({ handlers: { [METHOD]: handler } }).call({ proof: 'require' });
    expect(session.peer.proof).toBe('ed25519');
    expect(handler).not.toHaveBeenCalled();
    await session.close();
  });

  test('what is signed names the role and this very session, and nothing else', async () => {
    const messages: Uint8Array[] = [];
    const sign = (message: Uint8Array) => {
      messages.push(message.slice());
      return bob.sign(message);
    };
    const { server, peer: dial } = agent({ identity: { ...bob, sign } });
    await server.ready();
    const peer = await dial();
    peer.send(proofRequest(1, await signed(alice, 'initiator', peer.handshakeHash)));
    const { envelope } = await peer.next();
    expect(envelope).toMatchObject({ type: 'res', result: { signature: expect.any(String) } });
    expect(messages.at(-1)).toEqual(statement('responder', peer.handshakeHash));
  });
});

describe('N2: what is no proof, to a server', () => {
  const wrong: [string, (hash: Uint8Array) => unknown | Promise<unknown>][] = [
    ['nothing', () => undefined],
    ['a number', () => 7],
    ['no base64url', () => '*'.repeat(86)],
    ['too short', () => encodeBase64url(new Uint8Array(63))],
    ['zeros', () => encodeBase64url(new Uint8Array(64))],
    ['the small-order signature that fits every message', () => encodeBase64url(unhex(`01${'00'.repeat(63)}`))],
    ['a megabyte', () => 'A'.repeat(60_000)],
    ["somebody else's", (hash) => signed(mallory, 'initiator', hash)],
    ['of the other role', (hash) => signed(alice, 'responder', hash)],
    ['of another session', () => signed(alice, 'initiator', new Uint8Array(32))],
    ['of the hash alone', async (hash) => encodeBase64url(await alice.sign(hash))],
  ];

  test.each(wrong)('%s', async (_, make) => {
    const { server, peer: dial } = agent({ requireProof: true });
    const peer = await dial();
    peer.send(proofRequest(1, await make(peer.handshakeHash)));
    const { envelope } = await peer.next();
    expect(envelope).toMatchObject({ type: 'error', error: { code: -32003, message: 'the proof does not hold' } });
    expect([...server.sessions][0]?.peer.proof).toBe('x25519');
  });

  test.each([undefined, null, [], 'text', 7, {}])('params %j', async (params) => {
    const peer = await agent().peer();
    const request = { type: 'req', stream_id: 1, seq: 0, method: METHOD, ...(params === undefined ? {} : { params }) };
    peer.send({ envelope: request });
    expect((await peer.next()).envelope).toMatchObject({ type: 'error', error: { code: -32003 } });
  });

  test('a proof of an earlier session of the same two, replayed', async () => {
    const { peer: dial } = agent();
    const first = await dial();
    const proof = await signed(alice, 'initiator', first.handshakeHash);
    first.send(proofRequest(1, proof));
    expect((await first.next()).envelope).toMatchObject({ type: 'res' });
    const second = await dial();
    second.send(proofRequest(1, proof));
    expect((await second.next()).envelope).toMatchObject({ type: 'error', error: { code: -32003 } });
  });

  test('the twin: it can call, and cannot prove that it is the other', async () => {
    // Who holds the seed signs as the first of the two. Under the name of the second that is no proof.
    const { server, peer: dial } = agent({ requireProof: true });
    const twin = await dial(owner, cases.twin);
    twin.send(proofRequest(1, await signed(owner, 'initiator', twin.handshakeHash)));
    expect((await twin.next()).envelope).toMatchObject({ type: 'error', error: { code: -32003 } });
    const [session] = [...server.sessions];
    expect(session?.peer).toMatchObject({ did: cases.twin, proof: 'x25519', agreementKey: unhex(cases.x25519) });

    const first = await dial(owner, cases.did);
    first.send(proofRequest(1, await signed(owner, 'initiator', first.handshakeHash)));
    expect((await first.next()).envelope).toMatchObject({ type: 'res' });
  });

  test('a second try may be a good one', async () => {
    const { server, peer: dial } = agent({ requireProof: true });
    const peer = await dial();
    peer.send(proofRequest(1, ''), proofRequest(3, await signed(alice, 'initiator', peer.handshakeHash)));
    const answers = [(await peer.next()).envelope, (await peer.next()).envelope];
    expect(answers.map((frame) => [frame?.stream_id, frame?.type]).sort()).toEqual([
      [1, 'error'],
      [3, 'res'],
    ]);
    expect([...server.sessions][0]?.peer.proof).toBe('ed25519');
  });
});

describe('N10: a server that requires the proof and gets none', () => {
  test('refuses the first call, says why, and ends the session; no handler runs', async () => {
    const handler = vi.fn();
    const authorize = vi.fn(() => true);
    const { server, call } = agent({ requireProof: true, authorize, handlers: { act: handler } });
    const session = await call();
    await expect(session.call('act')).rejects.toMatchObject({
      code: 'ERR_RPC_DENIED',
      message: expect.stringContaining(METHOD),
    });
    expect(await session.closed).toMatchObject({ code: 1000, clean: true });
    expect(handler).not.toHaveBeenCalled();
    expect(authorize).not.toHaveBeenCalled();
    expect(server.sessions.size).toBe(0);
  });

  test('not even for calls that come together with the proof, or before it', async () => {
    const handler = vi.fn();
    const { peer: dial } = agent({ requireProof: true, handlers: { act: handler } });
    const peer = await dial();
    const act = (id: number) => ({ envelope: { type: 'req', stream_id: id, seq: 0, method: 'act' } });
    peer.send(act(1), proofRequest(3, await signed(alice, 'initiator', peer.handshakeHash)), act(5));
    await peer.closed;
    expect(handler).not.toHaveBeenCalled();
  });

  test('a peer of version 1 is told, and is still answered for what nobody knows (its keep-alive)', async () => {
    const peer = await agent({ requireProof: true }).peer();
    peer.send({ envelope: { type: 'req', stream_id: 1, seq: 0, method: 'heartbeat' } });
    expect((await peer.next()).envelope).toMatchObject({ type: 'error', error: { code: -32601 } });
    peer.send({ envelope: { type: 'req', stream_id: 3, seq: 0, method: 'proof' } });
    expect((await peer.next()).envelope).toMatchObject({ type: 'error', error: { code: -32003 } });
  });
});

describe('N2, N10: a caller that asks for the proof', () => {
  test('sends its own, and takes a good one', async () => {
    const { peer, connecting, request } = await called({ proof: 'require' });
    expect(request).toMatchObject({ type: 'req', stream_id: 1, method: METHOD });
    const { signature } = request.params;
    expect(signature).toBe(await signed(alice, 'initiator', peer.handshakeHash));
    peer.send(answer({ signature: await signed(bob, 'responder', peer.handshakeHash) }));
    expect((await connecting).peer.proof).toBe('ed25519');
  });

  test('a peer of version 1 does not know how: request goes on, require does not', async () => {
    const willing = await called({ proof: 'request' });
    willing.peer.send(refusal(-32601));
    const session = await willing.connecting;
    expect(session.peer.proof).toBe('x25519');
    const result = session.call('anything');
    await willing.peer.next();
    willing.peer.send({ envelope: { type: 'res', stream_id: 3, seq: 0, result: 'yes' } });
    expect(await result).toBe('yes');

    const strict = await called({ proof: 'require' });
    strict.peer.send(refusal(-32601));
    await expect(strict.connecting).rejects.toEqual(code('ERR_CHANNEL_EXTENSION'));
    expect(await strict.peer.closed).toMatchObject({ code: 1000 });
  });

  test('a relay cannot make it look as if the peer did not know: nothing passes but the whole', async () => {
    for (const kind of ['flip', 'truncate', 'duplicate'] as const) {
      const link = hostileLink({ plan: [{ direction: 'to-near', index: 1, action: { kind } }] });
      serve({ identity: bob, suite, transport: link.far });
      const connecting = connect({
        identity: alice,
        suite,
        transport: link.near,
        remoteDid: bob.did,
        proof: 'request',
      });
      if (kind === 'duplicate') {
        const session = await connecting;
        expect(session.peer.proof).toBe('ed25519');
        expect((await session.closed).error).toEqual(code('ERR_NOISE_DECRYPT'));
      } else {
        await expect(connecting).rejects.toMatchObject({ cause: code('ERR_NOISE_DECRYPT') });
      }
    }
  });

  const wrong: [string, (peer: ScriptedPeer, request: { signature: string }) => unknown | Promise<unknown>][] = [
    ['nothing', () => undefined],
    ['null', () => null],
    ['no signature', () => ({})],
    ['no text', () => ({ signature: 7 })],
    ['zeros', () => ({ signature: encodeBase64url(new Uint8Array(64)) })],
    ['its own proof, sent back', (_peer, request) => request],
    ['the role of the caller', async (peer) => ({ signature: await signed(bob, 'initiator', peer.handshakeHash) })],
    ["somebody else's", async (peer) => ({ signature: await signed(mallory, 'responder', peer.handshakeHash) })],
    ['of another session', async () => ({ signature: await signed(bob, 'responder', new Uint8Array(32)) })],
  ];

  test.each(wrong)('a proof that does not hold is worse than none: %s', async (_, make) => {
    for (const proof of ['request', 'require'] as const) {
      const { peer, connecting, request } = await called({ proof });
      peer.send(answer(await make(peer, request.params)));
      await expect(connecting).rejects.toEqual(code('ERR_CHANNEL_EXTENSION'));
      expect(await peer.closed).toMatchObject({ code: 1000 });
    }
  });

  test.each([-32000, -32001, -32003, -32602, -32603, 7])('any other error (%i) is no excuse', async (wireCode) => {
    for (const proof of ['request', 'require'] as const) {
      const { peer, connecting } = await called({ proof });
      peer.send(refusal(wireCode));
      await expect(connecting).rejects.toEqual(code('ERR_CHANNEL_EXTENSION'));
    }
  });

  test('the twin that answers for the other: stopped by the names before any proof', async () => {
    const [near, far] = memoryPair();
    const peer = new ScriptedPeer({ identity: owner, suite });
    const connecting = connect({ identity: alice, suite, transport: near, remoteDid: cases.twin, proof: 'require' });
    const answered = peer.answer(far);
    await expect(connecting).rejects.toEqual(code('ERR_CHANNEL_IMPOSTOR'));
    expect(await answered).toBe('ended');
  });

  test('the twin that goes by the other name: gets through the handshake, and fails the proof', async () => {
    const [near, far] = memoryPair();
    const peer = new ScriptedPeer({ identity: owner, suite, misbehaviours: [{ kind: 'claim', did: cases.twin }] });
    const connecting = connect({ identity: alice, suite, transport: near, remoteDid: cases.twin, proof: 'require' });
    connecting.catch(() => {});
    expect(await peer.answer(far)).toBe('ready');
    await peer.next();
    peer.send(answer({ signature: await signed(owner, 'responder', peer.handshakeHash) }));
    await expect(connecting).rejects.toEqual(code('ERR_CHANNEL_EXTENSION'));
  });
});

describe('while the proof is under way', () => {
  const ask = (id: number) => ({ envelope: { type: 'req', stream_id: id, seq: 0, method: 'who' } });

  test('what the peer calls waits, and finds it proved', async () => {
    const who = vi.fn((_params: unknown, { peer }: { peer: { proof: string } }) => peer.proof);
    const authorize = vi.fn(() => true);
    const { peer, connecting } = await called({ proof: 'require', handlers: { who }, authorize });
    peer.send(ask(2));
    await settle();
    expect(who).not.toHaveBeenCalled();
    peer.send(answer({ signature: await signed(bob, 'responder', peer.handshakeHash) }));
    await connecting;
    expect((await peer.next()).envelope).toMatchObject({ type: 'res', stream_id: 2, result: 'ed25519' });
    expect(authorize).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ method: 'who', peer: expect.objectContaining({ proof: 'ed25519' }) }),
    );
  });

  test('what the peer calls never runs when it fails', async () => {
    const who = vi.fn();
    const { peer, connecting } = await called({ proof: 'require', handlers: { who } });
    peer.send(ask(2), answer({ signature: '' }));
    await expect(connecting).rejects.toEqual(code('ERR_CHANNEL_EXTENSION'));
    await settle();
    expect(who).not.toHaveBeenCalled();
  });

  test('what the peer calls is answered by what was agreed when it does not know how', async () => {
    const { peer, connecting } = await called({
      proof: 'request',
      handlers: { who: (_, context) => context.peer.proof },
    });
    peer.send(ask(2), refusal(-32601));
    await connecting;
    expect((await peer.next()).envelope).toMatchObject({ type: 'res', stream_id: 2, result: 'x25519' });
  });

  test.each([1, 10_000])('%i ms, and a peer that does not answer is left', async (handshakeTimeoutMs) => {
    for (const proof of ['request', 'require'] as const) {
      const clock = fakeClock();
      const { peer, connecting } = await called({ proof, clock, handshakeTimeoutMs });
      clock.advance(handshakeTimeoutMs - 1);
      peer.send(ask(2));
      await settle();
      clock.advance(1);
      await expect(connecting).rejects.toEqual(code('ERR_CHANNEL_TIMEOUT'));
      expect(await peer.closed).toMatchObject({ code: 1000 });
      expect(clock.pendingTimers).toBe(0);
    }
  });

  test.each<[string, Partial<Identity>]>([
    ['by the peer', {}],
    ['by our own wallet', { sign: never }],
  ])('a signal ends the wait for a signature %s, with its reason untouched', async (_, wallet) => {
    const reason = { why: 'enough' };
    const clock = fakeClock();
    const counted = countedSignal();
    let signs = 0;
    // The first signature is the proof of our own identity, before anything is dialled.
    const sign = (message: Uint8Array) => (signs++ === 0 ? alice.sign(message) : (wallet.sign ?? alice.sign)(message));
    const [near, far] = memoryPair({ clock });
    const peer = new ScriptedPeer({ identity: bob, suite });
    const connecting = connect({
      identity: { ...alice, sign },
      suite,
      transport: near,
      remoteDid: bob.did,
      proof: 'require',
      clock,
      signal: counted.signal,
    });
    connecting.catch(() => {});
    await peer.answer(far);
    while (signs < 2) await settle(1);
    counted.abort(reason);
    await expect(connecting).rejects.toBe(reason);
    expect(await peer.closed).toMatchObject({ code: 1000 });
    await settle();
    expect(counted.listeners).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  test('a wallet that will not sign: its error, and the session is closed', async () => {
    const denied = new Error('denied');
    let signs = 0;
    const sign = (message: Uint8Array) => (signs++ === 0 ? alice.sign(message) : Promise.reject(denied));
    const [near, far] = memoryPair();
    const peer = new ScriptedPeer({ identity: bob, suite });
    const identity = { ...alice, sign };
    const connecting = connect({ identity, suite, transport: near, remoteDid: bob.did, proof: 'request' });
    connecting.catch(() => {});
    await peer.answer(far);
    await expect(connecting).rejects.toBe(denied);
    expect(await peer.closed).toMatchObject({ code: 1000 });
  });

  test('a connection that is lost is not a missing proof', async () => {
    const { peer, connecting } = await called({ proof: 'require' });
    peer.abort();
    await expect(connecting).rejects.toEqual(code('ERR_CHANNEL_LOST'));
  });
});
