// An authenticated session with a runtime (ARCP v1.0): what a client can do in it.

import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { quiet } from '../../deferred.js';
import { asyncDispose } from '../../dispose.js';
import type { Message } from '../wire/envelope.js';
import type { DelegationContext, ScheduleWhen } from '../wire/execution.js';
import type { JobId, LeaseId, MessageId } from '../wire/ids.js';
import type { CoreType, Payloads } from '../wire/payloads.js';
import type { StreamKind } from '../wire/stream.js';
import type { Filter } from '../wire/subscription.js';
import type { Artifacts } from './artifacts.js';
import type { CancelAnswer, CancelOptions } from './cancel.js';
import type { Checkpoint } from './commands.js';
import type { CallFields } from './compose.js';
import type { Core } from './core.js';
import type { JobHandle, JobOptions } from './job-handle.js';
import { later } from './load-later.js';
import { SessionView } from './session-view.js';
import { followJob, startJob } from './start-job.js';
import type { OpenStreamOptions, StreamWriter } from './stream-writing.js';
import type { Subscription } from './subscription.js';

/** A signal for one wait. */
export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * A session. It lives on over lost connections, as long as the runtime keeps it: commands without an answer are sent again
 * under their own ids, and everything missed is replayed. Calls reject with {@link ArcpError}: the runtime's refusal;
 * ERR_ARCP_UNAVAILABLE where no answer comes in time or the session is gone; ERR_ARCP_CANCELLED where it was closed here;
 * ERR_ARCP_RESOURCE_EXHAUSTED where too many wait. An aborted `signal` rejects with its reason.
 */
export class ClientSession extends SessionView {
  readonly #core: Core;
  /** Bytes that are kept by the runtime. */
  readonly artifacts: Artifacts;

  /** Use `connect` or `startSession`. */
  constructor(core: Core) {
    super(core);
    this.#core = core;
    const loaded = async () => (await later()).artifactsOf(core);
    this.artifacts = {
      put: async (...call) => (await loaded()).put(...call),
      fetch: async (...call) => (await loaded()).fetch(...call),
      release: async (...call) => (await loaded()).release(...call),
    };
  }

  /**
   * Runs a tool.
   *
   * @param args Any JSON. Borrowed until the session ends or the job is accepted.
   * @throws {TypeError} @throws {RangeError} arguments that JSON cannot say. Everything else rejects.
   */
  invoke(tool: string, args: JsonValue = null, options: JobOptions = {}): JobHandle {
    return startJob(this.#core, tool, 'tool.invoke', { tool, arguments: args }, options);
  }

  /**
   * Runs a command later, or again and again. Throws as {@link ClientSession.invoke}.
   *
   * @param job The command, such as `{ type: 'tool.invoke', payload: { tool, arguments } }`.
   * @param when A time, seconds from now, or a recurrence rule.
   */
  schedule(job: { readonly type: string; readonly payload: JsonObject }, when: ScheduleWhen, options: JobOptions = {}) {
    return startJob(this.#core, undefined, 'job.schedule', { job, when }, options);
  }

  /** Starts a workflow. Throws as {@link ClientSession.invoke}. */
  startWorkflow(workflow: string, args?: JsonValue, options: JobOptions = {}): JobHandle {
    return startJob(this.#core, workflow, 'workflow.start', { workflow, arguments: args }, options);
  }

  /** Hands a task to another agent. The trace of the context goes on. Throws as {@link ClientSession.invoke}. */
  delegate(target: string, task: string, context?: DelegationContext, options: JobOptions = {}): JobHandle {
    const traceId = options.traceId ?? context?.trace_id;
    return startJob(this.#core, undefined, 'agent.delegate', { target, task, context }, { ...options, traceId });
  }

  /** Follows a job by its id, such as one that an earlier page of a resumed session started. */
  follow(jobId: JobId): JobHandle {
    return followJob(this.#core, jobId);
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
    return startJob(this.#core, undefined, 'checkpoint.restore', { checkpoint_id: checkpointId }, options, fields);
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
   * lost the stream ends with ERR_ARCP_UNAVAILABLE: what of it has arrived is not known; the runtime is told of the end of a
   * stream once it can be.
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
    this.#core.link.probe();
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
}
