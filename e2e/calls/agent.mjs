// The agent that is called in the table: the same handlers behind every host.

import { falseAgent } from './impostors.mjs';

/**
 * @param {any} library
 * @returns {Promise<{ did: string, identity: any, server: any, impostor: any }>} `impostor` answers in the name of `did`.
 */
export async function makeAgent(library) {
  const { createIdentity, rpcError, serve } = library.front;
  const identity = await createIdentity();
  const records = new Map();
  /** What is known about one DID. */
  const recordOf = (did) => {
    const record = records.get(did) ?? { handled: 0, refusals: [], produced: 0, left: 0, waiting: [] };
    records.set(did, record);
    return record;
  };
  /** Waits until something is true of a record. */
  const until = async (record, holds) => {
    while (!holds(record)) await new Promise((resolve) => record.waiting.push(resolve));
  };
  const changed = (record) => {
    for (const resolve of record.waiting.splice(0)) resolve();
  };
  const counted = (handler) => (params, context) => {
    recordOf(context.peer.did).handled++;
    return handler(params, context);
  };
  const handlers = {
    echo: (params) => params,
    who: (_params, { peer }) => peer.did,
    *count({ n }, { peer }) {
      const record = recordOf(peer.did);
      for (record.produced = 0; record.produced < n; ) yield record.produced++;
    },
    /** How many items of the caller's latest `count` have been made. */
    produced: (_params, { peer }) => recordOf(peer.did).produced,
    async *forever(_params, { peer }) {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        const record = recordOf(peer.did);
        record.left++;
        changed(record);
      }
    },
    /** Answers when so many of the caller's streams have been left. */
    async left({ times }, { peer }) {
      const record = recordOf(peer.did);
      await until(record, ({ left }) => left >= times);
      return record.left;
    },
    refuse() {
      throw rpcError(4711, 'not today');
    },
    fail() {
      throw new Error('the password is swordfish');
    },
    async *half() {
      yield 1;
      yield 2;
      throw new Error('halfway');
    },
    /** When a DID has been refused: what for, and how often it reached a handler. */
    async refused({ did }) {
      const record = recordOf(did);
      await until(record, ({ refusals }) => refusals.length > 0);
      return { handled: record.handled, refusals: record.refusals };
    },
    /** Calls the caller back. */
    async back(params, { peer }) {
      const session = [...server.sessions].find((open) => open.peer.did === peer.did);
      return session.call('echo', params);
    },
  };
  const server = serve({
    identity,
    handlers: Object.fromEntries(Object.entries(handlers).map(([name, handler]) => [name, counted(handler)])),
    onRefused(error, { callerDid }) {
      const record = recordOf(callerDid);
      record.refusals.push(error?.code ?? String(error));
      changed(record);
    },
  });
  return { did: identity.did, identity, server, impostor: await falseAgent(library, identity.did) };
}
