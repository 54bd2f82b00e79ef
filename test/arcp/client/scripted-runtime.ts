// A runtime that says exactly what a test has it say: raw envelopes over memory transports, one connection at a time.

import { connect } from '../../../src/arcp/client/connect.js';
import type { ConnectOptions } from '../../../src/arcp/client/options.js';
import type { ClientSession } from '../../../src/arcp/client/session.js';
import { type FakeClock, fakeClock } from '../../../src/testing/fake-clock.js';
import type { Transport } from '../../../src/transport/contract.js';
import { memoryTransports } from '../../../src/transport/memory.js';

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came.
export type Envelope = Record<string, any>;

/** Wall-clock time of the tests. */
export const NOW_MS = Date.UTC(2026, 2, 2, 9, 0, 0);

export const ACCEPTED = {
  session_id: 'sess_1',
  runtime: { kind: 'scripted', version: '1.0.0', fingerprint: 'sha256:aa' },
  capabilities: { streaming: true, human_input: true, artifacts: true, subscriptions: true },
  lease: { expires_at: '2026-03-02T10:00:00.000Z' },
};

let ids = 0;

/** Lets everything that was started come to rest: promises, deliveries, imports that are in the cache. */
export async function settle(turns = 3): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setTimeout(resolve));
}

/** Waits for something that comes in its own time, such as a module. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 2_000; i++) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve));
  }
  throw new Error('it never came to that');
}

/** The runtime's end of one connection. */
export class Peer {
  readonly transport: Transport;
  readonly received: Envelope[] = [];
  readonly #taken = new Set<Envelope>();
  sessionId = 'sess_1';
  isClosed = false;

  constructor(transport: Transport) {
    this.transport = transport;
    transport.receive((text) => this.received.push(JSON.parse(text as string)));
    void transport.closed.then(() => {
      this.isClosed = true;
    });
  }

  /** The first message of a type that was not asked for before. */
  async expect(type: string): Promise<Envelope> {
    let found: Envelope | undefined;
    await until(() => {
      found = this.received.find((one) => one.type === type && !this.#taken.has(one));
      return found !== undefined || this.isClosed;
    });
    if (found === undefined) throw new Error(`no ${type} came`);
    this.#taken.add(found);
    return found;
  }

  typesReceived(): string[] {
    return this.received.map(({ type }) => type as string);
  }

  /** Sends an envelope. @returns Its id. */
  send(type: string, payload: object = {}, fields: Envelope = {}): string {
    const id = `msg_r${++ids}`;
    this.raw({
      arcp: '1.0',
      id,
      type,
      timestamp: new Date(NOW_MS).toISOString(),
      session_id: this.sessionId,
      ...fields,
      payload,
    });
    return (fields.id as string) ?? id;
  }

  /** Sends anything. */
  raw(message: object | string): void {
    this.transport.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Answers the `session.open`. */
  async accept(changes: Envelope = {}): Promise<Envelope> {
    const open = await this.expect('session.open');
    const payload = { ...ACCEPTED, ...changes };
    this.sessionId = payload.session_id;
    this.send('session.accepted', payload, { correlation_id: open.id });
    return open;
  }

  /** Accepts the next job. */
  async acceptJob(jobId = 'job_1', type = 'tool.invoke'): Promise<Envelope> {
    const command = await this.expect(type);
    this.send('job.accepted', { job_id: jobId }, { correlation_id: command.id, job_id: jobId });
    return command;
  }
}

/** Where clients dial. */
export class ScriptedRuntime {
  readonly clock: FakeClock = fakeClock();
  readonly peers: Peer[] = [];
  /** What dialling fails with, while it is set. */
  failure: Error | undefined;
  dials = 0;

  readonly options: ConnectOptions = {
    dial: async () => {
      this.dials++;
      if (this.failure !== undefined) throw this.failure;
      const [near, far] = memoryTransports();
      this.peers.push(new Peer(far));
      return near;
    },
    auth: { scheme: 'bearer', token: 'tok' },
    client: { kind: 'test', version: '0.0.1' },
    capabilities: { streaming: true, human_input: true, artifacts: true, subscriptions: true },
    clock: this.clock,
    now: () => NOW_MS + this.clock.now(),
    random: () => 0,
    keepAliveMs: 0,
  };

  /** The connection that was opened last. */
  get peer(): Peer {
    const peer = this.peers.at(-1);
    if (peer === undefined) throw new Error('nobody has dialled');
    return peer;
  }

  /** Waits for the n-th connection, from 1. */
  async connection(count: number): Promise<Peer> {
    await until(() => this.peers.length >= count);
    return this.peers[count - 1] as Peer;
  }

  /** Connects a client. */
  async connect(options: Partial<ConnectOptions> = {}, accepted: Envelope = {}): Promise<ClientSession> {
    const connecting = connect({ ...this.options, ...options });
    connecting.catch(() => {});
    await until(() => this.peers.length > 0);
    await this.peer.accept(accepted);
    const session = await connecting;
    await settle();
    return session;
  }

  /** Cuts the connection and lets the client come back. */
  async cut(): Promise<Peer> {
    const count = this.peers.length;
    this.peer.transport.abort();
    await settle();
    this.clock.advance(1_000);
    return this.connection(count + 1);
  }
}

/** The code a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
  return 'resolved';
}

/** What an iterable says until it ends. */
export async function all<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of iterable) items.push(item);
  return items;
}

/** The next thing an iterable says. */
export async function next<T>(iterable: AsyncIterable<T>): Promise<T> {
  const result = await iterable[Symbol.asyncIterator]().next();
  if (result.done === true) throw new Error('it has ended');
  return result.value;
}
