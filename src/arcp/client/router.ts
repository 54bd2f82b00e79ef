// Whose a message of the runtime is: a command that waits, a job, a prompt, a stream, a subscription; what is left goes to
// whoever watches the session.

import { type ArcpError, arcpError } from '../errors.js';
import { decodePayload, type Message, type RawEnvelope } from '../wire/envelope.js';
import type { JobId, MessageId } from '../wire/ids.js';
import type { CoreType } from '../wire/payloads.js';
import type { Core } from './core.js';
import type { Desk, Owner } from './desk.js';
import type { Job } from './job.js';
import type { JobBook } from './job-book.js';
import { later } from './load-later.js';
import type { Prompt } from './prompts.js';
import { Queue } from './queue.js';
import { SeenIds } from './seen-ids.js';
import type { StreamReading } from './stream-reading.js';
import type { Observers } from './subscription.js';

/** Commands whose late acceptance is remembered. */
const MAX_ABANDONED = 256;

/** What a simple call of a tool meets. The desk sees to all else, which is loaded when the first of it comes. */
const SIMPLE = /^(?:(?:job|tool)\.(?!schedule|invoke)|p[io]ng|n?ack|cancel\.|event|log|metric|trace)/;

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
  #held: ((desk: Desk) => void)[] = [];
  #heldChars = 0;

  constructor(core: Core) {
    const { maxEvents, maxEventChars, maxPrompts, maxStreams } = core.options.limits;
    this.#core = core;
    this.messages = new Queue({ maxItems: maxEvents, maxWeight: maxEventChars });
    this.prompts = new Queue({ maxItems: maxPrompts });
    this.streams = new Queue({ maxItems: maxStreams });
  }

  /** Takes a message, in its turn. @param type Its type. @param chars Length of its text. */
  take(envelope: RawEnvelope, type: CoreType, chars: number): void {
    let message: Message;
    try {
      message = decodePayload(envelope, type);
    } catch (error) {
      return this.later(chars, (desk) => desk.spoil(envelope, error as ArcpError));
    }
    if (this.loading === undefined && SIMPLE.test(type)) this.#sort(message, envelope, chars);
    else this.later(chars, (desk) => this.#sort(message, envelope, chars, desk));
  }

  #sort(message: Message, envelope: RawEnvelope, chars: number, desk?: Desk): void {
    const { type, correlation_id: command, job_id: jobId } = message;
    const core = this.#core;
    const job = this.byCommand.get(command as MessageId) ?? this.byId.get(jobId as JobId);
    const isAnswer = core.calls.answer(message);
    job?.take(message, chars);
    if (type === 'ping') core.post('pong', message.payload, { correlation_id: message.id });
    else if (desk !== undefined && !SIMPLE.test(type) && desk.take(message, job, isAnswer, chars)) return;
    else if (isAnswer || job !== undefined || type === 'pong') return;
    else if (type === 'job.accepted' && this.#abandoned.delete(command as MessageId)) {
      core.post('cancel', { target: 'job', target_id: message.payload.job_id, reason: 'the caller gave up' });
    } else this.messages.push(envelope, chars);
  }

  /** The connection is gone, or there again: silence in between means nothing. */
  connected(isConnected: boolean): void {
    for (const job of this.live) job.connected(isConnected);
    if (!isConnected) this.#desk?.disconnected();
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

  /**
   * Has the desk do something, in its turn: at once where it is there, else behind what waits for it. Where it cannot be
   * loaded the session ends, and whoever resumes it gets all that waited again.
   *
   * @param chars Length of the text that waits meanwhile.
   * @param isSimple Whether it is done without the desk.
   */
  later(chars: number, work: (desk: Desk) => void, isSimple = false): void {
    if (this.loading === undefined && (isSimple || this.#desk)) return work(this.#desk as Desk);
    const core = this.#core;
    const { inbound } = core.link;
    const { cursor } = inbound;
    this.#held.push(work);
    this.#heldChars += chars;
    if (this.#heldChars > core.options.limits.maxCallChars)
      core.end(arcpError('RESOURCE_EXHAUSTED', 'too many messages'));
    this.loading ??= this.load()
      .then((desk) => {
        this.loading = undefined;
        this.#heldChars = 0;
        for (const held of this.#held.splice(0)) if (!core.signal.aborted) held(desk);
      })
      .catch((error) => {
        inbound.cursor = cursor;
        core.end(error);
      });
  }
}
