// @ts-check
// The agent that is called: an ordinary server of the package, with a few methods and books that the page may read.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createIdentity, isSdkError, serve } from 'ringline';
import { attachToNode } from 'ringline/host/node';
import { nodeListener } from 'ringline/host/node-http';
import { serveCard, signedCardOf } from './agent-card.mjs';
import { trustOf } from './agent-trust.mjs';
import { workOf } from './agent-work.mjs';
import { answer } from './answers.mjs';

const TICK_MS = 120;
const WORD_MS = 45;

/** Longest a caller waits to hear how its ticks ended. */
const ENDED_WITHIN_MS = 5_000;

/** What the terminal is told. @typedef {(event: AgentEvent) => void} Listener */

/**
 * @typedef {{ name: 'session', callerDid: string }
 *   | { name: 'refused', callerDid: string, code: string }
 *   | { name: 'ticks-ended', produced: number }
 *   | { name: 'job-left', tool: string, why: string }} AgentEvent
 */

/**
 * @typedef {object} Agent
 * @property {string} url
 * @property {string} did
 * @property {import('ringline/host/node-http').FetchHandler} serveCard Answers requests for its card.
 * @property {() => Promise<void>} close
 */

/**
 * Starts the agent on loopback.
 *
 * @param {Listener} tell
 * @returns {Promise<Agent>}
 */
export async function startAgent(tell) {
  const identity = await createIdentity();
  /** @type {Map<string, number>} Orders by the DID in whose name they were placed. */
  const orders = new Map();
  /** @type {Map<string, PromiseWithResolvers>} How each caller's latest ticks end. */
  const ticks = new Map();
  let refused = 0;
  let lastRefusal = 'none';

  /** @type {import('ringline').Handlers} */
  const handlers = {
    echo: (params) => params,
    async *count({ to }) {
      for (let number = 0; number < to; number++) yield number;
    },
    async *ticks(_params, { peer, signal }) {
      const ended = withResolvers();
      ticks.set(peer.did, ended);
      let produced = 0;
      try {
        for (;;) {
          yield produced++;
          await sleep(TICK_MS, undefined, { signal });
        }
      } finally {
        // A cancel gets here wherever the producer was: at the yield, or in its sleep.
        ended.resolve({ produced });
        tell({ name: 'ticks-ended', produced });
      }
    },
    'ticks.ended': (_params, { peer, signal }) => {
      const none = { produced: 0 };
      const ended = ticks.get(peer.did)?.promise ?? none;
      return Promise.race([ended, sleep(ENDED_WITHIN_MS, none, { signal, ref: false })]);
    },
    whoami: (_params, { peer }) => ({ did: peer.did, proof: peer.proof }),
    async *ask({ question }, { peer, signal }) {
      for (const word of answer(String(question), peer.did, identity.did).split(' ')) {
        yield word;
        await sleep(WORD_MS, undefined, { signal });
      }
    },
    order({ what }, { peer }) {
      const count = (orders.get(peer.did) ?? 0) + 1;
      orders.set(peer.did, count);
      return { said: `Very well: ${String(what).slice(0, 40)}, on the name ending in ${peer.did.slice(-6)}.` };
    },
    ledger: (_params, { peer }) => ({ refused, lastRefusal, orders: orders.get(peer.did) ?? 0 }),
  };
  const work = workOf(identity.did, tell);
  const open = { ...handlers, ...work.handlers };
  const http = createServer();
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const address = /** @type {import('node:net').AddressInfo} */ (http.address());
  const place = `127.0.0.1:${address.port}/`;
  const trust = await trustOf(identity, `http://${place}`, Object.keys(open));
  http.on('request', nodeListener([trust.answer]));

  const server = serve({
    identity,
    handlers: { ...open, ...trust.handlers },
    authorize: trust.authorize,
    onSession: ({ peer }) => tell({ name: 'session', callerDid: peer.did }),
    onRefused(error, { callerDid }) {
      const code = isSdkError(error) ? error.code : 'unknown';
      refused++;
      lastRefusal = code;
      tell({ name: 'refused', callerDid, code });
    },
  });
  const attachment = await attachToNode(server, http);
  const url = `ws://${place}`;
  return {
    url,
    did: identity.did,
    serveCard: serveCard(await signedCardOf(identity, url)),
    async close() {
      await work.close();
      await server.close();
      await attachment.close();
      http.close();
      http.closeAllConnections();
    },
  };
}

/** @typedef {{ promise: Promise<unknown>, resolve: (value: unknown) => void }} PromiseWithResolvers */

/** `Promise.withResolvers`, which Node 20 lacks. @returns {PromiseWithResolvers} */
function withResolvers() {
  let resolve = (/** @type {unknown} */ _value) => {};
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
