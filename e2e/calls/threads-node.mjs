// Calls over ports between a program and its worker thread, in Node, whose threads are no web workers: this file makes
// them look like ones, on both sides.

import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import * as library from '../suite/library.mjs';
import { bothWays } from './beside.mjs';

/** Listens as a web worker is listened to. */
const listen = (emitter) => (type, listener) =>
  emitter.on(type, (value) => listener(type === 'message' ? { data: value } : value));

if (isMainThread) {
  const start = () => {
    const thread = new Worker(new URL(import.meta.url));
    return {
      postMessage: (message, transfer) => thread.postMessage(message, transfer),
      addEventListener: listen(thread),
      terminate: () => thread.terminate(),
    };
  };
  console.log(`@${JSON.stringify(await bothWays(library, start))}`);
} else {
  const postMessage = (message, transfer) => parentPort.postMessage(message, transfer);
  globalThis.self = { postMessage, addEventListener: listen(parentPort) };
  await import('./thread.mjs');
}
