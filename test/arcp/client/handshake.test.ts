import { describe, expect, it } from 'vitest';
import { connect } from '../../../src/arcp/client/connect.js';
import { openHandshake } from '../../../src/arcp/client/handshake.js';
import { startSession } from '../../../src/arcp/client/start-session.js';
import { memoryTransports } from '../../../src/transport/memory.js';
import { ACCEPTED, codeOf, NOW_MS, Peer, ScriptedRuntime, settle, until } from './scripted-runtime.js';

describe('the handshake', () => {
  it('[10.13] says who we are and becomes a session with what was negotiated', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({ required: ['streaming'] });
    const [open] = runtime.peer.received;
    expect(open).toMatchObject({
      arcp: '1.0',
      type: 'session.open',
      payload: {
        auth: { scheme: 'bearer', token: 'tok' },
        client: { kind: 'test', version: '0.0.1' },
        capabilities: { streaming: true, required: ['streaming'] },
      },
    });
    expect(open).not.toHaveProperty('session_id');
    expect(session.id).toBe('sess_1');
    expect(session.runtime).toEqual(ACCEPTED.runtime);
    expect(session.capabilities).toEqual(ACCEPTED.capabilities);
    expect(session.leaseExpiresAt).toBe(ACCEPTED.lease.expires_at);
    expect(session.isConnected).toBe(true);
  });

  it('[10.14] [10.15] [10.16] rejects with the code of a rejection, and ends the connection', async () => {
    for (const code of ['UNAUTHENTICATED', 'UNIMPLEMENTED', 'RATE_LIMITED', 'arcpx.acme.NOT_TODAY']) {
      const runtime = new ScriptedRuntime();
      const connecting = connect(runtime.options);
      const peer = await runtime.connection(1);
      const open = await peer.expect('session.open');
      peer.send('session.rejected', { code, message: 'no' }, { correlation_id: open.id, session_id: undefined });
      const expected = { RATE_LIMITED: 'RESOURCE_EXHAUSTED', 'arcpx.acme.NOT_TODAY': 'UNKNOWN' }[code] ?? code;
      expect(await codeOf(connecting)).toBe(`ERR_ARCP_${expected}`);
      await until(() => peer.isClosed);
    }
  });

  it('[10.16] takes a nack of the open for a refusal', async () => {
    const runtime = new ScriptedRuntime();
    const connecting = connect(runtime.options);
    const peer = await runtime.connection(1);
    const open = await peer.expect('session.open');
    peer.send('nack', { code: 'INVALID_ARGUMENT', message: 'no' }, { correlation_id: open.id });
    expect(await codeOf(connecting)).toBe('ERR_ARCP_INVALID_ARGUMENT');
  });

  it('[10.23] answers a challenge, is told why an answer was not good, and gives up after three', async () => {
    const runtime = new ScriptedRuntime();
    const seen: unknown[] = [];
    const connecting = connect({
      ...runtime.options,
      answerChallenge: (challenge, { attempt, refusal }) => {
        seen.push([challenge, attempt, refusal?.code]);
        return `answer ${attempt}`;
      },
    });
    const peer = await runtime.connection(1);
    const open = await peer.expect('session.open');
    peer.send('session.challenge', { challenge: 'c1' }, { correlation_id: open.id });
    const first = await peer.expect('session.authenticate');
    expect(first.payload).toEqual({ response: 'answer 1' });
    const refusal = { code: 'UNAUTHENTICATED', message: 'wrong' };
    peer.send('session.unauthenticated', refusal, { correlation_id: first.id });
    const second = await peer.expect('session.authenticate');
    peer.send('session.accepted', ACCEPTED, { correlation_id: second.id });
    expect((await connecting).id).toBe('sess_1');
    expect(seen).toEqual([
      ['c1', 1, undefined],
      ['c1', 2, 'ERR_ARCP_UNAUTHENTICATED'],
    ]);

    const failing = connect({ ...runtime.options, answerChallenge: () => 'wrong' });
    const other = await runtime.connection(2);
    const reopened = await other.expect('session.open');
    other.send('session.challenge', { challenge: 'c2' }, { correlation_id: reopened.id });
    for (let i = 0; i < 3; i++) {
      const { id } = await other.expect('session.authenticate');
      other.send('session.unauthenticated', refusal, { correlation_id: id });
    }
    expect(await codeOf(failing)).toBe('ERR_ARCP_UNAUTHENTICATED');
    expect(other.typesReceived().filter((type) => type === 'session.authenticate')).toHaveLength(3);
  });

  it('A16: a challenge that nobody can answer is a refusal, not a hang', async () => {
    const runtime = new ScriptedRuntime();
    const connecting = connect(runtime.options);
    const peer = await runtime.connection(1);
    const { id } = await peer.expect('session.open');
    peer.send('session.challenge', { challenge: 'c' }, { correlation_id: id });
    expect(await codeOf(connecting)).toBe('ERR_ARCP_UNAUTHENTICATED');
  });

  it('[10.22] refuses a session without what it requires, and says goodbye', async () => {
    const runtime = new ScriptedRuntime();
    const connecting = connect({ ...runtime.options, required: ['scheduled_jobs', 'arcpx.acme.x.v1', 'streaming'] });
    const peer = await runtime.connection(1);
    await peer.accept();
    const error = await connecting.catch((reason) => reason);
    expect(error).toMatchObject({
      code: 'ERR_ARCP_UNIMPLEMENTED',
      details: { missing: ['scheduled_jobs', 'arcpx.acme.x.v1'] },
    });
    await peer.expect('session.close');
    await until(() => peer.isClosed);
  });

  it('refuses a runtime with another fingerprint than the one pinned, before anything else is sent', async () => {
    const runtime = new ScriptedRuntime();
    const connecting = connect({ ...runtime.options, fingerprint: 'sha256:AA' });
    const peer = await runtime.connection(1);
    await peer.accept();
    expect(await codeOf(connecting)).toBe('ERR_ARCP_UNAUTHENTICATED');
    await until(() => peer.isClosed);
    expect(peer.typesReceived()).toEqual(['session.open']);
    const pinned = await runtime.connect({ fingerprint: 'sha256:aa' }).catch((error) => error);
    expect(pinned.id).toBe('sess_1');
  });

  it('drops what comes before the acceptance, and answers to something else', async () => {
    const runtime = new ScriptedRuntime();
    const connecting = connect(runtime.options);
    const peer = await runtime.connection(1);
    const open = await peer.expect('session.open');
    peer.raw('{not json');
    peer.raw('[]');
    peer.send('log', { level: 'info', message: 'early' });
    peer.send('session.rejected', { code: 'UNAUTHENTICATED', message: 'no' }, { correlation_id: 'msg_other' });
    peer.send('nack', { code: 'INTERNAL', message: 'whose?' });
    await settle();
    peer.send('session.accepted', ACCEPTED, { correlation_id: open.id });
    expect((await connecting).id).toBe('sess_1');
  });

  it('refuses an acceptance that names two sessions or is malformed', async () => {
    for (const [payload, session_id] of [
      [ACCEPTED, 'sess_2'],
      [{ ...ACCEPTED, runtime: 'x' }, 'sess_1'],
    ] as const) {
      const runtime = new ScriptedRuntime();
      const connecting = connect(runtime.options);
      const peer = await runtime.connection(1);
      const open = await peer.expect('session.open');
      peer.send('session.accepted', payload, { correlation_id: open.id, session_id });
      expect(await codeOf(connecting)).toBe('ERR_ARCP_INVALID_ARGUMENT');
    }
  });

  it('rejects UNAVAILABLE when no answer comes, and when the connection ends first', async () => {
    const runtime = new ScriptedRuntime();
    const silent = connect({ ...runtime.options, requestTimeoutMs: 1_000 });
    const peer = await runtime.connection(1);
    await peer.expect('session.open');
    runtime.clock.advance(999);
    await settle();
    expect(peer.isClosed).toBe(false);
    runtime.clock.advance(1);
    expect(await codeOf(silent)).toBe('ERR_ARCP_UNAVAILABLE');
    await until(() => peer.isClosed);

    const cut = connect(runtime.options);
    const other = await runtime.connection(2);
    await other.expect('session.open');
    other.transport.abort();
    expect(await codeOf(cut)).toBe('ERR_ARCP_UNAVAILABLE');
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it('rejects with the reason of its signal at every step, untouched, and throws away what comes after', async () => {
    const reason = new Error('enough');
    const aborted = new ScriptedRuntime();
    expect(await connect({ ...aborted.options, signal: AbortSignal.abort(reason) }).catch((e) => e)).toBe(reason);
    expect(aborted.dials).toBe(0);

    const controller = new AbortController();
    const dialling = new ScriptedRuntime();
    const [near, far] = memoryTransports();
    let answer: (transport: typeof near) => void = () => {};
    const stuck = connect({
      ...dialling.options,
      signal: controller.signal,
      dial: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    await settle();
    controller.abort(reason);
    expect(await stuck.catch((error) => error)).toBe(reason);
    answer(near);
    expect((await far.closed).clean).toBe(false);

    const waiting = new AbortController();
    const runtime = new ScriptedRuntime();
    const connecting = connect({ ...runtime.options, signal: waiting.signal });
    const peer = await runtime.connection(1);
    await peer.expect('session.open');
    waiting.abort(reason);
    expect(await connecting.catch((error) => error)).toBe(reason);
    await until(() => peer.isClosed);
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it('passes on what dialling, credentials and challenges fail with', async () => {
    const reason = new Error('no token');
    const runtime = new ScriptedRuntime();
    const fail = () => Promise.reject(reason);
    expect(await connect({ ...runtime.options, auth: fail }).catch((e) => e)).toBe(reason);
    expect(await connect({ ...runtime.options, dial: fail }).catch((e) => e)).toBe(reason);
    const connecting = connect({ ...runtime.options, answerChallenge: fail });
    const peer = await runtime.connection(1);
    const { id } = await peer.expect('session.open');
    peer.send('session.challenge', { challenge: 'c' }, { correlation_id: id });
    expect(await connecting.catch((error) => error)).toBe(reason);
    await until(() => peer.isClosed);
  });

  it('refuses options that are none before it dials', async () => {
    const runtime = new ScriptedRuntime();
    for (const wrong of [
      { requestTimeoutMs: 0 },
      { keepAliveMs: -1 },
      { limits: { maxJobs: 0 } },
      { reconnect: { giveUpMs: -1 } },
      { reconnect: { initialDelayMs: 0.5 } },
    ]) {
      expect(await connect({ ...runtime.options, ...wrong }).catch((e) => e)).toBeInstanceOf(RangeError);
    }
    const wrongKind = connect({ ...runtime.options, signal: {} as AbortSignal });
    expect(await wrongKind.catch((error) => error)).toBeInstanceOf(TypeError);
    expect(runtime.dials).toBe(0);
  });
});

describe('a handshake by hand', () => {
  const request = { auth: { scheme: 'none' }, client: { kind: 'test', version: '1' } } as const;

  it('may be opened again after a rejection, and keeps what comes before the session is started', async () => {
    const [near, far] = memoryTransports();
    const peer = new Peer(far);
    const handshake = openHandshake(near, { now: () => NOW_MS });
    const first = handshake.open(request);
    await expect(handshake.open(request)).rejects.toBeInstanceOf(TypeError);
    const refused = await peer.expect('session.open');
    peer.send('session.rejected', { code: 'UNAUTHENTICATED', message: 'no' }, { correlation_id: refused.id });
    expect(await codeOf(first)).toBe('ERR_ARCP_UNAUTHENTICATED');

    const second = handshake.open(request);
    await peer.accept();
    const step = await second;
    if (step.state !== 'authenticated') throw new Error('not authenticated');
    peer.send('ping', { nonce: 'early' });
    await settle();
    const session = startSession(step);
    expect((await peer.expect('pong')).payload).toEqual({ nonce: 'early' });
    expect(() => startSession(step)).toThrow(TypeError);
    await expect(handshake.open(request)).rejects.toBeInstanceOf(TypeError);
    far.abort();
    await session.closed;
    expect(session.signal.reason.code).toBe('ERR_ARCP_UNAVAILABLE');
  });

  it('rejects UNAVAILABLE on a connection that is gone', async () => {
    const [near, far] = memoryTransports();
    const handshake = openHandshake(near);
    far.abort();
    await near.closed;
    expect(await codeOf(handshake.open(request))).toBe('ERR_ARCP_UNAVAILABLE');
  });
});
