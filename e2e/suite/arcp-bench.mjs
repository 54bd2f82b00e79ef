// A runtime in memory for one case: clients of ours, clients that say whatever a case makes them say, and a clock that can
// be set forward. Nothing here needs a network, and nothing waits longer than some tenths of a second.

import { toolsOf } from './arcp-tools.mjs';
import { equal, ok } from './assert.mjs';

export const TOKENS = { 'token-of-anna': 'anna', 'token-of-bert': 'bert' };
export const ANNA = { scheme: 'bearer', token: 'token-of-anna' };
export const BERT = { scheme: 'bearer', token: 'token-of-bert' };
export const CLIENT = { kind: 'suite', version: '1.0.0' };

/** What clients of the suite ask for. */
export const CAPABILITIES = {
  streaming: true,
  durable_jobs: true,
  checkpoints: true,
  binary_streams: true,
  human_input: true,
  artifacts: true,
  subscriptions: true,
  scheduled_jobs: true,
  interrupt: true,
};

/** Every service that answers a type. @param {any} library */
export function servicesOf({ arcp, arcpSchedule }) {
  const permissions = arcp.permissionService();
  const services = [
    arcp.streamService(),
    arcp.promptService(),
    permissions,
    arcp.artifactService({ sweepIntervalMs: 0 }),
    arcp.subscriptionService(),
    arcpSchedule.scheduleService(),
  ];
  return { permissions, services };
}

/**
 * Runs a case against a runtime of its own, and ends both; whatever the runtime reported as its own fault fails the case.
 *
 * @param {any} library @param {(bench: any) => Promise<unknown>} use
 * @param {any} [options] Of the runtime. `hasFaults`: whether the case makes some.
 */
export async function withBench(library, use, options = {}) {
  const bench = makeBench(library, options);
  try {
    await use(bench);
  } finally {
    await bench.end();
  }
  if (!options.hasFaults) equal(bench.faults, [], 'faults of the runtime:');
}

/** @param {any} library @param {any} [options] */
export function makeBench(library, { hasFaults: _, services = [], ...options } = {}) {
  const { arcp, transport } = library;
  const made = servicesOf(library);
  const faults = [];
  const sessions = [];
  const bench = {
    /** How far the runtime's clock is set forward, in milliseconds. */
    aheadMs: 0,
    faults,
    permissions: made.permissions,
    runtime: arcp.createRuntime({
      tools: toolsOf(library),
      authenticators: [arcp.bearerTokens(TOKENS)],
      services: [...made.services, ...services],
      now: () => Date.now() + bench.aheadMs,
      onFault: (error, where) => faults.push(`${where}: ${error}`),
      ...options,
    }),
    /** A fresh connection to the runtime. */
    dial(peer) {
      const [near, far] = transport.memoryTransports();
      bench.runtime.accept(far, peer).catch((error) => faults.push(`accept: ${error}`));
      return near;
    },
    async connect(more = {}) {
      const session = await arcp.connect({ ...clientOptions, dial: async () => bench.dial(), ...more });
      sessions.push(session);
      return session;
    },
    /** A client that is ours to script. */
    raw: (peer) => new RawPeer(bench.dial(peer)),
    async open(more) {
      const raw = bench.raw();
      await raw.open(more);
      return raw;
    },
    async end() {
      await Promise.all(sessions.map((session) => session.close()));
      await bench.runtime.close();
    },
  };
  return bench;
}

/** What clients of the suite connect with. */
const clientOptions = {
  auth: ANNA,
  client: CLIENT,
  capabilities: CAPABILITIES,
  requestTimeoutMs: 10_000,
  keepAliveMs: 0,
  reconnect: { initialDelayMs: 1, maxDelayMs: 10 },
};

/**
 * A transport that notes what comes in, and is cut after so many texts.
 *
 * @param {any} inner
 * @param {{ cutAfter?: number, times?: number, onText?: (text: string) => void }} [options] `times`: how often each text
 *   goes, either way.
 */
export function tapped(inner, { cutAfter = Number.POSITIVE_INFINITY, times = 1, onText = () => {} } = {}) {
  let left = cutAfter;
  return {
    send(message) {
      for (let i = 0; i < times; i++) inner.send(message);
    },
    get bufferedBytes() {
      return inner.bufferedBytes;
    },
    drained: (options) => inner.drained(options),
    receive(listener) {
      inner.receive((message) => {
        if (left-- <= 0) return;
        onText(message);
        for (let i = 0; i < times; i++) listener(message);
        if (left === 0) inner.abort();
      });
    },
    close: (code, reason) => inner.close(code, reason),
    abort: () => inner.abort(),
    closed: inner.closed,
  };
}

/** Everything an iterable has, once it has ended. */
export async function all(iterable) {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
}

/** The next of an iterable, which goes on. */
export async function nextOf(iterable) {
  const { value, done } = await iterable[Symbol.asyncIterator]().next();
  ok(!done, 'it has ended');
  return value;
}

/** The first that is so. */
export async function firstOf(iterable, isIt) {
  const iterator = iterable[Symbol.asyncIterator]();
  for (;;) {
    const { value, done } = await iterator.next();
    ok(!done, 'it has ended without');
    if (isIt(value)) return value;
  }
}

/** The code a job ended with. */
export async function codeOf(job) {
  try {
    return { value: (await job.result).value };
  } catch (error) {
    return error.wireCode ?? String(error);
  }
}

let lastNumber = 0;

/** A client without any understanding: what it says and hears is up to the case. */
export class RawPeer {
  transport;
  received = [];
  sessionId = '';
  #taken = 0;
  #waiting = [];
  #hasEnded = false;

  constructor(transport) {
    this.transport = transport;
    transport.receive((text) => {
      this.received.push(JSON.parse(text));
      this.#wake();
    });
    void transport.closed.then(() => {
      this.#hasEnded = true;
      this.#wake();
    });
  }

  /** Says something. @returns Its id. */
  send(type, payload = {}, fields = {}) {
    const session = this.sessionId === '' ? {} : { session_id: this.sessionId };
    const id = `msg_${++lastNumber}`;
    const envelope = { arcp: '1.0', id, type, timestamp: '2026-03-02T08:15:42Z', ...session, payload, ...fields };
    this.transport.send(JSON.stringify(envelope));
    return id;
  }

  /** @returns The answer to the opening. */
  async open({ auth = ANNA, capabilities = CAPABILITIES, fields = {} } = {}) {
    const id = this.send('session.open', { auth, client: CLIENT, capabilities }, fields);
    const answer = await this.answerTo(id);
    this.sessionId = answer.payload.session_id ?? '';
    return answer;
  }

  /** The next of a type, behind the last one that was taken. */
  async until(type, isIt = () => true) {
    for (;;) {
      while (this.#taken < this.received.length) {
        const message = this.received[this.#taken++];
        if (message.type === type && isIt(message)) return message;
      }
      if (this.#hasEnded) throw new Error(`it ended before ${type}, after ${this.types()}`);
      await new Promise((resolve) => this.#waiting.push(resolve));
    }
  }

  /** What is correlated to a message. */
  async answerTo(id) {
    for (;;) {
      const found = this.received.find((message) => message.correlation_id === id);
      if (found !== undefined) return found;
      if (this.#hasEnded) throw new Error(`it ended before ${id} was answered`);
      await new Promise((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Demands that it still answers; when it has, everything said before has been judged. */
  async demandAlive() {
    const id = this.send('ping', { nonce: 'alive' });
    const { type, payload } = await this.answerTo(id);
    equal([type, payload], ['pong', { nonce: 'alive' }]);
  }

  types() {
    return this.received.map(({ type }) => type);
  }

  #wake() {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
