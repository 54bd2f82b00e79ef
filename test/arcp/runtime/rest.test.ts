// Stopping without anybody noticing: when a runtime may, and what the next one makes of the connections that stood.

import { describe, expect, test } from 'vitest';
import { bearerTokens } from '../../../src/arcp/runtime/authenticator.js';
import type { ConnectionState } from '../../../src/arcp/runtime/rest.js';
import { createRuntime } from '../../../src/arcp/runtime/runtime.js';
import type { Service } from '../../../src/arcp/runtime/service.js';
import { memoryTransports } from '../../../src/transport/memory.js';
import { EPOCH_MS, RawPeer, settle, TOKENS, testRuntime } from '../support/raw-peer.js';
import { slowLog } from '../support/slow-log.js';

const echo = { name: 'echo', handler: (args: never) => args };

/** A runtime after another one, with connections that stood: for each state a fresh pair. */
async function nextOver(bench: ReturnType<typeof testRuntime>, states: readonly ConnectionState[]) {
  const next = createRuntime({
    tools: [echo],
    authenticators: [bearerTokens(TOKENS)],
    log: bench.log,
    clock: bench.clock,
  });
  const peers: RawPeer[] = [];
  const standing = states.map((state) => {
    const [near, far] = memoryTransports();
    peers.push(new RawPeer(near));
    return { transport: far, state };
  });
  const recovery = next.recover(standing);
  return { next, peers, recovery };
}

async function restState(bench: ReturnType<typeof testRuntime>): Promise<ConnectionState> {
  await settle();
  const [state] = bench.runtime.rest()?.connections.values() ?? [];
  if (state === undefined) throw new Error('it does not rest');
  return state;
}

describe('a runtime', () => {
  test('rests when its clients have everything, and says up to where', async () => {
    let finish = () => {};
    const wait = () =>
      new Promise<null>((resolve) => {
        finish = () => resolve(null);
      });
    const bench = testRuntime({ tools: [{ name: 'wait', handler: wait }] });
    expect(bench.runtime.rest()).toEqual({ nextDueMs: undefined, connections: new Map() });
    const peer = await bench.session();
    peer.send('tool.invoke', { tool: 'wait', arguments: 1 });
    await peer.until('job.started');
    await settle();
    expect(bench.runtime.rest()).toBeUndefined();
    finish();
    await peer.until('job.completed');
    expect(await restState(bench)).toEqual({
      sessionId: peer.sessionId,
      through: await bench.log.last(),
      isResumed: false,
      scheme: 'bearer',
    });
  });

  test('says when a session without a connection ends', async () => {
    const bench = testRuntime({ limits: { sessionRetentionMs: 5_000 } });
    const peer = await bench.session();
    await peer.drop();
    await settle();
    expect(bench.runtime.rest()?.nextDueMs).toBe(Date.parse('2026-03-02T08:15:47.000Z'));
  });

  test('does not rest while a service is busy, while it recovers, or once it is closed', async () => {
    let isBusy = true;
    const service: Service = { handles: {}, isBusy: () => isBusy };
    const bench = testRuntime({ services: [service], log: slowLog().log });
    expect(bench.runtime.rest()).toBeUndefined();
    isBusy = false;
    expect(bench.runtime.rest()).toBeDefined();
    const recovery = bench.runtime.recover();
    expect(bench.runtime.rest()).toBeUndefined();
    await recovery;
    expect(bench.runtime.rest()).toBeDefined();
    await bench.runtime.close();
    expect(bench.runtime.rest()).toBeUndefined();
  });

  test('does not rest while a client is asked for fresh credentials', async () => {
    const bench = testRuntime();
    const peer = await bench.session();
    await restState(bench);
    bench.runtime.refresh(peer.sessionId, { deadlineMs: EPOCH_MS + 60_000 });
    await peer.until('session.refresh');
    await settle();
    expect(bench.runtime.rest()).toBeUndefined();
    peer.send('session.authenticate', { response: 'tok-alice' });
    await peer.until('session.accepted');
    await restState(bench);
  });

  test('does not rest while a handshake is not over, and a resumed client has not spoken', async () => {
    const bench = testRuntime();
    const peer = await bench.session();
    const stranger = bench.connect();
    await settle();
    expect(bench.runtime.rest()).toBeUndefined();
    await stranger.drop();
    await peer.drop();
    await settle();
    const again = await bench.session({ session_id: peer.sessionId });
    await settle();
    expect(bench.runtime.rest()).toBeUndefined();
    again.send('resume', {});
    await again.until('ack');
    expect(await restState(bench)).toMatchObject({ isResumed: true });
  });

  test('takes the earliest of what its services have to do', async () => {
    const due = (nextDueMs?: number): Service => ({ handles: {}, nextDueMs });
    const bench = testRuntime({ services: [due(30), due(), due(20)] });
    expect(bench.runtime.rest()?.nextDueMs).toBe(20);
  });
});

describe('a connection that stood', () => {
  test('goes on: with a log that takes its time, also what came meanwhile waits and is answered', async () => {
    const bench = testRuntime({ tools: [echo], log: slowLog().log });
    const peer = await bench.session();
    const state = await restState(bench);
    const { peers, recovery } = await nextOver(bench, [state]);
    const [again] = peers as [RawPeer];
    again.sessionId = peer.sessionId;
    again.send('tool.invoke', { tool: 'echo', arguments: 2 });
    await recovery;
    await again.until('job.completed');
    expect(again.types()).toEqual(['job.accepted', 'job.started', 'job.completed']);
  });

  test.each([
    ['gets the answer again that may have been lost', true, ['pong']],
    ['gets no second answer', false, []],
  ])('that took a session up, or did not, and says something again, %s', async (_what, isResumed, types) => {
    const bench = testRuntime();
    const peer = await bench.session();
    const id = peer.send('ping');
    await peer.until('pong');
    const state = { ...(await restState(bench)), isResumed };
    const { peers, recovery } = await nextOver(bench, [state]);
    await recovery;
    peers[0]?.send('ping', {}, { id });
    await settle();
    expect(peers[0]?.types()).toEqual(types);
  });

  test('gets what the log has beyond what it is said to have', async () => {
    const bench = testRuntime({ tools: [echo] });
    const peer = await bench.session();
    const state = await restState(bench);
    peer.send('tool.invoke', { tool: 'echo', arguments: 1 });
    await peer.until('job.completed');
    await settle();
    const { peers, recovery } = await nextOver(bench, [state]);
    await recovery;
    await settle();
    expect(peers[0]?.texts).toEqual(peer.texts.slice(1));
  });

  test('is closed where its session is no more, and where another goes on with it', async () => {
    const bench = testRuntime({ tools: [echo] });
    await bench.session();
    const state = await restState(bench);
    const { peers, recovery, next } = await nextOver(bench, [state, state, { ...state, sessionId: 'sess_x' as never }]);
    await recovery;
    await settle();
    expect(next.sessions()).toHaveLength(1);
    expect(await peers[1]?.closed).toMatchObject({ code: 1012 });
    expect(await peers[2]?.closed).toMatchObject({ code: 1012 });
    peers[0]?.send('ping');
    await peers[0]?.until('pong');
  });
});

test('a session whose connection was lost before a restart ends when its time is over, and no later', async () => {
  const bench = testRuntime({ limits: { sessionRetentionMs: 10_000 } });
  const peer = await bench.session();
  await peer.drop();
  bench.clock.advance(6_000);
  const next = await bench.restart();
  expect(next.runtime.sessions()).toHaveLength(1);
  bench.clock.advance(4_000);
  await settle();
  expect(next.runtime.sessions()).toEqual([]);
});

test('a session that was connected when the runtime stopped has its whole time', async () => {
  const bench = testRuntime({ limits: { sessionRetentionMs: 10_000 } });
  await bench.session();
  bench.clock.advance(60_000);
  const next = await bench.restart();
  bench.clock.advance(9_999);
  await settle();
  expect(next.runtime.sessions()).toHaveLength(1);
  bench.clock.advance(1);
  await settle();
  expect(next.runtime.sessions()).toEqual([]);
});
