// Asking work to stop, over the wire.

import { describe, expect, test, vi } from 'vitest';
import { onAbort } from '../../../../src/abort.js';
import { arcpError } from '../../../../src/arcp/errors.js';
import { memoryLog } from '../../../../src/arcp/log/memory.js';
import type { Service } from '../../../../src/arcp/runtime/service.js';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import { settle, testRuntime } from '../../support/raw-peer.js';

/** Sleeps until it is told to stop. */
const sleep: Tool = {
  name: 'sleep',
  handler: (_args, { signal }) => new Promise((_resolve, reject) => onAbort(signal, reject)),
};

/** Never ends, whatever it is told. */
const deaf: Tool = { name: 'deaf', handler: () => new Promise(() => {}) };

/** Ends politely when it is told to stop, with what its arguments say. */
const polite: Tool = {
  name: 'polite',
  handler: (args, { signal }) =>
    new Promise((resolve) => onAbort(signal, () => resolve(args === 'nothing' ? undefined : args))),
};

const echo: Tool = { name: 'echo', handler: (args) => args };
const tools = [sleep, deaf, polite, echo];

describe('cancel of a job', () => {
  test('[10.37] is accepted, then the job is cancelled with the reason given', async () => {
    const peer = await testRuntime({ tools }).session();
    const invoke = peer.send('tool.invoke', { tool: 'sleep', arguments: {} });
    const { job_id } = await peer.until('job.started');
    const id = peer.send('cancel', { target: 'job', target_id: job_id as string, reason: 'user' });
    expect(await peer.until('cancel.accepted')).toMatchObject({ correlation_id: id, payload: { target_id: job_id } });
    const cancelled = await peer.until('job.cancelled');
    expect(cancelled).toMatchObject({ correlation_id: invoke, job_id, payload: { reason: 'user' } });
  });

  test.each(['job_zzz', 'zzz', ''])('[10.38] %j, which is none, is refused', async (target_id) => {
    const peer = await testRuntime({ tools }).session();
    const id = peer.send('cancel', { target: 'job', target_id });
    expect(await peer.until('cancel.refused')).toMatchObject({
      correlation_id: id,
      payload: { target_id, reason: 'not_found' },
    });
  });

  test('[10.39] that has ended is refused as already_terminal, and nothing ends twice', async () => {
    const first = testRuntime({ tools });
    const peer = await first.session();
    peer.send('tool.invoke', { tool: 'echo', arguments: {} });
    const { job_id } = await peer.until('job.completed');
    peer.forget();
    peer.send('cancel', { target: 'job', target_id: job_id as string });
    expect((await peer.until('cancel.refused')).payload).toEqual({ target_id: job_id, reason: 'already_terminal' });
    expect(peer.types()).toEqual(['cancel.refused']);
    // The log knows it also after a restart.
    const again = (await first.restart()).connect();
    await again.open({ session_id: peer.sessionId });
    again.send('cancel', { target: 'job', target_id: job_id as string });
    expect((await again.until('cancel.refused')).payload.reason).toBe('already_terminal');
  });

  test('whose name a client puts on its own messages is looked for in the log once, however often it is asked', async () => {
    const log = memoryLog();
    const reads = vi.spyOn(log, 'read');
    const peer = await testRuntime({ tools, log }).session();
    reads.mockClear();
    for (let n = 0; n < 50; n++) peer.send('cancel', { target: 'job', target_id: 'job_mine' }, { job_id: 'job_mine' });
    for (let n = 0; n < 50; n++) expect((await peer.until('cancel.refused')).payload.reason).toBe('not_found');
    expect(reads).toHaveBeenCalledOnce();
  });

  test('[10.40] whose tool ignores it fails with ABORTED after the deadline, once', async () => {
    const { session, clock } = testRuntime({ tools });
    const peer = await session();
    peer.send('tool.invoke', { tool: 'deaf', arguments: {} });
    const { job_id } = await peer.until('job.started');
    peer.send('cancel', { target: 'job', target_id: job_id as string, deadline_ms: 50 });
    await peer.until('cancel.accepted');
    clock.advance(49);
    await settle();
    expect(peer.types()).not.toContain('job.failed');
    clock.advance(1);
    expect((await peer.until('job.failed')).payload).toMatchObject({ code: 'ABORTED', retryable: true });
    clock.advance(60_000);
    await settle();
    expect(peer.ofJob(job_id as string).filter(({ type }) => type === 'job.failed')).toHaveLength(1);
  });

  test('[10.40] waits five seconds where the command says no deadline, and never longer than a minute', async () => {
    const { session, clock } = testRuntime({ tools });
    const peer = await session();
    for (const [deadline, waits] of [
      [undefined, 5_000],
      [3_600_000, 60_000],
    ] as const) {
      peer.send('tool.invoke', { tool: 'deaf', arguments: {} });
      const { job_id } = await peer.until('job.started');
      peer.send('cancel', { target: 'job', target_id: job_id as string, ...(deadline && { deadline_ms: deadline }) });
      await peer.until('cancel.accepted');
      peer.forget();
      clock.advance(waits - 1);
      await settle();
      expect(peer.types()).not.toContain('job.failed');
      clock.advance(1);
      await peer.until('job.failed');
    }
  });

  test('of a tool that ends with a result all the same completes it; with nothing, it is cancelled', async () => {
    const peer = await testRuntime({ tools }).session();
    for (const [args, type] of [
      ['done', 'job.completed'],
      ['nothing', 'job.cancelled'],
    ] as const) {
      peer.send('tool.invoke', { tool: 'polite', arguments: args });
      const { job_id } = await peer.until('job.started');
      peer.send('cancel', { target: 'job', target_id: job_id as string });
      expect((await peer.until(type)).job_id).toBe(job_id);
    }
  });

  test('that waits in the queue ends it at once', async () => {
    const peer = await testRuntime({ tools, limits: { maxRunningJobs: 1 } }).session();
    peer.send('tool.invoke', { tool: 'sleep', arguments: {} });
    const running = await peer.until('job.started');
    peer.send('tool.invoke', { tool: 'sleep', arguments: {} });
    const { job_id } = await peer.until('job.accepted');
    peer.send('cancel', { target: 'job', target_id: job_id as string, reason: 'no need' });
    expect(await peer.until('job.cancelled')).toMatchObject({ job_id, payload: { reason: 'no need' } });
    expect(peer.ofJob(job_id as string).map(({ type }) => type)).toEqual(['job.accepted', 'job.cancelled']);
    peer.send('cancel', { target: 'job', target_id: running.job_id as string });
    await peer.until('job.cancelled');
  });

  test('that ignores it gives its place to another', async () => {
    const { session, clock } = testRuntime({ tools, limits: { maxRunningJobs: 1 } });
    const peer = await session();
    peer.send('tool.invoke', { tool: 'deaf', arguments: {} });
    const { job_id } = await peer.until('job.started');
    peer.send('tool.invoke', { tool: 'echo', arguments: 1 });
    peer.send('cancel', { target: 'job', target_id: job_id as string, deadline_ms: 0 });
    await peer.until('cancel.accepted');
    clock.advance(0);
    await peer.until('job.failed');
    await peer.until('job.completed');
  });

  test('that ignores it gives its place away only so often: tools that never stop must not add up', async () => {
    const ends: (() => void)[] = [];
    const stubborn: Tool = { name: 'stubborn', handler: () => new Promise((resolve) => ends.push(() => resolve(1))) };
    const { session, clock } = testRuntime({ tools: [stubborn], limits: { maxRunningJobs: 1 } });
    const peer = await session();
    for (let i = 0; i < 2; i++) {
      peer.send('tool.invoke', { tool: 'stubborn', arguments: {} });
      const { job_id } = await peer.until('job.started');
      peer.send('cancel', { target: 'job', target_id: job_id as string, deadline_ms: 0 });
      await peer.until('cancel.accepted');
      clock.advance(0);
      await peer.until('job.failed');
    }
    peer.send('tool.invoke', { tool: 'stubborn', arguments: {} });
    await peer.until('job.accepted');
    await settle();
    expect(ends).toHaveLength(2);
    ends[0]?.();
    await peer.until('job.started');
    ends[2]?.();
    await peer.until('job.completed');
  });

  test('R2: of another session, of the same or another principal, is one of a job that is not there', async () => {
    const { session } = testRuntime({ tools });
    const alice = await session();
    const alsoAlice = await session();
    const bob = await session({ auth: { scheme: 'bearer', token: 'tok-bob' } });
    alice.send('tool.invoke', { tool: 'sleep', arguments: {} });
    const { job_id } = await alice.until('job.started');
    for (const other of [alsoAlice, bob]) {
      other.send('cancel', { target: 'job', target_id: job_id as string });
      expect((await other.until('cancel.refused')).payload.reason).toBe('not_found');
    }
    await settle();
    expect(alice.types()).not.toContain('job.cancelled');
  });

  test.each([
    ['a target that is none', { target: 'subscription', target_id: 'sub_1' }],
    ['nothing', {}],
    ['a negative deadline', { target: 'job', target_id: 'job_1', deadline_ms: -1 }],
    ['a deadline that is a fraction', { target: 'job', target_id: 'job_1', deadline_ms: 0.5 }],
    ['a deadline beyond 2^53 - 1', { target: 'job', target_id: 'job_1', deadline_ms: 2 ** 53 }],
  ])('[10.42] [10.81] with %s is refused as INVALID_ARGUMENT', async (_title, payload) => {
    const peer = await testRuntime({ tools }).session();
    const id = peer.send('cancel', payload);
    expect(await peer.until('nack')).toMatchObject({ correlation_id: id, payload: { code: 'INVALID_ARGUMENT' } });
  });
});

describe('cancel of something else', () => {
  test('[10.41] of the session: accepted, its jobs cancelled, evicted with CANCELLED, and the connection ends', async () => {
    const { session, runtime } = testRuntime({ tools });
    const peer = await session();
    peer.send('tool.invoke', { tool: 'sleep', arguments: {} });
    await peer.until('job.started');
    peer.forget();
    peer.send('cancel', { target: 'session', target_id: peer.sessionId });
    await peer.closed;
    expect(peer.types()).toEqual(['cancel.accepted', 'job.cancelled', 'session.evicted']);
    expect(peer.received.at(-1)?.payload).toEqual({ code: 'CANCELLED', reason: 'cancelled' });
    expect(runtime.sessions()).toEqual([]);
  });

  test('R2: of a session that is not the own is refused as not_found', async () => {
    const { session } = testRuntime({ tools });
    const alice = await session();
    const bob = await session({ auth: { scheme: 'bearer', token: 'tok-bob' } });
    bob.send('cancel', { target: 'session', target_id: alice.sessionId });
    expect((await bob.until('cancel.refused')).payload.reason).toBe('not_found');
    alice.send('ping');
    await alice.until('pong');
  });

  test('[10.41] of a stream is accepted, then the stream ends with CANCELLED; of an unknown one it is refused', async () => {
    const streams: Service = {
      handles: {},
      offers: ['streaming'],
      cancelStream: (session, id) =>
        id === 'str_1'
          ? () => session.emit('stream.error', { code: 'CANCELLED', message: 'x' }, { stream_id: id as never })
          : undefined,
    };
    const peer = await testRuntime({ tools, services: [streams] }).session();
    peer.send('cancel', { target: 'stream', target_id: 'str_1' });
    peer.send('cancel', { target: 'stream', target_id: 'str_2' });
    await peer.until('cancel.refused');
    expect(peer.types()).toEqual(['cancel.accepted', 'stream.error', 'cancel.refused']);
  });
});

describe('interrupt', () => {
  test('without somebody who asks humans is refused as UNIMPLEMENTED', async () => {
    const peer = await testRuntime({ tools }).session();
    peer.send('interrupt', { target: 'job', target_id: 'job_1', prompt: 'wait' });
    expect((await peer.until('nack')).payload.code).toBe('UNIMPLEMENTED');
  });

  test('[10.44] blocks a running job, asks, and lets it go on after the answer', async () => {
    const unblocks: (() => void)[] = [];
    const prompts: Service = {
      handles: {},
      offers: ['interrupt', 'human_input'],
      interrupt(job, prompt) {
        unblocks.push(job.block());
        const expires_at = '2026-03-02T09:00:00Z';
        job.emit('human.input.request', { prompt, response_schema: {}, expires_at }, { correlation_id: undefined });
      },
    };
    let finish: (() => void) | undefined;
    const works: Tool = {
      name: 'work',
      handler: () =>
        new Promise((resolve) => {
          finish = () => resolve('done');
        }),
    };
    const { session, clock } = testRuntime({ tools: [works], services: [prompts] });
    const peer = await session();
    peer.send('tool.invoke', { tool: 'work', arguments: {} });
    const { job_id } = await peer.until('job.started');
    peer.send('interrupt', { target: 'job', target_id: job_id as string, prompt: 'Go on?' });
    const asked = await peer.until('human.input.request');
    expect(asked).toMatchObject({ job_id, payload: { prompt: 'Go on?' } });
    expect(asked).not.toHaveProperty('correlation_id');
    clock.advance(30_000);
    expect((await peer.until('job.heartbeat')).payload.state).toBe('blocked');
    unblocks[0]?.();
    clock.advance(30_000);
    expect((await peer.until('job.heartbeat')).payload.state).toBe('running');
    finish?.();
    expect((await peer.until('job.completed')).payload).toEqual({ value: 'done' });
  });

  test.each([
    ['of a stream', { target: 'stream', target_id: 'str_1' }, 'INVALID_ARGUMENT'],
    ['of a job that is not there', { target: 'job', target_id: 'job_1' }, 'NOT_FOUND'],
  ])('%s is refused', async (_title, target, code) => {
    const prompts: Service = { handles: {}, offers: ['interrupt'], interrupt: () => {} };
    const peer = await testRuntime({ services: [prompts] }).session();
    peer.send('interrupt', { ...target, prompt: 'x' });
    expect((await peer.until('nack')).payload.code).toBe(code);
  });
});

describe('a job that a service ends', () => {
  test('ends once, whoever else ends it', async () => {
    const told: string[] = [];
    const ends: Service = {
      handles: {},
      beforeJobEnd: (_job, type) => told.push(type),
      onJobEnd: ({ state }) => told.push(state),
      context: (job) => {
        job.fail(arcpError('PERMISSION_DENIED', 'no'));
        job.cancel('again');
        job.fail(arcpError('ABORTED', 'and again'));
        return {};
      },
    };
    const peer = await testRuntime({ tools, services: [ends] }).session();
    peer.send('tool.invoke', { tool: 'echo', arguments: {} });
    expect((await peer.until('job.failed')).payload.code).toBe('PERMISSION_DENIED');
    await settle();
    expect(peer.types()).toEqual(['job.accepted', 'job.started', 'job.failed']);
    expect(told).toEqual(['job.failed', 'failed']);
  });
});
