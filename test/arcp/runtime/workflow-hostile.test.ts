// Workflows that fail in every way, are cut off, or are asked for without end.

import { describe, expect, test } from 'vitest';
import { onAbort } from '../../../src/abort.js';
import { ArcpError } from '../../../src/arcp/errors.js';
import type { RuntimeOptions } from '../../../src/arcp/runtime/runtime.js';
import { type Workflow, workflowService } from '../../../src/arcp/runtime/workflow.js';
import type { JsonValue } from '../../../src/codec/json-value.js';
import { type RawPeer, settle, testRuntime } from '../support/raw-peer.js';

const TERMINAL = /^job\.(completed|failed|cancelled)$/;
const ends = (peer: RawPeer) => peer.since().filter(({ type }) => TERMINAL.test(type));

function working(workflows: readonly Workflow[], options: RuntimeOptions = {}, sayComplete = true) {
  return testRuntime({ services: [workflowService({ workflows, sayComplete })], ...options });
}

describe('arguments of a workflow', () => {
  const inputSchema = { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } };

  test.each<readonly [string, JsonValue, string]>([
    ['that fit run it', { n: 1 }, 'job.completed'],
    ['of another type fail the job', { n: 'x' }, 'job.failed'],
    ['that are none fail the job', null, 'job.failed'],
  ])('%s', async (_what, args, end) => {
    let ran = 0;
    const peer = await working([{ name: 'count', inputSchema, handler: () => ++ran }]).session();
    peer.send('workflow.start', { workflow: 'count', arguments: args });
    const { payload } = await peer.until(end);
    expect(ran).toBe(end === 'job.completed' ? 1 : 0);
    if (end === 'job.failed')
      expect(payload).toMatchObject({ code: 'INVALID_ARGUMENT', details: { path: expect.any(String) } });
    expect(peer.types()).toContain(end === 'job.failed' ? 'job.failed' : 'workflow.complete');
  });

  test('are not let through where the schema is not taken', async () => {
    let ran = 0;
    const bench = working([{ name: 'count', inputSchema: { type: 'nonsense' }, handler: () => ++ran }]);
    const peer = await bench.session();
    peer.send('workflow.start', { workflow: 'count', arguments: { n: 1 } });
    expect((await peer.until('job.failed')).payload).toMatchObject({ code: 'INTERNAL', retryable: false });
    expect(ran).toBe(0);
    expect(bench.faults).toHaveLength(1);
  });

  test('are let through where the host says that it judges them', async () => {
    const peer = await working([
      { name: 'any', inputSchema: { type: 'nonsense' }, isInputChecked: false, handler: (args) => args },
    ]).session();
    peer.send('workflow.start', { workflow: 'any', arguments: 7 });
    expect((await peer.until('job.completed')).payload.value).toBe(7);
  });
});

describe('a workflow ends once', () => {
  const stubborn: Workflow = {
    name: 'stubborn',
    handler: (_args, { signal }) => new Promise((resolve) => onAbort(signal, () => resolve('done all the same'))),
  };

  const throwing = () => {
    throw new TypeError('password hunter2');
  };

  test.each<readonly [string, Workflow['handler'], string, string | undefined]>([
    [
      'throws an error of ours',
      () => Promise.reject(new ArcpError('OUT_OF_RANGE', 'no')),
      'job.failed',
      'OUT_OF_RANGE',
    ],
    ['throws a foreign error', () => Promise.reject(new Error('password hunter2')), 'job.failed', 'INTERNAL'],
    ['throws at once', throwing, 'job.failed', 'INTERNAL'],
    ['returns what no JSON can say', () => 1n as never, 'job.failed', 'INTERNAL'],
    ['returns nothing', () => undefined, 'job.completed', undefined],
  ])('that %s', async (_what, handler, end, code) => {
    const peer = await working([{ name: 'work', handler }]).session();
    peer.send('workflow.start', { workflow: 'work' });
    const { payload } = await peer.until(end);
    expect(payload.code).toBe(code);
    expect(JSON.stringify(payload)).not.toContain('hunter2');
    await settle();
    expect(ends(peer)).toHaveLength(1);
    expect(peer.types().filter((type) => type === 'workflow.complete')).toHaveLength(end === 'job.completed' ? 1 : 0);
  });

  test('that returns in spite of its cancel: as it returned, and as complete', async () => {
    const peer = await working([stubborn]).session();
    peer.send('workflow.start', { workflow: 'stubborn' });
    const { job_id } = await peer.until('job.started');
    peer.send('cancel', { target: 'job', target_id: job_id as string });
    await expect.poll(() => ends(peer)).toHaveLength(1);
    await settle();
    expect(ends(peer)).toHaveLength(1);
    expect(peer.types().slice(-2)).toEqual(['workflow.complete', 'job.completed']);
  });

  test('that ignores its cancel: ABORTED when its time is over', async () => {
    const bench = working([{ name: 'deaf', handler: () => new Promise(() => {}) }]);
    const peer = await bench.session();
    peer.send('workflow.start', { workflow: 'deaf' });
    const { job_id } = await peer.until('job.started');
    peer.send('cancel', { target: 'job', target_id: job_id as string, deadline_ms: 50 });
    await peer.until('cancel.accepted');
    bench.clock.advance(50);
    expect((await peer.until('job.failed')).payload.code).toBe('ABORTED');
    expect(ends(peer)).toHaveLength(1);
  });

  test('that a restart cuts off: UNAVAILABLE, and nothing of it is done again', async () => {
    const steps: string[] = [];
    const twoSteps: Workflow = {
      name: 'two-steps',
      handler: async (_args, { signal, checkpoint }) => {
        steps.push('first');
        checkpoint({ after: 'first' });
        await new Promise((_resolve, reject) => onAbort(signal, reject));
        steps.push('second');
        return null;
      },
    };
    // A tool of the same name that may run again is no reason to.
    const tools = [{ name: 'two-steps', restartable: true, handler: () => steps.push('tool') }];
    const bench = working([twoSteps], { tools });
    const peer = await bench.session();
    peer.send('workflow.start', { workflow: 'two-steps' });
    const { job_id } = await peer.until('job.started');
    await settle();
    const next = await bench.restart({ services: [workflowService({ workflows: [twoSteps] })] });
    const again = next.connect();
    await again.open({ session_id: peer.sessionId });
    again.send('resume', { after_message_id: peer.received.at(-1)?.id as string });
    expect(await again.until('job.failed')).toMatchObject({
      job_id,
      payload: { code: 'UNAVAILABLE', retryable: true },
    });
    await settle();
    expect(again.received.filter(({ type }) => TERMINAL.test(type))).toHaveLength(1);
    expect(steps).toEqual(['first']);
  });
});

test('workflows without end wait, then are refused, and each ends once', async () => {
  let running = 0;
  let most = 0;
  const finish: (() => void)[] = [];
  const work: Workflow = {
    name: 'work',
    handler: async () => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => finish.push(resolve));
      running--;
      return null;
    },
  };
  const bench = working([work], { limits: { maxRunningJobs: 4, maxQueuedJobs: 10 } }, false);
  const peer = await bench.session();
  for (let i = 0; i < 50; i++) peer.send('workflow.start', { workflow: 'work' });
  await settle();
  expect(ends(peer).map(({ payload }) => payload.code)).toEqual(Array(36).fill('RESOURCE_EXHAUSTED'));
  while (ends(peer).length < 50) {
    for (const end of finish.splice(0)) end();
    await settle();
  }
  expect(most).toBe(4);
  const ids = ends(peer).map(({ job_id }) => job_id);
  expect(new Set(ids).size).toBe(50);
});

test('a command that repeats one of before is answered also where its workflow is gone', async () => {
  const bench = working([{ name: 'work', handler: () => 'done' }]);
  const peer = await bench.session();
  const fields = { idempotency_key: 'once' };
  peer.send('workflow.start', { workflow: 'work' }, fields);
  const { job_id } = await peer.until('job.completed');
  await settle();
  const next = await bench.restart({ services: [workflowService({ workflows: [] })] });
  const again = await next.session();
  again.send('workflow.start', { workflow: 'work' }, fields);
  expect(await again.until('job.completed')).toMatchObject({ job_id, payload: { value: 'done' } });
});
