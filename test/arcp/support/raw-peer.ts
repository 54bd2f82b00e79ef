// A client that says exactly what a test makes it say, and a runtime on a clock that the test turns.
//
//     const bench = testRuntime({ tools: [echo] });
//     const peer = bench.connect();
//     await peer.open();                                  // session.open with bearer `tok-alice`, waits for acceptance
//     const id = peer.send('tool.invoke', { tool: 'echo', arguments: 1 });
//     const done = await peer.until('job.completed');     // the next one of that type, anything before it is passed over
//     expect(peer.types()).toEqual([...]);                // all that came since `open`
//     bench.clock.advance(1_000); await settle();         // time passes, then everything that moves has moved
//     await peer.drop();                                  // the network is cut
//     const again = bench.connect(); await again.open({ session_id: peer.sessionId });
//
// `bench.restart()` makes a second runtime over the same log, as after a crash.

import type { EventLog } from '../../../src/arcp/log/contract.js';
import { memoryLog } from '../../../src/arcp/log/memory.js';
import { type Authenticator, bearerTokens, type Peer } from '../../../src/arcp/runtime/authenticator.js';
import { createRuntime, type Runtime, type RuntimeOptions } from '../../../src/arcp/runtime/runtime.js';
import type { RawEnvelope } from '../../../src/arcp/wire/envelope.js';
import type { JsonObject, JsonValue } from '../../../src/codec/json-value.js';
import { type FakeClock, fakeClock } from '../../../src/testing/fake-clock.js';
import type { Transport, TransportCloseInfo } from '../../../src/transport/contract.js';
import { memoryTransports } from '../../../src/transport/memory.js';
import { yieldToEventLoop } from '../../../src/yield.js';

/** Unix time at which every test clock stands at 0. */
export const EPOCH_MS = Date.parse('2026-03-02T08:15:42.000Z');

/** Tokens that {@link testRuntime} knows, and their principals. */
export const TOKENS = { 'tok-alice': 'alice', 'tok-bob': 'bob' } as const;

/** Capabilities that {@link RawPeer.open} asks for. */
export const ALL_CAPABILITIES: JsonObject = {
  streaming: true,
  durable_jobs: true,
  checkpoints: true,
  binary_streams: true,
  agent_handoff: true,
  human_input: true,
  artifacts: true,
  subscriptions: true,
  scheduled_jobs: true,
  interrupt: true,
};

/** A message as it came: plain JSON, whose payload may be looked into. */
export type Received = Omit<RawEnvelope, 'payload'> & {
  // biome-ignore lint/suspicious/noExplicitAny: tests look into payloads of every shape.
  readonly payload: any;
};

/** Lets everything that can move without time do so: microtasks, and what the engine does beside them. */
export async function settle(turns = 3): Promise<void> {
  for (let i = 0; i < turns; i++) await yieldToEventLoop();
}

/** Fields of an envelope that a test may set; `undefined` leaves one out, also one that is required. */
export type RawFields = { readonly [Name in keyof RawEnvelope]?: unknown } & { readonly [name: string]: unknown };

/** What {@link RawPeer.open} says otherwise than usual. */
export interface OpenFields {
  readonly auth?: JsonValue;
  readonly client?: JsonValue;
  readonly capabilities?: JsonValue;
  readonly session_id?: string | undefined;
}

let lastNumber = 0;

/** The raw peer. */
export class RawPeer {
  readonly transport: Transport;
  /** Everything that came, in order. */
  readonly received: Received[] = [];
  /** The texts of {@link received}, letter for letter. */
  readonly texts: string[] = [];
  readonly closed: Promise<TransportCloseInfo>;
  /** Set by {@link open}. */
  sessionId = '';
  #taken = 0;
  #sinceOpen = 0;
  #waiting: (() => void)[] = [];
  #hasEnded = false;

  constructor(transport: Transport) {
    this.transport = transport;
    transport.receive((text) => {
      if (typeof text !== 'string') throw new TypeError('the runtime sent bytes');
      this.texts.push(text);
      this.received.push(JSON.parse(text) as Received);
      this.#wake();
    });
    this.closed = transport.closed.then((info) => {
      this.#hasEnded = true;
      this.#wake();
      return info;
    });
  }

  /** Sends a message. @returns Its id: `msg_` and a number that no other message of the test run has. */
  send(type: string, payload: JsonValue = {}, fields: RawFields = {}): string {
    const id = `msg_${++lastNumber}`;
    const envelope = {
      arcp: '1.0',
      id,
      type,
      timestamp: '2026-03-02T08:15:42.000Z',
      ...(this.sessionId === '' ? undefined : { session_id: this.sessionId }),
      ...fields,
      payload,
    };
    this.sendText(JSON.stringify(envelope));
    return typeof envelope.id === 'string' ? envelope.id : id;
  }

  /** Sends any text. */
  sendText(text: string): void {
    this.transport.send(text);
  }

  /** Opens a session, as alice with all capabilities where nothing else is said. @returns The `session.accepted`. */
  async open({ auth, client, capabilities, session_id }: OpenFields = {}): Promise<Received> {
    this.sessionId = '';
    this.send(
      'session.open',
      {
        auth: auth ?? { scheme: 'bearer', token: 'tok-alice' },
        client: client ?? { kind: 'raw-peer', version: '1.2.3' },
        capabilities: capabilities ?? ALL_CAPABILITIES,
      },
      { session_id },
    );
    const accepted = await this.until('session.accepted');
    this.sessionId = accepted.payload.session_id as string;
    this.#sinceOpen = this.#taken;
    return accepted;
  }

  /**
   * Waits for the next message of a type, from behind the last one taken; what came before it is passed over.
   *
   * @throws {Error} the connection ended first.
   */
  async until(type: string, matches: (message: Received) => boolean = () => true): Promise<Received> {
    for (;;) {
      while (this.#taken < this.received.length) {
        const message = this.received[this.#taken++] as Received;
        if (message.type === type && matches(message)) return message;
      }
      if (this.#hasEnded) throw new Error(`the connection ended before ${type} came; there were ${this.types()}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** The answer to a message: the next one correlated to it. */
  async answerTo(id: string): Promise<Received> {
    for (;;) {
      const found = this.received.find((message) => message.correlation_id === id);
      if (found !== undefined) return found;
      if (this.#hasEnded) throw new Error(`the connection ended before ${id} was answered`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** What came since `open`, or since {@link forget}. */
  since(): readonly Received[] {
    return this.received.slice(this.#sinceOpen);
  }

  /** Types of {@link since}, in order. */
  types(): readonly string[] {
    return this.since().map(({ type }) => type);
  }

  /** Lets {@link since} and {@link until} begin anew. */
  forget(): void {
    this.#sinceOpen = this.received.length;
    this.#taken = this.received.length;
  }

  /** Messages of {@link received} that are of a job. */
  ofJob(jobId: string): readonly Received[] {
    return this.received.filter((message) => message.job_id === jobId);
  }

  /** Cuts the connection, as a lost network does. Resolves when the runtime has noticed. */
  async drop(): Promise<void> {
    this.transport.abort();
    await settle();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** A runtime under test. */
export interface TestRuntime {
  readonly runtime: Runtime;
  readonly clock: FakeClock;
  readonly log: EventLog;
  /** What the runtime reported as faults, oldest first. */
  readonly faults: readonly { readonly error: unknown; readonly where: string }[];
  /** A fresh connection. @param peer What the transport has proved about the other side. */
  connect(peer?: Peer): RawPeer;
  /** A fresh connection with an open session. */
  session(fields?: OpenFields, peer?: Peer): Promise<RawPeer>;
  /** Stops the runtime where it stands, as a crash does: it can no longer write or read. Connections are cut. */
  crash(): Promise<void>;
  /** Crashes, then makes another runtime over the same log and clock, which has recovered. */
  restart(options?: RuntimeOptions): Promise<TestRuntime>;
}

/** Makes a runtime on a clock that stands still, which knows alice and bob by {@link TOKENS}. */
export function testRuntime(options: RuntimeOptions = {}): TestRuntime {
  const clock = (options.clock as FakeClock | undefined) ?? fakeClock();
  const log = options.log ?? memoryLog();
  const mortal = mortalLog(log);
  const transports: Transport[] = [];
  const faults: { error: unknown; where: string }[] = [];
  const authenticators: readonly Authenticator[] = options.authenticators ?? [bearerTokens(TOKENS)];
  const all: RuntimeOptions = {
    now: () => EPOCH_MS + clock.now(),
    onFault: (error, where) => faults.push({ error, where }),
    ...options,
    clock,
    log: mortal.log,
    authenticators,
  };
  const runtime = createRuntime(all);
  const connect = (peer?: Peer): RawPeer => {
    const [near, far] = memoryTransports();
    transports.push(near);
    runtime.accept(far, peer).catch((error: unknown) => faults.push({ error, where: 'accept' }));
    return new RawPeer(near);
  };
  return {
    runtime,
    clock,
    log,
    faults,
    connect,
    async session(fields, peer) {
      const raw = connect(peer);
      await raw.open(fields);
      return raw;
    },
    async crash() {
      await settle();
      mortal.kill();
      for (const transport of transports) transport.abort();
      await settle();
    },
    async restart(more = {}) {
      await this.crash();
      const next = testRuntime({ ...options, ...more, clock, log });
      await next.runtime.recover();
      return next;
    },
  };
}

/** A log that stops answering when it is killed, so that nothing a dead runtime still does is seen. */
function mortalLog(log: EventLog): { readonly log: EventLog; kill(): void } {
  let isDead = false;
  const proxy = new Proxy(log, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => (isDead ? new Promise(() => {}) : Reflect.apply(member, target, args));
    },
  });
  return {
    log: proxy,
    kill: () => {
      isDead = true;
    },
  };
}
