// A job as whoever started it sees it. Its promises settle on every path: a terminal event, a refusal, a timeout, an abort,
// a lost session.

import { onAbort } from '../../abort.js';
import { type Deferred, deferred, quiet } from '../../deferred.js';
import { arcpError } from '../errors.js';
import type { Message } from '../wire/envelope.js';
import type { JobState } from '../wire/execution.js';
import type { JobId, MessageId } from '../wire/ids.js';
import type { Payloads } from '../wire/payloads.js';
import type { StreamKind } from '../wire/stream.js';
import { pause } from './backoff.js';
import type { CancelAnswer, CancelOptions } from './cancel.js';
import type { CallFields } from './compose.js';
import type { Core } from './core.js';
import type { JobBook } from './job-book.js';
import { endOf } from './job-end.js';
import type { JobEvent, JobHandle, JobOptions, JobResult } from './job-handle.js';
import { later } from './load-later.js';
import type { Prompt } from './prompts.js';
import { Pulse } from './pulse.js';
import { Queue } from './queue.js';
import { retryWaitMs } from './retry.js';
import type { StreamReading } from './stream-reading.js';
import type { OpenStreamOptions, StreamWriter } from './stream-writing.js';

export type { CancelAnswer, CancelOptions } from './cancel.js';
export type { HeartbeatMissed, JobEvent, JobHandle, JobOptions, JobResult } from './job-handle.js';

/** Commands that start jobs. */
export type JobCommand = 'tool.invoke' | 'job.schedule' | 'workflow.start' | 'agent.delegate' | 'checkpoint.restore';

/** A job of this session. */
export class Job implements JobHandle {
  readonly tool: string | undefined;
  readonly events: Queue<JobEvent>;
  readonly prompts: Queue<Prompt>;
  readonly streams: Queue<StreamReading>;
  readonly #core: Core;
  readonly #book: JobBook;
  readonly #accepted: Deferred<JobId> = deferred();
  readonly #result: Deferred<JobResult> = deferred();
  readonly #pulse: Pulse;
  #send: (() => MessageId) | undefined;
  #command: MessageId | undefined;
  #retriesLeft = 0;
  #attempt = 0;
  #jobId: JobId | undefined;
  #state: JobState | undefined;
  #openPrompts = 0;
  #stopListening: () => void = () => {};
  #wait: AbortController | undefined;

  constructor(core: Core, book: JobBook, tool: string | undefined) {
    const { maxEvents, maxEventChars, maxPrompts, maxStreams } = core.options.limits;
    this.#core = core;
    this.#book = book;
    this.tool = tool;
    this.#pulse = new Pulse(core, (silentMs) => this.#missed(silentMs));
    this.events = new Queue({ maxItems: maxEvents, maxWeight: maxEventChars });
    this.prompts = new Queue({ maxItems: maxPrompts });
    this.streams = new Queue({ maxItems: maxStreams });
    book.live.add(this);
  }

  get id(): Promise<JobId> {
    return this.#accepted.promise;
  }

  get result(): Promise<JobResult> {
    return this.#result.promise;
  }

  get state(): JobState | undefined {
    return this.#state;
  }

  get droppedEvents(): number {
    return this.events.dropped;
  }

  /** Starts it with a command. Throws as `Core.call`. */
  start<T extends JobCommand>(type: T, payload: Payloads[T], options: JobOptions, fields?: CallFields): this {
    const { signal, retries = 0, timeoutMs = this.#core.options.requestTimeoutMs } = options;
    const key = options.idempotencyKey ?? (retries > 0 ? this.#core.options.ids.message() : undefined);
    const all: CallFields = {
      ...fields,
      trace_id: options.traceId,
      span_id: options.spanId,
      parent_span_id: options.parentSpanId,
      idempotency_key: key,
      priority: options.priority,
      extensions: options.extensions,
    };
    const settle = (reply: Message | undefined, error?: unknown) => {
      if (reply?.type === 'job.accepted') this.#accept(reply.payload.job_id);
      else if (error !== undefined) this.lose(error);
    };
    this.#retriesLeft = retries;
    this.#send = () => this.#core.call(type, payload, { replies: ['job.accepted'], timeoutMs, settle }, all);
    if (signal?.aborted) this.fail(signal.reason);
    else {
      this.#stopListening = onAbort(signal, (reason) => this.#abort(reason));
      try {
        this.#issue();
      } catch (error) {
        this.fail(error);
        throw error;
      }
    }
    return this;
  }

  /** Follows a job that is known by its id alone. */
  follow(jobId: JobId): this {
    this.#accept(jobId);
    return this;
  }

  cancel(options: CancelOptions = {}): Promise<CancelAnswer> {
    return quiet(later().then(({ cancel }) => cancel(this.#core, 'job', this.id, options)));
  }

  async openStream<K extends StreamKind>(kind: K, options: OpenStreamOptions = {}): Promise<StreamWriter<K>> {
    return (await later()).openStream(this.#core, kind, options, this.id);
  }

  /** Takes a message of the job. @param chars Length of its text. */
  take(message: Message, chars: number): void {
    switch (message.type) {
      case 'job.accepted':
        // A repeated intent, or the next run of a schedule: the job is the one it was.
        this.#state ??= 'accepted';
        break;
      case 'job.started':
        this.#state = 'running';
        break;
      case 'job.heartbeat': {
        const { state, deadline_ms } = message.payload;
        this.#state = state;
        this.#pulse.watch(deadline_ms);
        break;
      }
    }
    this.#pulse.heard();
    this.events.push(message, chars);
    if (message.job_id === undefined || message.job_id === (this.#jobId ?? message.job_id)) this.#end(message);
  }

  /** A prompt of it is open, or is not any more: while it waits for a human it need not give signs of life. */
  prompted(change: 1 | -1): void {
    this.#openPrompts += change;
    this.#pulse.heard();
  }

  /** Starts or stops watching over it, as the connection comes and goes. */
  connected(isConnected: boolean): void {
    this.#pulse.stop();
    if (isConnected && this.#jobId !== undefined) this.#pulse.watch();
  }

  /** What came of it will never be known; where a retry is left it is asked for again. */
  lose(error: unknown): void {
    const { clock, random } = this.#core.options;
    const isOver = this.#retriesLeft === 0 || this.#core.signal.aborted;
    const waitMs = isOver ? undefined : retryWaitMs(error, this.#attempt, random());
    if (waitMs === undefined) return this.fail(error);
    this.#retriesLeft--;
    this.#attempt++;
    this.#forget();
    this.#wait = new AbortController();
    pause(clock, waitMs, this.#wait.signal)
      .then(() => {
        if (this.#book.live.has(this)) this.#issue();
      })
      // What the command was made of is borrowed: it may be another by now.
      .catch((error) => this.fail(error));
  }

  /** Whether events of it may have come. */
  get isAccepted(): boolean {
    return this.#jobId !== undefined;
  }

  fail(error: unknown): void {
    this.#result.reject(error);
    this.#accepted.reject(error);
    this.#over();
  }

  #issue(): void {
    const attempt = this.#attempt;
    const command = this.#send?.();
    // It may have been settled before there was an id to name it by.
    if (command === undefined || attempt !== this.#attempt || !this.#book.live.has(this)) return;
    this.#command = command;
    this.#book.byCommand.set(command, this);
  }

  #accept(jobId: JobId): void {
    this.#jobId = jobId;
    this.#state ??= 'accepted';
    if (!this.#book.byId.has(jobId)) this.#book.byId.set(jobId, this);
    this.#accepted.resolve(jobId);
    this.#pulse.watch();
  }

  #abort(reason: unknown): void {
    const jobId = this.#jobId;
    // As long as a runtime keeps a session that is away: what nobody waits for must not go on for want of a connection.
    if (jobId !== undefined) this.cancel({ reason: 'the caller gave up', timeoutMs: 600_000 }).catch(() => {});
    else if (this.#command !== undefined) {
      this.#book.abandon(this.#command);
      this.#core.calls.settle(this.#command, undefined);
    }
    this.fail(reason);
  }

  #end(message: Message): void {
    const end = endOf(message);
    if (end === undefined) return;
    this.#state = end.state;
    if (end.error !== undefined) return this.fail(end.error);
    this.#result.resolve(end.result);
    if (message.job_id !== undefined) this.#accepted.resolve(message.job_id);
    this.#accepted.reject(arcpError('NOT_FOUND', 'no job'));
    this.#over();
  }

  #over(): void {
    const jobId = this.#jobId;
    this.#forget();
    this.#book.live.delete(this);
    this.#stopListening();
    this.#wait?.abort();
    this.events.end();
    this.prompts.end();
    this.streams.end();
    if (jobId !== undefined && !this.#book.byId.has(jobId)) this.#book.over(jobId);
  }

  #forget(): void {
    const command = this.#command;
    this.connected(false);
    if (command !== undefined) {
      this.#book.byCommand.delete(command);
      this.#core.calls.settle(command, undefined);
    }
    if (this.#jobId !== undefined && this.#book.byId.get(this.#jobId) === this) this.#book.byId.delete(this.#jobId);
    this.#command = undefined;
    this.#jobId = undefined;
  }

  #missed(silentMs: number): void {
    if (this.#openPrompts > 0 || this.#state !== 'running') return;
    this.events.push({ type: 'heartbeat.missed', silentMs });
    if (this.#core.options.heartbeat === 'fail') this.fail(arcpError('HEARTBEAT_LOST', 'silent'));
  }
}
