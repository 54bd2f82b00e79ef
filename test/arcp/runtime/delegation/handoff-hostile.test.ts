// Handoffs at the worst moment: of what ends meanwhile, to a runtime that dies, twice at once, while the host sleeps.

import { describe, expect, test } from 'vitest';
import { onAbort } from '../../../../src/abort.js';
import { type HandoffOptions, handoffService } from '../../../../src/arcp/runtime/delegation/handoff.js';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import { type RawPeer, settle, testRuntime } from '../../support/raw-peer.js';

const runtime = { kind: 'elsewhere', version: '2.0.0' };
const TERMINAL = /^job\.(completed|failed|cancelled)$/;

function handing(move: HandoffOptions['move'] = () => {}) {
  const finish: (() => void)[] = [];
  /** Ends when the test says so, or when it is cancelled. */
  const work: Tool = {
    name: 'work',
    handler: (_args, { signal }) =>
      new Promise((resolve, reject) => {
        finish.push(() => resolve('done'));
        onAbort(signal, reject);
      }),
  };
  const handoffs = handoffService({ move });
  return { handoffs, finish, ...testRuntime({ tools: [work], services: [handoffs] }) };
}

async function running(peer: RawPeer): Promise<string> {
  const id = peer.send('tool.invoke', { tool: 'work', arguments: null });
  return (await peer.until('job.started', ({ correlation_id }) => correlation_id === id)).job_id as string;
}

describe('what ends while it moves', () => {
  test('is ABORTED, and not acknowledged: the client must not look for it elsewhere', async () => {
    let moved = () => {};
    const bench = handing(
      () =>
        new Promise((resolve) => {
          moved = resolve;
        }),
    );
    const peer = await bench.session();
    const job_id = await running(peer);
    const id = peer.send('agent.handoff', { runtime }, { job_id });
    await settle();
    bench.finish[0]?.();
    await peer.until('job.completed');
    moved();
    expect(await peer.until('nack')).toMatchObject({
      correlation_id: id,
      payload: { code: 'ABORTED', retryable: false },
    });
    await settle();
    expect(peer.types()).not.toContain('ack');
    expect(peer.ofJob(job_id).filter(({ type }) => TERMINAL.test(type))).toHaveLength(1);
  });

  test('is not taken for moved where the runtime closes meanwhile: nothing ended here, and the next one has it', async () => {
    const bench = handing();
    const peer = await bench.session();
    let isThere = () => {};
    const confirm = () =>
      new Promise<void>((resolve) => {
        isThere = resolve;
      });
    const moved = bench.handoffs.offer(peer.sessionId, { runtime, confirm });
    const { id } = await peer.until('agent.handoff');
    peer.send('ack', {}, { correlation_id: id });
    await settle();
    const closed = bench.runtime.close();
    await settle();
    isThere();
    await expect(moved).rejects.toMatchObject({ code: 'ERR_ARCP_CANCELLED' });
    await closed;
    expect(await bench.log.records('session', { limit: 9 })).toHaveLength(1);
  });

  test('ends the offer of it at once', async () => {
    const bench = handing();
    const peer = await bench.session();
    const jobId = await running(peer);
    const moved = bench.handoffs.offer(peer.sessionId, { runtime, jobId });
    const { id } = await peer.until('agent.handoff');
    bench.finish[0]?.();
    await expect(moved).rejects.toMatchObject({ code: 'ERR_ARCP_CANCELLED' });
    // An answer that comes late does nothing.
    peer.send('ack', {}, { correlation_id: id });
    await settle();
    expect(peer.ofJob(jobId).filter(({ type }) => TERMINAL.test(type))).toHaveLength(1);
  });

  test('rejects the offer of it where it ends at the last moment', async () => {
    const bench = handing();
    const peer = await bench.session();
    const jobId = await running(peer);
    let look = () => {};
    const confirm = () =>
      new Promise<void>((resolve) => {
        look = resolve;
      });
    const moved = bench.handoffs.offer(peer.sessionId, { runtime, jobId, confirm });
    peer.send('ack', {}, { correlation_id: (await peer.until('agent.handoff')).id });
    await settle();
    bench.finish[0]?.();
    await peer.until('job.completed');
    look();
    await expect(moved).rejects.toMatchObject({ code: 'ERR_ARCP_ABORTED' });
  });
});

describe('a target that dies', () => {
  test('after the client has agreed leaves everything here, as it was', async () => {
    const bench = handing();
    const peer = await bench.session();
    const jobId = await running(peer);
    const gone = new Error('nobody there');
    for (const what of [{ jobId }, {}]) {
      const moved = bench.handoffs.offer(peer.sessionId, { runtime, ...what, confirm: () => Promise.reject(gone) });
      peer.send('ack', {}, { correlation_id: (await peer.until('agent.handoff')).id });
      await expect(moved).rejects.toBe(gone);
    }
    bench.finish[0]?.();
    expect((await peer.until('job.completed')).job_id).toBe(jobId);
    expect(peer.types()).not.toContain('session.evicted');
    expect(bench.runtime.sessions()).toHaveLength(1);
  });

  test('while it is asked to take over leaves everything here, and it may be tried again', async () => {
    let tries = 0;
    const bench = handing(() => {
      if (++tries === 1) throw new Error('connection lost');
    });
    const peer = await bench.session();
    peer.send('agent.handoff', { runtime });
    expect((await peer.until('nack')).payload.code).toBe('INTERNAL');
    peer.send('agent.handoff', { runtime });
    await peer.until('ack');
    await peer.until('session.evicted');
  });
});

describe('what is on the move', () => {
  test('keeps its session from moving under it, and other jobs may move meanwhile', async () => {
    const bench = handing(({ job }) => (job === undefined ? undefined : new Promise(() => {})));
    const peer = await bench.session();
    const [first, second] = [await running(peer), await running(peer)];
    peer.send('agent.handoff', { runtime }, { job_id: first });
    peer.send('agent.handoff', { runtime });
    expect((await peer.until('nack')).payload.code).toBe('FAILED_PRECONDITION');
    await expect(bench.handoffs.offer(peer.sessionId, { runtime })).rejects.toMatchObject({
      code: 'ERR_ARCP_FAILED_PRECONDITION',
    });
    const moved = bench.handoffs.offer(peer.sessionId, { runtime, jobId: second });
    peer.send('ack', {}, { correlation_id: (await peer.until('agent.handoff')).id });
    await moved;
    expect((await peer.until('job.cancelled')).job_id).toBe(second);
    // Other sessions are not held up.
    const other = await bench.session();
    other.send('agent.handoff', { runtime });
    await other.until('session.evicted');
  });

  test('keeps its host from sleeping, for the offer is in memory alone', async () => {
    const bench = handing();
    const peer = await bench.session();
    await settle();
    expect(bench.runtime.rest()).toBeDefined();
    const moved = bench.handoffs.offer(peer.sessionId, { runtime });
    const { id } = await peer.until('agent.handoff');
    await settle();
    expect(bench.runtime.rest()).toBeUndefined();
    peer.send('nack', { code: 'UNAVAILABLE', message: 'not now' }, { correlation_id: id });
    await expect(moved).rejects.toMatchObject({ code: 'ERR_ARCP_UNAVAILABLE' });
    await settle();
    expect(bench.runtime.rest()).toBeDefined();
  });
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 2 ** 31])(
  'an offer that waits for %d ms is refused before the client hears of it',
  async (timeoutMs) => {
    const bench = handing();
    const peer = await bench.session();
    await expect(bench.handoffs.offer(peer.sessionId, { runtime, timeoutMs })).rejects.toThrow(RangeError);
    await settle();
    expect(peer.types()).toEqual([]);
  },
);
