// A session whose messages are written one by one, for what our client has no call for.

import { setTimeout as delay } from 'node:timers/promises';
import { openHandshake } from '../../../dist/arcp/client/index.js';
import { encodeMessage } from '../../../dist/arcp/wire/envelope.js';
import { idFactory } from '../../../dist/arcp/wire/ids.js';
import { REGISTRY } from '../../../dist/arcp/wire/registry.js';
import { BEARER, CLIENT, OFFER, UNKNOWN_TO_CRATE, WAIT_MS } from './common.mjs';
import { PAYLOADS } from './corpus.mjs';

/** @typedef {import('./common.mjs').Dial} Dial */

/** Core types in an order in which the session they are sent in stands to the last. */
export function knownTypes() {
  const types = Object.keys(REGISTRY).filter((type) => !UNKNOWN_TO_CRATE.test(type) && type !== 'session.close');
  return [...types, 'session.close'];
}

/**
 * Sends a message of each type, and a ping behind each.
 *
 * @param {Dial} dial @param {readonly string[]} types
 * @returns {Promise<boolean>} Whether every ping was answered, and `session.close` by the end of the connection.
 */
export async function survives(dial, types) {
  const peer = await rawSession(dial);
  try {
    for (const type of types) {
      const facts = REGISTRY[type];
      // One that is refused would end the session.
      const payload = type === 'session.open' ? { auth: BEARER, client: CLIENT, capabilities: OFFER } : PAYLOADS[type];
      peer.send(type, payload, {
        priority: 'high',
        ...(facts.jobScoped ? { job_id: 'job_1' } : {}),
        ...(facts.streamScoped ? { stream_id: 'str_1' } : {}),
      });
      if (type === 'session.close') return await Promise.race([peer.ended.then(() => true), delay(WAIT_MS, false)]);
      const id = peer.send('ping', {});
      if (!(await peer.got((message) => message.type === 'pong' && message.correlation_id === id))) return false;
    }
    return true;
  } finally {
    peer.abort();
  }
}

/** How many jobs come of one command that arrives twice. @param {Dial} dial */
export async function repeated(dial) {
  const peer = await rawSession(dial);
  const id = peer.send('tool.invoke', { tool: 'echo', arguments: 1 });
  peer.send('tool.invoke', { tool: 'echo', arguments: 1 }, { id });
  const ping = peer.send('ping', {});
  await peer.got((message) => message.correlation_id === id && message.type === 'job.completed');
  await peer.got((message) => message.correlation_id === ping);
  peer.abort();
  return peer.all.filter(({ type }) => type === 'job.accepted').length;
}

/** A session whose messages are ours to write. @param {Dial} dial */
async function rawSession(dial) {
  const ids = idFactory();
  const transport = await dial();
  const { sessionId, deliver } = await openHandshake(transport).open({
    auth: BEARER,
    client: CLIENT,
    capabilities: OFFER,
  });
  /** @type {any[]} */
  const all = [];
  /** @type {Set<() => void>} */
  const waiting = new Set();
  deliver((text) => {
    all.push(JSON.parse(text));
    for (const look of waiting) look();
  });
  const ended = transport.closed.then((info) => {
    for (const look of waiting) look();
    return info;
  });
  let isOpen = true;
  void ended.then(() => (isOpen = false));
  return {
    all,
    ended,
    abort: () => transport.abort(),
    send(/** @type {string} */ type, /** @type {object} */ payload, fields = {}) {
      const id = ids.message();
      const timestamp = new Date().toISOString();
      const message = { arcp: '1.0', id, timestamp, session_id: sessionId, ...fields, type, payload };
      if (isOpen) transport.send(encodeMessage(/** @type {any} */ (message)));
      return message.id;
    },
    /** @returns {Promise<boolean>} Whether such a message came in time, before the connection ended. */
    got(/** @type {(message: any) => boolean} */ wanted) {
      return Promise.race([
        new Promise((resolve) => {
          const look = () => {
            if (!all.some(wanted)) return;
            waiting.delete(look);
            resolve(true);
          };
          waiting.add(look);
          look();
        }),
        ended.then(() => all.some(wanted)),
        delay(WAIT_MS, false, { ref: false }),
      ]);
    },
  };
}
