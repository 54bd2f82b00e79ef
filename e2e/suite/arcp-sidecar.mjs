// Binary data in sidecar frames: docs/arcp-sidecar.md, spoken by ours on one side, and on the other by ours or by hand.

import { CAPABILITIES, RawPeer, withBench } from './arcp-bench.mjs';
import { pattern } from './arcp-tools.mjs';
import { equal, ok } from './assert.mjs';

const WITH_SIDECAR = { ...CAPABILITIES, binary_encoding: ['base64', 'sidecar'] };
const SIZES = [0, 1, 3, 4_095, 65_537];

/** @param {any} library */
export function sidecarCases(library) {
  const on = (use) => () => withBench(library, (bench) => use(bench, library));
  return [
    { name: 'ARCP: streams and artifacts in sidecar frames, both ways', run: on(overMemory) },
    { name: 'ARCP: the same over a MessagePort', run: on(overPort) },
    { name: 'ARCP: a peer that writes and reads sidecar frames by hand', run: on(byHand) },
    { name: 'ARCP: lines carry no sidecar frames, and base64 in their place', run: on(overLines) },
    { name: 'ARCP: a frame of another stream ends the connection, and the session goes on', run: on(foreign) },
  ];
}

/** A frame, from the table of the page. */
function frame(kind, name, sequence, index, data) {
  const text = new TextEncoder().encode(name);
  const bytes = new Uint8Array(16 + text.length + data.length);
  const view = new DataView(bytes.buffer);
  bytes.set([1, kind]);
  view.setUint16(2, text.length);
  bytes.set(text, 4);
  view.setBigUint64(4 + text.length, BigInt(sequence));
  view.setUint32(12 + text.length, index);
  bytes.set(data, 16 + text.length);
  return bytes;
}

/** The transport, with what comes and goes on it noted. */
function noted(inner, log) {
  return new Proxy(inner, {
    get(target, name) {
      if (name === 'send') {
        return (message) => {
          log.push(message);
          target.send(message);
        };
      }
      if (name === 'receive') {
        return (listener) =>
          target.receive((message) => {
            log.push(message);
            listener(message);
          });
      }
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const framesOf = (log) => log.filter((message) => typeof message !== 'string');

/** Streams both ways and an artifact. @returns Everything that went over the wire. */
async function useAll(bench, near) {
  const log = [];
  const session = await bench.connect({
    capabilities: WITH_SIDECAR,
    dial: async () => noted(near, log),
    reconnect: false,
  });
  const job = session.invoke('streams', { sizes: SIZES, thoughts: false });
  const streams = [];
  for await (const stream of job.streams) {
    const items = [];
    for await (const { bytes, text } of stream) items.push(bytes ?? text);
    streams.push([stream.kind, items]);
  }
  equal(streams.find(([kind]) => kind === 'binary')[1], SIZES.map(pattern));
  const drinking = session.invoke('drink');
  const writer = await drinking.openStream('binary', { contentType: 'application/octet-stream' });
  for (const size of SIZES) await writer.write(pattern(size));
  await writer.close();
  equal((await drinking.result).value, { kind: 'binary', items: SIZES });
  const bytes = new Uint8Array(1_100_001).fill(7);
  const ref = await session.artifacts.put(bytes, { mediaType: 'application/octet-stream' });
  const { bytes: back } = await session.artifacts.fetch(ref);
  ok(back.length === bytes.length && back.every((byte) => byte === 7), 'other bytes');
  return { log, session };
}

async function overMemory(bench) {
  const { log, session } = await useAll(bench, bench.dial());
  equal(session.capabilities.binary_encoding, ['base64', 'sidecar']);
  // A frame for each chunk, and two for the artifact.
  equal(framesOf(log).length, 2 * SIZES.length + 2);
  const texts = log.filter((message) => typeof message === 'string').map((text) => JSON.parse(text));
  const announced = texts.filter(({ payload }) => payload.sidecar !== undefined);
  equal(announced.length, 2 * SIZES.length + 1);
  ok(
    announced.every(({ payload }) => !('data' in payload)),
    'there is data beside frames',
  );
}

async function overPort(bench, { transport }) {
  const { port1, port2 } = new MessageChannel();
  void bench.runtime.accept(transport.portTransport(port2));
  const { log } = await useAll(bench, transport.portTransport(port1));
  equal(framesOf(log).length, 2 * SIZES.length + 2);
}

/** A client without any understanding of frames, and the messages it gets. */
async function opened(bench, capabilities = WITH_SIDECAR) {
  const log = [];
  const near = bench.dial();
  // The peer listens to texts alone.
  const texts = noted(near, log);
  const peer = new RawPeer(
    new Proxy(texts, {
      get(target, name) {
        if (name !== 'receive') return Reflect.get(target, name);
        return (listener) =>
          target.receive((message) => {
            if (typeof message === 'string') listener(message);
          });
      },
    }),
  );
  const accepted = await peer.open({ capabilities });
  return { peer, near, log, accepted };
}

async function byHand(bench) {
  const { peer, near, log } = await opened(bench);
  peer.send('tool.invoke', { tool: 'streams', arguments: { sizes: [3], thoughts: false } });
  const chunk = await peer.until('stream.chunk', ({ payload }) => payload.sidecar !== undefined);
  equal(chunk.payload.sidecar, { frames: 1, size: 3 });
  await peer.until('job.completed');
  equal(framesOf(log), [frame(1, chunk.stream_id, 0, 0, Uint8Array.of(0x00, 0x1f, 0x3e))]);

  const put = peer.send('artifact.put', { media_type: 'application/octet-stream', sidecar: { frames: 2, size: 5 } });
  near.send(frame(2, put, 0, 0, pattern(5).subarray(0, 2)));
  near.send(frame(2, put, 0, 1, pattern(5).subarray(2)));
  const { artifact } = (await peer.answerTo(put)).payload;
  equal(artifact.size, 5);
  const fetched = await peer.answerTo(peer.send('artifact.fetch', { artifact_id: artifact.artifact_id }));
  equal(fetched.payload.data, 'AB8+XXw=');

  const job_id = (await peer.answerTo(peer.send('tool.invoke', { tool: 'drink', arguments: null }))).job_id;
  const fields = { stream_id: 'str_7', job_id };
  peer.send('stream.open', { kind: 'binary', content_type: 'a/b', encoding: 'sidecar' }, fields);
  peer.send('stream.chunk', { sequence: 0, sidecar: { frames: 1, size: 2 } }, fields);
  near.send(frame(1, 'str_7', 0, 0, pattern(2)));
  peer.send('stream.chunk', { sequence: 1, data: 'AB8+' }, fields);
  peer.send('stream.chunk', { sequence: 2, sidecar: { frames: 1, size: 0 } }, fields);
  near.send(frame(1, 'str_7', 2, 0, pattern(0)));
  peer.send('stream.close', { final_sequence: 2 }, fields);
  const { payload } = await peer.until('job.completed', (message) => message.job_id === job_id);
  equal(payload.value, { kind: 'binary', items: [2, 3, 0] });
}

async function overLines(bench, { transport }) {
  const [up, down] = [new TransformStream(), new TransformStream()];
  void bench.runtime.accept(transport.ndjson({ readable: up.readable, writable: down.writable }));
  const { log, session } = await useAll(bench, transport.ndjson({ readable: down.readable, writable: up.writable }));
  equal([framesOf(log).length, session.capabilities.binary_encoding], [0, ['base64']]);
}

async function foreign(bench) {
  const { peer, near } = await opened(bench);
  peer.send('stream.open', { kind: 'binary', encoding: 'sidecar' }, { stream_id: 'str_1' });
  peer.send('stream.open', { kind: 'binary', encoding: 'sidecar' }, { stream_id: 'str_2' });
  await peer.demandAlive();
  peer.send('stream.chunk', { sequence: 0, sidecar: { frames: 1, size: 2 } }, { stream_id: 'str_1' });
  near.send(frame(1, 'str_2', 0, 0, pattern(2)));
  const { code, clean } = await near.closed;
  equal([code, clean], [1008, true]);
  const again = bench.raw();
  await again.open({ fields: { session_id: peer.sessionId } });
  equal(again.sessionId, peer.sessionId);
  equal((await again.answerTo(again.send('resume', {}))).type, 'ack');
  await again.demandAlive();
}
