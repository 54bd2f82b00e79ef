// Jobs over the wire, as a raw client sees them.

import { describe, expect, test } from 'vitest';
import { arcpError } from '../../../../src/arcp/errors.js';
import type { ToolContext } from '../../../../src/arcp/runtime/tool-context.js';
import { resultRef, type Tool } from '../../../../src/arcp/runtime/tools.js';
import type { ArtifactId } from '../../../../src/arcp/wire/ids.js';
import { settle, testRuntime } from '../../support/raw-peer.js';

const echo: Tool = { name: 'echo', handler: (args) => args };

function tool(name: string, handler: Tool['handler'], more: Partial<Tool> = {}): Tool {
  return { name, handler, ...more };
}

/** A tool that ends when the test says so. */
function gate(name = 'gate') {
  const runs: { readonly args: unknown; readonly context: ToolContext; end(value: number): void }[] = [];
  const waits = tool(name, (args, context) => new Promise((resolve) => runs.push({ args, context, end: resolve })));
  return { runs, tool: waits };
}

describe('a tool that is invoked', () => {
  test('[10.26] accepts, starts and completes, all correlated to the invoke and of one job', async () => {
    const { session } = testRuntime({ tools: [echo] });
    const peer = await session();
    const id = peer.send('tool.invoke', { tool: 'echo', arguments: { a: 1 } }, { trace_id: 'trace-7' });
    const done = await peer.until('job.completed');
    expect(done.payload).toEqual({ value: { a: 1 } });
    expect(peer.types()).toEqual(['job.accepted', 'job.started', 'job.completed']);
    for (const message of peer.since()) {
      expect(message).toMatchObject({
        correlation_id: id,
        session_id: peer.sessionId,
        job_id: done.job_id,
        trace_id: 'trace-7',
      });
    }
    expect(peer.since()[0]?.payload).toEqual({ job_id: done.job_id });
  });

  test('[10.27] and returns nothing completes with null', async () => {
    const peer = await testRuntime({
      tools: [tool('null', () => null), tool('void', async () => undefined)],
    }).session();
    for (const name of ['null', 'void']) {
      peer.send('tool.invoke', { tool: name, arguments: {} });
      await peer.until('job.completed');
      expect(peer.texts.at(-1)).toContain('"payload":{"value":null}');
    }
  });

  test('and returns an artifact completes with its reference', async () => {
    const ref = { artifact_id: 'art_1' as ArtifactId, uri: 'arcp://x', media_type: 'text/plain', size: 2 };
    const peer = await testRuntime({ tools: [tool('big', () => resultRef(ref))] }).session();
    peer.send('tool.invoke', { tool: 'big', arguments: null });
    expect((await peer.until('job.completed')).payload).toEqual({ result_ref: ref });
  });

  test('[10.28] and is unknown is accepted, then fails with NOT_FOUND, and never starts', async () => {
    const peer = await testRuntime().session();
    const id = peer.send('tool.invoke', { tool: 'nope', arguments: {} });
    const failed = await peer.until('job.failed');
    expect(failed).toMatchObject({ correlation_id: id, payload: { code: 'NOT_FOUND', retryable: false } });
    expect(peer.types()).toEqual(['job.accepted', 'job.failed']);
  });

  test('[10.29] and fails with a code fails the job with it, its details and whether to retry', async () => {
    const fails = tool('busy', () => {
      throw arcpError('RESOURCE_EXHAUSTED', 'busy', { details: { retry_after_seconds: 3 } });
    });
    const peer = await testRuntime({ tools: [fails] }).session();
    peer.send('tool.invoke', { tool: 'busy', arguments: {} });
    expect((await peer.until('job.failed')).payload).toEqual({
      code: 'RESOURCE_EXHAUSTED',
      message: 'busy',
      retryable: true,
      details: { retry_after_seconds: 3 },
    });
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('secret text');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret text'))],
    [
      'throws what is no error',
      () => {
        throw 'secret text';
      },
    ],
  ] as const)(
    '[10.30] and %s fails the job once with INTERNAL, and its text stays at home',
    async (_title, handler) => {
      const { session, faults } = testRuntime({ tools: [tool('bad', handler as Tool['handler'])] });
      const peer = await session();
      peer.send('tool.invoke', { tool: 'bad', arguments: {} });
      expect((await peer.until('job.failed')).payload).toMatchObject({ code: 'INTERNAL', retryable: true });
      await settle();
      expect(peer.types()).toEqual(['job.accepted', 'job.started', 'job.failed']);
      expect(peer.texts.join()).not.toContain('secret');
      expect(faults).toHaveLength(1);
    },
  );

  test.each([
    ['NaN', () => Number.NaN],
    ['a function', () => (() => 1) as never],
    [
      'a cycle',
      () => {
        const ring: { self?: unknown } = {};
        ring.self = ring;
        return ring as never;
      },
    ],
  ])('[10.30] and returns %s, which no JSON can say, still ends once', async (_title, handler) => {
    const { session } = testRuntime({ tools: [tool('odd', handler)] });
    const peer = await session();
    peer.send('tool.invoke', { tool: 'odd', arguments: {} });
    expect((await peer.until('job.failed')).payload.code).toBe('INTERNAL');
    await settle();
    expect(peer.types()).toEqual(['job.accepted', 'job.started', 'job.failed']);
  });

  test('[10.31] without arguments is refused as INVALID_ARGUMENT and makes no job; null arguments run', async () => {
    const peer = await testRuntime({ tools: [echo] }).session();
    const id = peer.send('tool.invoke', { tool: 'echo' });
    expect(await peer.until('nack')).toMatchObject({
      correlation_id: id,
      payload: { code: 'INVALID_ARGUMENT', details: { path: 'payload.arguments' } },
    });
    peer.send('tool.invoke', { tool: 'echo', arguments: null });
    await peer.until('job.completed');
    expect(peer.types()).toEqual(['nack', 'job.accepted', 'job.started', 'job.completed']);
  });

  test('[10.32] twice at once: events interleave, each job in its own order', async () => {
    const steps = tool('steps', async (args, context) => {
      for (let i = 0; i < 4; i++) {
        context.progress(i * 25, String(args));
        await null;
      }
      return args;
    });
    const peer = await testRuntime({ tools: [steps] }).session();
    peer.send('tool.invoke', { tool: 'steps', arguments: 'a' });
    peer.send('tool.invoke', { tool: 'steps', arguments: 'b' });
    await peer.until('job.completed');
    await peer.until('job.completed');
    const jobs = [...new Set(peer.since().map(({ job_id }) => job_id as string))];
    expect(jobs).toHaveLength(2);
    for (const job of jobs) {
      const own = peer.ofJob(job);
      expect(own.map(({ type }) => type)).toEqual([
        'job.accepted',
        'job.started',
        'job.progress',
        'job.progress',
        'job.progress',
        'job.progress',
        'job.completed',
      ]);
      expect(own.slice(2, 6).map(({ payload }) => payload.percent)).toEqual([0, 25, 50, 75]);
    }
    const firstDone = peer.types().indexOf('job.completed');
    expect(
      new Set(
        peer
          .since()
          .slice(0, firstDone)
          .map(({ job_id }) => job_id),
      ).size,
    ).toBe(2);
  });

  test('[10.33] says nothing more once its job has ended', async () => {
    let late: ToolContext | undefined;
    const leaves = tool('leaves', (_args, context) => {
      late = context;
      return 1;
    });
    const peer = await testRuntime({ tools: [leaves] }).session();
    peer.send('tool.invoke', { tool: 'leaves', arguments: {} });
    const { job_id } = await peer.until('job.completed');
    late?.progress(50);
    late?.log('info', 'still here');
    late?.metric('arcpx.acme.x', 1, 'count');
    late?.heartbeat();
    late?.event('a.b');
    await settle();
    expect(peer.ofJob(job_id as string).at(-1)?.type).toBe('job.completed');
    expect(late?.signal.aborted).toBe(true);
  });

  test('[10.34] by a message that comes twice runs once', async () => {
    let runs = 0;
    const counts = tool('count', () => ++runs);
    const peer = await testRuntime({ tools: [counts] }).session();
    const id = peer.send('tool.invoke', { tool: 'count', arguments: {} });
    peer.send('tool.invoke', { tool: 'count', arguments: {} }, { id });
    await peer.until('job.completed');
    peer.send('tool.invoke', { tool: 'count', arguments: {} }, { id });
    await settle();
    expect(runs).toBe(1);
    expect(peer.types()).toEqual(['job.accepted', 'job.started', 'job.completed']);
  });

  test('[10.80] gets a member named __proto__ as its own, and no prototype changes', async () => {
    let seen: unknown;
    const looks = tool('look', (args) => {
      seen = args;
      return null;
    });
    const peer = await testRuntime({ tools: [looks] }).session();
    peer.sendText(
      `{"arcp":"1.0","id":"msg_p","type":"tool.invoke","timestamp":"2026-03-02T08:15:42Z","payload":{"tool":"look","arguments":{"__proto__":{"admin":true}}}}`,
    );
    await peer.until('job.completed');
    expect(Object.hasOwn(seen as object, '__proto__')).toBe(true);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    expect(Object.getPrototypeOf(seen)).toBe(Object.prototype);
  });

  test('reports progress, log lines, metrics, spans and events as its job', async () => {
    const talks = tool('talk', (_args, context) => {
      context.progress(10, 'ten');
      context.log('warn', 'careful', { a: 1 });
      context.metric('tokens.used', 12, 'tokens', { kind: 'input' });
      context.span({ name: 'work', spanId: 'span-1', startMs: 0, endMs: 1_000 });
      context.event('acme.note', { b: 2 });
      expect(() => context.progress(101)).toThrow(RangeError);
      expect(() => context.metric('m', Number.POSITIVE_INFINITY, 'count')).toThrow(RangeError);
      return null;
    });
    const peer = await testRuntime({ tools: [talks] }).session();
    const id = peer.send('tool.invoke', { tool: 'talk', arguments: {} }, { trace_id: 't-1' });
    const { job_id } = await peer.until('job.completed');
    const [, , ...events] = peer.since();
    expect(events.map(({ type, payload }) => [type, payload])).toMatchObject([
      ['job.progress', { percent: 10, message: 'ten' }],
      ['log', { level: 'warn', message: 'careful', attributes: { a: 1 } }],
      ['metric', { name: 'tokens.used', value: 12, unit: 'tokens', dims: { kind: 'input' } }],
      ['trace.span', { name: 'work', trace_id: 't-1', span_id: 'span-1', end_time: '1970-01-01T00:00:01.000Z' }],
      ['event.emit', { name: 'acme.note', data: { b: 2 } }],
      ['job.completed', { value: null }],
    ]);
    for (const event of events) expect(event).toMatchObject({ job_id, correlation_id: id, trace_id: 't-1' });
  });
});

describe('more jobs than may run', () => {
  test('wait, the more urgent first, and beyond the queue they fail with RESOURCE_EXHAUSTED', async () => {
    const { runs, tool: gated } = gate();
    const peer = await testRuntime({ tools: [gated], limits: { maxRunningJobs: 1, maxQueuedJobs: 2 } }).session();
    peer.send('tool.invoke', { tool: 'gate', arguments: 'first' });
    await peer.until('job.started');
    peer.send('tool.invoke', { tool: 'gate', arguments: 'normal' });
    peer.send('tool.invoke', { tool: 'gate', arguments: 'urgent' }, { priority: 'critical' });
    const last = peer.send('tool.invoke', { tool: 'gate', arguments: 'too many' });
    const failed = await peer.until('job.failed');
    expect(failed).toMatchObject({ correlation_id: last, payload: { code: 'RESOURCE_EXHAUSTED', retryable: true } });
    expect(runs.map(({ args }) => args)).toEqual(['first']);
    runs[0]?.end(1);
    await peer.until('job.completed');
    runs[1]?.end(2);
    await peer.until('job.completed');
    runs[2]?.end(3);
    await peer.until('job.completed');
    expect(runs.map(({ args }) => args)).toEqual(['first', 'urgent', 'normal']);
  });

  test('do not wait for tools of another session', async () => {
    const { runs, tool: gated } = gate();
    const { session } = testRuntime({ tools: [gated, echo], limits: { maxRunningJobs: 1 } });
    const alice = await session();
    const bob = await session({ auth: { scheme: 'bearer', token: 'tok-bob' } });
    alice.send('tool.invoke', { tool: 'gate', arguments: 1 });
    alice.send('tool.invoke', { tool: 'echo', arguments: 1 });
    await alice.until('job.started');
    bob.send('tool.invoke', { tool: 'echo', arguments: 2 });
    await bob.until('job.completed');
    expect(alice.types()).not.toContain('job.completed');
    runs[0]?.end(0);
    await alice.until('job.completed');
  });
});

describe('the same idempotency key', () => {
  test('[10.35] runs once for a principal, and answers both invokes with the one job', async () => {
    let runs = 0;
    const { session } = testRuntime({ tools: [tool('count', () => ++runs)] });
    const peer = await session();
    const first = peer.send('tool.invoke', { tool: 'count', arguments: { a: 1, b: 2 } }, { idempotency_key: 'k' });
    const done = await peer.until('job.completed');
    const again = peer.send('tool.invoke', { tool: 'count', arguments: { b: 2, a: 1 } }, { idempotency_key: 'k' });
    const repeated = await peer.until('job.completed');
    expect(runs).toBe(1);
    expect([done.correlation_id, repeated.correlation_id]).toEqual([first, again]);
    expect(repeated.job_id).toBe(done.job_id);
    expect(repeated.payload).toEqual(done.payload);
    expect(peer.types()).toEqual(['job.accepted', 'job.started', 'job.completed', 'job.accepted', 'job.completed']);
  });

  test('[10.35] while the first still runs waits for its end, also in another session of the principal', async () => {
    const { runs, tool: gated } = gate();
    const { session } = testRuntime({ tools: [gated] });
    const one = await session();
    const two = await session();
    one.send('tool.invoke', { tool: 'gate', arguments: 1 }, { idempotency_key: 'k' });
    const { job_id } = await one.until('job.started');
    const again = two.send('tool.invoke', { tool: 'gate', arguments: 1 }, { idempotency_key: 'k' });
    expect((await two.until('job.accepted')).job_id).toBe(job_id);
    runs[0]?.end(7);
    expect(await two.until('job.completed')).toMatchObject({ correlation_id: again, job_id, payload: { value: 7 } });
    expect(runs).toHaveLength(1);
  });

  test('[10.35] of two invokes in one breath runs once', async () => {
    let runs = 0;
    const peer = await testRuntime({ tools: [tool('count', () => ++runs)] }).session();
    for (let i = 0; i < 5; i++) {
      peer.send('tool.invoke', { tool: 'count', arguments: i - i }, { idempotency_key: 'k' });
    }
    for (let i = 0; i < 5; i++) await peer.until('job.completed');
    expect(runs).toBe(1);
  });

  test('[10.35] R7: of another principal runs for itself, and sees nothing of the other', async () => {
    let runs = 0;
    const { session } = testRuntime({ tools: [tool('count', () => ++runs)] });
    const alice = await session();
    const bob = await session({ auth: { scheme: 'bearer', token: 'tok-bob' } });
    alice.send('tool.invoke', { tool: 'count', arguments: {} }, { idempotency_key: 'k' });
    const hers = await alice.until('job.completed');
    bob.send('tool.invoke', { tool: 'count', arguments: {} }, { idempotency_key: 'k' });
    const his = await bob.until('job.completed');
    expect([hers.payload.value, his.payload.value]).toEqual([1, 2]);
    expect(his.job_id).not.toBe(hers.job_id);
  });

  test('[10.36] R7: with another body is accepted, fails with ALREADY_EXISTS, and runs nothing', async () => {
    let runs = 0;
    const peer = await testRuntime({ tools: [tool('count', () => ++runs)] }).session();
    peer.send('tool.invoke', { tool: 'count', arguments: 1 }, { idempotency_key: 'k' });
    await peer.until('job.completed');
    peer.forget();
    const id = peer.send('tool.invoke', { tool: 'count', arguments: 2 }, { idempotency_key: 'k' });
    expect(await peer.until('job.failed')).toMatchObject({ correlation_id: id, payload: { code: 'ALREADY_EXISTS' } });
    expect(peer.types()).toEqual(['job.accepted', 'job.failed']);
    expect(runs).toBe(1);
  });

  test('is free again after a day', async () => {
    let runs = 0;
    const { session, clock } = testRuntime({ tools: [tool('count', () => ++runs)] });
    const peer = await session();
    peer.send('tool.invoke', { tool: 'count', arguments: 1 }, { idempotency_key: 'k' });
    await peer.until('job.completed');
    clock.advance(86_400_000 - 1);
    peer.send('tool.invoke', { tool: 'count', arguments: 1 }, { idempotency_key: 'k' });
    await peer.until('job.completed');
    expect(runs).toBe(1);
    clock.advance(1);
    peer.send('tool.invoke', { tool: 'count', arguments: 1 }, { idempotency_key: 'k' });
    await peer.until('job.completed');
    expect(runs).toBe(2);
  });

  test('survives a restart of the runtime', async () => {
    let runs = 0;
    const first = testRuntime({ tools: [tool('count', () => ++runs)] });
    const peer = await first.session();
    peer.send('tool.invoke', { tool: 'count', arguments: 1 }, { idempotency_key: 'k' });
    const done = await peer.until('job.completed');
    const second = await first.restart();
    const again = await second.session();
    again.send('tool.invoke', { tool: 'count', arguments: 1 }, { idempotency_key: 'k' });
    const repeated = await again.until('job.completed');
    expect([repeated.job_id, repeated.payload]).toEqual([done.job_id, done.payload]);
    expect(runs).toBe(1);
  });
});
