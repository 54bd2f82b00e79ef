// A program of one principal: a session that comes back, and everything the program was told.

import { connect } from '../../../src/arcp/client/connect.js';
import type { SessionEvent } from '../../../src/arcp/client/core.js';
import type { JobEvent, JobHandle, JobOptions, JobResult } from '../../../src/arcp/client/job-handle.js';
import type { Prompt } from '../../../src/arcp/client/prompts.js';
import type { ClientSession } from '../../../src/arcp/client/session.js';
import type { StreamReading } from '../../../src/arcp/client/stream-reading.js';
import type { Subscription } from '../../../src/arcp/client/subscription.js';
import { arcpError } from '../../../src/arcp/errors.js';
import type { StreamWriter } from '../../../src/arcp/streams/writer.js';
import type { RawEnvelope } from '../../../src/arcp/wire/envelope.js';
import { idFactory, type MessageId, type SessionId } from '../../../src/arcp/wire/ids.js';
import type { Filter } from '../../../src/arcp/wire/subscription.js';
import { encodeBase64 } from '../../../src/codec/base64.js';
import type { Transport } from '../../../src/transport/contract.js';
import { bytesOf } from './bytes.js';
import { listening } from './listening.js';
import { type Load, load } from './load.js';
import type { Cable } from './network.js';
import { Random } from './random.js';
import { TERMINAL } from './said.js';
import type { Tracker } from './tracker.js';
import type { Principal, World } from './world.js';

/** A message that reached a program, with its bytes where it has some. */
export interface Arrival {
  readonly text: string;
  /** What came in frames behind it. */
  readonly frames: readonly Uint8Array[];
  readonly id: string;
  readonly type: string;
  readonly sessionId: string;
  /** Whether it came before the answer to the `resume` of its connection, which repeats it: the client waits for that. */
  readonly isEarly: boolean;
}

/** A stream that a program read. */
export interface ReadStream {
  readonly id: string;
  readonly isBinary: boolean;
  readonly encoding: string | undefined;
  /** Texts, and binary chunks as base64. */
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

/** A stream that a program writes. */
export interface Writing {
  readonly id: string;
  readonly isBinary: boolean;
  /** As in {@link ReadStream}. */
  readonly sent: string[];
  /** Whether nothing more comes of it, for a good reason. */
  isClosing: boolean;
}

/** A session of the program's, and what became of it. */
export interface Life {
  readonly session: ClientSession;
  readonly states: SessionEvent[];
  /** The program has been loaded anew meanwhile, and has taken its session along. */
  isDead: boolean;
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
  binary_streams: true,
  agent_handoff: true,
};

/** The program. */
export class App {
  readonly name: string;
  readonly principal: Principal;
  readonly arrivals: Arrival[] = [];
  /** Everything it has said: what it names itself is no secret to it. */
  readonly said: string[] = [];
  /** Of the program as it is loaded now, like its prompts and subscriptions. */
  jobs: JobView[] = [];
  prompts: Prompt[] = [];
  subscriptions: SubscriptionView[] = [];
  readonly writings: Writing[] = [];
  readonly lives: Life[] = [];
  readonly #world: World;
  readonly #ids;
  readonly #random: Random;
  #cable: Cable | undefined;
  #load: Load;
  /** Sessions that are being opened. */
  #opening = 0;

  constructor(world: World, name: string, principal: Principal) {
    this.#world = world;
    this.name = name;
    this.principal = principal;
    this.#random = new Random(world.random.int(0x7fff_ffff));
    this.#ids = idFactory({ now: world.now, random: (count) => this.#random.bytes(count) });
    this.#load = load(world);
  }

  /** Promises of the program as it is loaded now. */
  get tracker(): Tracker {
    return this.#load.tracker;
  }

  /** Its session; `undefined` where it has none that goes on. */
  get session(): ClientSession | undefined {
    const life = this.lives.at(-1);
    return life === undefined || life.isDead || life.session.signal.aborted ? undefined : life.session;
  }

  /** Whether it is about to have another session. */
  get isOpening(): boolean {
    return this.#opening > 0;
  }

  /** Its connection, which may have ended. */
  get cable(): Cable | undefined {
    return this.#cable;
  }

  /** Follows a promise. */
  track<T>(name: string, promise: Promise<T>): Promise<T> {
    return this.tracker.track(name, promise);
  }

  /** Opens a session. @param resume One of before, or one of somebody else's that it would like to have. */
  async open(resume?: { readonly sessionId: SessionId; readonly afterMessageId?: MessageId }): Promise<ClientSession> {
    const world = this.#world;
    const { clock } = this.#load;
    const hasFrames = this.#random.chance(0.5);
    this.#opening++;
    const session = await this.track(
      `connect of ${this.name}`,
      connect({
        dial: async () => this.#dial(resume?.sessionId),
        auth: { scheme: 'bearer', token: `token of ${this.principal}` },
        client: { kind: this.name, version: '1' },
        capabilities: hasFrames ? { ...CAPABILITIES, binary_encoding: ['base64', 'sidecar'] } : CAPABILITIES,
        clock,
        now: world.now,
        ids: this.#ids,
        random: () => this.#random.next(),
        reconnect: { initialDelayMs: 100, maxDelayMs: 2_000 },
        resume,
      }),
    ).finally(() => {
      this.#opening--;
    });
    const life: Life = { session, states: [], isDead: false };
    this.lives.push(life);
    void this.track(`end of ${this.name}`, session.closed);
    void gather(session.states, life.states);
    void this.#watch(session.prompts, (prompt) => this.prompts.push(prompt));
    void this.#watch(session.streams, (stream) => void gather(stream, []));
    void this.#watch(session.messages, (message) => this.#answerOffer(session, message));
    return session;
  }

  /** Is loaded anew, as a page is: what it knew is gone but for the session and its place in it. */
  reload(): void {
    const { session } = this;
    if (session === undefined || this.isOpening) return;
    const { id: sessionId, lastMessageId: afterMessageId } = session;
    const open = this.jobs.filter((view) => view.session === session && view.jobId !== undefined && !view.outcome);
    // One that was about to close goes, too.
    for (const one of this.lives) if (!one.session.signal.aborted) one.isDead = true;
    this.#load.stop();
    this.#cable?.cut('near');
    this.#load = load(this.#world);
    this.jobs = [];
    this.prompts = [];
    this.subscriptions = [];
    if (afterMessageId === undefined) return;
    this.open({ sessionId, afterMessageId })
      .then((again) => {
        if (again.id !== sessionId) return;
        // One whose end has come already is not to be followed any more.
        const ended = new Set(this.arrivals.filter(({ type }) => TERMINAL.includes(type)).map(jobOf));
        for (const { jobId, tag } of open) {
          if (!ended.has(jobId)) this.follow(again, again.follow(jobId as never), tag, true);
        }
      })
      .catch(() => {});
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
    this.track(`id of ${tag}`, handle.id).then(
      (id) => {
        view.jobId = id;
      },
      () => {},
    );
    this.track(`result of ${tag}`, handle.result).then(
      (result) => {
        view.outcome = { result };
      },
      (error: unknown) => {
        view.outcome = { error };
      },
    );
    void this.track(
      `events of ${tag}`,
      this.#watch(handle.events, (event) => {
        view.events.push(event);
        if ('id' in event) this.#answerOffer(session, event);
      }),
    );
    void this.track(
      `prompts of ${tag}`,
      this.#watch(handle.prompts, (prompt) => {
        this.prompts.push(prompt);
        void this.track(`end of a prompt of ${tag}`, prompt.ended);
      }),
    );
    void this.track(
      `streams of ${tag}`,
      this.#watch(handle.streams, (stream) => view.streams.push(this.#read(stream, tag))),
    );
    return view;
  }

  /** Subscribes, and gathers what comes. */
  async subscribe(session: ClientSession, filter: Filter, since: string | undefined): Promise<SubscriptionView> {
    // As it is loaded now: what is not answered before the next time is lost with it.
    const { tracker } = this;
    const subscription = await tracker.track(
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
    if (tracker === this.tracker) this.subscriptions.push(view);
    void tracker.track(`backfill of ${this.name}`, subscription.backfillComplete);
    void tracker.track(`events of a subscription of ${this.name}`, gather(subscription, view.events)).then((error) => {
      view.end = { error };
    });
    return view;
  }

  /** Writes a stream, to a job where one is named. @param end What becomes of it when all is written. */
  async write(
    session: ClientSession,
    view: JobView | undefined,
    kind: 'text' | 'binary',
    count: number,
    end: 'close' | 'fail' | 'leave',
  ): Promise<void> {
    const { tracker } = this;
    const tag = `@${this.principal}:${this.#random.int(0x7fff_ffff).toString(36)} written`;
    const options = { contentType: 'a/b' };
    const opening = view === undefined ? session.openStream(kind, options) : view.handle.openStream(kind, options);
    const writer: StreamWriter<'text' | 'binary'> = await tracker.track(`openStream of ${this.name}`, opening);
    const writing: Writing = { id: writer.id, isBinary: kind === 'binary', sent: [], isClosing: false };
    this.writings.push(writing);
    for (let i = 0; i < count; i++) {
      const data = writing.isBinary ? bytesOf(tag, i) : `${tag} line ${i}`;
      writing.sent.push(typeof data === 'string' ? data : encodeBase64(data));
      await tracker.track(`write of ${this.name}`, writer.write(data));
    }
    if (end === 'fail') writer.fail(arcpError('ABORTED', 'no more'));
    if (end !== 'close') return;
    writing.isClosing = true;
    await tracker.track(`close of a stream of ${this.name}`, writer.close());
  }

  /** A runtime that would hand a job or the session off is told yes, no, or nothing. */
  #answerOffer(
    session: ClientSession,
    { id, type }: RawEnvelope | { readonly id: string; readonly type: string },
  ): void {
    if (type !== 'agent.handoff') return;
    const how = this.#random.int(4);
    this.#world.note(`${this.name} answers ${type} (${how})`);
    const fields = { correlation_id: id as MessageId };
    if (how === 0) session.send('nack', { code: 'ABORTED', message: 'no' }, fields);
    else if (how > 1) session.send('ack', {}, fields);
  }

  #read(stream: StreamReading, tag: string): ReadStream {
    const { id, kind, encoding } = stream;
    const read: ReadStream = { id, isBinary: kind === 'binary', encoding, items: [], end: undefined };
    void this.track(
      `stream of ${tag}`,
      gather(stream, {
        push: ({ text, bytes }) => read.items.push(bytes === undefined ? String(text) : encodeBase64(bytes)),
      }),
    ).then((error) => {
      read.end = { error };
    });
    return read;
  }

  async #watch<T>(source: AsyncIterable<T>, take: (item: T) => void): Promise<void> {
    for await (const item of source) take(item);
  }

  #dial(wanted: SessionId | undefined): Transport {
    const cable = this.#world.dial();
    this.#cable = cable;
    const of = () => this.session?.id ?? wanted;
    return listening(cable.near, of, this.arrivals, this.said);
  }
}

function jobOf({ text }: Arrival): string | undefined {
  return (JSON.parse(text) as RawEnvelope).job_id;
}

/** Gathers what an iterable says until it ends. @returns The error it ended with. */
async function gather<T>(source: AsyncIterable<T>, items: { push(item: T): unknown }): Promise<unknown> {
  try {
    for await (const item of source) items.push(item);
    return undefined;
  } catch (error) {
    return error;
  }
}
