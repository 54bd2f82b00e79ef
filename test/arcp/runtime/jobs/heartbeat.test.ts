// Heartbeats: beaten for tools inside the runtime, watched for those that must show that they live.

import { describe, expect, test } from 'vitest';
import type { ToolContext } from '../../../../src/arcp/runtime/tool-context.js';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import { settle, testRuntime } from '../../support/raw-peer.js';

function waiting(more: Partial<Tool> = {}) {
  const contexts: ToolContext[] = [];
  const ends: (() => void)[] = [];
  const tool: Tool = {
    name: 'work',
    handler: (_args, context) => {
      contexts.push(context);
      return new Promise((resolve) => ends.push(() => resolve(null)));
    },
    ...more,
  };
  return { tool, contexts, ends };
}

describe('a running job', () => {
  test('beats at least every interval, from 1 on and one more each time', async () => {
    const { tool, ends } = waiting();
    const { session, clock } = testRuntime({ tools: [tool] });
    const peer = await session();
    const id = peer.send('tool.invoke', { tool: 'work', arguments: {} });
    await peer.until('job.started');
    for (let i = 1; i <= 3; i++) {
      clock.advance(30_000);
      expect(await peer.until('job.heartbeat')).toMatchObject({
        correlation_id: id,
        payload: { sequence: i, deadline_ms: 30_000, state: 'running' },
      });
    }
    ends[0]?.();
    await peer.until('job.completed');
    peer.forget();
    clock.advance(120_000);
    await settle();
    expect(peer.types()).toEqual([]);
  });

  test('in the queue does not beat', async () => {
    const { tool } = waiting();
    const { session, clock } = testRuntime({ tools: [tool], limits: { maxRunningJobs: 1 } });
    const peer = await session();
    peer.send('tool.invoke', { tool: 'work', arguments: {} });
    peer.send('tool.invoke', { tool: 'work', arguments: {} });
    const { job_id } = await peer.until('job.started');
    clock.advance(30_000);
    await settle();
    expect(peer.since().filter(({ type }) => type === 'job.heartbeat')).toMatchObject([{ job_id }]);
  });
});

describe('a supervised tool', () => {
  test('[10.43] that is silent for two intervals fails with HEARTBEAT_LOST', async () => {
    const { tool } = waiting({ supervised: true });
    const { session, clock } = testRuntime({ tools: [tool], capabilities: { heartbeat_interval_seconds: 1 } });
    const peer = await session();
    peer.send('tool.invoke', { tool: 'work', arguments: {} });
    await peer.until('job.started');
    clock.advance(1_999);
    await settle();
    expect(peer.types()).not.toContain('job.failed');
    clock.advance(1);
    expect((await peer.until('job.failed')).payload).toMatchObject({ code: 'HEARTBEAT_LOST', retryable: false });
  });

  test('[10.43] is blocked instead where recovery says so, and goes on when it beats again', async () => {
    const { tool, contexts, ends } = waiting({ supervised: true });
    const { session, clock } = testRuntime({
      tools: [tool],
      capabilities: { heartbeat_interval_seconds: 1, heartbeat_recovery: 'block' },
    });
    const peer = await session();
    peer.send('tool.invoke', { tool: 'work', arguments: {} });
    await peer.until('job.started');
    clock.advance(2_000);
    expect((await peer.until('job.heartbeat')).payload.state).toBe('blocked');
    clock.advance(60_000);
    await settle();
    expect(peer.types()).not.toContain('job.failed');
    contexts[0]?.heartbeat();
    expect((await peer.until('job.heartbeat')).payload).toMatchObject({ sequence: 2, state: 'running' });
    ends[0]?.();
    await peer.until('job.completed');
  });

  test('that beats lives on; its own deadline counts where it is longer than the interval', async () => {
    const { tool, contexts } = waiting({ supervised: true });
    const { session, clock } = testRuntime({ tools: [tool], capabilities: { heartbeat_interval_seconds: 1 } });
    const peer = await session();
    peer.send('tool.invoke', { tool: 'work', arguments: {} });
    await peer.until('job.started');
    for (let i = 1; i <= 5; i++) {
      clock.advance(1_500);
      contexts[0]?.heartbeat();
      expect((await peer.until('job.heartbeat')).payload.sequence).toBe(i);
    }
    contexts[0]?.heartbeat(10_000);
    clock.advance(19_999);
    await settle();
    expect(peer.types()).not.toContain('job.failed');
    clock.advance(1);
    expect((await peer.until('job.failed')).payload.code).toBe('HEARTBEAT_LOST');
  });
});
