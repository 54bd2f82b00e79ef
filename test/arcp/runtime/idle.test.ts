// A runtime that has nothing to wait for waits for nothing: a host's process may end.

import { describe, expect, test } from 'vitest';
import { artifactService } from '../../../src/arcp/runtime/artifacts/artifacts-service.js';
import { noAuthentication } from '../../../src/arcp/runtime/authenticator.js';
import { permissionService } from '../../../src/arcp/runtime/human/permissions.js';
import { promptService } from '../../../src/arcp/runtime/human/prompts.js';
import { scheduleService } from '../../../src/arcp/runtime/schedules/schedule.js';
import { streamService } from '../../../src/arcp/runtime/streams/streams-service.js';
import { subscriptionService } from '../../../src/arcp/runtime/subscriptions/subscriptions-service.js';
import type { Tool } from '../../../src/arcp/runtime/tools.js';
import { type RawPeer, settle, testRuntime } from '../support/raw-peer.js';
import { slowLog } from '../support/slow-log.js';

const echo: Tool = { name: 'echo', handler: (args) => args };

function bench() {
  return testRuntime({
    tools: [echo],
    authenticators: [noAuthentication()],
    services: [
      promptService(),
      permissionService(),
      streamService(),
      artifactService(),
      subscriptionService(),
      scheduleService(),
    ],
  });
}

describe('a runtime without sessions', () => {
  test('has set no timer when it is made', () => {
    expect(bench().clock.pendingTimers).toBe(0);
  });

  test('has set none when it has found nothing to recover', async () => {
    // Artifacts of before would be looked for once.
    const services = [promptService(), permissionService(), streamService(), subscriptionService(), scheduleService()];
    const { runtime, clock } = testRuntime({ tools: [echo], services });
    await runtime.recover();
    expect(clock.pendingTimers).toBe(0);
  });

  test('has none left once the last session and its jobs have ended', async () => {
    const { session, runtime, clock } = bench();
    const peer = await session({ auth: { scheme: 'none' }, capabilities: { anonymous: true } });
    peer.send('tool.invoke', { tool: 'echo', arguments: 1 });
    await peer.until('job.completed');
    expect(clock.pendingTimers).toBeGreaterThan(0);
    peer.send('session.close');
    await peer.closed;
    await settle();
    expect(runtime.sessions()).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  test('has none left once a connection has gone that never said who it is', async () => {
    const { connect, clock } = bench();
    const peer = connect();
    await settle();
    expect(clock.pendingTimers).toBeGreaterThan(0);
    await peer.drop();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a session without jobs', () => {
  test('has no heartbeat wait for it', async () => {
    const { session, clock } = testRuntime({ tools: [echo] });
    const peer = await session();
    await settle();
    const before = clock.pendingTimers;
    peer.send('tool.invoke', { tool: 'echo', arguments: 1 });
    await peer.until('job.completed');
    await settle();
    expect(clock.pendingTimers).toBe(before);
  });
});

describe('a runtime that is closed', () => {
  /** Hears no signal. */
  const deaf: Tool = { name: 'deaf', handler: () => new Promise(() => {}) };

  test.each([
    ['a job is cancelled', (peer: RawPeer, job: string) => peer.send('cancel', { target: 'job', target_id: job })],
    [
      'a session is cancelled',
      (peer: RawPeer) => peer.send('cancel', { target: 'session', target_id: peer.sessionId }),
    ],
    ['a session is closed', (peer: RawPeer) => peer.send('session.close')],
  ])('while %s leaves no timer', async (_what, stop) => {
    const { session, runtime, clock } = testRuntime({ tools: [deaf] });
    const peer = await session();
    peer.send('tool.invoke', { tool: 'deaf', arguments: 1 });
    const { job_id } = await peer.until('job.started');
    stop(peer, job_id as string);
    await settle();
    await runtime.close();
    await settle();
    expect(clock.pendingTimers).toBe(0);
  });

  test('while a job begins leaves no timer', async () => {
    const { session, runtime, clock } = testRuntime({ tools: [deaf], log: slowLog().log });
    const peer = await session();
    const begun = new Promise<void>((resolve) =>
      runtime.bus.subscribe(({ type }) => {
        if (type === 'job.accepted') resolve(runtime.close());
      }),
    );
    peer.send('tool.invoke', { tool: 'deaf', arguments: 1 });
    await begun;
    await settle();
    expect(clock.pendingTimers).toBe(0);
  });
});

test('a job that is cancelled again and again has one timer, for the earliest deadline', async () => {
  const deaf: Tool = { name: 'deaf', handler: () => new Promise(() => {}) };
  const { session, clock } = testRuntime({ tools: [deaf] });
  const peer = await session();
  peer.send('tool.invoke', { tool: 'deaf', arguments: 1 });
  const { job_id } = await peer.until('job.started');
  const before = clock.pendingTimers;
  const cancel = (deadline_ms: number) =>
    peer.send('cancel', { target: 'job', target_id: job_id as string, deadline_ms });
  for (let i = 0; i < 100; i++) cancel(20_000);
  cancel(10_000);
  cancel(30_000);
  await settle();
  expect(clock.pendingTimers).toBe(before + 1);
  clock.advance(9_999);
  await settle();
  expect(peer.types()).not.toContain('job.failed');
  clock.advance(1);
  expect((await peer.until('job.failed')).payload.code).toBe('ABORTED');
  await settle();
  expect(clock.pendingTimers).toBeLessThanOrEqual(before);
});

test('a session that is taken up twice in a row waits for the newer connection alone', async () => {
  const { session, connect, runtime, clock } = testRuntime();
  const peer = await session();
  await peer.drop();
  const [one, two] = [connect(), connect()];
  await one.open({ session_id: peer.sessionId });
  await two.open({ session_id: peer.sessionId });
  await one.closed;
  await settle();
  runtime.evict(peer.sessionId, 'CANCELLED', 'enough');
  await two.closed;
  await settle();
  expect(clock.pendingTimers).toBe(0);
});
