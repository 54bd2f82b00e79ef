// Calls between a program and a worker of its own, over ports, in both directions.

import { makeAgent } from './agent.mjs';
import { checkAgent } from './check.mjs';
import { answerPorts, overPorts } from './dialling.mjs';

/** Has a worker (thread.mjs) do something. @param {any} worker @param {string} work @param {unknown} [data] */
export function ask(worker, work, data) {
  return new Promise((resolve, reject) => {
    worker.addEventListener('error', ({ message }) => reject(new Error(`in the worker: ${message}`)));
    worker.addEventListener('message', ({ data: { done, value, error, violations } }) => {
      if (done !== work) return;
      if (error !== undefined) reject(new Error(`in the worker: ${error}`));
      else if (violations.length > 0) reject(new Error(`in the worker, violations: ${violations}`));
      else resolve(value);
    });
    worker.postMessage({ work, data });
  });
}

/** @param {any} library @param {any} worker */
export async function workerCallsUs(library, worker) {
  const agent = await makeAgent(library);
  worker.addEventListener('message', answerPorts(library, agent));
  return ask(worker, 'callOverPorts', agent.did);
}

/** @param {any} library @param {any} worker */
export async function weCallWorker(library, worker) {
  const did = await ask(worker, 'serveOverPorts');
  return checkAgent(library, overPorts(library, did, worker));
}

/**
 * Both directions, each with a worker of its own.
 *
 * @param {any} library @param {() => any} startWorker @returns {Promise<Record<string, any>>}
 */
export async function bothWays(library, startWorker) {
  const result = {};
  for (const [name, check] of Object.entries({ 'worker calls': workerCallsUs, 'is called': weCallWorker })) {
    const worker = startWorker();
    try {
      result[name] = await check(library, worker);
    } finally {
      await worker.terminate();
    }
  }
  return result;
}
