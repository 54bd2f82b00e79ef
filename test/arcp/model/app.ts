// A program of one principal: a session that comes back, and everything the program was told.

import { connect } from '../../../src/arcp/client/connect.js';
import type { SessionEvent } from '../../../src/arcp/client/core.js';
import type { JobEvent, JobHandle, JobOptions, JobResult } from '../../../src/arcp/client/job-handle.js';
import type { Prompt } from '../../../src/arcp/client/prompts.js';
import type { ClientSession } from '../../../src/arcp/client/session.js';
import type { StreamReading } from '../../../src/arcp/client/stream-reading.js';
import type { Subscription } from '../../../src/arcp/client/subscription.js';
import type { RawEnvelope } from '../../../src/arcp/wire/envelope.js';
import { idFactory, type SessionId } from '../../../src/arcp/wire/ids.js';
import type { Filter } from '../../../src/arcp/wire/subscription.js';
import type { Message, Transport } from '../../../src/transport/contract.js';
import type { Cable } from './network.js';
import { Random } from './random.js';
import type { Principal, World } from './world.js';

/** A message that reached a program. */
export interface Arrival {
  readonly text: string;
  readonly id: string;
  readonly type: string;
  readonly sessionId: string;
  /** Whether it came before the answer to the `resume` of its connection, which repeats it: the client waits for that. */
  readonly isEarly: boolean;
}

/** A stream that a program read. */
export interface ReadStream {
  readonly id: string;
  readonly items: string[];
  end: { readonly error?: unknown } | undefined;
}

/** A job as a program sees it. */
export interface JobView {
  readonly handle: JobHandle;
  readonly tag: string;
  /** Whether it was started under an idempotency key, so that another handle may be of the same job. */
  readonly isShared: boolean;
  readonly session: ClientSession;
  jobId: string | undefined;
  readonly events: JobEvent[];
  readonly streams: ReadStream[];
  outcome: { readonly result?: JobResult; readonly error?: unknown } | undefined;
}

/** A subscription as a program sees it. */
export interface SubscriptionView {
  readonly subscription: Subscription;
  /** Id it was accepted under. */
  readonly id: string;
  readonly filter: Filter;
  readonly since: string | undefined;
  readonly session: ClientSession;
  /** Session it was made in. */
  readonly sessionId: string;
  readonly events: RawEnvelope[];
  end: { readonly error?: unknown } | undefined;
}

/** A session of the program's, and what became of it. */
export interface Life {
  readonly session: ClientSession;
  readonly states: SessionEvent[];
}

const CAPABILITIES = {
  streaming: true,
  durable_jobs: true,
  checkpoints: true,
  human_input: true,
  artifacts: true,
  subscriptions: true,
  interrupt: true,
  scheduled_jobs: true,
};

/** The program. */
export class App {
  readonly name: string;
  readonly principal: Principal;
  readonly arrivals: Arrival[] = [];
  /** Everything it has said: what it names itself is no secret to it. */
  readonly said: string[] = [];
  readonly jobs: JobView[] = [];
  readonly prompts: Prompt[] = [];
  readonly subscriptions: SubscriptionView[] = [];
  readonly lives: Life[] = [];
  readonly #world: World;
  readonly #ids;
  readonly #random: Random;
  #cable: Cable | undefined;

  constructor(world: World, name: string, principal: Principal) {
    this.#world = world;
    this.name = name;
    this.principal = principal;
    this.#random = new Random(world.random.int(0x7fff_ffff));
    this.#ids = idFactory({ now: world.now, random: (count) => this.#random.bytes(count) });
  }

  /** Its session; `undefined` where it has none that goes on. */
  get session(): ClientSession | undefined {
    const session = this.lives.at(-1)?.session;
    return session === undefined || session.signal.aborted ? undefined : session;
  }

  /** Its connection, which may have ended. */
  get cable(): Cable | undefined {
    return this.#cable;
  }

  /** Opens a session. @param resume One of somebody else's that it would like to have. */
  async open(resume?: { readonly sessionId: SessionId }): Promise<ClientSession> {
    const world = this.#world;
    const clock = world.plant?.clientClock?.(world.clock) ?? world.clock;
    const session = await world.track(
      `connect of ${this.name}`,
      connect({
        dial: async () => this.#dial(),
        auth: { scheme: 'bearer', token: `token of ${this.principal}` },
        client: { kind: this.name, version: '1' },
        capabilities: CAPABILITIES,
        clock,
        now: world.now,
        ids: this.#ids,
        random: () => this.#random.next(),
        reconnect: { initialDelayMs: 100, maxDelayMs: 2_000 },
        resume,
      }),
    );
    const life: Life = { session, states: [] };
    this.lives.push(life);
    void world.track(`end of ${this.name}`, session.closed);
    void gather(session.states, life.states);
    void this.#watch(session.prompts, (prompt) => this.prompts.push(prompt));
    void this.#watch(session.streams, (stream) => void gather(stream, []));
    void this.#watch(session.messages, () => {});
    return session;
  }

  /** Starts a job, and follows it to its end. */
  invoke(session: ClientSession, tool: string, args: { readonly tag: string }, options: JobOptions): JobView {
    const handle = session.invoke(tool, args as never, options);
    return this.follow(session, handle, args.tag, options.idempotencyKey !== undefined);
  }

  /** Follows a job to its end. */
  follow(session: ClientSession, handle: JobHandle, tag: string, isShared: boolean): JobView {
    const view: JobView = {
      handle,
      tag,
      isShared,
      session,
      jobId: undefined,
      events: [],
      streams: [],
      outcome: undefined,
    };
    this.jobs.push(view);
    const world = this.#world;
    world.track(`id of ${tag}`, handle.id).then(
      (id) => {
        view.jobId = id;
      },
      () => {},
    );
    world.track(`result of ${tag}`, handle.result).then(
      (result) => {
        view.outcome = { result };
      },
      (error: unknown) => {
        view.outcome = { error };
      },
    );
    void world.track(`events of ${tag}`, gather(handle.events, view.events));
    void world.track(
      `prompts of ${tag}`,
      this.#watch(handle.prompts, (prompt) => {
        this.prompts.push(prompt);
        void world.track(`end of a prompt of ${tag}`, prompt.ended);
      }),
    );
    void world.track(
      `streams of ${tag}`,
      this.#watch(handle.streams, (stream) => view.streams.push(this.#read(stream, tag))),
    );
    return view;
  }

  /** Subscribes, and gathers what comes. */
  async subscribe(session: ClientSession, filter: Filter, since: string | undefined): Promise<SubscriptionView> {
    const world = this.#world;
    const subscription = await world.track(
      `subscribe of ${this.name}`,
      session.subscribe(filter, since === undefined ? {} : { since: since as never }),
    );
    const view: SubscriptionView = {
      subscription,
      id: subscription.id,
      filter,
      since,
      session,
      sessionId: session.id,
      events: [],
      end: undefined,
    };
    this.subscriptions.push(view);
    void world.track(`backfill of ${this.name}`, subscription.backfillComplete);
    void world.track(`events of a subscription of ${this.name}`, gather(subscription, view.events)).then((error) => {
      view.end = { error };
    });
    return view;
  }

  #read(stream: StreamReading, tag: string): ReadStream {
    const read: ReadStream = { id: stream.id, items: [], end: undefined };
    const items: { readonly text?: string | undefined }[] = [];
    void this.#world.track(`stream of ${tag}`, gather(stream, items)).then((error) => {
      for (const { text } of items) read.items.push(String(text));
      read.end = { error };
    });
    return read;
  }

  async #watch<T>(source: AsyncIterable<T>, take: (item: T) => void): Promise<void> {
    for await (const item of source) take(item);
  }

  #dial(): Transport {
    const cable = this.#world.dial();
    this.#cable = cable;
    const { near } = cable;
    // The `session.open` for a session of before, then the `resume` that is not answered.
    let resuming: string | undefined;
    return new Proxy(near, {
      get: (target, name) => {
        if (name === 'receive') {
          return (listener: (message: Message) => void) =>
            target.receive((message) => {
              const { id, type, session_id, correlation_id } = JSON.parse(String(message)) as RawEnvelope;
              if (type === 'session.accepted' ? session_id !== this.session?.id : correlation_id === resuming) {
                resuming = undefined;
              }
              const isEarly = resuming !== undefined;
              this.arrivals.push({ text: String(message), id, type, sessionId: session_id ?? '', isEarly });
              listener(message);
            });
        }
        if (name === 'send') {
          return (message: Message) => {
            this.said.push(String(message));
            const { id, type, session_id } = JSON.parse(String(message)) as RawEnvelope;
            if (type === 'resume' || (type === 'session.open' && session_id !== undefined)) resuming = id;
            target.send(message);
          };
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}

/** Gathers what an iterable says until it ends. @returns The error it ended with. */
async function gather<T>(source: AsyncIterable<T>, items: T[]): Promise<unknown> {
  try {
    for await (const item of source) items.push(item);
    return undefined;
  } catch (error) {
    return error;
  }
}
