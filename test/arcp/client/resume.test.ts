import { describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../../src/arcp/client/core.js';
import type { JobEvent } from '../../../src/arcp/client/job-handle.js';
import type { ClientSession } from '../../../src/arcp/client/session.js';
import { all, codeOf, next, type Peer, ScriptedRuntime, settle, until } from './scripted-runtime.js';

/** Collects what becomes of a session. */
function watch(session: ClientSession): SessionEvent[] {
  const events: SessionEvent[] = [];
  void (async () => {
    for await (const event of session.states) events.push(event);
  })();
  return events;
}

const statesOf = (events: readonly SessionEvent[]) => events.map(({ state }) => state);

/** Accepts the same session again, and the resume. */
async function takeBack(peer: Peer): Promise<{ after: string }> {
  await peer.accept();
  const resume = await peer.expect('resume');
  peer.send('ack', {}, { correlation_id: resume.id });
  return { after: resume.payload.after_message_id };
}

describe('a lost connection', () => {
  it('[10.77] rejects everything that waits, also what was not accepted yet, where it is not replaced', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({ reconnect: false });
    const running = session.invoke('a');
    await runtime.peer.acceptJob();
    const waiting = session.invoke('b');
    const rest = [
      session.ping(),
      session.subscribe(),
      session.cancel('job', 'job_1'),
      session.artifacts.fetch('art_1' as never),
      session.refreshLease('lease_1' as never, 1),
      session.createCheckpoint('job_1' as never),
      session.interrupt('job_1' as never, 'x'),
    ];
    const codes = Promise.all([running.result, waiting.id, waiting.result, ...rest].map(codeOf));
    await runtime.peer.expect('artifact.fetch');
    runtime.peer.transport.abort();
    expect(await codes).toEqual(Array(10).fill('ERR_ARCP_UNAVAILABLE'));
    await session.closed;
    expect(session.signal.reason).toMatchObject({ code: 'ERR_ARCP_UNAVAILABLE' });
    expect(await codeOf(session.invoke('c').result)).toBe('ERR_ARCP_UNAVAILABLE');
    expect(await codeOf(session.ping())).toBe('ERR_ARCP_UNAVAILABLE');
    expect(statesOf(await all(session.states))).toEqual(['connected', 'closed']);
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it('[10.69] is replaced: the same session is asked for, and everything after the last message seen', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const events = watch(session);
    const job = session.invoke('long');
    const command = await runtime.peer.acceptJob();
    const fields = { correlation_id: command.id, job_id: 'job_1' };
    const last = runtime.peer.send('job.progress', { percent: 1 }, fields);
    runtime.peer.send('pong', {}, { correlation_id: 'msg_other' });
    await settle();
    expect(session.lastMessageId).toBe(last);
    const peer = await runtime.cut();
    const open = await peer.accept();
    expect(open.session_id).toBe('sess_1');
    const resume = await peer.expect('resume');
    expect(resume).toMatchObject({ session_id: 'sess_1', payload: { after_message_id: last } });
    peer.send('ack', {}, { correlation_id: resume.id });
    peer.send('job.progress', { percent: 2 }, fields);
    peer.send('job.completed', { value: 'done' }, fields);
    expect((await job.result).value).toBe('done');
    const percents = (await all(job.events)).map((one) =>
      one.type === 'job.progress' ? one.payload.percent : one.type,
    );
    expect(percents).toEqual(['job.accepted', 1, 2, 'job.completed']);
    expect(statesOf(events)).toEqual(['connected', 'reconnecting', 'resumed']);
    // The job was accepted: nothing was left to be sent again.
    expect(peer.typesReceived()).toEqual(['session.open', 'resume']);
  });

  it('takes a replayed message once, by its id', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const job = session.invoke('long');
    const command = await runtime.peer.acceptJob();
    const fields = { correlation_id: command.id, job_id: 'job_1' };
    runtime.peer.send('job.progress', { percent: 1 }, { ...fields, id: 'msg_a' });
    await settle();
    const peer = await runtime.cut();
    await takeBack(peer);
    peer.send('job.progress', { percent: 1 }, { ...fields, id: 'msg_a' });
    peer.send('job.progress', { percent: 2 }, { ...fields, id: 'msg_b' });
    peer.send('job.progress', { percent: 2 }, { ...fields, id: 'msg_b' });
    peer.send('job.completed', {}, fields);
    await job.result;
    expect((await all(job.events)).filter(({ type }) => type === 'job.progress')).toHaveLength(2);
  });

  it('knows repeated messages by the newest ids only, so many and no more', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({ limits: { maxSeenIds: 2 } });
    const job = session.invoke('long');
    const command = await runtime.peer.acceptJob();
    const fields = { correlation_id: command.id, job_id: 'job_1' };
    for (const id of ['msg_a', 'msg_b', 'msg_b', 'msg_c', 'msg_a', 'msg_c']) {
      runtime.peer.send('job.progress', { percent: 1 }, { ...fields, id });
    }
    runtime.peer.send('job.completed', {}, fields);
    await job.result;
    expect((await all(job.events)).filter(({ type }) => type === 'job.progress')).toHaveLength(4);
  });

  it('[10.34] sends unanswered commands again under their own ids, in their order, after the resume', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const one = session.invoke('a');
    const pinging = session.ping();
    const two = session.invoke('b');
    const first = await runtime.peer.expect('tool.invoke');
    await settle();
    runtime.peer.transport.abort();
    await settle();
    const three = session.invoke('c');
    runtime.clock.advance(1_000);
    const peer = await runtime.connection(2);
    await takeBack(peer);
    const again = await peer.expect('tool.invoke');
    expect(again).toEqual(first);
    await settle();
    expect(peer.typesReceived()).toEqual([
      'session.open',
      'resume',
      'tool.invoke',
      'ping',
      'tool.invoke',
      'tool.invoke',
    ]);
    const ping = await peer.expect('ping');
    peer.send('pong', {}, { correlation_id: ping.id });
    await pinging;
    for (const [i, job] of [one, two, three].entries()) {
      const command = i === 0 ? again : await peer.expect('tool.invoke');
      const fields = { correlation_id: command.id, job_id: `job_${i}` };
      peer.send('job.accepted', { job_id: `job_${i}` }, fields);
      peer.send('job.completed', { value: i }, fields);
      expect((await job.result).value).toBe(i);
    }
  });

  it('does not resume after an ack, which comes before what was missed', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const last = runtime.peer.send('event.emit', { name: 'a.b' });
    await settle();
    const second = await runtime.cut();
    expect(await takeBack(second)).toEqual({ after: last });
    await settle();
    const third = await runtime.cut();
    expect(await takeBack(third)).toEqual({ after: last });
    await settle();
    expect(session.lastMessageId).toBe(last);
  });

  it('asks anew when the connection goes before the resume was answered, and sends each command once', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const events = watch(session);
    const job = session.invoke('a');
    await runtime.peer.expect('tool.invoke');
    const second = await runtime.cut();
    await second.accept();
    await second.expect('resume');
    const third = await runtime.cut();
    await takeBack(third);
    const command = await third.acceptJob();
    third.send('job.completed', {}, { correlation_id: command.id, job_id: 'job_1' });
    await job.result;
    expect(third.typesReceived()).toEqual(['session.open', 'resume', 'tool.invoke']);
    expect(statesOf(events)).toEqual(['connected', 'reconnecting', 'reconnecting', 'resumed']);
  });

  it('A35: when the runtime begins another session the old jobs are gone and the new one is usable', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const events = watch(session);
    const running = session.invoke('a');
    await runtime.peer.acceptJob();
    const waiting = session.invoke('b');
    await runtime.peer.expect('tool.invoke');
    await running.id;
    runtime.peer.transport.abort();
    await settle();
    const unsent = session.invoke('c');
    runtime.clock.advance(1_000);
    const peer = await runtime.connection(2);
    await peer.accept({ session_id: 'sess_2' });
    expect(await codeOf(running.result)).toBe('ERR_ARCP_UNAVAILABLE');
    expect(await codeOf(waiting.id)).toBe('ERR_ARCP_UNAVAILABLE');
    const command = await peer.acceptJob('job_9');
    expect(command).toMatchObject({ session_id: 'sess_2', payload: { tool: 'c' } });
    peer.send('job.completed', { value: 9 }, { correlation_id: command.id, job_id: 'job_9' });
    expect((await unsent.result).value).toBe(9);
    expect(session.id).toBe('sess_2');
    expect(peer.typesReceived()).toEqual(['session.open', 'tool.invoke']);
    expect(events).toMatchObject([
      { state: 'connected', sessionId: 'sess_1' },
      { state: 'reconnecting', sessionId: 'sess_1' },
      { state: 'lost', error: { code: 'ERR_ARCP_UNAVAILABLE' } },
      { state: 'connected', sessionId: 'sess_2' },
    ]);
  });

  it('runs a job again in the new session where that was asked for, with the same idempotency key', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const job = session.invoke('pay', null, { retries: 2, idempotencyKey: 'k' });
    const first = await runtime.peer.acceptJob();
    await job.id;
    const peer = await runtime.cut();
    await peer.accept({ session_id: 'sess_2' });
    await settle();
    runtime.clock.advance(1_000);
    const second = await peer.acceptJob('job_2');
    expect(second).toMatchObject({ session_id: 'sess_2', idempotency_key: 'k' });
    expect(second.id).not.toBe(first.id);
    peer.send('job.completed', { value: 1 }, { correlation_id: second.id, job_id: 'job_2' });
    expect((await job.result).value).toBe(1);
  });

  it('[10.69] says DATA_LOSS where what was missed is gone: jobs reject, what is unanswered goes on', async () => {
    for (const code of ['DATA_LOSS', 'NOT_FOUND']) {
      const runtime = new ScriptedRuntime();
      const session = await runtime.connect();
      const events = watch(session);
      const running = session.invoke('a');
      await runtime.peer.acceptJob();
      await running.id;
      const waiting = session.invoke('b');
      const peer = await runtime.cut();
      await peer.accept();
      const resume = await peer.expect('resume');
      peer.send('nack', { code, message: 'too long ago' }, { correlation_id: resume.id });
      expect(await codeOf(running.result)).toBe('ERR_ARCP_DATA_LOSS');
      const command = await peer.acceptJob('job_2');
      peer.send('job.completed', { value: 2 }, { correlation_id: command.id, job_id: 'job_2' });
      expect((await waiting.result).value).toBe(2);
      expect(events).toMatchObject([
        { state: 'connected' },
        { state: 'reconnecting' },
        { state: 'lost', error: { code: 'ERR_ARCP_DATA_LOSS' } },
        { state: 'connected', sessionId: 'sess_1' },
      ]);
    }
  });

  it('[10.82] takes a runtime that never answers the resume for one that lost it', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({ requestTimeoutMs: 5_000 });
    const running = session.invoke('a');
    await runtime.peer.acceptJob();
    await running.id;
    const peer = await runtime.cut();
    await peer.accept();
    await peer.expect('resume');
    runtime.clock.advance(5_000);
    expect(await codeOf(running.result)).toBe('ERR_ARCP_DATA_LOSS');
    expect(session.isConnected).toBe(true);
  });

  it('comes back with waits that double up to the longest, spread, and at once when told to', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({ random: () => 0.5, reconnect: { giveUpMs: Number.POSITIVE_INFINITY } });
    runtime.failure = new Error('offline');
    runtime.peer.transport.abort();
    await settle();
    expect(runtime.dials).toBe(1);
    for (const [i, waitMs] of [375, 750, 1_500, 3_000, 6_000, 12_000, 22_500, 22_500].entries()) {
      runtime.clock.advance(waitMs - 1);
      await settle();
      expect(runtime.dials).toBe(1 + i);
      runtime.clock.advance(1);
      await settle();
      expect(runtime.dials).toBe(2 + i);
    }
    runtime.failure = undefined;
    session.reconnectNow();
    const peer = await runtime.connection(2);
    await takeBack(peer);
    await until(() => session.isConnected);
  });

  it('ends after so long without a connection, and at once when the runtime refuses it for good', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({ reconnect: { giveUpMs: 1_000 } });
    const job = session.invoke('a');
    await runtime.peer.acceptJob();
    runtime.failure = new Error('offline');
    runtime.peer.transport.abort();
    await settle();
    for (let i = 0; i < 3; i++) {
      runtime.clock.advance(1_000);
      await settle();
    }
    expect(await codeOf(job.result)).toBe('ERR_ARCP_UNAVAILABLE');
    await session.closed;
    expect(session.signal.reason.cause).toBe(runtime.failure);

    const other = new ScriptedRuntime();
    const refused = await other.connect();
    const peer = await other.cut();
    const open = await peer.expect('session.open');
    peer.send('session.rejected', { code: 'UNAUTHENTICATED', message: 'expired' }, { correlation_id: open.id });
    await refused.closed;
    expect(refused.signal.reason.code).toBe('ERR_ARCP_UNAUTHENTICATED');
    expect(other.clock.pendingTimers).toBe(0);
  });

  it('tries again where the runtime is only unavailable, with fresh credentials each time', async () => {
    const runtime = new ScriptedRuntime();
    let tokens = 0;
    const session = await runtime.connect({ auth: () => ({ scheme: 'bearer', token: `t${++tokens}` }) });
    const second = await runtime.cut();
    const open = await second.expect('session.open');
    expect(open.payload.auth.token).toBe('t2');
    second.send('session.rejected', { code: 'UNAVAILABLE', message: 'soon' }, { correlation_id: open.id });
    await settle();
    runtime.clock.advance(1_000);
    const third = await runtime.connection(3);
    expect((await third.accept()).payload.auth.token).toBe('t3');
    await until(() => session.isConnected);
  });

  it('holds the runtime to its fingerprint and to what is required, also the next time', async () => {
    for (const changes of [
      { runtime: { kind: 'scripted', version: '1.0.0', fingerprint: 'sha256:bb' } },
      { capabilities: {} },
    ]) {
      const runtime = new ScriptedRuntime();
      const session = await runtime.connect({ fingerprint: 'sha256:aa', required: ['streaming'] });
      const job = session.invoke('a');
      const peer = await runtime.cut();
      await peer.accept(changes);
      await session.closed;
      expect(session.signal.reason.code).toMatch(/^ERR_ARCP_UN(AUTHENTICATED|IMPLEMENTED)$/);
      expect(await codeOf(job.result)).toBe(session.signal.reason.code);
      expect(peer.typesReceived()).not.toContain('tool.invoke');
    }
  });

  it('ends while it connects again, and leaves no timer and no connection behind', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const peer = await runtime.cut();
    await peer.expect('session.open');
    await session.close();
    expect(session.signal.reason.code).toBe('ERR_ARCP_CANCELLED');
    await until(() => peer.isClosed);
    await settle();
    expect(runtime.clock.pendingTimers).toBe(0);
    runtime.clock.advance(100_000);
    await settle();
    expect(runtime.dials).toBe(2);
  });
});

describe('a session of an earlier page', () => {
  it('is resumed by its id and last message, and its jobs followed', async () => {
    const runtime = new ScriptedRuntime();
    const resume = { sessionId: 'sess_1', afterMessageId: 'msg_41' } as never;
    const session = await runtime.connect({ resume });
    expect(runtime.peer.received[0]).toMatchObject({ type: 'session.open', session_id: 'sess_1' });
    const asked = await runtime.peer.expect('resume');
    expect(asked.payload).toEqual({ after_message_id: 'msg_41' });
    const job = session.follow('job_3' as never);
    runtime.peer.send('ack', {}, { correlation_id: asked.id });
    runtime.peer.send('job.completed', { value: 3 }, { job_id: 'job_3', correlation_id: 'msg_0' });
    expect((await job.result).value).toBe(3);
    expect((await next(session.states)).state).toBe('resumed');
  });

  it('says so where the runtime has forgotten it', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({
      resume: { sessionId: 'sess_0' as never, afterMessageId: 'msg_1' as never },
    });
    expect(await next(session.states)).toMatchObject({ state: 'lost', error: { code: 'ERR_ARCP_UNAVAILABLE' } });
    expect(await next(session.states)).toMatchObject({ state: 'connected', sessionId: 'sess_1' });
    expect(runtime.peer.typesReceived()).toEqual(['session.open']);
  });
});

describe('a connection that says nothing', () => {
  it('A21: is asked, then given up, and replaced', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({ keepAliveMs: 10_000 });
    runtime.clock.advance(10_000);
    const ping = await runtime.peer.expect('ping');
    runtime.peer.send('pong', {}, { correlation_id: ping.id });
    await settle();
    runtime.clock.advance(10_000);
    await runtime.peer.expect('ping');
    const [first] = runtime.peers;
    runtime.clock.advance(10_000);
    await until(() => first?.isClosed === true);
    await settle();
    expect(session.isConnected).toBe(false);
    runtime.clock.advance(1_000);
    await takeBack(await runtime.connection(2));
    await until(() => session.isConnected);
  });

  it('is looked into at once when told to connect now', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    session.reconnectNow();
    const ping = await runtime.peer.expect('ping');
    runtime.peer.send('pong', {}, { correlation_id: ping.id });
    await settle();
    runtime.clock.advance(5_000);
    await settle();
    expect(session.isConnected).toBe(true);
    session.reconnectNow();
    await runtime.peer.expect('ping');
    runtime.clock.advance(5_000);
    await settle();
    expect(session.isConnected).toBe(false);
  });

  it('is not given up for a ping that could not be sent, since too much waits', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({ limits: { maxCalls: 1 } });
    session.invoke('a');
    await runtime.peer.acceptJob();
    session.invoke('b');
    session.reconnectNow();
    await settle();
    expect(session.isConnected).toBe(true);
  });

  it('does not count as silence of its jobs while it is away', async () => {
    const runtime = new ScriptedRuntime();
    const capabilities = { heartbeat_interval_seconds: 1 };
    const session = await runtime.connect(
      { heartbeat: 'fail', reconnect: { initialDelayMs: 30_000 } },
      { capabilities },
    );
    const job = session.invoke('a');
    const command = await runtime.peer.acceptJob();
    const fields = { correlation_id: command.id, job_id: 'job_1' };
    runtime.peer.send('job.started', {}, fields);
    await settle();
    runtime.peer.transport.abort();
    await settle();
    runtime.clock.advance(15_000);
    const peer = await runtime.connection(2);
    await peer.accept({ capabilities });
    const resume = await peer.expect('resume');
    peer.send('ack', {}, { correlation_id: resume.id });
    await settle();
    runtime.clock.advance(1_999);
    await settle();
    const events: JobEvent['type'][] = [];
    peer.send('job.completed', { value: 1 }, fields);
    expect((await job.result).value).toBe(1);
    for await (const { type } of job.events) events.push(type);
    expect(events).not.toContain('heartbeat.missed');
  });
});
