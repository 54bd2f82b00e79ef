// Section 8.4: whose turn it is, what ends a session and what does not.

import { describe, expect, it } from 'vitest';
import { HandshakeInitiator } from '../../../src/aitp/handshake/initiator.js';
import { buildRefusal } from '../../../src/aitp/handshake/refusal.js';
import { HandshakeResponder } from '../../../src/aitp/handshake/responder.js';
import { codeOf, forge, makeSession, NOW, REQUESTED, runTo, signerOf } from '../parties.js';

const stranger = () => signerOf(9);

describe('[16.57] a stranger', () => {
  it('cannot answer in the name of the peer, and the peer still can', async () => {
    const session = await makeSession();
    const ack = await runTo(session, 'ack');
    const forged = await forge(ack, { signer: await stranger() });
    expect(await codeOf(session.initiator.processHelloAck(forged))).toBe('INVALID_ENVELOPE');
    expect(await codeOf(session.initiator.processHelloAck(ack))).toBe('accepted');
  });

  it('cannot send a commit in the name of the peer, and the peer still can', async () => {
    const session = await makeSession();
    const commit = await runTo(session, 'commit');
    const forged = await forge(commit, { signer: await stranger() });
    expect(await codeOf(session.responder.processCommit(forged))).toBe('INVALID_ENVELOPE');
    expect(await codeOf(session.responder.processCommit(commit))).toBe('accepted');
  });

  it.each(['mutual_hello', 'error', 'mutual_commit_ack'])(
    'cannot end a session by a message of kind %s',
    async (messageType) => {
      const session = await makeSession();
      const commit = await runTo(session, 'commit');
      const forged = await forge(commit, { signer: await stranger(), messageType });
      expect(await codeOf(session.responder.processCommit(forged))).toBe('INVALID_ENVELOPE');
      expect(session.responder.state).toBe('awaiting-commit');
      expect(await codeOf(session.initiator.complete(forged))).toBe('INVALID_ENVELOPE');
      expect(session.initiator.state).toBe('awaiting-commit-ack');
    },
  );

  it('cannot use up the identifier of a message of the peer', async () => {
    const session = await makeSession();
    const commit = await runTo(session, 'commit');
    const { signature, ...rest } = JSON.parse(await forge(commit, { signer: await stranger(), keepId: true }));
    await codeOf(session.responder.processCommit(JSON.stringify({ ...rest, ...JSON.parse(commit), signature })));
    expect(await codeOf(session.responder.processCommit(commit))).toBe('accepted');
  });
});

describe('[16.58] out of turn', () => {
  it('a commit before the hello ends the session', async () => {
    const session = await makeSession();
    const commit = await runTo(session, 'commit');
    const fresh = new HandshakeResponder(session.b.options);
    expect(await codeOf(fresh.processCommit(await forge(commit, { signer: session.a.signer })))).toBe(
      'INVALID_ENVELOPE',
    );
    expect(fresh.state).toBe('failed');
  });

  it('a second hello ends the session, whichever method takes it', async () => {
    for (const method of ['processHello', 'processCommit'] as const) {
      const session = await makeSession();
      const commit = await runTo(session, 'commit');
      const again = new HandshakeInitiator(session.a.options);
      const second = await again.buildHello(session.b.manifestJson, REQUESTED);
      expect(await codeOf(session.responder[method](second))).toBe('INVALID_ENVELOPE');
      expect(session.responder.state).toBe('failed');
      expect(await codeOf(session.responder.processCommit(commit))).toBe('INVALID_ENVELOPE');
    }
  });

  it.each(['mutual_hello', 'mutual_hello_ack', 'mutual_commit', 'tct', 'pop_challenge'])(
    'a message of kind %s from the peer ends a session that waits for a commit_ack',
    async (messageType) => {
      const session = await makeSession();
      const { ackJson } = await session.responder.processCommit(await runTo(session, 'commit'));
      const other = await forge(ackJson, { signer: session.b.signer, messageType });
      expect(await codeOf(session.initiator.complete(other))).toBe('INVALID_ENVELOPE');
      expect(session.initiator.state).toBe('failed');
      expect(await codeOf(session.initiator.complete(ackJson))).toBe('INVALID_ENVELOPE');
    },
  );

  it('a hello sent back to whoever sent it is from the wrong agent', async () => {
    const session = await makeSession();
    const hello = await runTo(session, 'hello');
    expect(await codeOf(session.initiator.processHelloAck(hello))).toBe('INVALID_ENVELOPE');
    expect(session.initiator.state).toBe('awaiting-hello-ack');
  });

  it('a commit sent back as a commit_ack is from the wrong agent', async () => {
    const session = await makeSession();
    const commit = await runTo(session, 'commit');
    const reflected = JSON.stringify({ ...JSON.parse(commit), message_type: 'mutual_commit_ack' });
    expect(await codeOf(session.initiator.complete(reflected))).toBe('INVALID_ENVELOPE');
  });

  it('calls of ours end the session, since nothing they began can be trusted to be whole', async () => {
    const session = await makeSession();
    const hello = await runTo(session, 'hello');
    await expect(session.initiator.buildHello(session.b.manifestJson, REQUESTED)).rejects.toThrow(TypeError);
    expect(session.initiator.state).toBe('failed');
    const fresh = new HandshakeInitiator(session.a.options);
    await expect(fresh.processHelloAck(hello)).rejects.toThrow(TypeError);
    expect(fresh.state).toBe('failed');
  });
});

describe('replay', () => {
  it('of each of the four messages is refused', async () => {
    const session = await makeSession();
    const { initiator, responder } = session;
    const hello = await initiator.buildHello(session.b.manifestJson, REQUESTED);
    const { ackJson: ack } = await responder.processHello(hello);
    expect(await codeOf(responder.processHello(hello))).toBe('REPLAY_DETECTED');
    expect(await codeOf(new HandshakeResponder(session.b.options).processHello(hello))).toBe('REPLAY_DETECTED');
    const commit = await initiator.processHelloAck(ack);
    expect(await codeOf(initiator.processHelloAck(ack))).toBe('REPLAY_DETECTED');
    const { ackJson } = await responder.processCommit(commit);
    expect(await codeOf(responder.processCommit(commit))).toBe('INVALID_ENVELOPE');
    expect(await codeOf(new HandshakeResponder(session.b.options).processCommit(commit))).toBe('REPLAY_DETECTED');
    await initiator.complete(ackJson);
    expect(await codeOf(initiator.complete(ackJson))).toBe('INVALID_ENVELOPE');
  });

  it('of the messages of one session in another is refused by the nonces', async () => {
    const one = await makeSession();
    const two = await makeSession();
    const ackOfOne = await runTo(one, 'ack');
    await runTo(two, 'ack');
    expect(await codeOf(two.initiator.processHelloAck(ackOfOne))).toBe('NONCE_MISMATCH');
    const commitOfOne = await one.initiator.processHelloAck(ackOfOne);
    expect(await codeOf(two.responder.processCommit(commitOfOne))).toBe('NONCE_MISMATCH');
  });

  it('of a hello at another agent is refused: the proof is for one receiver', async () => {
    const session = await makeSession();
    const elsewhere = await makeSession({ b: { seed: 3 } });
    expect(await codeOf(elsewhere.responder.processHello(await runTo(session, 'hello')))).toBe('IDENTITY_FAILED');
  });

  it('delivered twice at once is accepted once', async () => {
    const session = await makeSession();
    const commit = await runTo(session, 'commit');
    const codes = await Promise.all([1, 2].map(() => codeOf(session.responder.processCommit(commit))));
    expect(codes).toEqual(['accepted', 'INVALID_ENVELOPE']);
  });
});

describe('[16.62] the time limit of a session', () => {
  it.each([
    [60, 'accepted'],
    [61, 'TIMESTAMP_EXPIRED'],
    [-61, 'TIMESTAMP_EXPIRED'],
  ])('a commit %i s after the hello_ack: %s', async (later, code) => {
    const session = await makeSession();
    const commit = await runTo(session, 'commit');
    expect(session.responder.expiresAtSec).toBe(NOW + 61);
    session.clock.sec += later;
    expect(await codeOf(session.responder.processCommit(commit))).toBe(code);
    session.clock.sec = NOW;
    if (code !== 'accepted') expect(await codeOf(session.responder.processCommit(commit))).toBe(code);
    expect(session.responder.state).toBe(code === 'accepted' ? 'done' : 'failed');
  });

  it('holds for each answer the initiator waits for', async () => {
    const session = await makeSession();
    const ack = await runTo(session, 'ack');
    session.clock.sec += 61;
    expect(await codeOf(session.initiator.processHelloAck(ack))).toBe('TIMESTAMP_EXPIRED');
    expect(session.initiator.state).toBe('failed');
  });

  it('can be set, up to 300 s', async () => {
    const session = await makeSession({
      b: { options: { sessionTimeoutSec: 300 } },
      a: { options: { sessionTimeoutSec: 300 } },
    });
    const commit = await runTo(session, 'commit');
    session.clock.sec += 300;
    expect(await codeOf(session.responder.processCommit(commit))).toBe('accepted');
    const { options } = session.b;
    expect(() => new HandshakeResponder({ ...options, sessionTimeoutSec: 301 })).toThrow(RangeError);
  });
});

describe('[16.63] an error of the peer', () => {
  it('ends the session, and its code is kept as a hint', async () => {
    const session = await makeSession();
    const ack = await runTo(session, 'ack');
    const { signer, now } = session.b.options;
    const refusal = await buildRefusal('POLICY_VIOLATION', { signer, now });
    await expect(session.initiator.processHelloAck(refusal)).rejects.toMatchObject({
      code: 'ERR_AITP_PEER',
      peerCode: 'POLICY_VIOLATION',
      retryable: false,
    });
    expect(session.initiator.state).toBe('failed');
    expect(await codeOf(session.initiator.processHelloAck(ack))).toBe('INVALID_ENVELOPE');
  });

  it('of a stranger ends nothing', async () => {
    const session = await makeSession();
    const ack = await runTo(session, 'ack');
    const refusal = await buildRefusal('POLICY_VIOLATION', { signer: await stranger(), now: session.b.options.now });
    expect(await codeOf(session.initiator.processHelloAck(refusal))).toBe('INVALID_ENVELOPE');
    expect(await codeOf(session.initiator.processHelloAck(ack))).toBe('accepted');
  });

  it('with a code nobody registered is not retryable, whatever it says', async () => {
    const session = await makeSession();
    await runTo(session, 'hello');
    const refusal = await buildRefusal('TIMESTAMP_EXPIRED', { signer: session.b.signer, now: session.b.options.now });
    const odd = await forge(refusal, {
      signer: session.b.signer,
      payload: () => ({ code: 'X'.repeat(1_000), reason: '', retryable: true }),
    });
    const error = await session.initiator.processHelloAck(odd).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_AITP_PEER', peerCode: 'X'.repeat(64), retryable: false });
  });
});

describe('giving up', () => {
  it('drops the session in the middle of a step, with its result', async () => {
    const session = await makeSession();
    const ack = await runTo(session, 'ack');
    const step = session.initiator.processHelloAck(ack);
    session.initiator.abandon();
    expect(await codeOf(step)).toBe('INVALID_ENVELOPE');
    expect(session.initiator.state).toBe('failed');
    expect(session.initiator.expiresAtSec).toBeUndefined();
  });

  it('hands over the reason of the signal untouched, while a provider does not answer', async () => {
    const controller = new AbortController();
    const reason = { mine: true };
    const options = { mintJwt: () => new Promise<string>(() => controller.abort(reason)) };
    const session = await makeSession({ a: { identity: 'oidc', options } });
    const hello = session.initiator.buildHello(session.b.manifestJson, REQUESTED, { signal: controller.signal });
    await expect(hello).rejects.toBe(reason);
  });

  it('of a local fault ends the session and passes the fault on', async () => {
    const fault = new Error('database down');
    const grantPolicy = () => Promise.reject(fault);
    const session = await makeSession({ b: { options: { grantPolicy } } });
    const commit = await runTo(session, 'commit');
    await expect(session.responder.processCommit(commit)).rejects.toBe(fault);
    expect(session.responder.state).toBe('failed');
  });

  it('keeps nothing of the peer', async () => {
    const session = await makeSession();
    await runTo(session, 'ack');
    expect(session.responder.peerAid).toBe(session.a.signer.aid);
    session.responder.abandon();
    expect([session.responder.peerAid, session.responder.popNonce]).toEqual([undefined, undefined]);
  });
});

describe('options', () => {
  it('are checked before anything else', async () => {
    const { a, b } = await makeSession({ a: { identity: 'oidc' } });
    const { mintJwt: _, ...withoutMint } = a.options;
    expect(() => new HandshakeInitiator({ ...a.options, manifest: b.manifest })).toThrow(TypeError);
    expect(() => new HandshakeInitiator(withoutMint)).toThrow(TypeError);
    expect(() => new HandshakeInitiator({ ...a.options, replay: undefined as never })).toThrow(TypeError);
    expect(() => new HandshakeInitiator({ ...a.options, revocation: {} as never })).toThrow(TypeError);
    expect(() => new HandshakeInitiator({ ...a.options, tctTtlSec: 0 })).toThrow(RangeError);
    const { b: p256 } = await makeSession({ b: { suite: 'p256', identity: 'oidc' } });
    expect(p256.signer.suite).toBe('p256');
  });
});
