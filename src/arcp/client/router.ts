// Whose a message of the runtime is: a command that waits, a job, a prompt, a stream, a subscription; what is left goes to
// whoever watches the session.

import { type ArcpError, arcpError, fromWireError } from '../errors.js';
import type { Message, RawEnvelope } from '../wire/envelope.js';
import type { JobId, MessageId } from '../wire/ids.js';
import type { Core } from './core.js';
import type { Desk, DeskMessage, Owner } from './desk.js';
import type { Job, JobBook } from './job.js';
import { later } from './load-later.js';
import type { Prompt } from './prompts.js';
import { Queue } from './queue.js';
import { SeenIds } from './seen-ids.js';
import type { StreamReading } from './stream-reading.js';
import type { Observers } from './subscription.js';

/** Commands whose late acceptance is remembered. */
const MAX_ABANDONED = 256;

/** What the desk takes. */
const DESK = /^(?:stream|human|permission\.request)/;

/** What ends a job. */
const TERMINAL = /^(?:job\.(?:completed|failed|cancelled)|tool\.(?:result|error)|workflow\.complete)$/;

/** Commands: a runtime that sends one waits for an answer. */
const OURS =
  /^(?:cancel$|interrupt|resume|subscribe$|checkpoint|tool\.invoke|job\.schedule|workflow\.start|agent\.delegate|artifact\.(?!ref)|lease\.refresh)/;

type Taken = readonly [message: Message, envelope: RawEnvelope, chars: number];

/** Sorts the messages of one session. */
export class Router implements JobBook, Owner {
  readonly byCommand = new Map<MessageId, Job>();
  readonly byId = new Map<JobId, Job>();
  readonly live = new Set<Job>();
  /** What belongs to nobody else. */
  readonly messages: Queue<RawEnvelope>;
  readonly prompts: Queue<Prompt>;
  readonly streams: Queue<StreamReading>;
  /** Settles when what came in the meantime has been taken: absent where nothing waits. */
  loading: Promise<void> | undefined;
  /** Loaded with the first subscription. */
  observers: Observers | undefined;
  readonly #core: Core;
  readonly #abandoned = new SeenIds(MAX_ABANDONED);
  #desk: Desk | undefined;
  #held: Taken[] = [];
  #heldChars = 0;

  constructor(core: Core) {
    const { maxEvents, maxEventChars, maxPrompts, maxStreams } = core.options.limits;
    this.#core = core;
    this.messages = new Queue({ maxItems: maxEvents, maxWeight: maxEventChars });
    this.prompts = new Queue({ maxItems: maxPrompts });
    this.streams = new Queue({ maxItems: maxStreams });
  }

  /** @param chars Length of the message's text. */
  take(message: Message, envelope: RawEnvelope, chars: number): void {
    if (this.loading !== undefined || (this.#desk === undefined && DESK.test(message.type))) {
      return this.#hold([message, envelope, chars]);
    }
    const { type, correlation_id: command, job_id: jobId } = message;
    const job =
      (command === undefined ? undefined : this.byCommand.get(command)) ??
      (jobId === undefined ? undefined : this.byId.get(jobId));
    const { calls } = this.#core;
    const isAnswer = calls.answer(message);
    job?.take(message, chars);
    if (DESK.test(type)) return this.#desk?.take(message as DeskMessage, job);
    if (this.#control(message, isAnswer, chars)) return;
    if (OURS.test(type)) this.#core.nack(message.id, 'UNIMPLEMENTED', 'unknown type');
    else if (!isAnswer && job === undefined) this.messages.push(envelope, chars);
  }

  /** A message of a negotiated extension. */
  takeExtension(envelope: RawEnvelope, chars: number): void {
    this.messages.push(envelope, chars);
  }

  /** A message whose payload is not what its type says. */
  spoil({ type, correlation_id: command, job_id: jobId, stream_id: streamId }: RawEnvelope, error: ArcpError): void {
    // What nothing else will follow on must not be waited for.
    if (TERMINAL.test(type)) (this.byCommand.get(command as MessageId) ?? this.byId.get(jobId as JobId))?.fail(error);
    this.#desk?.spoil(streamId, error);
  }

  /** The connection is gone, or there again: silence in between means nothing. */
  connected(isConnected: boolean): void {
    for (const job of this.live) job.connected(isConnected);
    this.#desk?.connected(isConnected);
  }

  /** Messages are missing, or the runtime began another session. */
  lose(error: ArcpError, isNewSession: boolean): void {
    for (const job of [...this.live]) if (job.isAccepted) job.lose(error);
    this.#desk?.end(error);
    this.observers?.lose(error, isNewSession);
  }

  /** The session is over. */
  end(error: ArcpError): void {
    this.#held = [];
    for (const job of [...this.live]) job.fail(error);
    this.#desk?.end(error);
    this.observers?.end(error);
    for (const queue of [this.messages, this.prompts, this.streams]) queue.end();
  }

  abandon(command: MessageId): void {
    this.#abandoned.note(command);
  }

  over(jobId: JobId): void {
    this.#desk?.end(arcpError('CANCELLED', 'the job ended'), jobId);
  }

  /** Loads what prompts and streams take. */
  async load(): Promise<Desk> {
    const { Desk } = await later();
    this.#desk ??= new Desk(this.#core, this);
    return this.#desk;
  }

  /** Keeps a message, and all behind it, until what it takes has been loaded. */
  #hold(taken: Taken): void {
    this.#held.push(taken);
    this.#heldChars += taken[2];
    if (this.#heldChars > this.#core.options.limits.maxCallChars) {
      this.#core.end(arcpError('RESOURCE_EXHAUSTED', 'too many messages'));
    }
    this.loading ??= this.load().then(
      () => {
        this.loading = undefined;
        this.#heldChars = 0;
        for (const held of this.#held.splice(0)) if (!this.#core.signal.aborted) this.take(...held);
      },
      (cause) => this.#core.end(arcpError('INTERNAL', 'not loaded', { cause })),
    );
  }

  /** Takes what is about the session itself. @returns Whether it was. */
  #control(message: Message, isAnswer: boolean, chars: number): boolean {
    const core = this.#core;
    switch (message.type) {
      case 'ping':
        core.post('pong', message.payload, { correlation_id: message.id });
        return true;
      case 'pong':
      case 'session.accepted':
        return true;
      case 'session.refresh':
        later().then(
          ({ refresh }) => refresh(core, message),
          () => {},
        );
        return true;
      case 'backpressure':
        return this.#desk?.limit(message) === true;
      case 'session.evicted':
        core.end(fromWireError({ code: message.payload.code, message: message.payload.reason }));
        return true;
      case 'session.close':
        core.end(arcpError('UNAVAILABLE', 'the session was closed'));
        return true;
      case 'subscribe.event':
      case 'subscribe.closed':
      case 'unsubscribe':
      case 'subscribe.accepted':
        this.observers?.take(message, isAnswer, chars);
        return true;
      case 'job.accepted': {
        const { correlation_id: command, payload } = message;
        if (!isAnswer && command !== undefined && this.#abandoned.delete(command)) {
          core.post('cancel', { target: 'job', target_id: payload.job_id, reason: 'the caller gave up' });
          return true;
        }
      }
    }
    return false;
  }
}
