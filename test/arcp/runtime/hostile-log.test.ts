// One principal that says much: what it does to the history of the others, and what its questions cost.

import { describe, expect, test } from 'vitest';
import type { LogEntry } from '../../../src/arcp/log/contract.js';
import { memoryLog } from '../../../src/arcp/log/memory.js';
import { subscriptionService } from '../../../src/arcp/runtime/subscriptions/subscriptions-service.js';
import type { Tool } from '../../../src/arcp/runtime/tools.js';
import { settle, testRuntime } from '../support/raw-peer.js';

const echo: Tool = { name: 'echo', handler: (args) => args };
const BOB = { auth: { scheme: 'bearer', token: 'tok-bob' } };

function entry(n: number, principal: string, more: Partial<LogEntry> = {}): LogEntry {
  const id = `msg_${n}`;
  return {
    sessionId: `sess_${principal}`,
    principal,
    direction: 'in',
    id,
    type: 'log',
    rank: 1,
    atMs: n,
    text: id,
    ...more,
  };
}

describe('a noisy principal', () => {
  test('takes no other one\u2019s history away: who was cut off still gets what it missed', async () => {
    const bench = testRuntime({ tools: [echo], log: memoryLog({ maxEntries: 100 }) });
    const alice = await bench.session();
    const first = alice.send('ping');
    const pong = await alice.answerTo(first);
    const before = alice.send('tool.invoke', { tool: 'echo', arguments: 'what alice missed' });
    await alice.until('job.completed');
    await alice.drop();
    const bob = await bench.session(BOB);
    for (let i = 0; i < 500; i++) bob.send('ping');
    await settle();
    const again = bench.connect();
    await again.open({ session_id: alice.sessionId });
    again.send('resume', { after_message_id: pong.id });
    const done = await again.until('job.completed');
    expect(done).toMatchObject({ correlation_id: before, payload: { value: 'what alice missed' } });
  });

  test('loses its own, and is told so', async () => {
    const bench = testRuntime({ log: memoryLog({ maxEntries: 100 }) });
    const alice = await bench.session();
    const bob = await bench.session(BOB);
    const pong = await bob.answerTo(bob.send('ping'));
    for (let i = 0; i < 500; i++) bob.send('ping');
    await settle();
    bob.send('resume', { after_message_id: pong.id });
    expect((await bob.until('nack')).payload.code).toBe('DATA_LOSS');
    await alice.answerTo(alice.send('ping'));
  });

  test('of large messages pays in bytes as well', () => {
    const log = memoryLog({ maxBytes: 20_000, maxRemembered: 0 });
    const small = Array.from({ length: 20 }, (_, i) => entry(i, 'alice'));
    const large = Array.from({ length: 20 }, (_, i) => entry(100 + i, 'bob', { text: 'x'.repeat(4_000) }));
    log.commit({ entries: small });
    for (const one of large) log.commit({ entries: [one] });
    expect(log.read({ after: 0, limit: 100, principal: 'alice' })).toHaveLength(20);
    expect(log.read({ after: 0, limit: 100, principal: 'bob' })).toHaveLength(2);
    expect(log.prunedThrough('alice')).toBe(0);
    expect(log.prunedThrough('bob')).toBe(38);
    expect(log.prunedThrough('nobody')).toBe(0);
    expect(log.prunedThrough()).toBe(38);
    expect(log.last()).toBe(40);
  });

  test('leaves gaps that every question passes over, and positions that none gets twice', () => {
    const log = memoryLog({ maxEntries: 10 });
    const of = (n: number, principal: string) => entry(n, principal, { jobId: `job_${n % 2}`, traceId: 'trace' });
    for (let n = 1; n <= 4; n++) log.commit({ entries: [of(n, 'alice')] });
    for (let n = 5; n <= 40; n++) log.commit({ entries: [of(n, 'bob')] });
    const positions = (query: object) => log.read({ after: 0, limit: 100, ...query }).map(({ position }) => position);
    const kept = [1, 2, 3, 4, 35, 36, 37, 38, 39, 40];
    expect(positions({})).toEqual(kept);
    expect(positions({ traceIds: ['trace'] })).toEqual(kept);
    expect(positions({ jobIds: ['job_0'] })).toEqual(kept.filter((n) => n % 2 === 0));
    expect(positions({ jobIds: ['job_0', 'job_1'] })).toEqual(kept);
    expect(positions({ types: ['log'], after: 2, upTo: 36 })).toEqual([3, 4, 35, 36]);
    expect(positions({ sessionIds: ['sess_alice'], limit: 2 })).toEqual([1, 2]);
    expect(positions({ principal: 'bob', sessionIds: ['sess_alice'] })).toEqual([]);
    expect(log.locate('sess_bob', 'msg_20').kind).toBe('pruned');
    expect(log.prune({ beforeMs: 38 })).toBe(7);
    expect(positions({})).toEqual([38, 39, 40]);
    expect(log.prunedThrough('alice')).toBe(4);
    expect(log.commit({ entries: [of(41, 'alice')] }).positions).toEqual([41]);
  });
});

describe('a question about what is not there', () => {
  test.each(['correlationId', 'jobIds', 'traceIds', 'streamIds'] as const)(
    'by %s does not look through the whole log',
    (clause) => {
      const log = memoryLog();
      for (let n = 0; n < 50_000; n += 1_000) {
        log.commit({
          entries: Array.from({ length: 1_000 }, (_, i) => entry(n + i, 'alice', { jobId: `job_${n + i}` })),
        });
      }
      const query = { after: 0, limit: 1, [clause]: clause === 'correlationId' ? 'msg_x' : ['job_x'] };
      const startMs = performance.now();
      for (let i = 0; i < 5_000; i++) log.read({ ...query, principal: 'alice' });
      for (let i = 0; i < 5_000; i++) log.read({ ...query, sessionIds: ['sess_alice'] });
      // Looked through, it would be a second for every few thousand.
      expect(performance.now() - startMs).toBeLessThan(1_000);
    },
  );

  test('of another principal\u2019s job is refused just like one of none', async () => {
    const bench = testRuntime({ tools: [echo], services: [subscriptionService()] });
    const alice = await bench.session();
    alice.send('tool.invoke', { tool: 'echo', arguments: 1 });
    const { job_id } = await alice.until('job.completed');
    const bob = await bench.session(BOB);
    // Bob says its name himself, which makes it no job of his.
    bob.send('log', { level: 'info', message: 'mine' }, { job_id });
    const ask = async (id: unknown) => {
      const { type, payload } = await bob.answerTo(bob.send('subscribe', { filter: { job_id: [id as string] } }));
      return { type, payload };
    };
    const foreign = await ask(job_id);
    expect(foreign.payload.code).toBe('PERMISSION_DENIED');
    expect(await ask('job_none')).toEqual(foreign);
  });
});
