// Places to run: what a session that ends, cancelled work and tools that ignore their signal make of them.

import { describe, expect, test } from 'vitest';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import { type RawPeer, settle, testRuntime } from '../../support/raw-peer.js';

/** Ends when the test says so, and hears no signal. */
function deaf() {
  const runs: { readonly args: unknown; end(): void }[] = [];
  const tool: Tool = {
    name: 'deaf',
    handler: (args) => new Promise((resolve) => runs.push({ args, end: () => resolve(null) })),
  };
  const start = (peer: RawPeer, args: string) => peer.send('tool.invoke', { tool: 'deaf', arguments: args });
  return { tool, start, runs, args: () => runs.map((run) => run.args) };
}

/** Starts a job. @returns Its id. */
async function accepted(peer: RawPeer, id: string): Promise<string> {
  return (await peer.until('job.accepted', ({ correlation_id }) => correlation_id === id)).job_id as string;
}

describe('a job that waits for a place', () => {
  test.each([
    [
      'is evicted',
      (bench: ReturnType<typeof testRuntime>, peer: RawPeer) =>
        bench.runtime.evict(peer.sessionId, 'CANCELLED', 'enough'),
    ],
    [
      'is cancelled at once',
      (_: ReturnType<typeof testRuntime>, peer: RawPeer) =>
        peer.send('cancel', { target: 'session', target_id: peer.sessionId, deadline_ms: 0 }),
    ],
    ['is closed', (_: ReturnType<typeof testRuntime>, peer: RawPeer) => peer.send('session.close')],
  ])('never runs where its session %s', async (_how, end) => {
    const { tool, start, runs, args } = deaf();
    const bench = testRuntime({ tools: [tool], limits: { maxRunningJobs: 1 } });
    const peer = await bench.session();
    for (const name of ['a', 'b', 'c']) start(peer, name);
    await settle();
    end(bench, peer);
    await settle();
    runs[0]?.end();
    await settle();
    bench.clock.advance(60_000);
    await settle();
    expect(args()).toEqual(['a']);
    expect(peer.types().filter((type) => type === 'job.started')).toHaveLength(1);
    expect(peer.types().filter((type) => /^job\.(cancelled|failed|completed)$/.test(type))).toHaveLength(3);
    expect(bench.runtime.sessions()).toEqual([]);
  });

  test('makes room in the queue when it is cancelled', async () => {
    const { tool, start, args, runs } = deaf();
    const bench = testRuntime({ tools: [tool], limits: { maxRunningJobs: 1, maxQueuedJobs: 2 } });
    const peer = await bench.session();
    start(peer, 'a');
    for (let i = 0; i < 100; i++) {
      const ids = [await accepted(peer, start(peer, `b${i}`)), await accepted(peer, start(peer, `c${i}`))];
      for (const target_id of ids) peer.send('cancel', { target: 'job', target_id });
      await settle(1);
    }
    start(peer, 'd');
    await settle();
    expect(peer.types()).not.toContain('job.failed');
    runs[0]?.end();
    await settle();
    expect(args()).toEqual(['a', 'd']);
  });
});

describe('the places of a principal', () => {
  test('go round its sessions: one that always has work does not keep another waiting', async () => {
    const { tool, start, runs, args } = deaf();
    const bench = testRuntime({ tools: [tool], limits: { maxRunningJobsPerPrincipal: 1 } });
    const [busy, other] = [await bench.session(), await bench.session()];
    for (let i = 0; i < 5; i++) start(busy, `busy${i}`);
    await settle();
    start(other, 'other');
    await settle();
    for (let i = 0; i < 3; i++) {
      runs[i]?.end();
      await settle();
    }
    expect(args()).toEqual(['busy0', 'busy1', 'other', 'busy2']);
  });

  test('that become free together go round too', async () => {
    const { tool, start, args } = deaf();
    const bench = testRuntime({ tools: [tool], limits: { maxRunningJobsPerPrincipal: 2 } });
    const [first, one, two] = [await bench.session(), await bench.session(), await bench.session()];
    start(first, 'a');
    start(first, 'b');
    await settle();
    for (const name of ['c', 'd']) start(one, name);
    await settle();
    start(two, 'e');
    await settle();
    bench.runtime.evict(first.sessionId, 'CANCELLED', 'enough');
    await settle();
    expect(args()).toEqual(['a', 'b', 'c', 'e']);
  });

  test('are not more where its tools ignore that their jobs have ended, whichever session they were of', async () => {
    const { tool, start, runs } = deaf();
    const bench = testRuntime({ tools: [tool], limits: { maxRunningJobsPerPrincipal: 2 } });
    for (let i = 0; i < 5; i++) {
      const peer = await bench.session();
      start(peer, `a${i}`);
      start(peer, `b${i}`);
      await settle();
      bench.runtime.evict(peer.sessionId, 'CANCELLED', 'enough');
      await settle();
      // By then nothing of it is remembered, were it not for its tools.
      bench.clock.advance(11_000);
    }
    // Those that run, and as many that go on after their end.
    expect(runs).toHaveLength(4);
    const last = await bench.session();
    start(last, 'last');
    await settle();
    expect(runs).toHaveLength(4);
    runs[0]?.end();
    await settle();
    expect(runs.map(({ args }) => args).at(-1)).toBe('last');
  });
});
