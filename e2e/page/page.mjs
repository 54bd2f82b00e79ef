// What a page of a test can be asked to do.

import { checkA2a } from '../calls/a2a-check.mjs';
import { ask, weCallWorker, workerCallsUs } from '../calls/beside.mjs';
import { checkAgent } from '../calls/check.mjs';
import { overPorts, overWebSocket } from '../calls/dialling.mjs';
import * as library from '../suite/library.mjs';
import { runInBrowser } from '../suite/suite.mjs';
import { nothingToExport } from '../suite/vault.mjs';
import { relay } from './relay.mjs';

const { indexedDb } = library.indexeddb;
const { openIdentity } = library.vault;

// Under require-trusted-types-for a worker's address has to come from a policy, which is the application's to make.
const { trustedTypes } = globalThis;
const policy = trustedTypes?.createPolicy('tests', { createScriptURL: (url) => url });
const scriptUrl = (url) => (policy === undefined ? url : policy.createScriptURL(url));

/** Starts a worker for as long as something is done with it. */
async function withWorker(use) {
  const worker = new Worker(scriptUrl('/thread.mjs'), { type: 'module' });
  try {
    return await use(worker);
  } finally {
    worker.terminate();
  }
}

/** Sends a control port to an agent elsewhere (port-agent.mjs), and calls that agent. */
async function callBeyond(send) {
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise((resolve) => {
    port1.addEventListener('message', ({ data }) => resolve(data.did), { once: true });
    port1.start();
  });
  send(port2);
  return checkAgent(library, overPorts(library, await answer, port1));
}

async function openedIn(database) {
  const store = indexedDb(database);
  const { identity, created } = await openIdentity(store);
  await library.identity.proveIdentity(identity);
  return { did: identity.did, created, keys: await store.keys() };
}

globalThis.harness.run({
  suite: () => runInBrowser(library),
  suiteInWorker: () => withWorker((worker) => ask(worker, 'suite')),

  call: (addresses) => checkAgent(library, overWebSocket(library, addresses)),
  callFromWorker: (addresses) => withWorker((worker) => ask(worker, 'callByWebSocket', addresses)),
  callA2a: (target) => checkA2a(library, target),
  callA2aFromWorker: (target) => withWorker((worker) => ask(worker, 'callA2a', target)),
  /** The worker has ports only; this page passes on what they say. */
  callFromWorkerOverPorts: ({ did, agentUrl, impostorUrl }) =>
    withWorker((worker) => {
      worker.addEventListener('message', ({ data: { dial, port } }) => {
        if (dial !== undefined) relay(library, port, dial === 'agent' ? agentUrl : impostorUrl).catch(() => {});
      });
      return ask(worker, 'callOverPorts', did);
    }),
  workerCallsPage: () => withWorker((worker) => workerCallsUs(library, worker)),
  pageCallsWorker: () => withWorker((worker) => weCallWorker(library, worker)),
  async pageCallsServiceWorker() {
    const address = scriptUrl('/port-agent.mjs');
    const registration = await navigator.serviceWorker.register(address, { type: 'module', scope: '/nowhere' });
    try {
      return await callBeyond((port) => {
        const { installing, waiting, active } = registration;
        (installing ?? waiting ?? active).postMessage({ control: port }, [port]);
      });
    } finally {
      await registration.unregister();
    }
  },
  async pageCallsFrame() {
    const frame = document.createElement('iframe');
    frame.src = '/frame.html';
    const loaded = new Promise((resolve) => {
      frame.addEventListener('load', resolve);
    });
    document.documentElement.append(frame);
    await loaded;
    return callBeyond((port) => frame.contentWindow.postMessage({ control: port }, location.origin, [port]));
  },

  open: ({ database }) => openedIn(database),
  async openAndTryToExport({ database }) {
    const opened = await openedIn(database);
    await nothingToExport(await indexedDb(database).get('ringline.identity'));
    return opened;
  },

  /** One of two tabs: both open each fresh database at the same moment, and count when both are done. */
  async race({ rounds, prefix }) {
    const seen = [];
    for (let round = 0; round < rounds; round++) {
      const store = indexedDb(`${prefix}-${round}`);
      await globalThis.harness.barrier(`${prefix}-${round}-open`, 2);
      const { identity, created } = await openIdentity(store);
      await globalThis.harness.barrier(`${prefix}-${round}-done`, 2);
      seen.push({ did: identity.did, created, keys: await store.keys() });
    }
    return seen;
  },
});
