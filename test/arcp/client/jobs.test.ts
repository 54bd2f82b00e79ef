import { describe, expect, it } from 'vitest';
import type { JobEvent, JobHandle } from '../../../src/arcp/client/job-handle.js';
import { unhandledDuring } from '../../support/unhandled.js';
import { all, codeOf, type Envelope, next, type Peer, ScriptedRuntime, settle } from './scripted-runtime.js';

/** Says something of a job, correlated to the command that started it. */
function event(peer: Peer, command: Envelope, type: string, payload: object = {}, jobId = 'job_1') {
  return peer.send(type, payload, { correlation_id: command.id, job_id: jobId });
}

const typesOf = (events: readonly JobEvent[]) => events.map(({ type }) => type);

describe('invoking a tool', () => {
  it('[10.26] sends the arguments, resolves with the value, and tells every event in order, the terminal one last', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const job = session.invoke('echo', { a: 1 }, { traceId: 'trace', priority: 'high', idempotencyKey: 'k' });
    const command = await runtime.peer.acceptJob();
    expect(command).toMatchObject({
      session_id: 'sess_1',
      trace_id: 'trace',
      priority: 'high',
      idempotency_key: 'k',
      payload: { tool: 'echo', arguments: { a: 1 } },
    });
    event(runtime.peer, command, 'job.started');
    event(runtime.peer, command, 'job.progress', { percent: 42.5 });
    event(runtime.peer, command, 'log', { level: 'info', message: 'half way' });
    event(runtime.peer, command, 'job.completed', { value: { a: 1 } });
    expect(await job.id).toBe('job_1');
    expect(await job.result).toEqual({ value: { a: 1 }, ref: undefined });
    expect(job.state).toBe('completed');
    const events = await all(job.events);
    expect(typesOf(events)).toEqual(['job.accepted', 'job.started', 'job.progress', 'log', 'job.completed']);
    expect(events[2]).toMatchObject({ payload: { percent: 42.5 } });
  });

  it('[10.27] tells null from no value, and sends null where no arguments are given', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const job = session.invoke('nothing');
    const command = await runtime.peer.acceptJob();
    expect(command.payload).toEqual({ tool: 'nothing', arguments: null });
    event(runtime.peer, command, 'job.completed', { value: null });
    expect((await job.result).value).toBeNull();
  });

  it('resolves with a reference where the value is an artifact', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const job = session.invoke('big');
    const command = await runtime.peer.acceptJob();
    const ref = { artifact_id: 'art_1', uri: 'arcp://artifact/art_1', media_type: 'text/plain', size: 2 };
    event(runtime.peer, command, 'job.completed', { result_ref: ref });
    expect(await job.result).toEqual({ value: undefined, ref });
  });

  it('[10.28] [10.29] rejects with what the job failed with, its details and whether to try again', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const job = session.invoke('busy');
    const command = await runtime.peer.acceptJob();
    const details = { retry_after_seconds: 3 };
    event(runtime.peer, command, 'job.failed', { code: 'RESOURCE_EXHAUSTED', message: 'later', details });
    const error = await job.result.catch((reason) => reason);
    expect(error).toMatchObject({ code: 'ERR_ARCP_RESOURCE_EXHAUSTED', retryable: true, retryAfterMs: 3_000 });
    expect(await job.id).toBe('job_1');
    expect(job.state).toBe('failed');
  });

  it('A8: takes tool.result and tool.error for ends, too, and the first end only', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const direct = session.invoke('direct');
    const command = await runtime.peer.expect('tool.invoke');
    runtime.peer.send('tool.result', { value: 1 }, { correlation_id: command.id });
    runtime.peer.send('tool.error', { code: 'INTERNAL', message: 'no' }, { correlation_id: command.id });
    expect((await direct.result).value).toBe(1);
    expect(await codeOf(direct.id)).toBe('ERR_ARCP_NOT_FOUND');

    const failing = session.invoke('failing');
    const second = await runtime.peer.acceptJob('job_2');
    event(runtime.peer, second, 'tool.error', { code: 'ABORTED', message: 'no' }, 'job_2');
    event(runtime.peer, second, 'job.completed', { value: 1 }, 'job_2');
    expect(await codeOf(failing.result)).toBe('ERR_ARCP_ABORTED');
  });

  it('[10.33] hears nothing of a job after its end', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const job = session.invoke('echo');
    const command = await runtime.peer.acceptJob();
    event(runtime.peer, command, 'job.completed', { value: 1 });
    event(runtime.peer, command, 'job.progress', { percent: 1 });
    event(runtime.peer, command, 'job.failed', { code: 'INTERNAL', message: 'no' });
    await settle();
    expect(typesOf(await all(job.events))).toEqual(['job.accepted', 'job.completed']);
    expect((await job.result).value).toBe(1);
  });

  it('A9: tells jobs apart by correlation, and by job id where there is none', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const [one, two] = [session.invoke('a'), session.invoke('b')];
    const first = await runtime.peer.acceptJob('job_1');
    const second = await runtime.peer.acceptJob('job_2');
    runtime.peer.send('job.progress', { percent: 1 }, { job_id: 'job_2' });
    event(runtime.peer, second, 'job.progress', { percent: 2 }, 'job_2');
    event(runtime.peer, first, 'job.progress', { percent: 3 });
    event(runtime.peer, second, 'job.completed', { value: 2 }, 'job_2');
    runtime.peer.send('job.completed', { value: 1 }, { job_id: 'job_1' });
    const percents = (events: JobEvent[]) =>
      events.flatMap((one) => (one.type === 'job.progress' ? [one.payload.percent] : []));
    expect(percents(await all(one.events))).toEqual([3]);
    expect(percents(await all(two.events))).toEqual([1, 2]);
    expect([(await one.result).value, (await two.result).value]).toEqual([1, 2]);
  });

  it('[10.35] follows a repeated intent to the job that was there before', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const one = session.invoke('pay', null, { idempotencyKey: 'k' });
    const two = session.invoke('pay', null, { idempotencyKey: 'k' });
    const first = await runtime.peer.acceptJob('job_1');
    const second = await runtime.peer.acceptJob('job_1');
    event(runtime.peer, first, 'job.completed', { value: 'once' });
    event(runtime.peer, second, 'job.completed', { value: 'once' });
    expect([await one.id, await two.id]).toEqual(['job_1', 'job_1']);
    expect([(await one.result).value, (await two.result).value]).toEqual(['once', 'once']);
  });

  it('A10: rejects on a bare nack', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const job = session.invoke('nope');
    const { id } = await runtime.peer.expect('tool.invoke');
    runtime.peer.send('nack', { code: 'INVALID_ARGUMENT', message: 'no' }, { correlation_id: id });
    expect(await codeOf(job.result)).toBe('ERR_ARCP_INVALID_ARGUMENT');
    expect(await codeOf(job.id)).toBe('ERR_ARCP_INVALID_ARGUMENT');
    expect(await all(job.events)).toEqual([]);
  });

  it('rejects when the end of a job is malformed, since no other will come, and says so', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const job = session.invoke('echo');
    const command = await runtime.peer.acceptJob();
    event(runtime.peer, command, 'job.progress', { percent: 'many' });
    const id = event(runtime.peer, command, 'job.failed', { code: 7 });
    expect(await codeOf(job.result)).toBe('ERR_ARCP_INVALID_ARGUMENT');
    expect((await runtime.peer.expect('nack')).payload).toMatchObject({ details: { path: 'payload.percent' } });
    expect(await runtime.peer.expect('nack')).toMatchObject({
      correlation_id: id,
      payload: { code: 'INVALID_ARGUMENT' },
    });

    const unreadable = session.invoke('echo');
    const second = await runtime.peer.expect('tool.invoke');
    runtime.peer.send('job.accepted', { job_id: 'nonsense' }, { correlation_id: second.id });
    expect(await codeOf(unreadable.result)).toBe('ERR_ARCP_INVALID_ARGUMENT');
  });

  it('throws for arguments that JSON cannot say, and keeps nothing of the job', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({ limits: { maxJobs: 1 } });
    expect(() => session.invoke('echo', Number.NaN)).toThrow(RangeError);
    expect(() => session.invoke('echo', { at: new Date() as never })).toThrow(TypeError);
    expect(() => session.invoke('echo', null, { retries: 101 })).toThrow(RangeError);
    session.invoke('echo');
    await runtime.peer.acceptJob();
  });

  it('[10.82] rejects UNAVAILABLE when the job is not accepted in time, and the session goes on', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({ requestTimeoutMs: 1_000 });
    const job = session.invoke('silent');
    await runtime.peer.expect('tool.invoke');
    runtime.clock.advance(1_000);
    expect(await codeOf(job.result)).toBe('ERR_ARCP_UNAVAILABLE');
    const other = session.invoke('echo');
    const command = await runtime.peer.acceptJob();
    runtime.clock.advance(100_000);
    event(runtime.peer, command, 'job.completed', { value: 1 });
    expect((await other.result).value).toBe(1);
  });

  it('holds at most so many jobs and commands, and says which limit it was', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({ limits: { maxJobs: 3, maxCalls: 2 } });
    const jobs: JobHandle[] = [];
    for (let i = 0; i < 4; i++) jobs.push(session.invoke('slow'));
    expect(await codeOf((jobs[2] as JobHandle).result)).toBe('ERR_ARCP_RESOURCE_EXHAUSTED');
    expect(await codeOf((jobs[3] as JobHandle).id)).toBe('ERR_ARCP_RESOURCE_EXHAUSTED');
    expect(await codeOf(session.ping())).toBe('ERR_ARCP_RESOURCE_EXHAUSTED');
    await runtime.peer.acceptJob('job_1');
    await runtime.peer.acceptJob('job_2');
    await settle();
    session.invoke('third');
    expect(await codeOf(session.invoke('fourth').result)).toBe('ERR_ARCP_RESOURCE_EXHAUSTED');
  });

  it('keeps the newest events of a job nobody watches, and counts the rest', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({ limits: { maxEvents: 3 } });
    const job = session.invoke('chatty');
    const command = await runtime.peer.acceptJob();
    for (let percent = 0; percent < 10; percent++) event(runtime.peer, command, 'job.progress', { percent });
    event(runtime.peer, command, 'job.completed', { value: 1 });
    await job.result;
    expect(typesOf(await all(job.events))).toEqual(['job.progress', 'job.progress', 'job.completed']);
    expect(job.droppedEvents).toBe(9);
  });

  it('bounds the events of a job by their size, too', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({ limits: { maxEventChars: 10_000 } });
    const job = session.invoke('chatty');
    const command = await runtime.peer.acceptJob();
    for (let i = 0; i < 5; i++) event(runtime.peer, command, 'log', { level: 'info', message: 'x'.repeat(4_000) });
    event(runtime.peer, command, 'job.completed', { value: 'y'.repeat(20_000) });
    await job.result;
    expect(typesOf(await all(job.events))).toEqual(['job.completed']);
    expect(job.droppedEvents).toBe(6);
  });

  it('does no harm when nobody looks at a rejection', async () => {
    const seen = await unhandledDuring(async () => {
      const runtime = new ScriptedRuntime();
      const session = await runtime.connect({ reconnect: false });
      session.invoke('a');
      session.invoke('b', null, { signal: AbortSignal.abort(new Error('no')) });
      await runtime.peer.acceptJob();
      runtime.peer.transport.abort();
      await session.closed;
      session.invoke('c');
      await session.subscribe().catch(() => {});
    });
    expect(seen).toEqual([]);
  });
});

describe('retries', () => {
  it('asks again with the same idempotency key and another id where no answer came', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({ requestTimeoutMs: 1_000 });
    const job = session.invoke('pay', { sum: 1 }, { retries: 1 });
    const first = await runtime.peer.expect('tool.invoke');
    runtime.clock.advance(1_000);
    await settle();
    runtime.clock.advance(250);
    const second = await runtime.peer.acceptJob();
    expect(second.id).not.toBe(first.id);
    expect(second.idempotency_key).toBe(first.idempotency_key);
    expect(second.payload).toEqual(first.payload);
    event(runtime.peer, second, 'job.completed', { value: 'paid' });
    expect((await job.result).value).toBe('paid');
  });

  it('waits as long as the runtime says before it asks again, and gives up when no retry is left', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const job = session.invoke('busy', null, { retries: 1, idempotencyKey: 'mine' });
    const details = { retry_after_seconds: 7 };
    const refuse = async () => {
      const { id, idempotency_key } = await runtime.peer.expect('tool.invoke');
      expect(idempotency_key).toBe('mine');
      const nack = { code: 'RESOURCE_EXHAUSTED', message: 'later', details };
      runtime.peer.send('nack', nack, { correlation_id: id });
      await settle();
    };
    await refuse();
    runtime.clock.advance(6_999);
    await settle();
    expect(runtime.peer.typesReceived().filter((type) => type === 'tool.invoke')).toHaveLength(1);
    runtime.clock.advance(1);
    await refuse();
    expect(await codeOf(job.result)).toBe('ERR_ARCP_RESOURCE_EXHAUSTED');
  });

  it('does not ask again what failed, nor what was refused for good', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const failed = session.invoke('a', null, { retries: 5 });
    event(runtime.peer, await runtime.peer.acceptJob(), 'job.failed', { code: 'UNAVAILABLE', message: 'no' });
    expect(await codeOf(failed.result)).toBe('ERR_ARCP_UNAVAILABLE');
    const refused = session.invoke('b', null, { retries: 5 });
    const { id } = await runtime.peer.expect('tool.invoke');
    runtime.peer.send('nack', { code: 'INVALID_ARGUMENT', message: 'no' }, { correlation_id: id });
    expect(await codeOf(refused.result)).toBe('ERR_ARCP_INVALID_ARGUMENT');
    runtime.clock.advance(100_000);
    await settle();
    expect(runtime.peer.typesReceived().filter((type) => type === 'tool.invoke')).toHaveLength(2);
  });

  it('reject where the arguments have become something that cannot be written', async () => {
    const unhandled = await unhandledDuring(async () => {
      const runtime = new ScriptedRuntime();
      const session = await runtime.connect();
      const args = { sum: 1 };
      const job = session.invoke('busy', args, { retries: 1 });
      const { id } = await runtime.peer.expect('tool.invoke');
      runtime.peer.send('nack', { code: 'UNAVAILABLE', message: 'later' }, { correlation_id: id });
      await settle();
      args.sum = Number.NaN;
      runtime.clock.advance(1_000);
      await expect(job.result).rejects.toThrow(RangeError);
    });
    expect(unhandled).toEqual([]);
  });

  it('settles a job that waits for its next try when the session ends', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const job = session.invoke('busy', null, { retries: 1 });
    const { id } = await runtime.peer.expect('tool.invoke');
    runtime.peer.send('nack', { code: 'UNAVAILABLE', message: 'later' }, { correlation_id: id });
    await settle();
    void session.close();
    await runtime.peer.expect('session.close');
    runtime.peer.transport.close();
    expect(await codeOf(job.result)).toBe('ERR_ARCP_CANCELLED');
    await session.closed;
    expect(runtime.clock.pendingTimers).toBe(0);
  });
});

describe('cancelling', () => {
  it('[10.37] asks for it, and the job rejects when the runtime says it is cancelled', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const job = session.invoke('sleep');
    const command = await runtime.peer.acceptJob();
    const cancelling = job.cancel({ reason: 'user', deadlineMs: 50 });
    const cancel = await runtime.peer.expect('cancel');
    expect(cancel.payload).toEqual({ target: 'job', target_id: 'job_1', reason: 'user', deadline_ms: 50 });
    runtime.peer.send('cancel.accepted', { target_id: 'job_1' }, { correlation_id: cancel.id, session_id: undefined });
    expect(await cancelling).toEqual({ accepted: true });
    event(runtime.peer, command, 'job.cancelled', { reason: 'user' });
    expect(await codeOf(job.result)).toBe('ERR_ARCP_CANCELLED');
    expect(job.state).toBe('cancelled');
  });

  it('A11: [10.38] [10.39] tells a refusal from an acceptance, and a job may complete after either', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const job = session.invoke('sleep');
    const command = await runtime.peer.acceptJob();
    const cancelling = job.cancel();
    const cancel = await runtime.peer.expect('cancel');
    runtime.peer.send('cancel.accepted', {}, { correlation_id: cancel.id });
    await cancelling;
    event(runtime.peer, command, 'job.completed', { value: 'anyway' });
    expect((await job.result).value).toBe('anyway');
    const late = job.cancel();
    const second = await runtime.peer.expect('cancel');
    const refusal = { target_id: 'job_1', reason: 'already_terminal' };
    runtime.peer.send('cancel.refused', refusal, { correlation_id: second.id });
    expect(await late).toEqual({ accepted: false, reason: 'already_terminal' });
  });

  it('[10.41] A13: waits a second longer than the deadline for streams and sessions, whoever does not answer', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const stream = session.cancel('stream', 'str_1', { deadlineMs: 50 });
    const whole = session.cancel('session');
    await runtime.peer.expect('cancel');
    expect((await runtime.peer.expect('cancel')).payload).toEqual({ target: 'session', target_id: 'sess_1' });
    const states = Promise.all([codeOf(stream), codeOf(whole)]);
    runtime.clock.advance(1_049);
    await settle();
    runtime.clock.advance(1);
    expect(await codeOf(stream)).toBe('ERR_ARCP_UNAVAILABLE');
    runtime.clock.advance(4_949);
    await settle();
    runtime.clock.advance(1);
    expect(await states).toEqual(['ERR_ARCP_UNAVAILABLE', 'ERR_ARCP_UNAVAILABLE']);
    expect(session.isConnected).toBe(true);
  });

  it('cancels a job whose signal aborts, and rejects at once with the reason', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const controller = new AbortController();
    const job = session.invoke('sleep', null, { signal: controller.signal });
    await runtime.peer.acceptJob();
    await job.id;
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await job.result.catch((error) => error)).toBe(reason);
    expect((await runtime.peer.expect('cancel')).payload).toMatchObject({ target: 'job', target_id: 'job_1' });
    expect(await all(job.events)).toHaveLength(1);
  });

  it('cancels a job that is accepted only after its signal aborted', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const controller = new AbortController();
    const job = session.invoke('sleep', null, { signal: controller.signal });
    const command = await runtime.peer.expect('tool.invoke');
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await job.id.catch((error) => error)).toBe(reason);
    runtime.peer.send('job.accepted', { job_id: 'job_9' }, { correlation_id: command.id, job_id: 'job_9' });
    expect((await runtime.peer.expect('cancel')).payload).toMatchObject({ target: 'job', target_id: 'job_9' });
  });

  it('does not cancel a job that somebody else has been given in the meantime', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const given = new AbortController();
    const one = session.invoke('pay', null, { idempotencyKey: 'k', signal: given.signal });
    const two = session.invoke('pay', null, { idempotencyKey: 'k' });
    const first = await runtime.peer.expect('tool.invoke');
    const second = await runtime.peer.expect('tool.invoke');
    given.abort(new Error('enough'));
    await expect(one.result).rejects.toThrow('enough');
    for (const { id } of [second, first]) {
      runtime.peer.send('job.accepted', { job_id: 'job_1' }, { correlation_id: id, job_id: 'job_1' });
    }
    event(runtime.peer, second, 'job.completed', { value: 'paid' });
    expect((await two.result).value).toBe('paid');
    expect(runtime.peer.typesReceived()).not.toContain('cancel');
  });

  it('sends nothing for a signal that has aborted already', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const reason = new Error('enough');
    const job = session.invoke('sleep', null, { signal: AbortSignal.abort(reason) });
    expect(await job.result.catch((error) => error)).toBe(reason);
    expect(await session.ping({ signal: AbortSignal.abort(reason) }).catch((error) => error)).toBe(reason);
    await settle();
    expect(runtime.peer.typesReceived()).toEqual(['session.open']);
  });
});

describe('heartbeats', () => {
  const capabilities = { heartbeat_interval_seconds: 10 };

  it('[10.43] A21: says when a running job was silent for two intervals, and fails it only where asked to', async () => {
    for (const heartbeat of ['report', 'fail'] as const) {
      const runtime = new ScriptedRuntime();
      const session = await runtime.connect({ heartbeat }, { capabilities });
      const job = session.invoke('sleep');
      const command = await runtime.peer.acceptJob();
      event(runtime.peer, command, 'job.started');
      await settle();
      runtime.clock.advance(19_999);
      event(runtime.peer, command, 'job.heartbeat', { sequence: 1, state: 'running' });
      await settle();
      runtime.clock.advance(19_999);
      await settle();
      const before = await Promise.race([job.result.catch(() => 'failed'), settle().then(() => 'open')]);
      expect(before).toBe('open');
      runtime.clock.advance(1);
      await settle();
      const seen: JobEvent[] = [];
      const reading = (async () => {
        for await (const one of job.events) seen.push(one);
      })();
      if (heartbeat === 'fail') expect(await codeOf(job.result)).toBe('ERR_ARCP_HEARTBEAT_LOST');
      else event(runtime.peer, command, 'job.completed', { value: 1 });
      await reading;
      expect(seen.filter(({ type }) => type === 'heartbeat.missed')).toEqual([
        { type: 'heartbeat.missed', silentMs: 20_000 },
      ]);
    }
  });

  it('waits as long as a beat says where that is longer than the interval', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({ heartbeat: 'fail' }, { capabilities });
    const job = session.invoke('sleep');
    const command = await runtime.peer.acceptJob();
    event(runtime.peer, command, 'job.heartbeat', { sequence: 1, state: 'running', deadline_ms: 60_000 });
    await settle();
    runtime.clock.advance(119_999);
    event(runtime.peer, command, 'job.completed', { value: 1 });
    expect((await job.result).value).toBe(1);
  });

  it('does not watch where nobody said an interval, nor jobs that wait, are blocked or queued', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({ heartbeat: 'fail' });
    const unwatched = session.invoke('a');
    const first = await runtime.peer.acceptJob();
    event(runtime.peer, first, 'job.started');
    const blocked = session.invoke('b');
    const second = await runtime.peer.acceptJob('job_2');
    event(runtime.peer, second, 'job.heartbeat', { sequence: 1, state: 'blocked', deadline_ms: 1_000 }, 'job_2');
    await settle();
    runtime.clock.advance(10_000_000);
    event(runtime.peer, first, 'job.completed', { value: 1 });
    event(runtime.peer, second, 'job.completed', { value: 2 }, 'job_2');
    expect([(await unwatched.result).value, (await blocked.result).value]).toEqual([1, 2]);
    expect(runtime.clock.pendingTimers).toBe(0);
  });
});

describe('other commands that start jobs', () => {
  it('schedules, starts workflows, delegates and restores, each with its payload', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const inner = { type: 'tool.invoke', payload: { tool: 'echo', arguments: null } };
    const jobs = [
      session.schedule(inner, { after: 5 }),
      session.startWorkflow('tidy', { deep: true }),
      session.delegate('agent', 'think', { trace_id: 't1' }),
      session.restoreCheckpoint('chk_1', { jobId: 'job_0' as never }),
    ];
    const types = ['job.schedule', 'workflow.start', 'agent.delegate', 'checkpoint.restore'];
    const commands = [];
    for (const [i, type] of types.entries()) commands.push(await runtime.peer.acceptJob(`job_${i + 1}`, type));
    expect(commands.map(({ payload }) => payload)).toEqual([
      { job: inner, when: { after: 5 } },
      { workflow: 'tidy', arguments: { deep: true } },
      { target: 'agent', task: 'think', context: { trace_id: 't1' } },
      { checkpoint_id: 'chk_1' },
    ]);
    expect(commands[2]).toMatchObject({ trace_id: 't1' });
    expect(commands[3]).toMatchObject({ job_id: 'job_0' });
    for (const [i, command] of commands.entries()) {
      const type = i === 1 ? 'workflow.complete' : 'job.completed';
      event(runtime.peer, command, type, { value: i }, `job_${i + 1}`);
    }
    expect(await Promise.all(jobs.map(async ({ result }) => (await result).value))).toEqual([0, 1, 2, 3]);
  });

  it('has a job save a checkpoint', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const job = session.invoke('long');
    await runtime.peer.acceptJob();
    const making = session.createCheckpoint(await job.id, { label: 'here' });
    const command = await runtime.peer.expect('checkpoint.create');
    expect(command).toMatchObject({ job_id: 'job_1', payload: { label: 'here' } });
    event(runtime.peer, command, 'job.checkpoint', { checkpoint_id: 'chk_1', data: { at: 3 } });
    expect(await making).toEqual({ id: 'chk_1', data: { at: 3 } });
    expect(await next(job.events)).toMatchObject({ type: 'job.accepted' });
    expect(await next(job.events)).toMatchObject({ type: 'job.checkpoint' });
  });

  it('[10.44] interrupts a job, and hears of it where that is not possible', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const done = session.interrupt('job_1' as never, 'Wait?');
    const interrupt = await runtime.peer.expect('interrupt');
    expect(interrupt).toMatchObject({ payload: { target: 'job', target_id: 'job_1', prompt: 'Wait?' } });
    const ping = await runtime.peer.expect('ping');
    runtime.peer.send('pong', {}, { correlation_id: ping.id });
    await done;
    const refused = session.interrupt('job_1' as never, 'Wait?');
    const second = await runtime.peer.expect('interrupt');
    const third = await runtime.peer.expect('ping');
    runtime.peer.send('nack', { code: 'UNIMPLEMENTED', message: 'no' }, { correlation_id: second.id });
    runtime.peer.send('pong', {}, { correlation_id: third.id });
    expect(await codeOf(refused)).toBe('ERR_ARCP_UNIMPLEMENTED');
  });

  it('follows a job by its id alone', async () => {
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect();
    const job = session.follow('job_7' as never);
    expect(session.follow('job_7' as never)).toBe(job);
    runtime.peer.send('job.progress', { percent: 1 }, { job_id: 'job_7', correlation_id: 'msg_earlier' });
    runtime.peer.send('job.completed', { value: 7 }, { job_id: 'job_7', correlation_id: 'msg_earlier' });
    expect((await job.result).value).toBe(7);
    expect(typesOf(await all(job.events))).toEqual(['job.progress', 'job.completed']);
  });
});
