// Scheduled jobs over the wire, on a clock that the test turns.

import { describe, expect, test } from 'vitest';
import { onAbort } from '../../../../src/abort.js';
import { connect } from '../../../../src/arcp/client/index.js';
import { memoryLog } from '../../../../src/arcp/log/memory.js';
import type { RuntimeOptions } from '../../../../src/arcp/runtime/runtime.js';
import { type ScheduleOptions, scheduleService } from '../../../../src/arcp/runtime/schedules/schedule.js';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import type { JobId } from '../../../../src/arcp/wire/ids.js';
import type { JsonValue } from '../../../../src/codec/json-value.js';
import { fakeClock } from '../../../../src/testing/fake-clock.js';
import { memoryTransports } from '../../../../src/transport/memory.js';
import {
  ALL_CAPABILITIES,
  EPOCH_MS,
  type RawFields,
  type RawPeer,
  settle,
  testRuntime,
} from '../../support/raw-peer.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const echo: Tool = { name: 'echo', handler: (args) => args };
/** Runs until it is told to stop. */
const sleep: Tool = {
  name: 'sleep',
  handler: (_args, { signal }) => new Promise((_resolve, reject) => onAbort(signal, reject)),
};

function scheduling(options: RuntimeOptions = {}, scheduled: ScheduleOptions = {}) {
  const schedules = scheduleService(scheduled);
  return { schedules, ...testRuntime({ tools: [echo, sleep], services: [schedules], ...options }) };
}

type Bench = ReturnType<typeof scheduling>;

function schedule(peer: RawPeer, when: JsonValue, tool = 'echo', fields: RawFields = {}, args: JsonValue = 1): string {
  return peer.send('job.schedule', { job: { type: 'tool.invoke', payload: { tool, arguments: args } }, when }, fields);
}

/** Schedules, and waits until that was answered. @returns The ids of the command and of the first run. */
async function scheduled(peer: RawPeer, when: JsonValue, tool = 'echo', fields: RawFields = {}) {
  const id = schedule(peer, when, tool, fields);
  const accepted = await peer.until('job.accepted', ({ correlation_id }) => correlation_id === id);
  return { id, jobId: accepted.payload.job_id as string };
}

/** Lets time pass, bit by bit, so that sessions and timers see all of it. */
async function pass(bench: Pick<Bench, 'clock'>, ms: number, stepMs = ms): Promise<void> {
  for (let left = ms; left > 0; left -= stepMs) {
    bench.clock.advance(Math.min(stepMs, left));
    await settle();
  }
}

const completions = (peer: RawPeer) => peer.since().filter(({ type }) => type === 'job.completed').length;

describe('job.schedule', () => {
  test('is accepted at once, and runs when so many seconds have passed', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    const { id, jobId } = await scheduled(peer, { after: 90 }, 'echo', { trace_id: 'trace-7', priority: 'high' });
    await pass(bench, 90_000 - 1);
    expect(peer.types()).toEqual(['job.accepted']);
    await pass(bench, 1);
    expect(peer.types()).toEqual(['job.accepted', 'job.started', 'job.completed']);
    for (const message of peer.since()) {
      expect(message).toMatchObject({ correlation_id: id, job_id: jobId, trace_id: 'trace-7', priority: 'high' });
    }
    expect(peer.since().at(-1)?.payload).toEqual({ value: 1 });
    expect(bench.schedules.nextDueMs).toBeUndefined();
  });

  test('runs at a time, of whatever offset', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    await scheduled(peer, { at: '2026-03-02T09:16:42+01:00' });
    await pass(bench, MINUTE - 1);
    expect(completions(peer)).toBe(0);
    await pass(bench, 1);
    expect(completions(peer)).toBe(1);
  });

  test.each([{ at: '2020-01-01T00:00:00Z' }, { at: '0000-01-01T00:00:00Z' }, { after: 0 }])(
    '%j, which is not to come, runs now and once',
    async (when) => {
      const bench = scheduling();
      const peer = await bench.session();
      await scheduled(peer, when);
      await pass(bench, 1);
      await pass(bench, HOUR, MINUTE);
      expect(completions(peer)).toBe(1);
    },
  );

  test('by a rule runs again and again, each run a job of its own that answers the command, of its trace', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    const { id } = await scheduled(peer, { every: 'FREQ=HOURLY;COUNT=3' }, 'echo', { trace_id: 'trace-7' });
    await pass(bench, 5 * HOUR, HOUR);
    const of = (type: string) => peer.since().filter((message) => message.type === type);
    expect(of('job.accepted')).toHaveLength(3);
    expect(of('job.completed')).toHaveLength(3);
    const ids = of('job.accepted').map(({ payload }) => payload.job_id as string);
    expect(new Set(ids).size).toBe(3);
    expect(of('job.completed').map(({ job_id }) => job_id)).toEqual(ids);
    for (const message of peer.since()) expect(message).toMatchObject({ correlation_id: id, trace_id: 'trace-7' });
    expect(of('job.completed').map(({ timestamp }) => timestamp)).toEqual([
      '2026-03-02T09:15:42.000Z',
      '2026-03-02T10:15:42.000Z',
      '2026-03-02T11:15:42.000Z',
    ]);
    // Each next run is accepted before the one that is due begins.
    expect(peer.types().slice(0, 4)).toEqual(['job.accepted', 'job.accepted', 'job.started', 'job.completed']);
    expect(bench.faults).toEqual([]);
  });

  test('goes on while nobody is connected, and a resumed client learns of every run', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    await scheduled(peer, { every: 'FREQ=MINUTELY;COUNT=3' });
    await peer.drop();
    await pass(bench, 5 * MINUTE, MINUTE);
    const again = bench.connect();
    await again.open({ session_id: peer.sessionId });
    again.send('resume', { after_message_id: peer.received.at(-1)?.id as string });
    for (let i = 0; i < 3; i++) await again.until('job.completed');
  });

  test('further away than a timer reaches comes due in time', async () => {
    const bench = scheduling({ limits: { sessionRetentionMs: 400 * DAY } });
    const peer = await bench.session();
    await scheduled(peer, { after: (100 * DAY) / 1_000 });
    expect(bench.schedules.nextDueMs).toBe(EPOCH_MS + 100 * DAY);
    // Never more than a minute asleep: neither 24.8 days nor a clock that is set can be slept through.
    await pass(bench, 100 * DAY - 1, DAY);
    expect(completions(peer)).toBe(0);
    await pass(bench, 1);
    expect(completions(peer)).toBe(1);
  });

  test('notices a clock that was set forward within a minute, and runs what was missed once', async () => {
    let setMs = 0;
    const clock = fakeClock();
    const bench = scheduling({ clock, now: () => EPOCH_MS + clock.now() + setMs });
    const peer = await bench.session();
    await scheduled(peer, { every: 'FREQ=HOURLY' });
    setMs = 10 * HOUR;
    await pass(bench, MINUTE);
    expect(completions(peer)).toBe(1);
    expect(bench.schedules.nextDueMs).toBe(EPOCH_MS + 11 * HOUR);
  });

  test('on a clock that was set back runs no occurrence twice', async () => {
    let setMs = 0;
    const clock = fakeClock();
    const bench = scheduling({ clock, now: () => EPOCH_MS + clock.now() + setMs });
    const peer = await bench.session();
    await scheduled(peer, { every: 'FREQ=HOURLY' });
    await pass(bench, HOUR);
    expect(completions(peer)).toBe(1);
    setMs = -HOUR;
    await pass(bench, HOUR + MINUTE, MINUTE);
    expect(completions(peer)).toBe(1);
    await pass(bench, HOUR, MINUTE);
    expect(completions(peer)).toBe(2);
  });

  test('on a clock that was set back while a run was late repeats no occurrence either', async () => {
    let setMs = 0;
    const clock = fakeClock();
    const bench = scheduling({ clock, now: () => EPOCH_MS + clock.now() + setMs });
    const peer = await bench.session();
    const { jobId } = await scheduled(peer, { every: 'FREQ=HOURLY' }, 'sleep');
    await pass(bench, 2 * HOUR + MINUTE, MINUTE);
    setMs = -(HOUR + 30 * MINUTE);
    peer.send('cancel', { target: 'job', target_id: jobId });
    await peer.until('job.cancelled');
    await settle();
    // The late one was that of two hours: the next is that of three, although the clock stands before one.
    expect(bench.schedules.nextDueMs).toBe(EPOCH_MS + 3 * HOUR);
  });

  test('lets no two runs overlap: one that comes due meanwhile begins when the other has ended', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    const { jobId } = await scheduled(peer, { every: 'FREQ=HOURLY' }, 'sleep');
    await pass(bench, 4 * HOUR + MINUTE, HOUR);
    const started = () => peer.since().filter(({ type }) => type === 'job.started');
    expect(started().map(({ job_id }) => job_id)).toEqual([jobId]);
    peer.send('cancel', { target: 'job', target_id: jobId });
    await peer.until('job.cancelled');
    await settle();
    expect(started()).toHaveLength(2);
    // What was passed over is not made up for, and the next is the next full hour.
    expect(bench.schedules.nextDueMs).toBe(EPOCH_MS + 5 * HOUR);
  });

  test('takes a command of the same idempotency key once', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    const fields = { idempotency_key: 'nightly' };
    const first = await scheduled(peer, { after: 60 }, 'echo', fields);
    const second = await scheduled(peer, { after: 60 }, 'echo', fields);
    expect(second.jobId).toBe(first.jobId);
    const other = schedule(peer, { after: 61 }, 'echo', fields);
    const failed = await peer.until('job.failed');
    expect(failed).toMatchObject({ correlation_id: other, payload: { code: 'ALREADY_EXISTS' } });
    await pass(bench, 2 * MINUTE, MINUTE);
    const completed = peer.since().filter(({ type }) => type === 'job.completed');
    expect(completed.map(({ correlation_id }) => correlation_id).sort()).toEqual([first.id, second.id].sort());
    expect(peer.since().filter(({ type }) => type === 'job.started')).toHaveLength(1);
  });
});

describe('cancel of a scheduled job', () => {
  test('that waits ends it, and the schedule', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    const { id, jobId } = await scheduled(peer, { every: 'FREQ=HOURLY' });
    const cancel = peer.send('cancel', { target: 'job', target_id: jobId, reason: 'no need' });
    expect(await peer.until('cancel.accepted')).toMatchObject({ correlation_id: cancel });
    expect(await peer.until('job.cancelled')).toMatchObject({
      correlation_id: id,
      job_id: jobId,
      payload: { reason: 'no need' },
    });
    await pass(bench, 3 * HOUR, HOUR);
    expect(peer.types()).toEqual(['job.accepted', 'cancel.accepted', 'job.cancelled']);
    expect(await bench.log.records('schedule', { limit: 9 })).toEqual([]);
    expect(await bench.log.records('job', { limit: 9 })).toEqual([]);
  });

  test('that runs ends the run alone', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    const { jobId } = await scheduled(peer, { every: 'FREQ=HOURLY' }, 'sleep');
    await pass(bench, HOUR);
    peer.send('cancel', { target: 'job', target_id: jobId });
    await peer.until('job.cancelled');
    await pass(bench, HOUR);
    await peer.until('job.started');
  });

  test('by somebody else is refused as if there were none', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    const { jobId } = await scheduled(peer, { after: 60 });
    const bob = await bench.session({ auth: { scheme: 'bearer', token: 'tok-bob' } });
    bob.send('cancel', { target: 'job', target_id: jobId });
    expect((await bob.until('cancel.refused')).payload.reason).toBe('not_found');
    await pass(bench, MINUTE);
    expect(completions(peer)).toBe(1);
  });

  test('comes with the end of the session, and nothing is left behind', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    await scheduled(peer, { every: 'FREQ=HOURLY' });
    await scheduled(peer, { after: 60 }, 'sleep');
    await scheduled(peer, { every: 'FREQ=MINUTELY' }, 'sleep');
    await pass(bench, 2 * MINUTE, MINUTE);
    peer.send('session.close', {});
    await peer.closed;
    await settle();
    const cancelled = peer.since().filter(({ type }) => type === 'job.cancelled');
    // Two that wait, and two that run.
    expect(cancelled).toHaveLength(4);
    expect(bench.schedules.nextDueMs).toBeUndefined();
    expect(await bench.log.records('schedule', { limit: 9 })).toEqual([]);
    expect(bench.faults).toEqual([]);
  });
});

describe('a restart of the runtime', () => {
  /** As {@link scheduling}, on a log that both runtimes share. */
  async function restarted(bench: Bench) {
    const schedules = scheduleService();
    return { schedules, ...(await bench.restart({ services: [schedules] })) };
  }

  async function back(bench: Pick<Bench, 'connect'>, peer: RawPeer): Promise<RawPeer> {
    const again = bench.connect();
    await again.open({ session_id: peer.sessionId });
    expect(again.sessionId).toBe(peer.sessionId);
    again.send('resume', { after_message_id: peer.received.at(-1)?.id as string });
    await again.until('ack');
    await settle();
    return again;
  }

  test('leaves schedules standing: same job, same time, same arguments, same trace', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    const { id, jobId } = await scheduled(peer, { after: 300 }, 'echo', { trace_id: 'trace-7', priority: 'high' });
    await pass(bench, MINUTE);
    const next = await restarted(bench);
    const again = await back(next, peer);
    await pass(next, 4 * MINUTE - 1);
    expect(again.types()).not.toContain('job.started');
    await pass(next, 1);
    expect(again.types()).toEqual(['ack', 'job.started', 'job.completed']);
    expect(again.since().at(-1)).toMatchObject({
      correlation_id: id,
      job_id: jobId,
      trace_id: 'trace-7',
      priority: 'high',
      payload: { value: 1 },
    });
  });

  test('makes up for the runs that were missed by one, and goes on in step', async () => {
    const bench = scheduling({ limits: { sessionRetentionMs: DAY } });
    const peer = await bench.session();
    await scheduled(peer, { every: 'FREQ=HOURLY' });
    await bench.crash();
    bench.clock.advance(5 * HOUR + MINUTE);
    const next = await restarted(bench);
    await pass(next, 1);
    const again = await back(next, peer);
    await settle();
    expect(completions(again)).toBe(1);
    expect(next.schedules.nextDueMs).toBe(EPOCH_MS + 6 * HOUR);
    await pass(next, HOUR);
    expect(completions(again)).toBe(2);
  });

  test('knows the idempotency keys of before', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    const fields = { idempotency_key: 'nightly' };
    const { jobId } = await scheduled(peer, { after: 60 }, 'echo', fields);
    const next = await restarted(bench);
    const again = await back(next, peer);
    expect((await scheduled(again, { after: 60 }, 'echo', fields)).jobId).toBe(jobId);
    await pass(next, 2 * MINUTE, MINUTE);
    expect(again.types().filter((type) => type === 'job.started')).toHaveLength(1);
    expect(completions(again)).toBe(2);
  });

  test('lets no run overlap one that goes on after it', async () => {
    let runs = 0;
    const slow: Tool = {
      name: 'slow',
      restartable: true,
      handler: (_args, { signal }) => {
        runs++;
        return new Promise((_resolve, reject) => onAbort(signal, reject));
      },
    };
    const bench = scheduling({ tools: [slow] });
    const peer = await bench.session();
    const { jobId } = await scheduled(peer, { every: 'FREQ=MINUTELY' }, 'slow');
    await pass(bench, MINUTE);
    const schedules = scheduleService();
    const next = await bench.restart({ services: [schedules] });
    const again = await back(next, peer);
    await pass(next, 3 * MINUTE, MINUTE);
    // Once before the restart and once after it, under the same id.
    expect(runs).toBe(2);
    again.send('cancel', { target: 'job', target_id: jobId });
    await again.until('job.cancelled');
    await settle();
    expect(runs).toBe(3);
  });

  test('counts the runs of before', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    await scheduled(peer, { every: 'FREQ=MINUTELY;COUNT=3' });
    await pass(bench, MINUTE);
    expect(completions(peer)).toBe(1);
    const next = await restarted(bench);
    const again = await back(next, peer);
    await pass(next, 5 * MINUTE, MINUTE);
    expect(completions(again)).toBe(2);
  });

  test('lets what waits be cancelled', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    const { jobId } = await scheduled(peer, { every: 'FREQ=HOURLY' });
    const next = await restarted(bench);
    const again = await back(next, peer);
    again.send('cancel', { target: 'job', target_id: jobId });
    await again.until('job.cancelled');
    await pass(next, 2 * HOUR, HOUR);
    expect(again.types()).not.toContain('job.started');
    expect(await next.log.records('schedule', { limit: 9 })).toEqual([]);
  });

  test('ends the run it cut off, once, and not the schedule', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    const { jobId } = await scheduled(peer, { every: 'FREQ=HOURLY' }, 'sleep');
    await pass(bench, HOUR);
    expect(peer.types()).toContain('job.started');
    const next = await restarted(bench);
    const again = await back(next, peer);
    const ends = again.received.filter(({ type }) => type === 'job.failed');
    expect(ends).toMatchObject([{ job_id: jobId, payload: { code: 'UNAVAILABLE' } }]);
    await pass(next, HOUR);
    expect(again.types()).toContain('job.started');
  });

  test('without the service fails what waited, rather than let it wait for ever', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    const { jobId } = await scheduled(peer, { after: 60 });
    const next = await bench.restart({ services: [] });
    const again = next.connect();
    await again.open({ session_id: peer.sessionId });
    again.send('resume', { after_message_id: peer.received.at(-1)?.id as string });
    expect(await again.until('job.failed')).toMatchObject({ job_id: jobId, payload: { code: 'UNAVAILABLE' } });
  });

  test('on which the tool is gone fails what waited', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    await scheduled(peer, { after: 60 });
    const next = await bench.restart({ services: [scheduleService()], tools: [sleep] });
    const again = await back(next, peer);
    expect(again.received.find(({ type }) => type === 'job.failed')?.payload.code).toBe('NOT_FOUND');
    expect(await next.log.records('schedule', { limit: 9 })).toEqual([]);
  });

  test('forgets schedules of sessions that are gone', async () => {
    const log = memoryLog();
    log.commit({ entries: [], records: [{ kind: 'schedule', key: 'sess_gone/msg_1', value: { jobId: 'job_1' } }] });
    const bench = scheduling({ log });
    await bench.runtime.recover();
    await settle();
    expect(log.record('schedule', 'sess_gone/msg_1')).toBeUndefined();
  });

  test('accepts again what the runtime of before had no time to accept', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    const { jobId } = await scheduled(peer, { after: 60 });
    // As if it had died between the record of the schedule and that of its job.
    const record = (await bench.log.records('schedule', { limit: 1 }))[0] as { key: string; value: { jobId: string } };
    await bench.crash();
    await bench.log.commit({
      entries: [],
      records: [
        { kind: 'schedule', key: record.key, value: { ...record.value, jobId: 'job_unsaid' } },
        { kind: 'job', key: jobId, value: undefined },
      ],
    });
    const next = await restarted(bench);
    const again = await back(next, peer);
    await pass(next, MINUTE);
    expect(again.ofJob('job_unsaid').map(({ type }) => type)).toEqual(['job.accepted', 'job.started', 'job.completed']);
  });
});

describe('what is refused', () => {
  const refusal = async (peer: RawPeer, id: string) => {
    const nack = await peer.until('nack');
    expect(nack.correlation_id).toBe(id);
    return nack.payload as { readonly code: string; readonly details?: JsonValue };
  };

  test('everything, where scheduled_jobs was not negotiated', async () => {
    const bench = scheduling();
    const peer = await bench.session({ capabilities: { ...ALL_CAPABILITIES, scheduled_jobs: false } });
    expect((await refusal(peer, schedule(peer, { after: 1 }))).code).toBe('UNIMPLEMENTED');
  });

  test.each([
    {},
    { at: '2026-03-03T00:00:00Z', after: 1 },
    { every: 'FREQ=DAILY', after: 1 },
    { after: -1 },
    { at: 'now' },
  ])('a time that is not exactly one: %j', async (when) => {
    const peer = await scheduling().session();
    expect((await refusal(peer, schedule(peer, when))).code).toBe('INVALID_ARGUMENT');
  });

  test.each([{ after: 2 ** 53 - 1 }, { at: '9999-12-31T23:59:59Z' }, { every: 'FREQ=YEARLY;INTERVAL=5000' }])(
    'what is more than ten years away: %j',
    async (when) => {
      const peer = await scheduling().session();
      expect((await refusal(peer, schedule(peer, when))).code).toBe('INVALID_ARGUMENT');
    },
  );

  test('a command that cannot be scheduled, a tool that is none, a payload that is none', async () => {
    const peer = await scheduling().session();
    const when = { after: 1 };
    const other = peer.send('job.schedule', { job: { type: 'session.close', payload: {} }, when });
    expect((await refusal(peer, other)).code).toBe('UNIMPLEMENTED');
    const itself = peer.send('job.schedule', {
      job: { type: 'job.schedule', payload: { job: { type: 'tool.invoke', payload: {} }, when } },
      when,
    });
    expect((await refusal(peer, itself)).code).toBe('UNIMPLEMENTED');
    expect((await refusal(peer, schedule(peer, when, 'nope'))).code).toBe('NOT_FOUND');
    const bad = peer.send('job.schedule', { job: { type: 'tool.invoke', payload: { tool: 'echo' } }, when });
    expect(await refusal(peer, bad)).toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { path: 'payload.job.payload.arguments' },
    });
  });

  test('a command of more than 256 Ki characters', async () => {
    const peer = await scheduling().session();
    const id = schedule(peer, { after: 1 }, 'echo', {}, 'x'.repeat(262_144));
    expect((await refusal(peer, id)).code).toBe('INVALID_ARGUMENT');
  });

  test('more schedules of a session than its limit, until one of them has ended', async () => {
    const bench = scheduling({ limits: { maxSchedules: 2 } });
    const peer = await bench.session();
    await scheduled(peer, { after: 60 });
    const { jobId } = await scheduled(peer, { every: 'FREQ=DAILY' });
    expect((await refusal(peer, schedule(peer, { after: 1 }))).code).toBe('RESOURCE_EXHAUSTED');
    peer.send('cancel', { target: 'job', target_id: jobId });
    await peer.until('job.cancelled');
    peer.forget();
    // Two that come at once, while their rules are read, are no way around it.
    schedule(peer, { every: 'FREQ=DAILY' });
    schedule(peer, { every: 'FREQ=DAILY' });
    await peer.until('nack');
    await settle();
    expect([...peer.types()].sort()).toEqual(['job.accepted', 'nack']);
    await pass(bench, MINUTE);
    await scheduled(peer, { after: 60 });
  });

  test('rules that never come due, and soon those of the same principal without a search', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    const never = { every: 'FREQ=DAILY;INTERVAL=7;BYDAY=SU' };
    for (let i = 0; i < 10; i++) {
      expect((await refusal(peer, schedule(peer, never))).code).toBe('INVALID_ARGUMENT');
    }
    const elsewhere = await bench.session();
    expect(await refusal(elsewhere, schedule(elsewhere, never))).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      details: { retry_after_seconds: 60 },
    });
    // Others are not held to it, and it does not last.
    const bob = await bench.session({ auth: { scheme: 'bearer', token: 'tok-bob' } });
    await scheduled(bob, { every: 'FREQ=DAILY' });
    await pass(bench, MINUTE);
    await scheduled(peer, { every: 'FREQ=DAILY' });
  });

  test('a least gap that is none, by the host', () => {
    for (const leastGapSeconds of [0, -1, 1.5, 86_401, Number.NaN]) {
      expect(() => scheduleService({ leastGapSeconds })).toThrow(RangeError);
    }
  });
});

test('a client sees the first run through, is told the id of each next one, and ends the schedule by it', async () => {
  const bench = scheduling();
  const client = await connect({
    dial: async () => {
      const [near, far] = memoryTransports();
      void bench.runtime.accept(far);
      return near;
    },
    auth: { scheme: 'bearer', token: 'tok-alice' },
    client: { kind: 'page', version: '1.0.0' },
    capabilities: { scheduled_jobs: true },
    reconnect: false,
  });
  const command = { type: 'tool.invoke', payload: { tool: 'echo', arguments: 'hi' } };
  const handle = client.schedule(command, { every: 'FREQ=HOURLY' }, { traceId: 'trace-7' });
  const first = await handle.id;
  await pass(bench, HOUR);
  expect(await handle.result).toEqual({ value: 'hi', ref: undefined });
  const ids: string[] = [];
  for await (const event of handle.events) if (event.type === 'job.accepted') ids.push(event.payload.job_id);
  const next = ids.find((id) => id !== first) as JobId;
  expect(await client.cancel('job', next)).toEqual({ accepted: true });
  await settle();
  expect(bench.schedules.nextDueMs).toBeUndefined();
  await client.close();
});

test('a thousand schedules that come and go leave no timer and no record', async () => {
  const bench = scheduling();
  const peer = await bench.session();
  await settle();
  const before = bench.clock.pendingTimers;
  for (let i = 0; i < 1_000; i++) {
    const { jobId } = await scheduled(peer, i % 2 === 0 ? { after: 1_000 } : { at: '2027-01-01T00:00:00Z' });
    peer.send('cancel', { target: 'job', target_id: jobId });
    await peer.until('job.cancelled');
  }
  await settle();
  expect(bench.clock.pendingTimers).toBe(before);
  expect(await bench.log.records('schedule', { limit: 9 })).toEqual([]);
  expect(await bench.log.records('job', { limit: 9 })).toEqual([]);
});

test('a host that sleeps sets its alarm by the next run, and wakes the service', async () => {
  const bench = scheduling({ clock: { ...fakeClock(), setTimer: () => () => {} } as never, now: () => nowMs });
  let nowMs = EPOCH_MS;
  const peer = await bench.session();
  await scheduled(peer, { after: 60 });
  expect(bench.schedules.nextDueMs).toBe(EPOCH_MS + MINUTE);
  nowMs += MINUTE;
  bench.schedules.wake();
  await peer.until('job.completed');
});
