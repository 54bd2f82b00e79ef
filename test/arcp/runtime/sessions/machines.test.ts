// The pure parts: the states of a job, the handshake, the queues.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memoryLog } from '../../../../src/arcp/log/memory.js';
import { Handshake } from '../../../../src/arcp/runtime/connections/handshake.js';
import { Intents } from '../../../../src/arcp/runtime/jobs/idempotency.js';
import { isTerminal, mayFollow } from '../../../../src/arcp/runtime/jobs/job-states.js';
import { BandQueue } from '../../../../src/arcp/runtime/outbox/band-queue.js';
import { SendQueue } from '../../../../src/arcp/runtime/outbox/send-queue.js';
import { JOB_STATES, type JobState } from '../../../../src/arcp/wire/execution.js';
import type { JobId } from '../../../../src/arcp/wire/ids.js';
import type { PriorityRank } from '../../../../src/arcp/wire/priority.js';
import type { JsonValue } from '../../../../src/codec/json-value.js';
import { settle } from '../../support/raw-peer.js';
import { slowLog } from '../../support/slow-log.js';

describe('the states of a job', () => {
  const allowed: Record<JobState, string> = {
    accepted: 'queued running failed cancelled',
    queued: 'running failed cancelled',
    running: 'blocked paused completed failed cancelled',
    blocked: 'running failed cancelled',
    paused: 'running failed cancelled',
    completed: '',
    failed: '',
    cancelled: '',
  };

  test.each(JOB_STATES)('from %s go where section 10.2 says, and nowhere else', (from) => {
    for (const to of JOB_STATES) expect(mayFollow(from, to)).toBe(allowed[from].split(' ').includes(to));
    expect(isTerminal(from)).toBe(allowed[from] === '');
  });
});

describe('the handshake', () => {
  test('takes nothing but an open at first, and one judgement at a time', () => {
    const handshake = new Handshake(3, 3);
    expect(handshake.authenticate()).toBe(false);
    expect(() => handshake.accept()).toThrow();
    expect(handshake.open()).toBe(true);
    expect(handshake.open()).toBe(false);
    expect(handshake.authenticate()).toBe(false);
    handshake.accept();
    expect(handshake.state).toBe('accepted');
    expect(handshake.open()).toBe(false);
    expect(() => handshake.refuse()).toThrow();
  });

  test('counts tries at a challenge apart from opens', () => {
    const handshake = new Handshake(2, 2);
    handshake.open();
    handshake.challenge();
    expect(handshake.authenticate()).toBe(true);
    expect(handshake.refuse()).toBe('retry');
    expect(handshake.authenticate()).toBe(true);
    expect(handshake.refuse()).toBe('rejected');
    expect(handshake.authenticate()).toBe(false);
    handshake.open();
    handshake.challenge();
    expect(handshake.open()).toBe(false);
    expect(handshake.state).toBe('closed');
  });
});

describe('a queue of bands', () => {
  test('gives the higher first, and the lowest one in eight', () => {
    const queue = new BandQueue<string>();
    for (let i = 0; i < 16; i++) queue.push(`high ${i}`, 2);
    queue.push('low 0', 0);
    queue.push('low 1', 0);
    const taken = Array.from({ length: 18 }, () => queue.shift());
    expect(taken.indexOf('low 0')).toBe(7);
    expect(taken.indexOf('low 1')).toBe(15);
    expect(queue.shift()).toBeUndefined();
  });
});

describe('a queue of messages', () => {
  test('gives everything once and never reorders a lane, whatever is pushed and taken', () => {
    const push = fc.record({ lane: fc.nat(4), rank: fc.integer({ min: 0, max: 3 }) });
    fc.assert(
      fc.property(fc.array(fc.oneof(push, fc.constant('take' as const)), { maxLength: 200 }), (steps) => {
        const queue = new SendQueue<number>();
        const lanes: number[][] = [[], [], [], [], []];
        const taken: number[] = [];
        let number = 0;
        const take = () => {
          const item = queue.shift();
          if (item !== undefined) taken.push(item);
          return item !== undefined;
        };
        for (const step of steps) {
          if (step === 'take') take();
          else {
            lanes[step.lane]?.push(number);
            queue.push(number++, step.rank as PriorityRank, `lane ${step.lane}`);
          }
        }
        expect(queue.length).toBe(number - taken.length);
        while (take());
        expect(queue.length).toBe(0);
        for (const lane of lanes) expect(taken.filter((item) => lane.includes(item))).toEqual(lane);
        expect([...taken].sort((a, b) => a - b)).toEqual(Array.from({ length: number }, (_, i) => i));
      }),
    );
  });

  test('does not let a flood of urgent messages starve the others', () => {
    const queue = new SendQueue<string>();
    queue.push('patient', 0, 'a');
    for (let i = 0; i < 100; i++) queue.push(`urgent ${i}`, 3, `b${i}`);
    const first = Array.from({ length: 9 }, () => queue.shift());
    expect(first).toContain('patient');
  });
});

const INTENT_LIMITS = { idempotencyMs: 1_000, maxIntents: 10, maxIntentChars: 10_000 };

describe('intents', () => {
  test('of one key are looked at one after the other, also over a log that takes its time', async () => {
    const records = new Map<string, JsonValue>();
    const slow = slowLog().log;
    const log = {
      ...slow,
      record: async (_kind: string, key: string) => {
        await settle(2);
        return records.get(key);
      },
    };
    const intents = new Intents(log, () => 0, INTENT_LIMITS);
    const scope = Intents.scope('alice', 'k');
    const seen: unknown[] = [];
    const turn = (jobId: string) =>
      intents.inTurn(scope, (known) => {
        seen.push(known?.jobId);
        if (known === undefined) intents.begin(scope, 'print', jobId as JobId);
      });
    await Promise.all([turn('job_1'), turn('job_2'), turn('job_3')]);
    expect(seen).toEqual([undefined, 'job_1', 'job_1']);
  });

  test('of principals and keys that run together are told apart', () => {
    expect(Intents.scope('alice', 'bk')).not.toBe(Intents.scope('aliceb', 'k'));
    expect(Intents.scope('1:', 'x')).not.toBe(Intents.scope('1', ':x'));
  });

  test('cost no look at all that run', () => {
    const limits = { idempotencyMs: 1_000, maxIntents: 1_000_000, maxIntentChars: 1_000_000_000 };
    const intents = new Intents(memoryLog(), () => 0, limits);
    const begin = (name: string) => {
      const scope = Intents.scope('alice', name);
      intents.begin(scope, 'print', `job_${name}` as JobId);
      return scope;
    };
    for (let i = 0; i < 30_000; i++) begin(`long ${i}`);
    const startMs = performance.now();
    for (let i = 0; i < 30_000; i++) {
      const ended = intents.end(begin(`short ${i}`), { type: 'job.completed', payload: { value: null } });
      if (ended === undefined) throw new Error('it is not at hand');
    }
    // Looked through for each, it would be many seconds.
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });

  test('that have expired leave the log', async () => {
    let now = 0;
    const log = memoryLog();
    const intents = new Intents(log, () => now, INTENT_LIMITS);
    const [first, second] = [Intents.scope('alice', 'a'), Intents.scope('alice', 'b')];
    for (const scope of [first, second]) {
      await log.commit({ entries: [], records: [intents.begin(scope, 'print', 'job_1' as JobId)] });
      now += 600;
    }
    const sweep = (isGone: (principal: string) => boolean) =>
      intents.sweep((records) => void log.commit({ entries: [], records }), isGone);
    await sweep(() => false);
    const kept = async () => (await log.records('intent', { limit: 10 })).map(({ key }) => key);
    expect(await kept()).toEqual([second]);
    await sweep((principal) => principal === 'alice');
    expect(await kept()).toEqual([]);
  });
});
