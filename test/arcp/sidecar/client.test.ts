// Client and runtime of this package with sidecar frames between them, in memory and over real WebSockets.

import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { connect } from '../../../src/arcp/client/connect.js';
import { openHandshake } from '../../../src/arcp/client/handshake.js';
import type { ClientSession } from '../../../src/arcp/client/session.js';
import { startSession } from '../../../src/arcp/client/start-session.js';
import { arcpPhone } from '../../../src/arcp/phone/arcp-phone.js';
import { decodeFrame } from '../../../src/arcp/sidecar/frame.js';
import { arcpNodeHost } from '../../../src/host/node.js';
import { createIdentity } from '../../../src/identity/seed-identity.js';
import { connect as connectPhone } from '../../../src/phone/connect.js';
import { serve } from '../../../src/phone/serve.js';
import type { Message, Transport } from '../../../src/transport/contract.js';
import { memoryPair, memoryTransports } from '../../../src/transport/memory.js';
import { ndjson } from '../../../src/transport/ndjson.js';
import { openWebSocket } from '../../../src/transport/websocket.js';
import { ALL_CAPABILITIES, settle } from '../support/raw-peer.js';
import { changed, framesOf, recorded, sidecarBench, textsOfType, WITH_SIDECAR } from './bench.js';
import { pattern } from './messages.js';

const SIZES = [0, 1, 3, 70_000, 1_048_577];

const disposals: (() => unknown)[] = [];

afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

const isSame = (a: Uint8Array | undefined, b: Uint8Array) => a !== undefined && Buffer.compare(a, b) === 0;

/** The chunks of the one stream of a job of `bytes`. */
async function download(session: ClientSession, sizes: readonly number[]) {
  const job = session.invoke('bytes', [...sizes]);
  for await (const stream of job.streams) {
    const chunks: (Uint8Array | undefined)[] = [];
    for await (const { bytes } of stream) chunks.push(bytes);
    await job.result;
    return {
      encoding: stream.encoding,
      isRight: chunks.every((chunk, i) => isSame(chunk, pattern(sizes[i] as number))),
      chunks,
    };
  }
  throw new Error('there was no stream');
}

/** Streams and artifacts both ways. @returns What was heard of the upload. */
async function useAll(session: ClientSession, bench: ReturnType<typeof sidecarBench>) {
  const down = await download(session, SIZES);
  expect([down.isRight, down.chunks.length]).toEqual([true, SIZES.length]);
  const writer = await session.openStream('binary', { contentType: 'a/b' });
  for (const size of SIZES) await writer.write(pattern(size));
  await writer.close();
  const bytes = pattern(1_100_003);
  const ref = await session.artifacts.put(bytes, { mediaType: 'a/b' });
  const back = await session.artifacts.fetch(ref);
  expect(isSame(back.bytes, bytes)).toBe(true);
  await settle();
  const [heard] = bench.heard;
  expect(heard?.chunks.map((chunk, i) => isSame(chunk, pattern(SIZES[i] as number)))).toEqual(SIZES.map(() => true));
  expect(heard?.end).toBe('OK');
  return { down: down.encoding, up: heard?.encoding };
}

describe('a client that asks for sidecar frames', () => {
  test('sends and gets all binary data in them, and everything else as text', async () => {
    const bench = sidecarBench();
    const session = await bench.client();
    expect(session.capabilities.binary_encoding).toEqual(['base64', 'sidecar']);
    expect(await useAll(session, bench)).toEqual({ down: 'sidecar', up: 'sidecar' });
    const { up, down } = bench.said;
    const chunks = SIZES.length;
    // Each of a MiB at most: one chunk needs two frames, and the artifact.
    expect([framesOf(down).length, framesOf(up).length]).toEqual([chunks + 1, chunks + 1 + 2]);
    for (const type of ['stream.chunk', 'artifact.put']) {
      const said = [...textsOfType(up, type), ...textsOfType(down, type)];
      expect(said.map(({ payload }) => 'data' in payload)).toEqual(
        Array(type === 'artifact.put' ? 1 : 2 * chunks).fill(false),
      );
    }
    expect(
      framesOf(up)
        .map((frame) => decodeFrame(frame)?.kind === 'artifact')
        .filter(Boolean),
    ).toHaveLength(2);
    await session.close();
    expect(bench.faults).toEqual([]);
  });

  test('gets base64 where the runtime does not offer them', async () => {
    const bench = sidecarBench({ capabilities: { binary_encoding: ['base64'] } });
    const session = await bench.client();
    expect(await useAll(session, bench)).toEqual({ down: 'base64', up: 'base64' });
    expect(framesOf([...bench.said.up, ...bench.said.down])).toEqual([]);
    await session.close();
  });

  test('and one that does not gets the same bytes in base64', async () => {
    const bench = sidecarBench();
    const session = await bench.client({ capabilities: ALL_CAPABILITIES as object });
    expect(await useAll(session, bench)).toEqual({ down: 'base64', up: 'base64' });
    expect(framesOf([...bench.said.up, ...bench.said.down])).toEqual([]);
    expect(textsOfType(bench.said.up, 'session.open')[0].payload.capabilities).not.toHaveProperty('binary_encoding');
    await session.close();
  });

  test('that is cut off among the frames of a message sends it again, with its frames, on the next connection', async () => {
    const bench = sidecarBench();
    const links: Transport[] = [];
    const session = await bench.client({
      dial: async () => {
        const [near, far] = memoryTransports();
        void bench.runtime.accept(far);
        links.push(far);
        if (links.length > 1) return recorded(near, bench.said);
        return changed(near, {
          send(message) {
            near.send(message);
            // The network goes with the first of two frames.
            if (typeof message !== 'string') near.close();
          },
        });
      },
      random: () => 0,
    });
    const put = session.artifacts.put(pattern(1_500_000), { mediaType: 'a/b' });
    let isOver = false;
    void put.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await settle();
      if (links[0] !== undefined && !session.isConnected) bench.clock.advance(500);
    }
    expect((await put).size).toBe(1_500_000);
    expect([links.length, framesOf(bench.said.up).length]).toEqual([2, 2]);
    expect(await bench.log.read({ after: 0, limit: 100, types: ['artifact.put'] })).toHaveLength(1);
    expect((await download(session, [5])).encoding).toBe('sidecar');
    await session.close();
  });

  test('may ask for them by hand, and again after a refusal', async () => {
    const bench = sidecarBench();
    const [near, far] = memoryTransports();
    void bench.runtime.accept(far);
    const said: { up: Message[]; down: Message[] } = { up: [], down: [] };
    const handshake = openHandshake(recorded(near, said), { clock: bench.clock });
    const request = { client: { kind: 'test', version: '1' }, capabilities: WITH_SIDECAR };
    await expect(handshake.open({ ...request, auth: { scheme: 'bearer', token: 'wrong' } })).rejects.toMatchObject({
      code: 'ERR_ARCP_UNAUTHENTICATED',
    });
    const step = await handshake.open({ ...request, auth: { scheme: 'bearer', token: 'tok-alice' } });
    if (step.state !== 'authenticated') throw new Error(step.state);
    const session = startSession(step, { keepAliveMs: 0 });
    expect(await useAll(session, bench)).toEqual({ down: 'sidecar', up: 'sidecar' });
    expect(framesOf(said.up).length).toBeGreaterThan(0);
    await session.close();
  });

  test('of a runtime that says it without having been asked, takes no notice', async () => {
    const [near, far] = memoryTransports();
    const said: { up: Message[]; down: Message[] } = { up: [], down: [] };
    far.receive((message) => {
      const { id, type } = JSON.parse(message as string);
      if (type !== 'session.open' && type !== 'stream.open') return;
      const accepted = {
        session_id: 'sess_1',
        runtime: { kind: 'odd', version: '1' },
        capabilities: { streaming: true, binary_streams: true, binary_encoding: ['sidecar'] },
      };
      const payload = type === 'session.open' ? accepted : {};
      const answer = { arcp: '1.0', id: `msg_${type}`, type: type === 'session.open' ? 'session.accepted' : 'ack' };
      far.send(JSON.stringify({ ...answer, timestamp: '2026-03-02T08:15:42Z', correlation_id: id, payload }));
    });
    const session = await connect({
      dial: async () => recorded(near, said),
      auth: { scheme: 'none' },
      client: { kind: 'test', version: '1' },
      capabilities: ALL_CAPABILITIES as object,
      keepAliveMs: 0,
      reconnect: false,
    });
    const writer = await session.openStream('binary', { contentType: 'a/b' });
    await writer.write(pattern(3));
    expect(textsOfType(said.up, 'stream.open')[0].payload.encoding).toBe('base64');
    expect(textsOfType(said.up, 'stream.chunk')[0].payload.data).toBe('AB8+');
    far.abort();
  });
});

describe('over a transport that carries text alone they are neither offered nor accepted:', () => {
  test('lines of two streams', async () => {
    const bench = sidecarBench();
    const [up, down] = [new TransformStream<Uint8Array>(), new TransformStream<Uint8Array>()];
    const far = ndjson({ readable: up.readable, writable: down.writable });
    const near = ndjson({ readable: down.readable, writable: up.writable });
    expect([near.textOnly, far.textOnly]).toEqual([true, true]);
    void bench.runtime.accept(far);
    const session = await bench.client({ dial: async () => recorded(near, bench.said), reconnect: false });
    expect(textsOfType(bench.said.up, 'session.open')[0].payload.capabilities.binary_encoding).toEqual(['base64']);
    expect(session.capabilities.binary_encoding).toEqual(['base64']);
    expect(await useAll(session, bench)).toEqual({ down: 'base64', up: 'base64' });
    await session.close();
  });

  test('a phone session', async () => {
    const bench = sidecarBench();
    const [alice, bob] = await Promise.all([createIdentity(), createIdentity()]);
    const [near, far] = memoryPair();
    serve({ identity: bob, transport: far, handlers: arcpPhone({ runtime: bench.runtime }).handlers });
    const ours = arcpPhone();
    const phone = await connectPhone({ identity: alice, transport: near, remoteDid: bob.did, handlers: ours.handlers });
    const session = await bench.client({
      dial: async () => {
        const transport = ours.open(phone);
        expect(transport.textOnly).toBe(true);
        return transport;
      },
      reconnect: false,
    });
    expect(session.capabilities.binary_encoding).toEqual(['base64']);
    expect((await download(session, [0, 5])).isRight).toBe(true);
    await session.close();
    await phone.close();
  });
});

describe('over WebSockets', () => {
  test('on the Node host a client gets and sends them', async () => {
    const bench = sidecarBench();
    const { url, close } = await arcpNodeHost(bench.runtime);
    disposals.push(close);
    const session = await bench.client({
      dial: async ({ signal }) => recorded(await openWebSocket(url, { WebSocket, signal }), bench.said),
      clock: undefined,
      now: undefined,
    });
    disposals.push(() => session.close());
    expect(await useAll(session, bench)).toEqual({ down: 'sidecar', up: 'sidecar' });
    expect(framesOf(bench.said.down)).toHaveLength(SIZES.length + 1);
    expect(bench.faults).toEqual([]);
  });

  test('a peer that breaks their rules is closed with 1008, and the host goes on', async () => {
    const bench = sidecarBench();
    const { url, close } = await arcpNodeHost(bench.runtime);
    disposals.push(close);
    const open = async () => {
      const transport = await openWebSocket(url, { WebSocket });
      disposals.push(() => transport.abort());
      const accepted = new Promise((resolve) => transport.receive(resolve));
      const payload = {
        auth: { scheme: 'bearer', token: 'tok-alice' },
        client: { kind: 'raw', version: '1' },
        capabilities: WITH_SIDECAR,
      };
      const fields = { arcp: '1.0', id: 'msg_1', type: 'session.open', timestamp: '2026-03-02T08:15:42Z' };
      transport.send(JSON.stringify({ ...fields, payload }));
      await accepted;
      return transport;
    };
    const bad = await open();
    const put = { arcp: '1.0', id: 'msg_2', type: 'artifact.put', timestamp: '2026-03-02T08:15:42Z' };
    bad.send(JSON.stringify({ ...put, payload: { media_type: 'a/b', sidecar: { frames: 1, size: 3 } } }));
    bad.send(pattern(3));
    expect(await bad.closed).toMatchObject({ code: 1008, clean: true });
    await open();
    expect(bench.faults).toEqual([]);
  });
});
