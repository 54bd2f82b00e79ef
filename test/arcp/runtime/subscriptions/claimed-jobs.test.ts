// What becomes of a client's words in the name of a job: observers hear them as that job's only where it is the client's.

import { describe, expect, test } from 'vitest';
import type { EventLog } from '../../../../src/arcp/log/contract.js';
import { memoryLog } from '../../../../src/arcp/log/memory.js';
import { promptService } from '../../../../src/arcp/runtime/human/prompts.js';
import type { RuntimeOptions } from '../../../../src/arcp/runtime/runtime.js';
import { subscriptionService } from '../../../../src/arcp/runtime/subscriptions/subscriptions-service.js';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import type { JsonObject } from '../../../../src/codec/json-value.js';
import { type RawPeer, type Received, settle, testRuntime } from '../../support/raw-peer.js';

const BOB = { auth: { scheme: 'bearer', token: 'tok-bob' } };
const AT = '2026-03-02T08:15:42.000Z';

const TELEMETRY: readonly (readonly [string, JsonObject])[] = [
  ['log', { level: 'info', message: 'done' }],
  ['metric', { name: 'arcpx.test.count', value: 1, unit: 'count' }],
  ['trace.span', { name: 'work', trace_id: 't-1', span_id: 's-1', start_time: AT, end_time: AT }],
  ['event.emit', { name: 'work.done' }],
];

/** A tool that stays, and one that ends at once. */
const tools: readonly Tool[] = [
  {
    name: 'stay',
    handler: (_args, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', reject)),
  },
  { name: 'end', handler: () => null },
];

function bench(more: RuntimeOptions = {}) {
  // Alice is the one who may observe all.
  const subscriptions = subscriptionService({ mayObserveAll: ({ principal }) => principal === 'alice' });
  return testRuntime({ tools, services: [subscriptions, promptService()], ...more });
}

async function subscribe(peer: RawPeer, filter: JsonObject = {}, after_message_id?: string): Promise<string> {
  const since = after_message_id === undefined ? {} : { since: { after_message_id } };
  const accepted = await peer.answerTo(peer.send('subscribe', { filter, ...since }));
  expect(accepted.type).toBe('subscribe.accepted');
  return accepted.payload.subscription_id as string;
}

const eventsOf = (peer: RawPeer): Received[] =>
  peer.received.filter(({ type }) => type === 'subscribe.event').map(({ payload }) => payload.event as Received);

async function jobOf(peer: RawPeer, tool = 'stay'): Promise<string> {
  const accepted = await peer.answerTo(peer.send('tool.invoke', { tool, arguments: null }));
  return accepted.job_id as string;
}

/** A log that answers later, as one behind a driver does. */
function laterLog(): EventLog {
  const log = memoryLog();
  return new Proxy(log, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]): Promise<unknown> => {
        await settle(1);
        return Reflect.apply(member, target, args);
      };
    },
  }) as EventLog;
}

const LOGS: readonly (readonly [string, () => EventLog])[] = [
  ['a log that answers at once', () => memoryLog()],
  ['a log that answers later', laterLog],
];

describe.each(LOGS)('R2: over %s, telemetry in the name of a job of somebody else’s', (_name, makeLog) => {
  test.each(TELEMETRY)('a %s is refused with NOT_FOUND, and told without the job', async (type, payload) => {
    const { session } = bench({ log: makeLog() });
    const [alice, bob] = [await session(), await session(BOB)];
    const job_id = await jobOf(alice);
    await subscribe(alice);
    alice.forget();
    const id = bob.send(type, payload, { job_id });
    expect((await bob.answerTo(id)).payload.code).toBe('NOT_FOUND');
    await settle(10);
    const told = eventsOf(alice).filter((event) => event.id === id);
    expect(told).toMatchObject([{ type, session_id: bob.sessionId, payload }]);
    expect(told[0]).not.toHaveProperty('job_id');
  });

  test('never reaches who observes that job, live or from the log', async () => {
    const { session } = bench({ log: makeLog() });
    const [alice, bob] = [await session(), await session(BOB)];
    const job_id = await jobOf(alice);
    const first = alice.send('log', { level: 'info', message: 'mine' }, { job_id });
    await settle(5);
    await subscribe(alice, { job_id: [job_id], types: ['log'] });
    const forged = bob.send('log', { level: 'info', message: 'forged' }, { job_id });
    await bob.answerTo(forged);
    await settle(10);
    await subscribe(alice, { job_id: [job_id], types: ['log'] }, first);
    const second = alice.send('log', { level: 'info', message: 'mine' }, { job_id });
    await settle(20);
    expect(
      eventsOf(alice)
        .filter(({ type }) => type === 'log')
        .map(({ id }) => id),
    ).toEqual([second, second]);
  });

  test('of one’s own is told as that job’s, also once that has ended, and from another session', async () => {
    const { session } = bench({ log: makeLog() });
    const [alice, bob, other] = [await session(), await session(BOB), await session(BOB)];
    const job_id = await jobOf(bob, 'end');
    await bob.until('job.completed');
    await subscribe(alice, { job_id: [job_id], types: ['log'] });
    const ids = [bob, other].map((peer) => peer.send('log', { level: 'info', message: 'x' }, { job_id }));
    await settle(20);
    expect(eventsOf(alice).map((event) => [event.id, event.job_id])).toEqual(ids.map((id) => [id, job_id]));
    expect([...bob.types(), ...other.types()]).not.toContain('nack');
  });

  test('of a job that never was is refused like one of somebody else’s', async () => {
    const { session } = bench({ log: makeLog() });
    const [alice, bob] = [await session(), await session(BOB)];
    const answers = [];
    for (const job_id of [await jobOf(alice), 'job_never']) {
      const { type, payload } = await bob.answerTo(bob.send('log', { level: 'info', message: 'x' }, { job_id }));
      answers.push({ type, payload });
    }
    expect(answers[0]).toEqual(answers[1]);
  });

  test('keeps the order of what is observed, and each once', async () => {
    const { session } = bench({ log: makeLog() });
    const [alice, bob] = [await session(), await session(BOB)];
    const foreign = await jobOf(alice);
    const own = await jobOf(bob);
    await subscribe(alice, { types: ['event.emit'] });
    const ids = Array.from({ length: 60 }, (_, i) =>
      bob.send('event.emit', { name: `e.${i}` }, { job_id: [own, foreign, `job_${i}`, undefined][i % 4] }),
    );
    await settle(80);
    expect(eventsOf(alice).map(({ id }) => id)).toEqual(ids);
    expect(new Set(eventsOf(alice).map(({ job_id }) => job_id))).toEqual(new Set([own, undefined]));
  });
});

describe('R2: a command in the name of a job of somebody else’s', () => {
  test('is not hidden from who observes all: it is told without the job', async () => {
    const { session } = bench();
    const [alice, bob] = [await session(), await session(BOB)];
    const job_id = await jobOf(alice);
    await subscribe(alice, { types: ['tool.invoke'] });
    const id = bob.send('tool.invoke', { tool: 'end', arguments: 1 }, { job_id });
    await bob.until('job.completed');
    await settle();
    expect(eventsOf(alice)).toMatchObject([{ id, type: 'tool.invoke', payload: { arguments: 1 } }]);
    expect(eventsOf(alice)[0]).not.toHaveProperty('job_id');
  });
});

describe('a name that stands on many messages', () => {
  test('R2: is looked for in the log once, not for each of them', async () => {
    let reads = 0;
    const log = memoryLog();
    const counting = new Proxy(log, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown => {
          if (name === 'read' && (args[0] as { jobIds?: unknown }).jobIds !== undefined) reads++;
          return Reflect.apply(member, target, args);
        };
      },
    });
    const { session } = bench({ log: counting });
    const bob = await session(BOB);
    for (let i = 0; i < 500; i++) bob.send('log', { level: 'info', message: '' }, { job_id: 'job_never' });
    await settle(10);
    expect(bob.types().filter((type) => type === 'nack')).toHaveLength(500);
    expect(reads).toBeLessThanOrEqual(2);
  });
});
