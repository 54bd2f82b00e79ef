// The asking process of the network benchmarks: prints one JSON line with its figures and ends.
//   node client.mjs raw|capnweb|default|fast echo|stream8|streamGrowing|blob URL [DID]

import { newWebSocketRpcSession } from 'capnweb';
import { WebSocket } from 'ws';
import { connect, createIdentity, webSocket } from '../../../dist/index.js';
import { fastSuite } from '../../../dist/noise/fast.js';

const [kind, what, url, did] = process.argv.slice(2);
const IN_FLIGHT = 64;
const PAYLOAD = { a: 1, b: 'hello' };

/** Calls with so many in flight, for a second after a warm-up. @param {() => Promise<unknown>} call */
async function inFlight(call) {
  let done = 0;
  let running = true;
  const worker = async () => {
    while (running) {
      await call();
      done++;
    }
  };
  const workers = Array.from({ length: IN_FLIGHT }, worker);
  await new Promise((resolve) => setTimeout(resolve, 400));
  const [before, start, cpu] = [done, performance.now(), process.cpuUsage()];
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const seconds = (performance.now() - start) / 1000;
  const calls = done - before;
  const { user, system } = process.cpuUsage(cpu);
  running = false;
  await Promise.all(workers);
  return { perSecond: calls / seconds, cpuMicrosPerCall: (user + system) / calls };
}

/** Items a second of a stream, after a short one. @param {(n: number) => AsyncIterable<unknown>} stream */
async function streaming(stream, n) {
  for await (const _ of stream(n / 5));
  const start = performance.now();
  for await (const _ of stream(n));
  return { perSecond: n / ((performance.now() - start) / 1000) };
}

async function rawEcho() {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await new Promise((resolve) => socket.once('open', resolve));
  /** @type {((value?: unknown) => void)[]} */
  const waiting = [];
  socket.on('message', () => waiting.shift()?.());
  const frame = Buffer.alloc(100, 120);
  return inFlight(
    () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        socket.send(frame);
      }),
  );
}

async function capnwebEcho() {
  // Node 20 has none, and Cap'n Web reads its constants.
  globalThis.WebSocket ??= /** @type {any} */ (WebSocket);
  const api = newWebSocketRpcSession(/** @type {any} */ (new WebSocket(url, { perMessageDeflate: false })));
  return inFlight(() => /** @type {any} */ (api).echo(PAYLOAD));
}

async function ringline() {
  const identity = await createIdentity();
  const suite = kind === 'fast' ? { suite: fastSuite } : {};
  const session = await connect({
    identity,
    transport: webSocket(url),
    remoteDid: /** @type {string} */ (did),
    ...suite,
  });
  if (what === 'echo') return inFlight(() => session.call('echo', PAYLOAD));
  if (what === 'stream8') return streaming((to) => session.stream('count', { to }, { credits: 8 }), 20_000);
  if (what === 'streamGrowing') return streaming((to) => session.stream('count', { to }), 20_000);
  return streaming((n) => session.stream('blob', { bytes: 32_768, n }), 1_000);
}

const figures = await (kind === 'raw' ? rawEcho() : kind === 'capnweb' ? capnwebEcho() : ringline());
console.log(JSON.stringify(figures));
process.exit(0);
