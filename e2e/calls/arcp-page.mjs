// ARCP in a page: a client; a runtime for whoever dials a relay on this machine, with its log in IndexedDB; and either of
// them beside a worker, over a MessagePort.

import * as library from '../suite/library.mjs';
import { makeRuntime } from './arcp-agent.mjs';
import { checkArcp, checkOver } from './arcp-check.mjs';

const { openWebSocket, portTransport } = library.transport;

// Under require-trusted-types-for a worker's address has to come from a policy, which is the application's to make.
const { trustedTypes } = globalThis;
const policy = trustedTypes?.createPolicy('tests', { createScriptURL: (url) => url });
const scriptUrl = (url) => (policy === undefined ? url : policy.createScriptURL(url));

/** Starts the worker for as long as something is done with it. */
async function withWorker(use) {
  const worker = new Worker(scriptUrl('/arcp-thread.mjs'), { type: 'module' });
  const failed = new Promise((_resolve, reject) => {
    worker.addEventListener('error', ({ message }) => reject(new Error(message)));
  });
  try {
    return await Promise.race([use(worker), failed]);
  } finally {
    worker.terminate();
  }
}

/** The answer of the worker to a job, with no violation of its policy. */
function answerOf(worker, job) {
  return new Promise((resolve, reject) => {
    worker.addEventListener('message', ({ data }) => {
      if (data.answered !== job) return;
      if (data.error !== undefined) reject(new Error(data.error));
      else if (data.violations.length > 0) reject(new Error(`the worker broke its policy: ${data.violations}`));
      else resolve(data.value);
    });
    worker.postMessage({ job });
  });
}

/** A fresh port's other end goes to the worker. */
function dialWorker(worker) {
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ port: port2 }, [port2]);
  return portTransport(port1);
}

globalThis.harness.run({
  async callArcp(targets) {
    const verdicts = [];
    for (const target of targets) verdicts.push(await checkArcp(library, target));
    return verdicts;
  },

  /** Begins, and goes on after this is answered. */
  async serveArcp({ kind, control }) {
    const { indexedDbArtifacts, indexedDbLog } = library.arcpIndexedDb;
    const name = `arcp-${crypto.randomUUID()}`;
    const kept = { log: indexedDbLog(name), artifacts: indexedDbArtifacts(name) };
    const { runtime, phone, did } = await makeRuntime(library, { runtime: kind, ...kept });
    const announced = await openWebSocket(control);
    announced.receive(async (text) => {
      const { id, isPhone, callerDid } = JSON.parse(text);
      const transport = await openWebSocket(`${control}/${id}`);
      if (!isPhone) return runtime.accept(transport);
      const call = { transport, callerDid, subprotocol: 'agent-phone.v1' };
      return phone.accept({ accept: async () => call });
    });
    return { did };
  },

  pageCallsWorker: () =>
    withWorker(async (worker) => {
      await answerOf(worker, 'serve');
      return checkOver(library, async () => dialWorker(worker), 'worker');
    }),
  workerCallsPage: () =>
    withWorker(async (worker) => {
      const { runtime } = await makeRuntime(library, { runtime: 'page' });
      worker.addEventListener('message', ({ data }) => {
        if (data.port !== undefined) void runtime.accept(portTransport(data.port));
      });
      return answerOf(worker, 'call');
    }),
});
