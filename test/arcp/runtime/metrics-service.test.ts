// The reserved metrics that a runtime reports of itself, where its host wants them.

import { describe, expect, test } from 'vitest';
import { memoryLog } from '../../../src/arcp/log/memory.js';
import { reservedMetrics } from '../../../src/arcp/runtime/metrics-service.js';
import { assertMetric } from '../../../src/arcp/runtime/reserved-metrics.js';
import type { RuntimeOptions } from '../../../src/arcp/runtime/runtime.js';
import { subscriptionService } from '../../../src/arcp/runtime/subscriptions/subscriptions-service.js';
import type { Tool } from '../../../src/arcp/runtime/tools.js';
import { type RawPeer, type Received, settle, testRuntime } from '../support/raw-peer.js';

const BOB = { auth: { scheme: 'bearer', token: 'tok-bob' } };

/** Tools of which one waits for the clock, one ends at once and one fails. */
function toolsOn(clock: () => { setTimer(callback: () => void, delayMs: number): () => void }): readonly Tool[] {
  return [
    { name: 'wait', handler: (ms) => new Promise((resolve) => clock().setTimer(() => resolve(null), ms as number)) },
    { name: 'echo', handler: (args) => args },
    {
      name: 'fail',
      handler: () => {
        throw new Error('secret');
      },
    },
    {
      name: 'spend',
      handler: (_args, { metric }) => {
        metric('tokens.used', 3, 'tokens', { kind: 'input' });
      },
    },
  ];
}

function bench(options: RuntimeOptions = {}) {
  const made: ReturnType<typeof testRuntime> = testRuntime({
    tools: toolsOn(() => made.clock),
    services: [reservedMetrics(), subscriptionService()],
    ...options,
  });
  return made;
}

const metricsOf = (peer: RawPeer, name?: string): Received[] =>
  peer.since().filter(({ type, payload }) => type === 'metric' && (name ?? payload.name) === payload.name);
const phasesOf = (peer: RawPeer, job_id?: string) =>
  metricsOf(peer, 'latency.ms')
    .filter((metric) => (job_id ?? metric.job_id) === metric.job_id)
    .map(({ payload }) => [payload.dims.phase, payload.value]);
const invoke = (peer: RawPeer, tool: string, args: number | null = null, fields = {}) =>
  peer.send('tool.invoke', { tool, arguments: args }, fields);

describe('a runtime without the service', () => {
  test('says nothing of itself', async () => {
    const peer = await bench({ services: [] }).session();
    invoke(peer, 'echo', 1);
    invoke(peer, 'fail');
    await peer.until('job.failed');
    await settle();
    expect(metricsOf(peer)).toEqual([]);
  });
});

describe('a runtime that reports its metrics', () => {
  test('counts one tool.invocations for each tool.invoke, with the tool where there is one', async () => {
    const peer = await bench().session();
    const known = invoke(peer, 'echo', 1, { trace_id: 't-1' });
    const unknown = invoke(peer, 'no.such.tool');
    await peer.until('job.failed');
    await settle();
    expect(metricsOf(peer, 'tool.invocations')).toMatchObject([
      { causation_id: known, trace_id: 't-1', payload: { value: 1, unit: 'count', dims: { tool: 'echo' } } },
      { causation_id: unknown, payload: { name: 'tool.invocations', value: 1, unit: 'count' } },
    ]);
    expect(metricsOf(peer, 'tool.invocations')[1]?.payload).not.toHaveProperty('dims');
  });

  test('does not count a repeated message', async () => {
    const peer = await bench().session();
    const id = invoke(peer, 'echo', 1);
    invoke(peer, 'echo', 1, { id });
    await peer.until('job.completed');
    await settle();
    expect(metricsOf(peer, 'tool.invocations')).toHaveLength(1);
  });

  test('tells how long a job waited, ran and took, under its id and before its end', async () => {
    const { session, clock } = bench({ limits: { maxRunningJobs: 1 } });
    const peer = await session();
    invoke(peer, 'wait', 40);
    invoke(peer, 'wait', 25);
    await settle();
    clock.advance(40);
    await settle();
    clock.advance(25);
    await settle();
    const [first, second] = peer.since().filter(({ type }) => type === 'job.completed');
    expect(phasesOf(peer, first?.job_id)).toEqual([
      ['queue', 0],
      ['exec', 40],
      ['total', 40],
    ]);
    expect(phasesOf(peer, second?.job_id)).toEqual([
      ['queue', 40],
      ['exec', 25],
      ['total', 65],
    ]);
    for (const end of [first, second]) {
      const types = peer.ofJob(end?.job_id as string).map(({ type }) => type);
      expect(types.at(-1)).toBe(end?.type);
      expect(types.filter((type) => type === 'metric')).toHaveLength(3);
    }
  });

  test('tells of a job that ends in the turn in which it was accepted', async () => {
    const peer = await bench().session();
    invoke(peer, 'echo', 1);
    await peer.until('job.completed');
    expect(phasesOf(peer)).toEqual([
      ['queue', 0],
      ['exec', 0],
      ['total', 0],
    ]);
  });

  test('tells of a job that was cancelled while it waited only that it waited', async () => {
    const { session, clock } = bench({ limits: { maxRunningJobs: 1 } });
    const peer = await session();
    invoke(peer, 'wait', 1_000);
    const second = await peer.answerTo(invoke(peer, 'wait', 1_000));
    await settle();
    clock.advance(7);
    peer.send('cancel', { target: 'job', target_id: second.job_id as string });
    await peer.until('job.cancelled');
    expect(phasesOf(peer, second.job_id)).toEqual([
      ['queue', 7],
      ['total', 7],
    ]);
  });

  test('tells of a job that goes on after a restart only what this runtime saw', async () => {
    const log = memoryLog();
    const make = () => [reservedMetrics(), subscriptionService()];
    let context: ReturnType<typeof testRuntime>['clock'] | undefined;
    const tools: Tool[] = [
      {
        name: 'again',
        restartable: true,
        handler: () => new Promise((resolve) => context?.setTimer(() => resolve(null), 30)),
      },
    ];
    const first = testRuntime({ log, tools, services: make() });
    context = first.clock;
    const peer = await first.session();
    invoke(peer, 'again');
    await peer.until('job.started');
    const next = await first.restart({ services: make() });
    const again = next.connect();
    await again.open({ session_id: peer.sessionId });
    next.clock.advance(30);
    again.send('resume', {});
    await again.until('job.completed');
    expect(phasesOf(again)).toEqual([['exec', 30]]);
  });

  test('tells of one that goes on and ends in the same turn only how long it ran: when it was accepted nobody knows', async () => {
    const make = () => [reservedMetrics(), subscriptionService()];
    let isFirst = true;
    const again: Tool = {
      name: 'again',
      restartable: true,
      handler: () => (isFirst ? new Promise(() => {}) : null),
    };
    const first = testRuntime({ tools: [again], services: make() });
    const peer = await first.session();
    invoke(peer, 'again');
    await peer.until('job.started');
    isFirst = false;
    await first.crash();
    first.clock.advance(1_000);
    const next = await first.restart({ services: make() });
    const resumed = next.connect();
    await resumed.open({ session_id: peer.sessionId });
    resumed.send('resume', {});
    await resumed.until('job.completed');
    expect(phasesOf(resumed)).toEqual([['exec', 0]]);
  });

  test('counts errors.total by code, of jobs that failed and of commands that were refused, and no text', async () => {
    const peer = await bench().session();
    invoke(peer, 'fail');
    await peer.until('job.failed');
    const refused = peer.send('subscribe', { filter: { types: 'log' } });
    await peer.answerTo(refused);
    await settle();
    expect(metricsOf(peer, 'errors.total').map(({ payload }) => payload)).toEqual([
      { name: 'errors.total', value: 1, unit: 'count', dims: { code: 'INTERNAL' } },
      { name: 'errors.total', value: 1, unit: 'count', dims: { code: 'INVALID_ARGUMENT' } },
    ]);
    expect(peer.texts.join()).not.toContain('secret');
  });

  test('tells the bytes of its messages when a job has ended, each once', async () => {
    const { session, runtime } = bench();
    const all = { in: 0, out: 0 };
    runtime.bus.subscribe(({ direction, text, sessionId }) => {
      if (sessionId !== '') all[direction] += new TextEncoder().encode(text).length;
    });
    const peer = await session();
    const told = () => {
      const sum = (name: string) => metricsOf(peer, name).reduce((total, { payload }) => total + payload.value, 0);
      return { in: sum('bytes.in'), out: sum('bytes.out') };
    };
    for (const text of ['äöü', 'x'.repeat(5_000)]) {
      const before = { ...all };
      peer.send('tool.invoke', { tool: 'echo', arguments: text });
      const done = await peer.until('job.completed');
      await settle();
      // What was said after the end of the job, the metrics among it, counts the next time.
      const after = peer.texts.slice(peer.received.indexOf(done) + 1).reduce((total, one) => total + one.length, 0);
      expect(told().in - before.in).toBeGreaterThanOrEqual(text.length);
      expect(told()).toEqual({ in: all.in, out: all.out - after });
    }
  });

  test('R2: tells nobody of another principal’s', async () => {
    const { session } = bench();
    const [alice, bob] = [await session(), await session(BOB)];
    await alice.answerTo(alice.send('subscribe', {}));
    alice.forget();
    invoke(bob, 'fail');
    await bob.until('job.failed');
    await settle();
    expect(metricsOf(bob).length).toBeGreaterThan(0);
    expect(alice.since()).toEqual([]);
  });

  test('tells observers of its own principal, once each', async () => {
    const { session } = bench();
    const [observer, worker] = [await session(), await session()];
    await observer.answerTo(observer.send('subscribe', { filter: { types: ['metric'] } }));
    invoke(worker, 'spend');
    await worker.until('job.completed');
    await settle();
    const told = observer.since().filter(({ type }) => type === 'subscribe.event');
    const names = told.map(({ payload }) => payload.event.payload.name as string);
    expect(names.filter((name) => name === 'tool.invocations')).toHaveLength(1);
    expect(names.filter((name) => name === 'tokens.used')).toHaveLength(1);
    expect(names.filter((name) => name === 'latency.ms')).toHaveLength(3);
  });

  test('every sample is what its name stands for', async () => {
    const { session } = bench();
    const peer = await session();
    for (const tool of ['echo', 'fail', 'spend', 'none']) invoke(peer, tool);
    await settle(8);
    const samples = metricsOf(peer);
    expect(samples.length).toBeGreaterThan(10);
    for (const { payload } of samples) expect(() => assertMetric(payload)).not.toThrow();
  });
});

describe('a sample of a reserved name', () => {
  test.each([
    ['tokens.used', 1, 'tokens', { kind: 'cache_write' }],
    ['cost.usd', 0.000001, 'usd', undefined],
    ['cost.usd', 12.345678, 'usd', undefined],
    ['gpu.seconds', 0.5, 'seconds', undefined],
    ['tool.invocations', 1, 'count', { tool: 'x' }],
    ['latency.ms', 12, 'ms', { phase: 'queue' }],
    ['bytes.in', 0, 'bytes', undefined],
    ['bytes.out', 1, 'bytes', null],
    ['errors.total', 1, 'count', { code: 'arcpx.acme.QUOTA' }],
    // Names that nobody reserved, some of which stand on every prototype.
    ['arcpx.acme.cache_hit_ratio', Number.MAX_VALUE, 'x', undefined],
    ['constructor', 1, '', undefined],
    ['__proto__', 1, '', undefined],
  ])('%s %d %s passes with %j', (name, value, unit, dims) => {
    expect(() => assertMetric({ name, value, unit, dims })).not.toThrow();
  });

  test.each([
    ['tokens.used', 1, 'token', undefined],
    ['tokens.used', 1, 'tokens', { kind: 'thought' }],
    ['tokens.used', 1, 'tokens', { kind: 1 }],
    ['cost.usd', 0.0000001, 'usd', undefined],
    ['cost.usd', 1, 'eur', undefined],
    ['latency.ms', 1, 's', undefined],
    ['latency.ms', 1, 'ms', { phase: 'QUEUE' }],
    ['errors.total', 1, 'count', { code: 7 }],
  ])('%s %d %s is refused with %j', (name, value, unit, dims) => {
    expect(() => assertMetric({ name, value, unit, dims })).toThrow(RangeError);
  });
});
