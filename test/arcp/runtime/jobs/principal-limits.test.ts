// Limits that a principal does not multiply by opening another session.

import { describe, expect, test } from 'vitest';
import { noAuthentication } from '../../../../src/arcp/runtime/authenticator.js';
import { CheckpointShelf } from '../../../../src/arcp/runtime/jobs/checkpoint-shelf.js';
import { PrincipalUses } from '../../../../src/arcp/runtime/jobs/principal-use.js';
import { RateLimiter } from '../../../../src/arcp/runtime/rate.js';
import type { ToolContext } from '../../../../src/arcp/runtime/tool-context.js';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import { fakeClock } from '../../../../src/testing/fake-clock.js';
import { type RawPeer, settle, testRuntime } from '../../support/raw-peer.js';

const BOB = { auth: { scheme: 'bearer', token: 'tok-bob' } };

/** Ends when the test says so. */
function gate() {
  const runs: { readonly args: unknown; readonly context: ToolContext; end(): void }[] = [];
  const tool: Tool = {
    name: 'gate',
    restartable: true,
    handler: (args, context) => new Promise((resolve) => runs.push({ args, context, end: () => resolve(null) })),
  };
  const start = (peer: RawPeer, args: string) => peer.send('tool.invoke', { tool: 'gate', arguments: args });
  return { runs, tool, start, args: () => runs.map((run) => run.args) };
}

function pings(peer: RawPeer, count: number): void {
  for (let i = 0; i < count; i++) peer.send('ping');
}

const count = (peer: RawPeer, type: string) => peer.types().filter((one) => one === type).length;

describe('the commands of a principal', () => {
  test('count together in all its sessions, and apart from those of others', async () => {
    const bench = testRuntime({ limits: { maxCommandsPerSecond: 2 } });
    const [one, two] = [await bench.session(), await bench.session()];
    const bob = await bench.session(BOB);
    pings(one, 20);
    await settle();
    pings(two, 1);
    pings(bob, 20);
    await settle();
    expect([count(one, 'pong'), count(two, 'pong'), count(two, 'nack'), count(bob, 'pong')]).toEqual([20, 0, 1, 20]);
    bench.clock.advance(500);
    pings(two, 2);
    await settle();
    expect([count(two, 'pong'), count(two, 'nack')]).toEqual([1, 2]);
  });

  test('are not more where it leaves and comes back', async () => {
    const bench = testRuntime({ limits: { maxCommandsPerSecond: 2 } });
    const one = await bench.session();
    pings(one, 19);
    await settle();
    one.send('session.close');
    await one.closed;
    const again = await bench.session();
    pings(again, 1);
    await settle();
    expect(again.types()).toEqual(['nack']);
    again.send('session.close');
    await settle();
    // By then the bucket is full again, and nothing is remembered.
    bench.clock.advance(10_000);
    const fresh = await bench.session();
    pings(fresh, 20);
    await settle();
    expect(count(fresh, 'pong')).toBe(20);
  });

  test('of strangers count by their address, where it is known', async () => {
    const bench = testRuntime({ authenticators: [noAuthentication()], limits: { maxCommandsPerSecond: 1 } });
    const open = { auth: { scheme: 'none' }, capabilities: { anonymous: true } };
    const one = await bench.session(open, { remoteAddress: '203.0.113.1' });
    const two = await bench.session(open, { remoteAddress: '203.0.113.1' });
    const other = await bench.session(open, { remoteAddress: '203.0.113.2' });
    pings(one, 10);
    await settle();
    pings(two, 1);
    pings(other, 10);
    await settle();
    expect([count(one, 'pong'), count(two, 'pong'), count(other, 'pong')]).toEqual([10, 0, 10]);
  });

  test('that never stop close the connection, also where one gets through now and then', async () => {
    const bench = testRuntime({ limits: { maxCommandsPerSecond: 5 } });
    const peer = await bench.session();
    pings(peer, 50);
    await settle();
    for (let i = 0; i < 6; i++) {
      bench.clock.advance(200);
      pings(peer, 2);
      await settle();
    }
    expect((await peer.closed).code).toBe(1008);
    expect([count(peer, 'pong'), count(peer, 'nack')]).toEqual([55, 5]);
  });
});

describe('chunks', () => {
  test('have a bucket of their own, which all sessions of a principal draw from', () => {
    const limits = {
      maxCommandsPerSecond: 1,
      maxChunksPerSecond: 2,
      maxRunningJobsPerPrincipal: 1,
      maxJobsPerPrincipal: 1,
      maxJobCharsPerPrincipal: 1,
    };
    const clock = fakeClock();
    const uses = new PrincipalUses(clock, limits);
    const [one, two] = [new RateLimiter(uses.enter('alice')), new RateLimiter(uses.enter('alice'))];
    for (let i = 0; i < 10; i++) expect([one.take('stream.chunk'), two.take('stream.chunk')]).toEqual([true, true]);
    expect([one.take('stream.chunk'), two.take('stream.chunk')]).toEqual([false, false]);
    for (let i = 0; i < 10; i++) expect(one.take('ping')).toBe(true);
    expect(two.take('ping')).toBe(false);
    clock.advance(500);
    expect([two.take('stream.chunk'), one.take('stream.chunk')]).toEqual([true, false]);
    expect([one.refused, two.refused]).toEqual([2, 1]);
  });

  test('and commands of those who are gone are forgotten once their buckets are full', () => {
    const clock = fakeClock();
    const uses = new PrincipalUses(clock, {
      maxCommandsPerSecond: 1,
      maxChunksPerSecond: 1,
      maxRunningJobsPerPrincipal: 1,
      maxJobsPerPrincipal: 1,
      maxJobCharsPerPrincipal: 1,
    });
    for (let i = 0; i < 100; i++) {
      uses.enter(`p${i}`);
      uses.leave(`p${i}`);
    }
    clock.advance(9_999);
    uses.enter('alice');
    expect(uses.size).toBe(101);
    clock.advance(1);
    uses.enter('bob');
    expect(uses.size).toBe(2);
  });
});

describe('the jobs of a principal', () => {
  test('run in so many places, whichever session they are of; a free one goes to whoever waits', async () => {
    const { tool, runs, start, args } = gate();
    const bench = testRuntime({ tools: [tool], limits: { maxRunningJobsPerPrincipal: 2 } });
    const [one, two, three] = [await bench.session(), await bench.session(), await bench.session()];
    const bob = await bench.session(BOB);
    start(one, 'a');
    await one.until('job.started');
    start(two, 'b');
    await two.until('job.started');
    start(two, 'c');
    await two.until('job.accepted');
    start(three, 'd');
    await three.until('job.accepted');
    start(bob, 'e');
    await settle();
    expect(args()).toEqual(['a', 'b', 'e']);
    runs[0]?.end();
    await settle();
    expect(args()).toEqual(['a', 'b', 'e', 'c']);
    runs[1]?.end();
    await settle();
    expect(args()).toEqual(['a', 'b', 'e', 'c', 'd']);
  });

  test('give their places back with the session that ends', async () => {
    const { tool, start, args } = gate();
    const bench = testRuntime({ tools: [tool], limits: { maxRunningJobsPerPrincipal: 1 } });
    const [one, two] = [await bench.session(), await bench.session()];
    start(one, 'a');
    await one.until('job.started');
    start(two, 'b');
    await settle();
    expect(args()).toEqual(['a']);
    bench.runtime.evict(one.sessionId, 'CANCELLED', 'enough');
    await settle();
    expect(args()).toEqual(['a', 'b']);
  });

  test('are so many in all, running and waiting; one more fails with RESOURCE_EXHAUSTED', async () => {
    const { tool, runs, start } = gate();
    const bench = testRuntime({ tools: [tool], limits: { maxRunningJobs: 1, maxJobsPerPrincipal: 3 } });
    const [one, two] = [await bench.session(), await bench.session()];
    for (const args of ['a', 'b']) start(one, args);
    start(two, 'c');
    await settle();
    const last = start(two, 'd');
    const failed = await two.until('job.failed');
    expect(failed).toMatchObject({ correlation_id: last, payload: { code: 'RESOURCE_EXHAUSTED', retryable: true } });
    runs[0]?.end();
    await settle();
    start(two, 'e');
    await settle();
    expect(count(two, 'job.failed')).toBe(1);
  });

  test('have so much to work on together, running and waiting; what ends gives it back, whichever way', async () => {
    const { tool, runs, start, args } = gate();
    const bench = testRuntime({ tools: [tool], limits: { maxRunningJobs: 1, maxJobCharsPerPrincipal: 10 } });
    const [one, two] = [await bench.session(), await bench.session()];
    start(one, 'aaaa');
    start(one, 'bbb');
    start(two, 'ccc');
    await settle();
    start(two, 'd');
    expect((await two.until('job.failed')).payload).toMatchObject({ code: 'RESOURCE_EXHAUSTED', retryable: true });
    start(two, '');
    await settle();
    // One waited, and one runs.
    bench.runtime.evict(two.sessionId, 'CANCELLED', 'enough');
    runs[0]?.end();
    await settle();
    start(one, 'eeeeeee');
    await settle();
    runs.at(-1)?.end();
    await settle();
    expect(args()).toEqual(['aaaa', 'ccc', 'bbb', 'eeeeeee']);
    start(one, '');
    one.send('tool.invoke', { tool: 'gate', arguments: { long: 'as an object' } });
    expect((await one.until('job.failed')).payload.code).toBe('RESOURCE_EXHAUSTED');
  });

  test('include the commands that wait for the end of one', async () => {
    const { tool, start } = gate();
    const bench = testRuntime({ tools: [tool], limits: { maxJobsPerPrincipal: 2 } });
    const [one, two] = [await bench.session(), await bench.session()];
    const invoke = (peer: RawPeer) =>
      peer.send('tool.invoke', { tool: 'gate', arguments: 'a' }, { idempotency_key: 'k' });
    invoke(one);
    await one.until('job.started');
    invoke(one);
    await one.until('job.accepted');
    const third = invoke(two);
    expect(await two.answerTo(third)).toMatchObject({ type: 'job.accepted' });
    expect((await two.until('job.failed')).payload.code).toBe('RESOURCE_EXHAUSTED');
    start(two, 'b');
    expect((await two.until('job.failed')).payload.code).toBe('RESOURCE_EXHAUSTED');
  });

  test('that end at once and waited by the thousand do not exhaust the stack', async () => {
    const { tool, runs, start } = gate();
    const echo: Tool = { name: 'echo', handler: (args) => args };
    const bench = testRuntime({ tools: [tool, echo], limits: { maxRunningJobs: 1, maxQueuedJobs: 20_000 } });
    const peer = await bench.session();
    start(peer, 'a');
    await peer.until('job.started');
    for (let i = 0; i < 2_500; i++) peer.send('tool.invoke', { tool: 'echo', arguments: i });
    await settle();
    runs[0]?.end();
    await settle();
    expect(count(peer, 'job.completed')).toBe(2_501);
    expect(bench.faults).toEqual([]);
  });
});

describe('the checkpoints of a principal', () => {
  const limits = { maxCheckpoints: 2, maxCheckpointsPerPrincipal: 3, maxCheckpointChars: 100 };
  const kept = (jobId: string, chars = 1, atMs = 0) => ({ jobId, chars, atMs });

  test('make room, the oldest first, but for the newest of a job that goes on', () => {
    const shelf = new CheckpointShelf();
    const isLive = (jobId: string) => jobId === 'live';
    shelf.add('1', kept('live'));
    shelf.add('2', kept('over'));
    shelf.add('3', kept('over'));
    expect(shelf.victims(kept('new'), limits, isLive)).toEqual(['2']);
    expect(shelf.victims(kept('over'), limits, isLive)).toEqual(['2']);
    expect(shelf.victims(kept('live'), limits, isLive)).toEqual(['1']);
    expect(shelf.victims(kept('new', 98), limits, isLive)).toEqual(['2']);
    expect(shelf.victims(kept('new', 99), limits, isLive)).toEqual(['2', '3']);
    expect(shelf.victims(kept('new', 100), limits, isLive)).toBeUndefined();
    expect(shelf.newestOf('over')).toBe('3');
    shelf.remove('3');
    expect([shelf.newestOf('over'), shelf.size]).toEqual(['2', 2]);
  });

  test('expire with time, unless their job goes on', () => {
    const shelf = new CheckpointShelf();
    shelf.add('1', kept('live', 1, 5));
    shelf.add('2', kept('over', 1, 5));
    shelf.add('3', kept('over', 1, 6));
    expect(shelf.expired(6, (jobId) => jobId === 'live')).toEqual(['2']);
  });

  test('are counted over all its sessions, and those of a restart before; who keeps too much is told', async () => {
    const { tool, runs, start } = gate();
    const own = { maxCheckpointsPerPrincipal: 2 };
    const bench = testRuntime({ tools: [tool], limits: own });
    const [one, two] = [await bench.session(), await bench.session()];
    const bob = await bench.session(BOB);
    for (const [index, peer] of [one, two, two, bob].entries()) {
      start(peer, `${index}`);
      await peer.until('job.started');
    }
    const save = (index: number) => runs[index]?.context.checkpoint({ at: index });
    save(0);
    save(0);
    save(1);
    save(3);
    await settle();
    const jobs = async () =>
      (await bench.log.records('checkpoint', { limit: 10 })).map(
        ({ value }) => (value as { data: { at: number } }).data.at,
      );
    expect(await jobs()).toEqual([0, 1, 3]);
    // Both that are there are the newest of jobs that go on.
    expect(() => save(2)).toThrow(expect.objectContaining({ code: 'ERR_ARCP_RESOURCE_EXHAUSTED' }));
    save(0);
    await settle();
    expect(await jobs()).toEqual([1, 3, 0]);
    // Ids rise with time.
    bench.clock.advance(1);
    const next = await bench.restart();
    await settle();
    expect(runs.slice(4).map(({ args }) => args)).toEqual(['0', '1', '2', '3']);
    expect(() => runs[6]?.context.checkpoint({ at: 6 })).toThrow(
      expect.objectContaining({ code: 'ERR_ARCP_RESOURCE_EXHAUSTED' }),
    );
    runs[4]?.end();
    await settle();
    runs[6]?.context.checkpoint({ at: 6 });
    await settle();
    expect(await jobs()).toEqual([1, 3, 6]);
    expect(next.faults).toEqual([]);
  });

  test('of a stranger are a sixteenth as many, and so are its idempotency keys', async () => {
    const { tool, runs, start } = gate();
    const limits = { maxCheckpointsPerPrincipal: 32, maxIntents: 32 };
    const bench = testRuntime({ tools: [tool], authenticators: [noAuthentication()], limits });
    const peer = await bench.session({ auth: { scheme: 'none' }, capabilities: { anonymous: true } });
    start(peer, 'a');
    await peer.until('job.started');
    for (let i = 0; i < 5; i++) runs[0]?.context.checkpoint(i);
    await settle();
    const kept = (await bench.log.records('checkpoint', { limit: 10 })).map(({ value }) => value);
    expect(kept).toMatchObject([{ data: 3 }, { data: 4 }]);
    for (const key of ['k', 'l', 'm']) {
      peer.send('tool.invoke', { tool: 'gate', arguments: key }, { idempotency_key: key });
      // Each key is hashed with its body, and whichever is ready first is first.
      if (key !== 'm') await peer.until('job.started');
    }
    expect((await peer.until('job.failed')).payload.code).toBe('RESOURCE_EXHAUSTED');
    expect(runs.slice(1).map(({ args }) => args)).toEqual(['k', 'l']);
  });

  test('of a stranger go with its session', async () => {
    const { tool, runs, start } = gate();
    const bench = testRuntime({ tools: [tool], authenticators: [noAuthentication()] });
    const peer = await bench.session({ auth: { scheme: 'none' }, capabilities: { anonymous: true } });
    start(peer, 'a');
    await peer.until('job.started');
    runs[0]?.context.checkpoint(1);
    await bench.runtime.sweep();
    expect(await bench.log.records('checkpoint', { limit: 10 })).toHaveLength(1);
    await peer.drop();
    await bench.runtime.sweep();
    await settle();
    expect(await bench.log.records('checkpoint', { limit: 10 })).toEqual([]);
  });
});
