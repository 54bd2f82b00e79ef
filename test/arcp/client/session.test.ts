import { describe, expect, it } from 'vitest';
import { asyncDispose } from '../../../src/dispose.js';
import { countedSignal } from '../../support/counted-signal.js';
import { all, codeOf, NOW_MS, next, ScriptedRuntime, settle, until } from './scripted-runtime.js';

describe('what a runtime may send', () => {
  it('A15: answers a ping with its nonce, and takes a pong without one for the answer to its own', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const id = runtime.peer.send('ping', { nonce: 'n' });
    const pong = await runtime.peer.expect('pong');
    expect(pong).toMatchObject({ correlation_id: id, session_id: 'sess_1', payload: { nonce: 'n' } });
    const pinging = session.ping();
    const ping = await runtime.peer.expect('ping');
    runtime.clock.advance(12);
    runtime.peer.send('pong', {}, { correlation_id: ping.id });
    expect(await pinging).toBe(12);
  });

  it('[10.12] [10.4] [10.6] lives through what is no envelope, and refuses what is malformed', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const base = { arcp: '1.0', type: 'ping', timestamp: new Date(NOW_MS).toISOString() };
    for (const garbage of ['{not json', '[{"arcp":"1.0"}]', '7', '\ufeff{}']) runtime.peer.raw(garbage);
    runtime.peer.raw({ ...base, id: 'msg_bad' });
    runtime.peer.raw({ ...base, id: 'nonsense', payload: {} });
    runtime.peer.raw({ ...base, id: 'msg_v2', arcp: '2.0', payload: {} });
    runtime.peer.raw({ ...base, id: 'msg_ok', arcp: '1.7', payload: {} });
    await runtime.peer.expect('pong');
    const nacks = runtime.peer.received.filter(({ type }) => type === 'nack');
    expect(nacks.map(({ correlation_id, payload }) => [correlation_id, payload.code])).toEqual([
      ['msg_bad', 'INVALID_ARGUMENT'],
      [undefined, 'INVALID_ARGUMENT'],
      ['msg_v2', 'UNIMPLEMENTED'],
    ]);
    expect(session.isConnected).toBe(true);
  });

  it('gives the connection up after so many texts in a row that are nothing', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({ limits: { maxBadMessages: 3 }, reconnect: false });
    for (let i = 0; i < 2; i++) runtime.peer.raw('nothing');
    runtime.peer.send('ping');
    await runtime.peer.expect('pong');
    for (let i = 0; i < 2; i++) runtime.peer.raw('nothing');
    await settle();
    expect(session.isConnected).toBe(true);
    runtime.peer.raw('nothing');
    await session.closed;
    expect(session.signal.reason.code).toBe('ERR_ARCP_UNAVAILABLE');
  });

  it('[10.70] [10.71] refuses types it does not know, but for those that may be dropped', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({}, { capabilities: { extensions: ['arcpx.acme.known.v1'] } });
    runtime.peer.send('x-debug');
    runtime.peer.send('arcpx.acme.x.v1', {}, { extensions: { optional: true } });
    runtime.peer.send('arcpx.acme.known.v1', { a: 1 });
    const refused = [
      ['session.foo', 'UNIMPLEMENTED'],
      ['job.foo.bar.v1', 'UNIMPLEMENTED'],
      ['arcpx.acme.x.v1', 'UNIMPLEMENTED'],
      ['just-a-string', 'INVALID_ARGUMENT'],
      ['toString', 'INVALID_ARGUMENT'],
      ['', 'INVALID_ARGUMENT'],
    ].map(([type = '', code]) => [runtime.peer.send(type), code]);
    // A sign that something may be dropped holds of extensions alone.
    refused.push([runtime.peer.send('just-a-string', {}, { extensions: { optional: true } }), 'INVALID_ARGUMENT']);
    for (const [id, code] of refused) {
      expect(await runtime.peer.expect('nack')).toMatchObject({ correlation_id: id, payload: { code } });
    }
    expect(await next(session.messages)).toMatchObject({ type: 'arcpx.acme.known.v1', payload: { a: 1 } });
    expect(runtime.peer.typesReceived().filter((type) => type === 'nack')).toHaveLength(refused.length);
  });

  it('refuses in turn also where nothing was negotiated that would have it ready', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({}, { capabilities: {} });
    const sent = [
      runtime.peer.send('just-a-string'),
      runtime.peer.send('log', { level: 7 }),
      runtime.peer.send('tool.invoke', { tool: 'x', arguments: null }),
    ];
    runtime.peer.send('log', { level: 'info', message: 'behind' });
    runtime.peer.send('ping');
    await runtime.peer.expect('pong');
    const answers = runtime.peer.received.slice(1).map(({ type, correlation_id }) => [type, correlation_id]);
    expect(answers.slice(0, -1)).toEqual(sent.map((id) => ['nack', id]));
    expect(answers.at(-1)?.[0]).toBe('pong');
    expect(await next(session.messages)).toMatchObject({ payload: { message: 'behind' } });
  });

  it('refuses commands, which only clients send, so that nobody waits for an answer', async () => {
    const runtime = new ScriptedRuntime();
    await runtime.connect();
    const job = { type: 'tool.invoke', payload: {} };
    for (const [type, payload] of [
      ['tool.invoke', { tool: 'x', arguments: null }],
      ['agent.delegate', { target: 'x', task: 'y' }],
      ['artifact.fetch', { artifact_id: 'art_1' }],
      ['job.schedule', { job, when: { after: 1 } }],
      ['cancel', { target: 'job', target_id: 'x' }],
      ['subscribe', {}],
      ['resume', {}],
      ['lease.refresh', { lease_id: 'lease_1', additional_seconds: 1 }],
      ['human.choice.response', { choice_id: 'a', responded_by: 'x', responded_at: new Date(NOW_MS).toISOString() }],
    ] as const) {
      const id = runtime.peer.send(type, payload);
      expect(await runtime.peer.expect('nack')).toMatchObject({
        correlation_id: id,
        payload: { code: 'UNIMPLEMENTED' },
      });
    }
  });

  it('drops what belongs to another session', async () => {
    const runtime = new ScriptedRuntime();
    await runtime.connect();
    runtime.peer.send('ping', { nonce: 'other' }, { session_id: 'sess_2' });
    runtime.peer.send('ping', { nonce: 'none' }, { session_id: undefined });
    expect((await runtime.peer.expect('pong')).payload.nonce).toBe('none');
    expect(runtime.peer.typesReceived().filter((type) => type === 'pong')).toHaveLength(1);
  });

  it('hands on what belongs to nobody, the newest of it where nobody listens', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({ limits: { maxEvents: 2 } });
    for (let i = 0; i < 4; i++) runtime.peer.send('log', { level: 'info', message: `line ${i}` });
    runtime.peer.send('ping');
    await runtime.peer.expect('pong');
    expect(await next(session.messages)).toMatchObject({ type: 'log', payload: { message: 'line 2' } });
    expect(await next(session.messages)).toMatchObject({ type: 'log', payload: { message: 'line 3' } });
  });

  it('never answers a refusal with a refusal', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const pinging = session.ping();
    const ping = await runtime.peer.expect('ping');
    runtime.peer.send('nack', { code: 7 }, { correlation_id: ping.id });
    expect(await codeOf(pinging)).toBe('ERR_ARCP_INVALID_ARGUMENT');
    runtime.peer.send('ack', { note: 7 });
    await settle();
    expect(runtime.peer.typesReceived()).not.toContain('nack');
  });
});

describe('authenticating anew', () => {
  it('answers a challenge, or sends fresh credentials', async () => {
    const runtime = new ScriptedRuntime();
    let tokens = 0;
    await runtime.connect({
      auth: async () => ({ scheme: 'bearer', token: `t${++tokens}` }),
      answerChallenge: (challenge) => `${challenge}!`,
    });
    const deadline = new Date(NOW_MS + 60_000).toISOString();
    const first = runtime.peer.send('session.refresh', { deadline, challenge: 'c' });
    expect(await runtime.peer.expect('session.authenticate')).toMatchObject({
      correlation_id: first,
      payload: { response: 'c!' },
    });
    runtime.peer.send('session.refresh', { deadline });
    expect((await runtime.peer.expect('session.authenticate')).payload).toEqual({ response: 't2' });
  });

  it('is told by the runtime when it failed: the session ends with the code of the eviction', async () => {
    const runtime = new ScriptedRuntime();
    const fail = () => Promise.reject(new Error('no key'));
    const session = await runtime.connect({ answerChallenge: fail });
    const job = session.invoke('a');
    await runtime.peer.acceptJob();
    runtime.peer.send('session.refresh', { deadline: new Date(NOW_MS).toISOString(), challenge: 'c' });
    await settle();
    expect(runtime.peer.typesReceived()).not.toContain('session.authenticate');
    runtime.peer.send('session.evicted', { code: 'UNAUTHENTICATED', reason: 'too late' });
    expect(await codeOf(job.result)).toBe('ERR_ARCP_UNAUTHENTICATED');
    await session.closed;
    expect(session.signal.reason.code).toBe('ERR_ARCP_UNAUTHENTICATED');
    await until(() => runtime.peer.isClosed);
    runtime.clock.advance(100_000);
    await settle();
    expect(runtime.dials).toBe(1);
  });
});

describe('the end of a session', () => {
  it('[10.76] says goodbye, hears how its jobs end, and is over when the runtime hangs up', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const job = session.invoke('a');
    const command = await runtime.peer.acceptJob();
    const other = session.invoke('b');
    const closing = session.close({ reason: 'done' });
    expect(session.close()).toBeInstanceOf(Promise);
    const close = await runtime.peer.expect('session.close');
    expect(close.payload).toEqual({ reason: 'done' });
    const fields = { correlation_id: command.id, job_id: 'job_1' };
    runtime.peer.send('job.completed', { value: 'just in time' }, fields);
    runtime.peer.transport.close();
    await closing;
    expect((await job.result).value).toBe('just in time');
    expect(await codeOf(other.result)).toBe('ERR_ARCP_CANCELLED');
    expect(session.signal.reason.code).toBe('ERR_ARCP_CANCELLED');
    expect((await all(session.states)).map(({ state }) => state)).toEqual(['connected', 'closed']);
    expect(runtime.peer.typesReceived().filter((type) => type === 'session.close')).toHaveLength(1);
    expect(runtime.clock.pendingTimers).toBe(0);
    expect(runtime.dials).toBe(1);
  });

  it('A37: may leave its jobs running, and ends by itself where the runtime does not hang up', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const closing = session[asyncDispose]();
    expect((await runtime.peer.expect('session.close')).payload).toEqual({});
    runtime.clock.advance(4_999);
    await settle();
    expect(session.signal.aborted).toBe(false);
    runtime.clock.advance(1);
    await closing;
    await until(() => runtime.peer.isClosed);

    const other = new ScriptedRuntime();
    const detached = await other.connect();
    void detached.close({ jobs: 'detach' });
    expect((await other.peer.expect('session.close')).payload).toEqual({ jobs: 'detach' });
    other.peer.transport.close();
    await detached.closed;
  });

  it('may come from the runtime', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const job = session.invoke('a');
    await runtime.peer.acceptJob();
    runtime.peer.send('session.close', { reason: 'restart' });
    expect(await codeOf(job.result)).toBe('ERR_ARCP_UNAVAILABLE');
    await session.closed;
    await session.close();
    expect(runtime.dials).toBe(1);
  });

  it("ends every iteration and takes every listener off the caller's signals", async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const counted = countedSignal();
    const { signal } = counted;
    const job = session.invoke('a', null, { signal });
    await runtime.peer.acceptJob();
    const waiting = [
      session.ping({ signal }),
      session.cancel('job', 'job_1', { signal }),
      session.subscribe(undefined, { signal }),
      session.artifacts.release('art_1' as never, { signal }),
    ].map(codeOf);
    const iterations = [session.messages, session.prompts, session.streams, job.events, job.prompts, job.streams].map(
      (iterable) => all<unknown>(iterable),
    );
    await runtime.peer.expect('artifact.release');
    runtime.peer.send('session.evicted', { code: 'CANCELLED', reason: 'cancelled' });
    expect(await Promise.all(waiting)).toEqual(Array(4).fill('ERR_ARCP_CANCELLED'));
    await Promise.all(iterations);
    expect(counted.listeners).toBe(0);
    expect(runtime.clock.pendingTimers).toBe(0);
  });
});

describe('anything else', () => {
  it('sends telemetry while it is connected, and any command', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({ reconnect: { initialDelayMs: 30_000 } });
    expect(session.send('log', { level: 'info', message: 'hello' }, { trace_id: 't' })).toBe(true);
    expect(await runtime.peer.expect('log')).toMatchObject({ trace_id: 't', session_id: 'sess_1' });
    expect(() => session.send('metric', { name: 'x', value: Number.NaN, unit: 'y' })).toThrow(RangeError);
    const asking = session.request('agent.handoff', { runtime: { kind: 'k', version: '1' } }, ['ack']);
    const { id } = await runtime.peer.expect('agent.handoff');
    runtime.peer.send('ack', { note: 'taken' }, { correlation_id: id });
    expect((await asking).payload).toEqual({ note: 'taken' });
    runtime.peer.transport.abort();
    await settle();
    expect(session.send('log', { level: 'info', message: 'lost' })).toBe(false);
  });
});

describe('a peer of version 0.1.0 of the Rust crate', () => {
  const rust = {
    runtime: { kind: 'arcp-rs', version: '0.1.0', trust_level: 'trusted' },
    capabilities: { streaming: true },
  };

  it('A6: is never sent what ends its connection, and the calls say so at once', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({}, rust);
    const inner = { type: 'tool.invoke', payload: { tool: 'x', arguments: null } };
    const codes = await Promise.all([
      codeOf(session.schedule(inner, { after: 1 }).result),
      codeOf(session.startWorkflow('x').result),
      codeOf(session.delegate('x', 'y').result),
      codeOf(session.restoreCheckpoint('chk_1').result),
      codeOf(session.createCheckpoint('job_1' as never)),
      codeOf(session.request('agent.handoff', { runtime: { kind: 'k', version: '1' } }, ['ack'])),
    ]);
    expect(codes).toEqual(Array(6).fill('ERR_ARCP_UNIMPLEMENTED'));
    expect(session.send('agent.handoff', { runtime: { kind: 'k', version: '1' } })).toBe(false);
    await settle();
    expect(runtime.peer.typesReceived()).toEqual(['session.open']);
  });

  it('A7: A9: A15: [10.82] works with what it does: two handshake messages, job.* ends, empty pongs, silence', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({ requestTimeoutMs: 1_000 }, rust);
    const job = session.invoke('ask', { a: 1 });
    const command = await runtime.peer.acceptJob();
    const fields = { correlation_id: command.id, job_id: 'job_1' };
    runtime.peer.send(
      'job.started',
      { description: 'invoking ask' },
      { ...fields, timestamp: '2026-03-02T08:15:42.434537002Z' },
    );
    const expires_at = '2026-03-02T10:15:42.434537002Z';
    const id = runtime.peer.send(
      'human.input.request',
      { prompt: 'n?', response_schema: {}, expires_at },
      { job_id: 'job_1' },
    );
    const prompt = await next(job.prompts);
    if (prompt.kind !== 'input') throw new Error('another prompt');
    const answering = prompt.answer(4);
    expect((await runtime.peer.expect('human.input.response')).correlation_id).toBe(id);
    const ping = await runtime.peer.expect('ping');
    runtime.peer.send('pong', {}, { correlation_id: ping.id });
    await answering;
    runtime.peer.send('job.completed', { value: null }, fields);
    expect((await job.result).value).toBeNull();

    const silent = [session.subscribe(), session.artifacts.fetch('art_1' as never)].map(codeOf);
    await runtime.peer.expect('artifact.fetch');
    await runtime.peer.expect('subscribe');
    runtime.clock.advance(1_000);
    expect(await Promise.all(silent)).toEqual(Array(2).fill('ERR_ARCP_UNAVAILABLE'));
    expect(session.isConnected).toBe(true);
  });
});
