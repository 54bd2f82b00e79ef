// The jobs of one session: what starts them, what waits, what is known of those that ended. ARCP v1.0, section 10.

import type { JsonValue } from '../../codec/json-value.js';
import { SdkError } from '../../errors.js';
import { ArcpError, toWireError } from '../errors.js';
import type { RecordWrite } from '../log/contract.js';
import type { SchemaIssue } from '../schema/json-schema.js';
import type { Message, RawEnvelope } from '../wire/envelope.js';
import type { Outcome } from '../wire/execution.js';
import type { JobId, MessageId } from '../wire/ids.js';
import type { Payloads } from '../wire/payloads.js';
import { priorityRank } from '../wire/priority.js';
import { BandQueue } from './band-queue.js';
import type { Core } from './core.js';
import { type Intent, Intents } from './idempotency.js';
import { Job, type JobOwnerEvents } from './job.js';
import { coreContext } from './job-context.js';
import type { Command, EmitFields, JobEnd, JobRequest, SessionPort } from './service.js';
import { joinContext } from './tool-context.js';
import { misfit } from './tool-inputs.js';
import { type Tool, ToolResult } from './tools.js';

/** Kind of the records of jobs that have not ended. */
export const JOB = 'job';

/** What is kept of a job so that a restart of the runtime can end or repeat it. */
export interface JobRecord {
  readonly sessionId: string;
  readonly tool: string;
  readonly invokeId: string;
  readonly traceId?: string | undefined;
  readonly priority?: string | undefined;
  readonly intent?: string | undefined;
  /** Only where the tool may run again. */
  readonly arguments?: JsonValue | undefined;
  /** Whether it waits for whoever holds it. */
  readonly isHeld?: boolean | undefined;
}

/** Kind of the records of commands that were accepted for a job they did not start, and have yet to hear of its end. */
export const FOLLOWER = 'follower';

/** What is kept of such a command, so that it hears of the end also after a restart of the runtime. */
export interface FollowerRecord {
  readonly sessionId: string;
  readonly invokeId: string;
  readonly jobId: string;
  readonly traceId?: string | undefined;
  readonly priority?: string | undefined;
  /** The intent it repeated; absent where it was refused. */
  readonly intent?: string | undefined;
}

/** A session as its jobs use it. */
export interface JobsSession extends SessionPort {
  /** Whether it takes no more commands. */
  readonly isEnding: boolean;
  emitWith<T extends keyof Payloads>(
    type: T,
    payload: Payloads[T],
    fields: EmitFields | undefined,
    records: readonly RecordWrite[] | undefined,
  ): MessageId;
}

/** What the answers to a command are stamped with. */
type Answer = Pick<JobRequest, 'invokeId' | 'traceId' | 'priority'>;

/** Ended jobs that are remembered without asking the log. */
const MAX_REMEMBERED = 1_024;

/** The jobs of a session. */
export class SessionJobs implements JobOwnerEvents {
  readonly #core: Core;
  readonly #session: JobsSession;
  readonly #jobs = new Map<string, Job>();
  readonly #waiting = new BandQueue<Job>();
  readonly #ended = new Set<string>();
  /** Jobs that run. */
  #running = 0;
  /** Tools that go on although their job has ended. */
  #strays = 0;
  /** Commands that wait for the end of a job they did not start. */
  #following = 0;
  #onIdle: (() => void) | undefined;

  constructor(core: Core, session: JobsSession) {
    this.#core = core;
    this.#session = session;
  }

  /** Jobs that have not ended. */
  get size(): number {
    return this.#jobs.size;
  }

  get(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  all(): readonly Job[] {
    return [...this.#jobs.values()];
  }

  /** Whether a job has ended not long ago. */
  hasEnded(id: string): boolean {
    return this.#ended.has(id);
  }

  /** Runs a tool by command. */
  invoke(message: Message<'tool.invoke'>): void | Promise<void> {
    const { id, payload, trace_id, priority } = message;
    return this.startOnce(message, () => ({
      tool: payload.tool,
      arguments: payload.arguments,
      invokeId: id,
      traceId: trace_id,
      priority,
    }));
  }

  /** Starts a job by command, once for each idempotency key. */
  startOnce({ id, type, payload, ...fields }: Command, make: () => JobRequest): void | Promise<void> {
    const { idempotency_key, trace_id, priority } = fields;
    if (idempotency_key === undefined) {
      this.start(make());
      return;
    }
    return this.#once(type, payload as JsonValue, idempotency_key, { invokeId: id, traceId: trace_id, priority }, make);
  }

  /** Refuses a tool by command: accepted and failed, since some clients wait for nothing else. */
  refuse(message: RawEnvelope, error: ArcpError): void {
    this.#refuse({ invokeId: message.id, traceId: message.trace_id }, error);
  }

  /** Accepts a job, and runs it now or later. */
  start(request: JobRequest, intent?: { readonly scope: string; readonly print: string }): JobId {
    const core = this.#core;
    const job = new Job(request.jobId ?? core.ids.job(), this.#session, request, this);
    job.intent = intent?.scope;
    this.#jobs.set(job.id, job);
    core.liveJobs.set(job.id, job);
    if (request.isAccepted !== true) {
      const records: RecordWrite[] = [{ kind: JOB, key: job.id, value: this.#recordOf(job) }];
      if (intent !== undefined) records.push(core.intents.begin(intent.scope, intent.print, job.id));
      this.#accept(job.id, request, request.invokeId, records);
    }
    if (job.isHeld) job.enter('queued');
    else this.#place(job);
    return job.id;
  }

  /** Runs a held job. */
  release(id: string, { arguments: args, run }: Pick<JobRequest, 'arguments' | 'run'>): void {
    const job = this.#jobs.get(id);
    if (job?.isHeld !== true) return;
    job.isHeld = false;
    job.request = { ...job.request, arguments: args, run };
    this.#core.write([{ kind: JOB, key: job.id, value: this.#recordOf(job) }]);
    this.#place(job);
  }

  /** Takes up a job of before a restart. */
  restore(
    id: JobId,
    request: JobRequest,
    options: { readonly intent?: string | undefined; readonly heartbeats: number },
  ): Job {
    const job = new Job(id, this.#session, { ...request, jobId: id, isAccepted: true }, this);
    job.intent = options.intent;
    job.heartbeats = options.heartbeats;
    this.#jobs.set(id, job);
    this.#core.liveJobs.set(id, job);
    return job;
  }

  /** Runs a restored job. */
  resume(job: Job): void {
    this.#place(job);
  }

  /** Calls back once when no job is left; at once where none is. */
  whenIdle(callback: () => void): void {
    if (this.#jobs.size === 0) return callback();
    this.#onIdle = callback;
  }

  emit<T extends keyof Payloads>(
    type: T,
    payload: Payloads[T],
    fields: EmitFields,
    records?: readonly RecordWrite[],
  ): MessageId | undefined {
    return this.#session.emitWith(type, payload, fields, records);
  }

  onEnding(job: Job, end: JobEnd): void {
    this.#core.mounted.beforeJobEnd(job, end.type);
  }

  endRecords(job: Job, end: JobEnd): readonly RecordWrite[] {
    const gone: RecordWrite = { kind: JOB, key: job.id, value: undefined };
    const intent = job.intent === undefined ? undefined : this.#core.intents.end(job.intent, end);
    return intent === undefined ? [gone] : [gone, intent];
  }

  onEnded(job: Job, end: JobEnd): void {
    const core = this.#core;
    this.#jobs.delete(job.id);
    core.liveJobs.delete(job.id);
    core.heartbeats.stop(job);
    this.#ended.add(job.id);
    if (this.#ended.size > MAX_REMEMBERED) this.#ended.delete(this.#ended.values().next().value as string);
    if (job.isPlaced) {
      this.#running--;
      if (!job.hasReturned) this.#strays++;
    }
    core.mounted.jobEnded(job);
    try {
      job.request.onEnd?.(end);
    } catch (error) {
      core.report(error, 'onEnd');
    }
    if (this.#jobs.size === 0) {
      const callback = this.#onIdle;
      this.#onIdle = undefined;
      callback?.();
    }
    this.#runWaiting();
  }

  report(error: unknown, where: string): void {
    this.#core.report(error, where);
  }

  async #once(type: string, body: JsonValue, key: string, answer: Answer, make: () => JobRequest): Promise<void> {
    const scope = Intents.scope(this.#session.principal, key);
    let print: string;
    try {
      print = await Intents.print(type, body);
    } catch (cause) {
      if (!(cause instanceof SdkError)) throw cause;
      throw new ArcpError('INVALID_ARGUMENT', 'the arguments have no canonical form', { cause });
    }
    await this.#core.intents.inTurn(scope, (known) => {
      // Also where the runtime closes: what is not kept any more must not be begun.
      if (this.#session.isEnding) return;
      if (known === undefined && !this.#core.intents.hasRoom(this.#session.principal)) {
        this.#refuse(answer, new ArcpError('RESOURCE_EXHAUSTED', 'the principal has used too many keys'));
      } else if (known === undefined) {
        this.start(make(), { scope, print });
      } else if (known.print !== print) {
        this.#refuse(answer, new ArcpError('ALREADY_EXISTS', 'the idempotency key was used for something else'));
      } else if (known.end === undefined && this.#following >= this.#core.limits.maxQueuedJobs) {
        this.#refuse(answer, new ArcpError('RESOURCE_EXHAUSTED', 'too many commands wait for the end of a job'));
      } else {
        this.#repeat(answer, known, scope);
      }
    });
  }

  #refuse(answer: Answer, error: ArcpError): void {
    const id = this.#core.ids.job();
    this.#owe(id, answer, undefined);
    this.#answer(id, answer, { type: 'job.failed', payload: toWireError(error) });
  }

  /** Answers a repeated intent with what came, or will come, of it. */
  #repeat(answer: Answer, intent: Intent, scope: string): void {
    // What was no job has another print, and never comes here.
    const jobId = intent.jobId as JobId;
    this.#owe(jobId, answer, scope);
    this.#tellEnd(jobId, answer, intent);
  }

  /** Takes up a command of before a restart that has yet to hear of its job's end. */
  async followAgain({ jobId, invokeId, traceId, priority, intent }: FollowerRecord): Promise<void> {
    const answer: Answer = {
      invokeId: invokeId as MessageId,
      traceId,
      priority: priority as Answer['priority'],
    };
    const tell = (known: Intent | undefined) => this.#tellEnd(jobId as JobId, answer, known);
    if (intent === undefined) tell(undefined);
    else await this.#core.intents.inTurn(intent, tell);
  }

  /** Tells a command how a job ended, or will. */
  #tellEnd(jobId: JobId, answer: Answer, known: Intent | undefined): void {
    if (known?.jobId === jobId && known.end !== undefined) return this.#answer(jobId, answer, known.end);
    const job = this.#core.liveJobs.get(jobId);
    if (job === undefined) {
      const error = new ArcpError('UNAVAILABLE', 'the job was lost');
      return this.#answer(jobId, answer, { type: 'job.failed', payload: toWireError(error) });
    }
    this.#following++;
    job.addFollower((last) => {
      this.#following--;
      this.#answer(jobId, answer, last);
    });
  }

  /** Accepts a command for a job it does not start: it is owed the end. */
  #owe(jobId: JobId, answer: Answer, intent: string | undefined): void {
    const { invokeId, traceId, priority } = answer;
    const record: Record<string, JsonValue> = { sessionId: this.#session.id, invokeId, jobId };
    if (traceId !== undefined) record.traceId = traceId;
    if (priority !== undefined) record.priority = priority;
    if (intent !== undefined) record.intent = intent;
    this.#accept(jobId, answer, invokeId, [{ kind: FOLLOWER, key: this.#followerKey(answer), value: record }]);
  }

  #sayEnd(end: JobEnd, fields: EmitFields, records: readonly RecordWrite[]): void {
    try {
      this.#session.emitWith(end.type, end.payload, fields, records);
    } catch (error) {
      // It fitted into the first answer, but not into one with longer ids.
      this.#core.report(error, 'repeated result');
      const failure = toWireError(new ArcpError('INTERNAL', 'the result cannot be sent', { retryable: false }));
      this.#session.emitWith('job.failed', failure, fields, records);
    }
  }

  #followerKey({ invokeId }: Answer): string {
    return `${this.#session.id} ${invokeId}`;
  }

  #accept(id: JobId, answer: Answer, correlation: MessageId, records?: readonly RecordWrite[]): void {
    this.#session.emitWith('job.accepted', { job_id: id }, fieldsOf(id, answer, correlation), records);
  }

  #answer(id: JobId, answer: Answer, end: JobEnd): void {
    const paid: RecordWrite = { kind: FOLLOWER, key: this.#followerKey(answer), value: undefined };
    if (this.#session.signal.aborted) this.#core.write([paid]);
    else this.#sayEnd(end, fieldsOf(id, answer, answer.invokeId), [paid]);
  }

  #place(job: Job): void {
    const { tools, limits } = this.#core;
    if (job.request.run === undefined && tools.get(job.tool) === undefined) {
      failUnknown(job);
    } else if (this.#hasRoom()) {
      this.#run(job);
    } else if (this.#waiting.length < limits.maxQueuedJobs) {
      if (job.state !== 'queued') job.enter('queued');
      this.#waiting.push(job, priorityRank(job.priority));
    } else {
      job.fail(new ArcpError('RESOURCE_EXHAUSTED', 'too many jobs wait', { details: { retry_after_seconds: 1 } }));
    }
  }

  #run(job: Job): void {
    const tool = job.request.run === undefined ? this.#core.tools.get(job.tool) : undefined;
    // It may have gone while the job waited.
    if (job.request.run === undefined && tool === undefined) return failUnknown(job);
    this.#running++;
    job.isPlaced = true;
    job.enter('running');
    const checked = tool === undefined ? undefined : this.#core.inputs.check(tool, job.request.arguments);
    if (!(checked instanceof Promise)) return this.#call(job, tool, checked);
    checked.then(
      (issue) => this.#call(job, tool, issue),
      (error: unknown) => {
        this.#core.report(error, `inputSchema of ${job.tool}`);
        // A tool that counts on its schema must not run without.
        this.#failed(job, new ArcpError('INTERNAL', 'the input schema of the tool is not taken', { retryable: false }));
      },
    );
  }

  #call(job: Job, tool: Tool | undefined, issue: SchemaIssue | undefined): void {
    // Cancelled while the schema was read.
    if (job.hasEnded || job.cancelReason !== undefined) return this.#returned(job, undefined);
    if (issue !== undefined) return this.#failed(job, misfit(issue));
    if (!job.wasStarted) job.emit('job.started', {});
    this.#core.heartbeats.start(job, tool?.supervised === true);
    let answer: ReturnType<Tool['handler']>;
    try {
      const context = joinContext(coreContext(this.#core, job), this.#core.mounted.contextsOf(job));
      const { run } = job.request;
      answer = run === undefined ? (tool as Tool).handler(job.request.arguments, context) : run(job, context);
    } catch (error) {
      return this.#failed(job, error);
    }
    if (!(answer instanceof Promise)) return this.#returned(job, answer);
    answer.then(
      (value) => this.#returned(job, value),
      (error: unknown) => this.#failed(job, error),
    );
  }

  #returned(job: Job, answer: JsonValue | ToolResult | undefined): void {
    if (job.hasEnded) return this.#strayReturned();
    job.hasReturned = true;
    if (answer === undefined && job.cancelReason !== undefined) return job.cancel(job.cancelReason);
    job.end({ type: 'job.completed', payload: outcomeOf(answer) });
  }

  #failed(job: Job, error: unknown): void {
    if (job.hasEnded) return this.#strayReturned();
    job.hasReturned = true;
    if (job.cancelReason !== undefined) return job.cancel(job.cancelReason);
    if (!(error instanceof ArcpError)) this.#core.report(error, `tool ${job.tool}`);
    job.end({ type: 'job.failed', payload: toWireError(error) });
  }

  #strayReturned(): void {
    this.#strays--;
    this.#runWaiting();
  }

  /** A tool that ignores its signal gives its place away with its job, but not without end. */
  #hasRoom(): boolean {
    const { maxRunningJobs } = this.#core.limits;
    return this.#running < maxRunningJobs && this.#running + this.#strays < 2 * maxRunningJobs;
  }

  #runWaiting(): void {
    while (this.#waiting.length > 0 && this.#hasRoom()) {
      const job = this.#waiting.shift();
      if (job?.hasEnded === false) this.#run(job);
    }
  }

  #recordOf(job: Job): JsonValue {
    const mayRestart = this.#core.tools.get(job.tool)?.restartable === true && job.request.run === undefined;
    const record: Record<string, JsonValue> = { sessionId: this.#session.id, tool: job.tool, invokeId: job.invokeId };
    if (job.traceId !== undefined) record.traceId = job.traceId;
    if (job.priority !== undefined) record.priority = job.priority;
    if (job.intent !== undefined) record.intent = job.intent;
    if (mayRestart) record.arguments = job.request.arguments;
    if (job.isHeld) record.isHeld = true;
    return record;
  }
}

function failUnknown(job: Job): void {
  job.fail(new ArcpError('NOT_FOUND', `tool not registered: ${job.tool.slice(0, 256)}`, { retryable: false }));
}

function fieldsOf(id: JobId, { traceId, priority }: Answer, correlation: MessageId): EmitFields {
  return { job_id: id, correlation_id: correlation, trace_id: traceId, priority };
}

function outcomeOf(answer: JsonValue | ToolResult | undefined): Outcome {
  if (answer instanceof ToolResult) return { value: answer.value, result_ref: answer.resultRef };
  return { value: answer ?? null };
}
