// An authenticated session with a runtime (ARCP v1.0): what a client can do in it.

import { assertInteger } from '../../bytes/assert.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { quiet } from '../../deferred.js';
import { asyncDispose } from '../../dispose.js';
import { arcpError } from '../errors.js';
import type { Negotiated } from '../wire/capabilities.js';
import type { Message, RawEnvelope } from '../wire/envelope.js';
import type { DelegationContext, ScheduleWhen } from '../wire/execution.js';
import type { JobId, LeaseId, MessageId, SessionId } from '../wire/ids.js';
import type { CoreType, Payloads } from '../wire/payloads.js';
import type { RuntimeIdentity } from '../wire/session.js';
import type { StreamKind } from '../wire/stream.js';
import type { Filter } from '../wire/subscription.js';
import type { Artifacts } from './artifacts.js';
import type { CancelAnswer, CancelOptions } from './cancel.js';
import type { CallFields } from './compose.js';
import { Core, type SessionEvent } from './core.js';
import type { Authenticated } from './handshake.js';
import { Job } from './job.js';
import type { JobHandle, JobOptions } from './job-handle.js';
import { later } from './load-later.js';
import { type ResolvedConnect, type ResolvedOptions, resolveSession, type SessionOptions } from './options.js';
import type { Prompt } from './prompts.js';
import type { StreamReading } from './stream-reading.js';
import type { OpenStreamOptions, StreamWriter } from './stream-writing.js';
import type { Subscription } from './subscription.js';

/** A signal for one wait. */
export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A checkpoint of a job. */
export interface Checkpoint {
  readonly id: string;
  readonly data: JsonValue;
}

/**
 * A session. It lives on over lost connections, as long as the runtime keeps it: commands without an answer are sent again
 * under their own ids, and everything missed is replayed. Calls reject with {@link ArcpError}: the runtime's refusal;
 * ERR_ARCP_UNAVAILABLE where no answer comes in time or the session is gone; ERR_ARCP_CANCELLED where it was closed here;
 * ERR_ARCP_RESOURCE_EXHAUSTED where too many wait. An aborted `signal` rejects with its reason.
 */
export class ClientSession {
  readonly #core: Core;
  /** Bytes that are kept by the runtime. */
  readonly artifacts: Artifacts;

  /** Use `connect` or {@link startSession}. */
  constructor(core: Core) {
    this.#core = core;
    const loaded = async () => (await later()).artifactsOf(core);
    this.artifacts = {
      put: async (...call) => (await loaded()).put(...call),
      fetch: async (...call) => (await loaded()).fetch(...call),
      release: async (...call) => (await loaded()).release(...call),
    };
  }

  /** Changes where the runtime begins another session. */
  get id(): SessionId {
    return this.#core.id;
  }

  /** Who the runtime says it is. */
  get runtime(): RuntimeIdentity {
    return this.#core.accepted.runtime;
  }

  /** What was negotiated. */
  get capabilities(): Negotiated {
    return this.#core.accepted.capabilities;
  }

  /** When the session's lease ends, as text, where the runtime says. */
  get leaseExpiresAt(): string | undefined {
    return this.#core.accepted.leaseExpiresAt;
  }

  /** Last message that a resumed session would not get again: with {@link ClientSession.id}, what `resume` of a later `connect` takes. */
  get lastMessageId(): MessageId | undefined {
    return this.#core.cursor;
  }

  /** Aborts when the session is over, with the error it ended for. */
  get signal(): AbortSignal {
    return this.#core.signal;
  }

  /** Resolves when the session is over. Never rejects. */
  get closed(): Promise<void> {
    return this.#core.closed.promise;
  }

  get isConnected(): boolean {
    return this.#core.transport !== undefined;
  }

  /** What becomes of the session, from `connected` to `closed`. Of what nobody reads the newest 64 are kept. */
  get states(): AsyncIterable<SessionEvent> {
    return this.#core.states;
  }

  /**
   * Messages that belong to no job, stream or subscription of this session, core types checked: telemetry of the runtime,
   * `agent.handoff`, `lease.revoked`, negotiated extensions. Of those nobody reads the newest 1,024 are kept.
   */
  get messages(): AsyncIterable<RawEnvelope> {
    return this.#core.router.messages;
  }

  /** Prompts of jobs this session does not know, such as those of an earlier page. */
  get prompts(): AsyncIterable<Prompt> {
    return this.#core.router.prompts;
  }

  /** Streams of jobs this session does not know. */
  get streams(): AsyncIterable<StreamReading> {
    return this.#core.router.streams;
  }

  /**
   * Runs a tool.
   *
   * @param args Any JSON. Borrowed until the session ends or the job is accepted.
   * @throws {TypeError} @throws {RangeError} arguments that JSON cannot say. Everything else rejects.
   */
  invoke(tool: string, args: JsonValue = null, options: JobOptions = {}): JobHandle {
    return this.#job(tool, 'tool.invoke', { tool, arguments: args }, options);
  }

  /**
   * Runs a command later, or again and again. Throws as {@link ClientSession.invoke}.
   *
   * @param job The command, such as `{ type: 'tool.invoke', payload: { tool, arguments } }`.
   * @param when A time, seconds from now, or a recurrence rule.
   */
  schedule(job: { readonly type: string; readonly payload: JsonObject }, when: ScheduleWhen, options: JobOptions = {}) {
    return this.#job(undefined, 'job.schedule', { job, when }, options);
  }

  /** Starts a workflow. Throws as {@link ClientSession.invoke}. */
  startWorkflow(workflow: string, args?: JsonValue, options: JobOptions = {}): JobHandle {
    return this.#job(workflow, 'workflow.start', { workflow, arguments: args }, options);
  }

  /** Hands a task to another agent. The trace of the context goes on. Throws as {@link ClientSession.invoke}. */
  delegate(target: string, task: string, context?: DelegationContext, options: JobOptions = {}): JobHandle {
    const traceId = options.traceId ?? context?.trace_id;
    return this.#job(undefined, 'agent.delegate', { target, task, context }, { ...options, traceId });
  }

  /** Follows a job by its id, such as one that an earlier page of a resumed session started. */
  follow(jobId: JobId): JobHandle {
    return this.#core.router.byId.get(jobId) ?? this.#newJob(undefined, (job) => job.follow(jobId));
  }

  /** Stops a job to ask a human: it is blocked until the prompt it then has is answered. */
  async interrupt(jobId: JobId, prompt: string, { signal }: WaitOptions = {}): Promise<void> {
    return (await later()).interrupt(this.#core, jobId, prompt, signal);
  }

  /** Has a job save a checkpoint. */
  async createCheckpoint(jobId: JobId, options: { label?: string } & WaitOptions = {}): Promise<Checkpoint> {
    return (await later()).createCheckpoint(this.#core, jobId, options);
  }

  /** Starts a job anew from a checkpoint. Throws as {@link ClientSession.invoke}. */
  restoreCheckpoint(checkpointId: string, options: { jobId?: JobId } & JobOptions = {}): JobHandle {
    const fields = { job_id: options.jobId };
    return this.#job(undefined, 'checkpoint.restore', { checkpoint_id: checkpointId }, options, fields);
  }

  /**
   * Cancels a job, a stream, or this session, which the runtime then evicts.
   *
   * @throws {ArcpError} ERR_ARCP_UNAVAILABLE: no answer within the deadline and a second, as always where a stream or the
   *   session of version 0.1.0 of the Rust crate is meant.
   */
  cancel(
    target: 'job' | 'stream' | 'session',
    targetId: string = this.id,
    options: CancelOptions = {},
  ): Promise<CancelAnswer> {
    return quiet(later().then(({ cancel }) => cancel(this.#core, target, targetId, options)));
  }

  /**
   * Observes what happens, in this session and others.
   *
   * @param filter Default everything that may be seen.
   * @param since Begins with what was logged after that message. Default with what happens from now on.
   */
  async subscribe(filter?: Filter, options: { since?: MessageId } & WaitOptions = {}): Promise<Subscription> {
    const { Observers } = await later();
    this.#core.router.observers ??= new Observers(this.#core);
    return this.#core.router.observers.subscribe(filter, options.since, options.signal);
  }

  /**
   * Opens a stream to the runtime, outside of any job; `JobHandle.openStream` opens one to a job. Where the connection is
   * lost the stream ends with ERR_ARCP_UNAVAILABLE: what of it has arrived is not known.
   *
   * @throws {ArcpError} what the runtime refuses it for; ERR_ARCP_UNIMPLEMENTED: `streaming`, or `binary_streams`, was not
   *   negotiated; ERR_ARCP_RESOURCE_EXHAUSTED: too many are open.
   * @throws {TypeError} a kind nobody knows, a binary stream without a content type.
   */
  async openStream<K extends StreamKind>(kind: K, options: OpenStreamOptions = {}): Promise<StreamWriter<K>> {
    return (await later()).openStream(this.#core, kind, options);
  }

  /** Prolongs a lease. @returns When it ends now, as text. */
  async refreshLease(leaseId: LeaseId, additionalSeconds: number, { signal }: WaitOptions = {}): Promise<string> {
    return (await later()).refreshLease(this.#core, leaseId, additionalSeconds, signal);
  }

  /** Asks whether the runtime is there. @returns How long its answer took, in milliseconds. */
  async ping({ signal }: WaitOptions = {}): Promise<number> {
    const { clock, ids } = this.#core.options;
    const sinceMs = clock.now();
    await this.#core.request('ping', { nonce: ids.message() }, ['pong'], { signal });
    return clock.now() - sinceMs;
  }

  /**
   * Sends a message that nothing answers: telemetry, or a stream of our own.
   *
   * @returns Whether there was a connection to send it on. It is not sent again.
   * @throws {TypeError} @throws {RangeError} a payload that cannot be written.
   */
  send<T extends CoreType>(type: T, payload: Payloads[T], fields?: CallFields): boolean {
    return this.#core.post(type, payload, fields);
  }

  /**
   * Sends any command and waits for its answer.
   *
   * @param replies Types that answer it.
   * @throws {TypeError} @throws {RangeError} a payload that cannot be written.
   */
  request<T extends CoreType, R extends CoreType>(
    type: T,
    payload: Payloads[T],
    replies: readonly R[],
    options: WaitOptions & { readonly timeoutMs?: number } = {},
    fields?: CallFields,
  ): Promise<Message<R>> {
    return this.#core.request(type, payload, replies, options, fields);
  }

  /** Connects now rather than later, as when the network is back; where it is connected, sees whether that still holds. */
  reconnectNow(): void {
    this.#core.reconnectNow();
  }

  /**
   * Ends the session: what the runtime says of its jobs' ends is still heard, for at most 5 s. Idempotent.
   *
   * @param options `jobs`: whether running ones are cancelled (default) or go on without us.
   * @returns When it is over. Never rejects.
   */
  close(options: { readonly reason?: string; readonly jobs?: 'cancel' | 'detach' } = {}): Promise<void> {
    return this.#core.close(options.reason, options.jobs);
  }

  /** As {@link ClientSession.close}. */
  [asyncDispose](): Promise<void> {
    return this.close();
  }

  #job<T extends Parameters<Job['start']>[0]>(
    tool: string | undefined,
    type: T,
    payload: Payloads[T],
    options: JobOptions,
    fields?: CallFields,
  ): JobHandle {
    if (options.retries !== undefined) assertInteger(options.retries, 'retries', 0, 100);
    return this.#newJob(tool, (job) => job.start(type, payload, options, fields));
  }

  #newJob(tool: string | undefined, begin: (job: Job) => Job): Job {
    const isFull = this.#core.router.live.size >= this.#core.options.limits.maxJobs;
    const job = new Job(this.#core, this.#core.router, tool);
    if (this.signal.aborted) job.fail(this.signal.reason);
    else if (isFull) job.fail(arcpError('RESOURCE_EXHAUSTED', 'too many jobs'));
    else begin(job);
    return job;
  }
}

/** Makes a session of a first connection. */
export function sessionOf(first: Authenticated, options: ResolvedOptions, connect?: ResolvedConnect): ClientSession {
  const core = new Core(options, connect);
  core.attach(first);
  const { streaming, human_input } = core.accepted.capabilities;
  // What will surely be needed is there before it is. Where it cannot be loaded, the first to need it says so.
  if (streaming || human_input) core.router.load().catch(() => {});
  return new ClientSession(core);
}

/**
 * Starts a session on a transport that was authenticated by hand. A lost connection ends it.
 *
 * @throws {TypeError} @throws {RangeError} an option that is none, or a session that was started already.
 */
export function startSession(authenticated: Authenticated, options: SessionOptions = {}): ClientSession {
  return sessionOf(authenticated, resolveSession(options, 'client'));
}
