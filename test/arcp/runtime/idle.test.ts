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
import { settle, testRuntime } from '../support/raw-peer.js';

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
