// No tool runs before the log has its job: what a crash, or a log that fails, makes of a command at each of its commits.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EventLog } from '../../../../src/arcp/log/contract.js';
import { memoryLog } from '../../../../src/arcp/log/memory.js';
import { scheduleService } from '../../../../src/arcp/runtime/schedules/schedule.js';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import { StorageError } from '../../../../src/errors.js';
import { digestAtOnce } from '../../model/digest.js';
import { type RawFields, type RawPeer, settle, type TestRuntime, testRuntime } from '../../support/raw-peer.js';
import { slowLog } from '../../support/slow-log.js';
import { slowTransport } from '../../support/slow-transport.js';

// Keys are hashed at once, so that a crash finds the same commits every time.
let restore = () => {};
beforeAll(() => {
  restore = digestAtOnce();
});
afterAll(() => restore());

const TERMINAL = ['job.completed', 'job.failed', 'job.cancelled'];

/** Counts how often it was run, and looks at the log each time. */
function counting(log: EventLog, more: Partial<Tool> = {}) {
  const runs: string[] = [];
  const unkept: string[] = [];
  const tool: Tool = {
    name: 'count',
    async handler(_args, { jobId }) {
      runs.push(jobId);
      const kept = await log.read({ after: 0, limit: 9, jobIds: [jobId], types: ['job.accepted'], direction: 'out' });
      if (kept.length !== 1) unkept.push(jobId);
      return runs.length;
    },
    ...more,
  };
  return { tool, runs, unkept };
}

/** A log that dies with its runtime in the middle of a commit: `before` it is kept, or `after`, when nobody is told. */
function mortalLog(answersAtOnce: boolean) {
  const kept = memoryLog();
  let commits = 0;
  let deadly: { readonly at: number; readonly when: 'before' | 'after' } | undefined;
  let isDead = false;
  const answer = <T>(value: T): T | Promise<T> => {
    if (isDead) return new Promise<T>(() => {});
    return answersAtOnce ? value : Promise.resolve(value);
  };
  const log = new Proxy<EventLog>(kept, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        if (name === 'commit' && ++commits === deadly?.at) {
          isDead = true;
          if (deadly.when === 'after') Reflect.apply(member, target, args);
        }
        return isDead ? answer(undefined) : answer(Reflect.apply(member, target, args));
      };
    },
  });
  return {
    log,
    kept,
    get commits() {
      return commits;
    },
    get isDead() {
      return isDead;
    },
    dieAt(at: number, when: 'before' | 'after') {
      deadly = { at: commits + at, when };
    },
    revive() {
      deadly = undefined;
      isDead = false;
    },
  };
}

/** How the jobs of the log began and ended. */
async function jobsOf(log: EventLog): Promise<readonly { readonly accepted: number; readonly ends: string[] }[]> {
  const jobs = new Map<string, { accepted: number; ends: string[] }>();
  for (const { type, jobId } of await log.read({ after: 0, limit: 10_000, direction: 'out' })) {
    if (jobId === undefined) continue;
    const job = jobs.get(jobId) ?? { accepted: 0, ends: [] };
    jobs.set(jobId, job);
    if (type === 'job.accepted') job.accepted++;
    if (TERMINAL.includes(type)) job.ends.push(type);
  }
  return [...jobs.values()];
}

/** Crashes, goes on with another runtime, and says the command again, as a client does that got no answer. */
async function comeBack(bench: TestRuntime, peer: RawPeer, say: (peer: RawPeer) => void, revive: () => void) {
  await bench.crash();
  revive();
  const next = await bench.restart({ services: [scheduleService()] });
  const again = next.connect();
  await again.open({ session_id: peer.sessionId });
  again.send('resume', {});
  say(again);
  await pass(next);
}

/** Lets some seconds pass, and everything move in between. */
async function pass({ clock }: TestRuntime): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await settle(10);
    clock.advance(1_000);
  }
  await settle(10);
}

describe.each([
  ['answers at once', true],
  ['answers later', false],
])('over a log that %s, a tool', (_title, answersAtOnce) => {
  test('finds the acceptance of its job kept when it begins', async () => {
    const { log } = mortalLog(answersAtOnce);
    const { tool, runs, unkept } = counting(log);
    const peer = await testRuntime({ tools: [tool], log }).session();
    for (let i = 0; i < 5; i++) peer.send('tool.invoke', { tool: 'count', arguments: i });
    for (let i = 0; i < 5; i++) await peer.until('job.completed');
    expect(new Set(runs).size).toBe(5);
    expect(unkept).toEqual([]);
  });

  describe.each([
    ['a command', {}, 'tool.invoke', { tool: 'count', arguments: 1 }],
    ['a command with a key', { idempotency_key: 'k' }, 'tool.invoke', { tool: 'count', arguments: 1 }],
    [
      'a schedule',
      {},
      'job.schedule',
      { job: { type: 'tool.invoke', payload: { tool: 'count', arguments: 1 } }, when: { after: 1 } },
    ],
  ] as const)('started by %s', (_start, fields: RawFields, type, payload) => {
    /** Runs it to its end, with a crash at one of its commits. @returns Whether there was that commit. */
    async function crashAt(at: number, when: 'before' | 'after', more: Partial<Tool>): Promise<boolean> {
      const mortal = mortalLog(answersAtOnce);
      const { tool, runs, unkept } = counting(mortal.kept, more);
      const bench = testRuntime({ tools: [tool], services: [scheduleService()], log: mortal.log });
      const peer = await bench.session();
      await settle(10);
      mortal.dieAt(at, when);
      const id = `msg_command${at}`;
      const say = (to: RawPeer) => to.send(type, payload, { ...fields, id });
      say(peer);
      await pass(bench);
      if (!mortal.isDead) return false;
      await comeBack(bench, peer, say, () => mortal.revive());
      const jobs = await jobsOf(mortal.kept);
      expect(jobs).toHaveLength(1);
      for (const { accepted, ends } of jobs) {
        expect(accepted).toBe(1);
        expect(ends).toHaveLength(1);
      }
      expect(unkept).toEqual([]);
      if (more.restartable === true) {
        expect(runs.length).toBeGreaterThanOrEqual(1);
        expect(jobs[0]?.ends).toEqual(['job.completed']);
      } else {
        expect(runs.length).toBeLessThanOrEqual(1);
        // Never accepted before the crash, it runs after it; else it was cut off, and is not run again.
        if (runs.length === 0) expect(jobs[0]?.ends).toEqual(['job.failed']);
      }
      return true;
    }

    test.each(['before', 'after'] as const)(
      'runs once at most where the runtime crashes %s any of its commits',
      async (when) => {
        let crashes = 0;
        while (await crashAt(crashes + 1, when, {})) crashes++;
        expect(crashes).toBeGreaterThanOrEqual(3);
      },
    );

    test.each(['before', 'after'] as const)(
      'and restartable ends once, and well, where the runtime crashes %s any of its commits',
      async (when) => {
        let crashes = 0;
        while (await crashAt(crashes + 1, when, { restartable: true })) crashes++;
        expect(crashes).toBeGreaterThanOrEqual(3);
      },
    );
  });
});

describe('a tool whose acceptance the log does not take', () => {
  test('has never run, and runs when the client says its command again elsewhere', async () => {
    const slow = slowLog();
    const { tool, runs } = counting(slow.log);
    const bench = testRuntime({ tools: [tool], log: slow.log });
    const peer = await bench.session();
    // The command is kept; the commit of its acceptance, and every retry of it, fails.
    const stop = bench.runtime.bus.subscribe(({ type }) => {
      if (type === 'tool.invoke') slow.failCommits(6);
    });
    peer.send('tool.invoke', { tool: 'count', arguments: 1 });
    await settle();
    stop();
    for (let i = 0; i < 6; i++) {
      bench.clock.advance(2_000);
      await settle();
    }
    expect(runs).toEqual([]);
    expect(bench.runtime.sessions()).toEqual([]);
    const fresh = await bench.session();
    fresh.send('tool.invoke', { tool: 'count', arguments: 1 });
    await fresh.until('job.completed');
    expect(runs).toHaveLength(1);
  });

  test.each([
    ['', {}],
    [', and its key is free', { idempotency_key: 'k' }],
  ])('is never said to have ended, though the log takes that again%s', async (_title, fields) => {
    const slow = slowLog();
    const { tool, runs } = counting(slow.log);
    const bench = testRuntime({ tools: [tool], log: slow.log });
    const peer = await bench.session();
    const stop = bench.runtime.bus.subscribe(({ type }) => {
      if (type === 'tool.invoke') slow.failCommits(6);
    });
    const say = (to: RawPeer, args: number) => to.send('tool.invoke', { tool: 'count', arguments: args }, fields);
    say(peer, 0);
    await settle();
    stop();
    // It is cancelled while its acceptance waits: that waits for the next commit.
    bench.runtime.evict(peer.sessionId, 'CANCELLED', 'enough');
    for (let i = 0; i < 7; i++) {
      bench.clock.advance(2_000);
      await settle();
    }
    expect(bench.runtime.sessions()).toEqual([]);
    expect(runs).toEqual([]);
    expect(await jobsOf(slow.log)).toEqual([]);
    expect(await slow.log.records('intent', { limit: 9 })).toEqual([]);
    const fresh = await bench.session();
    say(fresh, 0);
    await fresh.until('job.completed');
    expect(runs).toHaveLength(1);
  });

  test('at first runs once the log takes it', async () => {
    const slow = slowLog();
    const { tool, runs } = counting(slow.log);
    const bench = testRuntime({ tools: [tool], log: slow.log });
    const peer = await bench.session();
    bench.runtime.bus.subscribe(({ type }) => {
      if (type === 'tool.invoke') slow.failCommits(2);
    });
    peer.send('tool.invoke', { tool: 'count', arguments: 1 });
    await settle();
    expect(runs).toEqual([]);
    bench.clock.advance(1_000);
    await settle();
    bench.clock.advance(1_000);
    await settle();
    expect(runs).toHaveLength(1);
  });

  test('by a log that throws has never run either', async () => {
    const kept = memoryLog();
    let isBroken = false;
    const log = new Proxy(kept, {
      get(target, name) {
        if (name === 'commit' && isBroken) {
          return () => {
            throw new StorageError('ERR_STORAGE_FAILED', 'the disk is full');
          };
        }
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    const { tool, runs } = counting(kept);
    const bench = testRuntime({ tools: [tool], log });
    const peer = await bench.session();
    // Broken as soon as the command is in the log.
    bench.runtime.bus.subscribe(({ type }) => {
      if (type === 'tool.invoke') isBroken = true;
    });
    peer.send('tool.invoke', { tool: 'count', arguments: 1 });
    await settle();
    for (let i = 0; i < 6; i++) {
      bench.clock.advance(2_000);
      await settle();
    }
    expect(runs).toEqual([]);
  });
});

describe('a tool whose acceptance is not kept yet', () => {
  test('is cancelled without having run', async () => {
    const slow = slowLog();
    const { tool, runs } = counting(slow.log);
    const bench = testRuntime({ tools: [tool], log: slow.log });
    const peer = await bench.session();
    bench.runtime.bus.subscribe(({ type, jobId }) => {
      // Told before whoever waits for it to be kept.
      if (type === 'job.accepted') {
        const [session] = bench.runtime.sessions();
        expect(session?.jobs).toBe(1);
        bench.runtime.evict(peer.sessionId, 'CANCELLED', `before ${jobId}`);
      }
    });
    peer.send('tool.invoke', { tool: 'count', arguments: 1 });
    await peer.until('session.evicted');
    await settle();
    expect(runs).toEqual([]);
    expect(peer.types()).toEqual(['job.accepted', 'job.cancelled', 'session.evicted']);
  });

  test('begins also where the connection takes nothing: the acceptance waits in the log, not in memory', async () => {
    const log = memoryLog();
    const { tool, runs } = counting(log);
    const bench = testRuntime({ tools: [tool], log, limits: { maxBufferedBytes: 1_000 } });
    const slow = slowTransport();
    void bench.runtime.accept(slow.transport);
    const say = (id: string, type: string, payload: unknown) =>
      slow.receive(JSON.stringify({ arcp: '1.0', id, type, timestamp: '2026-03-02T08:15:42Z', payload }));
    say('msg_open', 'session.open', {
      auth: { scheme: 'bearer', token: 'tok-alice' },
      client: { kind: 'slow', version: '1' },
    });
    await settle();
    slow.pause();
    say('msg_ping', 'ping', { nonce: 'x'.repeat(1_000) });
    await settle();
    const before = slow.sent.length;
    say('msg_invoke', 'tool.invoke', { tool: 'count', arguments: 1 });
    await settle();
    expect(runs).toHaveLength(1);
    expect(slow.sent).toHaveLength(before);
    slow.resume();
    await settle();
    const types = slow.sent.slice(before).map((text) => JSON.parse(text).type);
    expect(types).toEqual(['job.accepted', 'job.started', 'job.completed']);
  });
});
