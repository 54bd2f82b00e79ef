// Sidecar frames to a runtime in a Durable Object: what hibernation, and being torn down, make of them.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { artifactService } from '../../../src/arcp/runtime/artifacts/artifacts-service.js';
import { bearerTokens } from '../../../src/arcp/runtime/authenticator.js';
import { createRuntime } from '../../../src/arcp/runtime/runtime.js';
import { streamService } from '../../../src/arcp/runtime/streams/streams-service.js';
import { decodeFrame } from '../../../src/arcp/sidecar/frame.js';
import { arcpDurableObject } from '../../../src/host/arcp-durable-object.js';
import type { Message, Transport } from '../../../src/transport/contract.js';
import { socketTransport, type WebSocketLike } from '../../../src/transport/socket-transport.js';
import { DurableWorld, turns } from '../../support/durable-object.js';
import { RawPeer, TOKENS } from '../support/raw-peer.js';
import { framesOf, textsOf, textsOfType, WITH_SIDECAR } from './bench.js';
import { announced, pattern, putText } from './messages.js';

class UpgradeResponse {
  readonly status: number;
  readonly webSocket: unknown;

  constructor(_body: unknown, init: { status: number; webSocket?: unknown }) {
    this.status = init.status;
    this.webSocket = init.webSocket;
  }
}

const faults: unknown[] = [];
let world: DurableWorld;

beforeEach(() => {
  faults.length = 0;
  world = new DurableWorld(({ clock, now }) =>
    arcpDurableObject({
      clock,
      now,
      runtime: (parts) =>
        createRuntime({
          tools: [
            {
              name: 'bytes',
              async handler(_args, { stream }) {
                await stream('binary', { contentType: 'a/b' }).write(pattern(5));
              },
            },
          ],
          authenticators: [bearerTokens(TOKENS)],
          services: [streamService(), artifactService({ sweepIntervalMs: 0 })],
          onFault: (error) => faults.push(error),
          ...parts,
        }),
    }),
  );
  vi.stubGlobal('WebSocketPair', world.WebSocketPair);
  vi.stubGlobal('Response', UpgradeResponse);
});

afterEach(() => {
  vi.unstubAllGlobals();
  expect(faults).toEqual([]);
});

async function session(fields = {}): Promise<{ peer: RawPeer; near: Transport; wire: Message[] }> {
  const { socket } = await world.ask();
  const near = socketTransport(socket as WebSocketLike);
  const wire: Message[] = [];
  const peer = new RawPeer(textsOf(near, wire));
  await peer.open({ capabilities: WITH_SIDECAR, ...fields });
  return { peer, near, wire };
}

async function hibernate(): Promise<void> {
  await world.advance(15_000);
  expect(world.mayHibernate).toBe(true);
  world.evict();
}

const put = (id: string) =>
  announced(putText(id, pattern(30)), pattern(30), [10]) as readonly [string, Uint8Array, Uint8Array];

test('a connection that stood while the object hibernated still speaks frames, both ways', async () => {
  const { peer, near, wire } = await session();
  for (let round = 0; round < 2; round++) {
    await hibernate();
    for (const message of put(`msg_put_${round}`)) near.send(message);
    expect((await peer.answerTo(`msg_put_${round}`)).payload.artifact.size).toBe(30);
    await hibernate();
    peer.send('tool.invoke', { tool: 'bytes', arguments: null });
    await peer.until('job.completed');
    expect(decodeFrame(framesOf(wire)[round] as Uint8Array)?.data).toEqual(pattern(5));
  }
  expect(world.boots).toBe(5);
});

test('the object does not hibernate among the frames of a message, and gives up on them after a minute', async () => {
  const { peer, near } = await session();
  const [announcement, first, second] = put('msg_put');
  await hibernate();
  near.send(announcement);
  await turns();
  await world.advance(30_000);
  expect([world.mayHibernate, world.isUp]).toEqual([false, true]);
  near.send(first);
  await turns();
  await world.advance(30_000);
  expect(world.mayHibernate).toBe(false);
  near.send(second);
  expect((await peer.answerTo('msg_put')).payload.artifact.size).toBe(30);
  await hibernate();
  near.send(announcement.replace('msg_put', 'msg_put_2'));
  await turns();
  await world.advance(61_000);
  expect(await peer.closed).toMatchObject({ code: 1008 });
});

test('an object torn down among them closes the connection; the client resumes and says it again', async () => {
  const { peer, near } = await session();
  const [announcement, first, second] = put('msg_put');
  await hibernate();
  expect(world.attachments).toMatchObject([{ state: { isSidecar: true } }]);
  near.send(announcement);
  near.send(first);
  await turns();
  // Nobody may go on as if nothing had been said.
  expect((world.attachments[0] as { state?: unknown }).state).toBeUndefined();
  world.evict();
  near.send(second);
  expect(await peer.closed).toMatchObject({ code: 1012 });
  expect(textsOfType(peer.texts, 'artifact.ref')).toEqual([]);
  const again = await session({ session_id: peer.sessionId });
  expect(again.peer.sessionId).toBe(peer.sessionId);
  again.peer.send('resume', {});
  for (const message of put('msg_put')) again.near.send(message);
  expect((await again.peer.answerTo('msg_put')).payload.artifact.size).toBe(30);
});
