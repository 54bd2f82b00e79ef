// Frames that come slowly: what they belong to takes its time, and the connection is not given up as silent meanwhile.

import { expect, test } from 'vitest';
import type { Envelope } from '../client/scripted-runtime.js';
import { ScriptedRuntime, settle } from '../client/scripted-runtime.js';
import { announced, pattern } from './messages.js';

const CAPABILITIES = { streaming: true, binary_streams: true, binary_encoding: ['base64', 'sidecar'] };

async function announcing(frames: number) {
  const runtime = new ScriptedRuntime();
  const session = await runtime.connect(
    { capabilities: CAPABILITIES, keepAliveMs: 30_000 },
    { capabilities: CAPABILITIES },
  );
  const { peer } = runtime;
  const fetching = session.request('artifact.fetch', { artifact_id: 'art_1' as never }, ['artifact.put'], {
    timeoutMs: 600_000,
  });
  fetching.catch(() => {});
  const { id } = await peer.expect('artifact.fetch');
  const bytes = pattern(3 * frames);
  const put: Envelope = {
    arcp: '1.0',
    id: 'msg_put',
    type: 'artifact.put',
    timestamp: '2026-03-02T09:00:00.000Z',
    session_id: peer.sessionId,
    correlation_id: id,
    payload: { media_type: 'a/b', data: Buffer.from(bytes).toString('base64') },
  };
  const [text, ...rest] = announced(JSON.stringify(put), bytes, Array(frames - 1).fill(3));
  peer.transport.send(text);
  return { runtime, peer, fetching, frames: rest, data: put.payload.data as string };
}

test('a message whose frames take minutes is waited for, as long as they come', async () => {
  const { runtime, peer, fetching, frames, data } = await announcing(5);
  for (const frame of frames) {
    await settle();
    runtime.clock.advance(30_000);
    await settle();
    runtime.clock.advance(20_000);
    expect(peer.isClosed).toBe(false);
    peer.transport.send(frame);
  }
  expect((await fetching).payload).toMatchObject({ data });
  // Silence after it counts as ever.
  for (let i = 0; i < 3; i++) {
    await settle();
    runtime.clock.advance(30_000);
  }
  await settle();
  expect(peer.isClosed).toBe(true);
});

test('a peer that stops among frames is given up', async () => {
  const { runtime, peer, frames } = await announcing(5);
  peer.transport.send(frames[0] as Uint8Array);
  await settle();
  runtime.clock.advance(59_999);
  await settle();
  expect(peer.isClosed).toBe(false);
  runtime.clock.advance(1);
  await settle();
  expect(peer.isClosed).toBe(true);
});
