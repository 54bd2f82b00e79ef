// Schedules of clients who mean no good, and of runtimes that die at the worst moment.

import { describe, expect, test } from 'vitest';
import { onAbort } from '../../../../src/abort.js';
import type { EventLog } from '../../../../src/arcp/log/contract.js';
import { memoryLog } from '../../../../src/arcp/log/memory.js';
import { bearerTokens, noAuthentication } from '../../../../src/arcp/runtime/authenticator.js';
import type { RuntimeOptions } from '../../../../src/arcp/runtime/runtime.js';
import { type ScheduleOptions, scheduleService } from '../../../../src/arcp/runtime/schedules/schedule.js';
import { SearchBudget } from '../../../../src/arcp/runtime/schedules/search-budget.js';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import { workflowService } from '../../../../src/arcp/runtime/workflow.js';
import type { JsonValue } from '../../../../src/codec/json-value.js';
import { fakeClock } from '../../../../src/testing/fake-clock.js';
import { EPOCH_MS, type RawFields, type RawPeer, settle, TOKENS, testRuntime } from '../../support/raw-peer.js';
import { slowLog } from '../../support/slow-log.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const BOB = { auth: { scheme: 'bearer', token: 'tok-bob' } } as const;
const STRANGER = { auth: { scheme: 'none' }, capabilities: { anonymous: true, scheduled_jobs: true } } as const;
/** Every full minute, by a rule of ten thousand times a week: in a zone it takes tenths of a second to search. */
const COSTLY = `FREQ=WEEKLY;BYSECOND=0;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=${count(24)};BYMINUTE=${count(60)}`;

function count(to: number): string {
  return Array.from({ length: to }, (_, i) => i).join(',');
}

const echo: Tool = { name: 'echo', handler: (args) => args };
const sleep: Tool = {
  name: 'sleep',
  handler: (_args, { signal }) => new Promise((_resolve, reject) => onAbort(signal, reject)),
};

function scheduling(options: RuntimeOptions = {}, scheduled: ScheduleOptions = {}) {
  const schedules = scheduleService(scheduled);
  const authenticators = [bearerTokens(TOKENS), noAuthentication()];
  return { schedules, ...testRuntime({ tools: [echo, sleep], services: [schedules], authenticators, ...options }) };
}

type Bench = ReturnType<typeof scheduling>;

function schedule(peer: RawPeer, when: JsonValue, tool = 'echo', args: JsonValue = 1, fields: RawFields = {}): string {
  return peer.send('job.schedule', { job: { type: 'tool.invoke', payload: { tool, arguments: args } }, when }, fields);
}

/** Schedules. @returns Code of the refusal; `''`: it was accepted. */
async function outcome(peer: RawPeer, when: JsonValue, args: JsonValue = 1): Promise<string> {
  const answer = await peer.answerTo(schedule(peer, when, 'echo', args));
  return answer.type === 'nack' ? (answer.payload.code as string) : '';
}

async function pass(bench: Pick<Bench, 'clock'>, ms: number, stepMs = ms): Promise<void> {
  for (let left = ms; left > 0; left -= stepMs) {
    bench.clock.advance(Math.min(stepMs, left));
    await settle();
  }
}

const countOf = (peer: RawPeer, type: string) => peer.received.filter((message) => message.type === type).length;

describe('room', () => {
  test('a principal that opens session after session gets no more of it', async () => {
    const bench = scheduling({}, { limits: { maxPerPrincipal: 3 } });
    for (let i = 0; i < 3; i++) expect(await outcome(await bench.session(), { after: 60 })).toBe('');
    expect(await outcome(await bench.session(), { after: 60 })).toBe('RESOURCE_EXHAUSTED');
    // Others are not held to it, and what has run makes room.
    expect(await outcome(await bench.session(BOB), { after: 60 })).toBe('');
    await pass(bench, MINUTE);
    expect(await outcome(await bench.session(), { after: 60 })).toBe('');
  });

  test('commands as long as books take the room of many', async () => {
    const bench = scheduling({}, { limits: { maxCharsPerPrincipal: 10_000 } });
    const peer = await bench.session();
    expect(await outcome(peer, { after: 60 }, 'x'.repeat(6_000))).toBe('');
    expect(await outcome(peer, { after: 60 }, 'x'.repeat(6_000))).toBe('RESOURCE_EXHAUSTED');
    expect(await outcome(peer, { after: 60 }, 'x'.repeat(3_000))).toBe('');
  });

  test('strangers are one party, however many there are', async () => {
    const bench = scheduling({}, { limits: { maxPerPrincipal: 2 } });
    const opened = [await bench.session(STRANGER), await bench.session(STRANGER), await bench.session(STRANGER)];
    const outcomes: string[] = [];
    for (const peer of opened) outcomes.push(await outcome(peer, { after: 60 }));
    expect(outcomes).toEqual(['', '', 'RESOURCE_EXHAUSTED']);
    expect(await outcome(await bench.session(), { after: 60 })).toBe('');
    // A stranger that leaves takes its schedules along.
    await opened[0]?.drop();
    expect(await outcome(opened[2] as RawPeer, { after: 60 })).toBe('');
  });

  test.each([{ maxInAll: 2 }, { maxCharsInAll: 200 }])('many principals together get %j', async (limits) => {
    const bench = scheduling({}, { limits });
    expect(await outcome(await bench.session(), { after: 60 })).toBe('');
    expect(await outcome(await bench.session(BOB), { after: 60 })).toBe('');
    expect(await outcome(await bench.session(STRANGER), { after: 60 }, 'x'.repeat(99))).toBe('RESOURCE_EXHAUSTED');
  });

  test('is counted anew after a restart', async () => {
    const bench = scheduling({}, { limits: { maxPerPrincipal: 1 } });
    const peer = await bench.session();
    expect(await outcome(peer, { after: 600 })).toBe('');
    const next = await bench.restart({ services: [scheduleService({ limits: { maxPerPrincipal: 1 } })] });
    expect(await outcome(await next.session(), { after: 60 })).toBe('RESOURCE_EXHAUSTED');
  });
});

describe('rules that are costly to search', () => {
  test('cost a principal what they cost: soon no more of them are taken, and runs of them come late', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    // Each search costs a tenth of what a principal has for a minute.
    for (let i = 0; i < 8; i++) expect(await outcome(peer, { every: COSTLY })).toBe('');
    const bob = await bench.session(BOB);
    expect(await outcome(bob, { every: 'FREQ=MINUTELY' })).toBe('');
    // At 09:16:00 the eight ask for their next run: two are still in the budget of the first minute.
    bench.clock.advance(18_000);
    for (let i = 0; i < 9; i++) {
      bench.clock.advance(0);
      await settle();
    }
    expect(countOf(peer, 'job.completed')).toBe(2);
    expect(await outcome(await bench.session(), { every: COSTLY })).toBe('RESOURCE_EXHAUSTED');
    // What has nothing to search is not held to it, and neither are others.
    expect(await outcome(peer, { after: 0 })).toBe('');
    await pass(bench, 1);
    expect(countOf(peer, 'job.completed')).toBe(3);
    // The next minute has begun, and the six that waited run once each.
    bench.clock.advance(41_999);
    for (let i = 0; i < 9; i++) {
      bench.clock.advance(0);
      await settle();
    }
    expect(countOf(peer, 'job.completed')).toBe(9);
    expect(countOf(bob, 'job.completed')).toBe(1);
  });

  test('that come due together are searched one at a time', async () => {
    let nowMs = EPOCH_MS;
    // Timers do not fire: the host wakes the service.
    const clock = { ...fakeClock(), setTimer: () => () => {} } as never;
    const bench = scheduling({ clock, now: () => nowMs });
    const peer = await bench.session();
    for (let i = 0; i < 5; i++) expect(await outcome(peer, { every: COSTLY })).toBe('');
    nowMs += 18_000;
    for (let i = 1; i <= 5; i++) {
      bench.schedules.wake();
      await settle();
      expect(countOf(peer, 'job.completed')).toBe(i);
    }
  });

  test('that are none, thousands of them, are soon not even read', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    const none = { every: 'DTSTART;TZID=Nowhere/Land:20260302T091542\nFREQ=DAILY' };
    const codes = new Map<string, number>();
    for (let i = 0; i < 2_100; i++) {
      const code = await outcome(peer, none);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect([...codes]).toEqual([
      ['INVALID_ARGUMENT', 2_000],
      ['RESOURCE_EXHAUSTED', 100],
    ]);
  });

  test('a host that sets its alarm by the next run is not woken in vain meanwhile', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    for (let i = 0; i < 10; i++) expect(await outcome(peer, { every: COSTLY })).toBe('');
    await pass(bench, 18_000);
    expect(countOf(peer, 'job.started')).toBe(0);
    expect(bench.schedules.nextDueMs).toBe(EPOCH_MS + MINUTE);
  });

  test('a thousand simple rules a minute are nobody is refused for', () => {
    const clock = fakeClock();
    const budget = new SearchBudget(clock);
    for (let i = 0; i < 1_000; i++) budget.spend('alice', 51);
    expect(budget.waitMs('alice')).toBe(0);
    budget.spend('alice', 100_000);
    expect(budget.waitMs('alice')).toBe(60_000);
    expect(budget.waitMs('bob')).toBe(0);
    clock.advance(59_999);
    expect(budget.waitMs('alice')).toBe(1);
    clock.advance(1);
    expect(budget.waitMs('alice')).toBe(0);
  });
});

describe('a session that ends', () => {
  test.each(['session.close', 'the network'])('by %s never begins the run that was late', async (by) => {
    let begun = 0;
    const slow: Tool = {
      name: 'slow',
      handler: (_args, { signal }) => {
        begun++;
        return new Promise((_resolve, reject) => onAbort(signal, reject));
      },
    };
    const bench = scheduling({ tools: [slow] });
    const peer = await bench.session(by === 'the network' ? STRANGER : undefined);
    const id = schedule(peer, { every: 'FREQ=MINUTELY;COUNT=2' }, 'slow');
    await peer.answerTo(id);
    // The second, which is the last, has come due while the first runs.
    await pass(bench, 3 * MINUTE, MINUTE);
    expect(begun).toBe(1);
    if (by === 'the network') await peer.drop();
    else peer.send('session.close', {});
    await peer.closed;
    await pass(bench, HOUR, MINUTE);
    expect(begun).toBe(1);
    expect(await bench.log.records('schedule', { limit: 9 })).toEqual([]);
    expect(await bench.log.records('job', { limit: 9 })).toEqual([]);
  });

  test('by eviction, as for credentials that have expired, ends its schedules', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    expect(await outcome(peer, { every: 'FREQ=MINUTELY' })).toBe('');
    bench.runtime.evict(peer.sessionId, 'UNAUTHENTICATED', 'expired');
    await peer.closed;
    await pass(bench, HOUR, MINUTE);
    expect(countOf(peer, 'job.started')).toBe(0);
    expect(bench.schedules.nextDueMs).toBeUndefined();
    expect(await bench.log.records('schedule', { limit: 9 })).toEqual([]);
  });

  test('because nobody came back takes its schedules along', async () => {
    const bench = scheduling({ limits: { sessionRetentionMs: 5 * MINUTE } });
    const peer = await bench.session();
    expect(await outcome(peer, { every: 'FREQ=MINUTELY' })).toBe('');
    await peer.drop();
    await pass(bench, HOUR, MINUTE);
    const started = await bench.log.read({ after: 0, limit: 99, types: ['job.started'] });
    expect(started.length).toBeLessThanOrEqual(5);
    expect(bench.schedules.nextDueMs).toBeUndefined();
    expect(await bench.log.records('schedule', { limit: 9 })).toEqual([]);
  });
});

describe('a command that repeats one of before, by its idempotency key', () => {
  const fields = { idempotency_key: 'nightly' };

  test.each<readonly [string, JsonValue]>([
    ['at a time', { after: 600 }],
    ['by a rule', { every: 'FREQ=HOURLY' }],
  ])('%s is answered also where there is no room left', async (_what, when) => {
    const bench = scheduling({ limits: { maxSchedules: 1 } });
    const peer = await bench.session();
    const first = await peer.answerTo(schedule(peer, when, 'echo', 1, fields));
    const again = await peer.answerTo(schedule(peer, when, 'echo', 1, fields));
    expect(again).toMatchObject({ type: 'job.accepted', payload: first.payload });
  });

  test('is answered also where nothing is searched any more, and costs no search', async () => {
    const bench = scheduling();
    const peer = await bench.session();
    const first = await peer.answerTo(schedule(peer, { every: COSTLY }, 'echo', 1, fields));
    for (let i = 0; i < 30; i++) {
      const again = await peer.answerTo(schedule(peer, { every: COSTLY }, 'echo', 1, fields));
      expect(again).toMatchObject({ type: 'job.accepted', payload: first.payload });
    }
    for (let i = 0; i < 9; i++) expect(await outcome(peer, { every: COSTLY })).toBe('');
    expect(await outcome(peer, { every: COSTLY })).toBe('RESOURCE_EXHAUSTED');
    const again = await peer.answerTo(schedule(peer, { every: COSTLY }, 'echo', 1, fields));
    expect(again).toMatchObject({ type: 'job.accepted', payload: first.payload });
  });

  test('of another principal is another schedule', async () => {
    const bench = scheduling();
    const [alice, bob] = [await bench.session(), await bench.session(BOB)];
    const first = await alice.answerTo(schedule(alice, { after: 60 }, 'echo', 1, fields));
    const other = await bob.answerTo(schedule(bob, { after: 60 }, 'echo', 2, fields));
    expect(other.type).toBe('job.accepted');
    expect(other.payload.job_id).not.toBe(first.payload.job_id);
  });
});

describe('an occurrence', () => {
  /** A tool that counts its runs, whatever runtime it is of. */
  function counting() {
    const runs: JsonValue[] = [];
    const tool: Tool = {
      name: 'count',
      handler: (args, { jobId }) => {
        runs.push(jobId);
        return args;
      },
    };
    return { runs, tool };
  }

  async function ends(bench: Pick<Bench, 'connect'>, peer: RawPeer) {
    const again = bench.connect();
    await again.open({ session_id: peer.sessionId });
    again.send('resume', { after_message_id: peer.received.at(-1)?.id as string });
    await again.until('ack');
    await settle();
    return again.received.filter(({ type }) => /^job\.(completed|failed|cancelled)$/.test(type));
  }

  test.each<readonly [string, JsonValue]>([
    ['at a time', { after: 60 }],
    ['of a rule', { every: 'FREQ=MINUTELY' }],
  ])('%s runs once where the runtime dies before the log has it', async (_what, when) => {
    const { runs, tool } = counting();
    const slow = slowLog();
    const bench = scheduling({ tools: [tool], log: slow.log });
    const peer = await bench.session();
    await peer.answerTo(schedule(peer, when, 'count'));
    await settle();
    slow.failCommits(3);
    bench.clock.advance(MINUTE);
    await settle();
    // Nothing may run before it is kept that it does.
    expect(runs).toEqual([]);
    expect(bench.runtime.rest()).toBeUndefined();
    await bench.crash();
    slow.failCommits(0);
    const next = await bench.restart({ services: [scheduleService()] });
    await pass(next, 1);
    expect(runs).toHaveLength(1);
    expect((await ends(next, peer)).map(({ type }) => type)).toEqual(['job.completed']);
  });

  test('runs when a log that failed for a while has it', async () => {
    const { runs, tool } = counting();
    const slow = slowLog();
    const bench = scheduling({ tools: [tool], log: slow.log });
    const peer = await bench.session();
    await peer.answerTo(schedule(peer, { after: 60 }, 'count'));
    await settle();
    slow.failCommits(2);
    await pass(bench, MINUTE);
    await pass(bench, 1_000, 50);
    expect(runs).toHaveLength(1);
  });

  test('that is due at once runs when the log has heard of it, and not before', async () => {
    const { runs, tool } = counting();
    const slow = slowLog();
    const bench = scheduling({ tools: [tool], log: slow.log });
    const peer = await bench.session();
    await settle();
    schedule(peer, { after: 0 }, 'count');
    await expect.poll(() => bench.schedules.nextDueMs).toBe(EPOCH_MS);
    slow.failCommits(2);
    bench.clock.advance(0);
    await settle();
    expect(runs).toEqual([]);
    await pass(bench, 1_000, 50);
    expect(runs).toHaveLength(1);
    expect(await bench.log.records('schedule', { limit: 9 })).toEqual([]);
  });

  test.each<readonly [string, JsonValue]>([
    ['at a time', { after: 60 }],
    ['of a rule', { every: 'FREQ=MINUTELY' }],
  ])(
    '%s fails once and never runs where the runtime dies between its record and its beginning',
    async (_what, when) => {
      const { runs, tool } = counting();
      const inner = memoryLog();
      let isStuck = false;
      const log: EventLog = {
        // The commit goes through, and whoever waits for it does not hear.
        commit(batch) {
          const result = inner.commit(batch);
          return isStuck ? new Promise(() => {}) : result;
        },
        read: (query) => inner.read(query),
        locate: (sessionId, id) => inner.locate(sessionId, id),
        find: (principal, id) => inner.find(principal, id),
        last: () => inner.last(),
        prunedThrough: (principal) => inner.prunedThrough(principal),
        prune: (bounds) => inner.prune(bounds),
        record: (kind, key) => inner.record(kind, key),
        records: (kind, page) => inner.records(kind, page),
        close: () => inner.close(),
      };
      const bench = scheduling({ tools: [tool], log });
      const peer = await bench.session();
      const accepted = await peer.answerTo(schedule(peer, when, 'count'));
      isStuck = true;
      await pass(bench, MINUTE);
      expect(runs).toEqual([]);
      expect(bench.runtime.rest()).toBeUndefined();
      await bench.crash();
      isStuck = false;
      const next = await bench.restart({ services: [scheduleService()] });
      const [end, ...more] = await ends(next, peer);
      expect(more).toEqual([]);
      expect(end).toMatchObject({
        type: 'job.failed',
        job_id: accepted.payload.job_id,
        payload: { code: 'UNAVAILABLE', retryable: true },
      });
      // A schedule goes on where there is more of it.
      await pass(next, MINUTE);
      expect(runs).toHaveLength('every' in (when as object) ? 1 : 0);
      expect(runs).not.toContain(accepted.payload.job_id);
    },
  );

  test('of a hundred that come due in one sleep runs once each, and no other with it', async () => {
    const { runs, tool } = counting();
    const bench = scheduling({ tools: [tool], limits: { maxSchedules: 100, sessionRetentionMs: 99 * HOUR } });
    const peer = await bench.session();
    for (let i = 0; i < 100; i++) await peer.answerTo(schedule(peer, { every: 'FREQ=MINUTELY' }, 'count'));
    await bench.crash();
    bench.clock.advance(50 * HOUR);
    const next = await bench.restart({ services: [scheduleService()] });
    await pass(next, 1);
    for (let i = 0; i < 5; i++) {
      next.clock.advance(0);
      await settle();
    }
    expect(runs).toHaveLength(100);
    expect(new Set(runs).size).toBe(100);
  });
});

describe('records that are none', () => {
  test.each<readonly [string, JsonValue]>([
    ['nothing', null],
    ['no time', { dueMs: null }],
    ['a time that is a text', { dueMs: '1' }],
    ['no command', { command: null }],
    ['a rule that is none', { when: { every: 7 } }],
    ['a job that is none', { jobId: '../..' }],
    ['runs below none', { left: -1 }],
  ])('%s: the job fails, the host is told, and no timer spins', async (_what, damage) => {
    const bench = scheduling();
    const peer = await bench.session();
    const accepted = await peer.answerTo(schedule(peer, { after: 60 }));
    await settle();
    const [record] = await bench.log.records('schedule', { limit: 1 });
    await bench.crash();
    const value = damage === null ? 'gone' : { ...(record?.value as object), ...(damage as object) };
    await bench.log.commit({ entries: [], records: [{ kind: 'schedule', key: record?.key as string, value }] });
    const schedules = scheduleService();
    const next = await bench.restart({ services: [schedules] });
    expect(schedules.nextDueMs).toBeUndefined();
    expect(next.faults).toHaveLength(1);
    expect(await next.log.records('schedule', { limit: 9 })).toEqual([]);
    const again = next.connect();
    await again.open({ session_id: peer.sessionId });
    again.send('resume', { after_message_id: peer.received.at(-1)?.id as string });
    expect(await again.until('job.failed')).toMatchObject({
      job_id: accepted.payload.job_id,
      payload: { code: 'UNAVAILABLE' },
    });
  });
});

describe('a least gap of the host', () => {
  test.each<readonly [number, string, string]>([
    [3_600, 'FREQ=DAILY', ''],
    [3_600, 'FREQ=HOURLY', ''],
    [86_400, 'FREQ=WEEKLY;BYDAY=MO,FR', ''],
    [7_200, 'FREQ=HOURLY', 'INVALID_ARGUMENT'],
    [7_200, 'FREQ=HOURLY;INTERVAL=2', ''],
    [7_200, 'FREQ=DAILY;BYHOUR=8,9', 'INVALID_ARGUMENT'],
    [7_200, 'FREQ=DAILY;BYHOUR=0,23', 'INVALID_ARGUMENT'],
    [7_200, 'FREQ=DAILY;BYHOUR=8,10', ''],
    [600, 'FREQ=HOURLY;BYMINUTE=0,5', 'INVALID_ARGUMENT'],
    [600, 'FREQ=HOURLY;INTERVAL=5;BYMINUTE=0,5', 'INVALID_ARGUMENT'],
    [600, 'FREQ=MINUTELY;INTERVAL=10', ''],
    [600, 'FREQ=MINUTELY;INTERVAL=9', 'INVALID_ARGUMENT'],
    [600, 'FREQ=SECONDLY;INTERVAL=600', ''],
    [600, 'FREQ=SECONDLY;BYSECOND=0', 'INVALID_ARGUMENT'],
    [600, 'FREQ=SECONDLY;BYSECOND=0;BYMINUTE=0,30', ''],
  ])('of %i s: %s is answered %j', async (leastGapSeconds, every, code) => {
    const peer = await scheduling({}, { leastGapSeconds }).session();
    expect(await outcome(peer, { every })).toBe(code);
  });

  test('holds also where the clock of a zone is set: a run that comes closer is passed over', async () => {
    const startMs = Date.parse('2026-03-28T23:30:00Z');
    const clock = fakeClock();
    const bench = scheduling({ clock, now: () => startMs + clock.now() }, { leastGapSeconds: 7_200 });
    const peer = await bench.session();
    // One and three o'clock are an hour apart on the 29th of March.
    const every = 'DTSTART;TZID=Europe/Berlin:20260101T010000\nFREQ=DAILY;BYHOUR=1,3';
    expect(await outcome(peer, { every })).toBe('');
    await pass(bench, 26 * HOUR, HOUR / 2);
    const times = peer.received.flatMap(({ type, timestamp }) => (type === 'job.started' ? [timestamp] : []));
    expect(times).toEqual(['2026-03-29T00:00:00.000Z', '2026-03-29T23:00:00.000Z', '2026-03-30T01:00:00.000Z']);
  });
});

test('two commands of one type are refused, and one that would stand for tool.invoke', () => {
  const { command } = workflowService({ workflows: [] });
  expect(() => scheduleService({ commands: [command, command] })).toThrow(TypeError);
  expect(() => scheduleService({ commands: [{ ...command, type: 'tool.invoke' }] })).toThrow(TypeError);
  expect(() => scheduleService({ limits: { maxInAll: 0 } })).toThrow(RangeError);
});

describe('runtimes that die one after the other', () => {
  /** A log that dies with its n-th commit, which goes through or does not. */
  function dying(inner: EventLog, nth: number, goesThrough: boolean): EventLog {
    let commits = 0;
    return new Proxy(inner, {
      get(target, name) {
        const member = Reflect.get(target, name, target) as (...args: unknown[]) => unknown;
        return (...args: unknown[]) => {
          if (name === 'commit') commits++;
          if (commits < nth || (commits === nth && name === 'commit' && goesThrough)) {
            const done = Reflect.apply(member, target, args);
            if (commits < nth) return done;
          }
          return new Promise(() => {});
        };
      },
    });
  }

  /** What became of a schedule: by job, how often it was accepted, ended and run. */
  async function outcomes(when: JsonValue, restartable: boolean, deaths: readonly (readonly [number, boolean])[]) {
    const inner = memoryLog();
    const clock = fakeClock();
    const runs: string[] = [];
    const handler: Tool['handler'] = (args, { jobId }) => {
      runs.push(jobId);
      return args;
    };
    const options = {
      tools: [{ name: 'count', restartable, handler }],
      limits: { sessionRetentionMs: 99 * HOUR },
      clock,
    };
    let isFirst = true;
    for (const [nth, goesThrough] of [...deaths, [Number.POSITIVE_INFINITY, true] as const]) {
      const bench = scheduling({ ...options, log: dying(inner, nth, goesThrough) });
      if (isFirst) {
        const peer = bench.connect();
        void peer.open().then(() => schedule(peer, when, 'count'));
      } else void bench.runtime.recover();
      isFirst = false;
      await settle(4);
      await pass(bench, 4 * MINUTE, MINUTE / 2);
      await bench.crash();
    }
    const said = (await inner.read({ after: 0, limit: 999, direction: 'out' })).filter(
      ({ jobId }) => jobId !== undefined,
    );
    const jobs = [...new Set(said.map(({ jobId }) => jobId as string))];
    const countIn = (id: string, types: RegExp) =>
      said.filter(({ jobId, type }) => jobId === id && types.test(type)).length;
    return {
      wasAsked: (await inner.read({ after: 0, limit: 1, types: ['job.schedule'] })).length > 0,
      isLeft:
        (await inner.records('job', { limit: 1 })).length + (await inner.records('schedule', { limit: 1 })).length > 0,
      jobs: jobs.map((id) => ({
        accepted: countIn(id, /^job\.accepted$/),
        ended: countIn(id, /^job\.(completed|failed|cancelled)$/),
        completed: countIn(id, /^job\.completed$/),
        runs: runs.filter((one) => one === id).length,
      })),
    };
  }

  // A session takes two commits, a schedule two, each run about four.
  const nths = [3, 4, 5, 6, 7, 8];
  const points = nths.flatMap((first) => [1, 2, 3].map((second) => [first, second] as const));
  const kinds = [
    ['of a rule', { every: 'FREQ=MINUTELY;COUNT=2' }, 2],
    ['at a time', { after: 60 }, 1],
  ] as const;

  test.each(kinds)(
    'run what is %s as often as it says, each run accepted and ended once',
    async (_what, when, count) => {
      let schedules = 0;
      for (const [first, second] of points) {
        for (const [goesThrough, restartable] of [
          [false, false],
          [true, true],
          [true, false],
        ] as const) {
          const { wasAsked, isLeft, jobs } = await outcomes(when, restartable, [
            [first, goesThrough],
            [second, !goesThrough],
          ]);
          // A command that the log never heard of is the client's to send again.
          if (!wasAsked || jobs.length === 0) continue;
          schedules++;
          const label = { first, second, goesThrough, restartable };
          expect({ ...label, isLeft, jobs: jobs.length }).toEqual({ ...label, isLeft: false, jobs: count });
          for (const job of jobs) {
            expect({ ...label, ...job }).toMatchObject({ ...label, accepted: 1, ended: 1 });
            if (restartable) expect({ ...label, ...job }).toMatchObject({ ...label, completed: 1 });
            else expect(job.runs).toBeLessThanOrEqual(1);
          }
        }
      }
      expect(schedules).toBeGreaterThan(20);
    },
  );
});
