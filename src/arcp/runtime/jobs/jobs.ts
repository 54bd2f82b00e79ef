// The jobs of one session: what starts them, which there are, and what is known of those that ended. Nothing runs before the
// log has it. ARCP v1.0, sections 6.4 and 10.

import type { JsonValue } from '../../../codec/json-value.js';
import { SdkError } from '../../../errors.js';
import { ArcpError } from '../../errors.js';
import type { MaybePromise, RecordWrite } from '../../log/contract.js';
import type { Message, RawEnvelope } from '../../wire/envelope.js';
import type { JobId, MessageId } from '../../wire/ids.js';
import type { Payloads } from '../../wire/payloads.js';
import type { Core } from '../core.js';
import type { Keeping } from '../outbox/out-item.js';
import type { Command, EmitFields, JobEnd, JobRequest } from '../service.js';
import { EndedJobs } from './ended-jobs.js';
import { Followers, fieldsOf } from './followers.js';
import { Intents } from './idempotency.js';
import { Job, type JobOwnerEvents } from './job.js';
import { JobPlaces } from './job-places.js';
import { type Answer, type FollowerRecord, JOB, keepJob } from './job-records.js';
import { JobRunner } from './job-runner.js';
import type { JobsSession } from './jobs-session.js';
import type { PrincipalUse } from './principal-use.js';

/** The jobs of a session. */
export class SessionJobs implements JobOwnerEvents {
  readonly #core: Core;
  readonly #session: JobsSession;
  readonly #jobs = new Map<string, Job>();
  readonly #ended: EndedJobs;
  readonly #runner: JobRunner;
  readonly #places: JobPlaces;
  readonly #followers: Followers;
  #onIdle: (() => void) | undefined;

  constructor(core: Core, session: JobsSession, use: PrincipalUse) {
    this.#core = core;
    this.#session = session;
    this.#ended = new EndedJobs(core.log, session.id);
    this.#runner = new JobRunner(core, () => this.#places.strayReturned());
    this.#places = new JobPlaces(core.limits, use, {
      get isOver() {
        return session.isEnding;
      },
      run: (job) => this.#run(job),
    });
    this.#followers = new Followers(core, session, use);
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

  /** Whether a job that does not run has ended; one that is not of this session has not. */
  hasEnded(id: string): MaybePromise<boolean> {
    return this.#ended.has(id);
  }

  /** Whether a job has ended not long ago. */
  endedOfLate(id: string): boolean {
    return this.#ended.knows(id);
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
    this.#followers.refuse({ invokeId: message.id, traceId: message.trace_id }, error);
  }

  /** Accepts a job, and runs it once the log has that, or when there is a place. */
  start(request: JobRequest, intent?: { readonly scope: string; readonly print: string }): JobId {
    const job = new Job(request.jobId ?? this.#core.ids.job(), this.#session, request, this);
    job.intent = intent?.scope;
    this.#accept(job, intent);
    this.#add(job);
    if (job.isHeld) job.enter('queued');
    else if (!this.#runner.knows(job)) failUnknown(job);
    return job.id;
  }

  /** Runs a held job, once the log has it, and then that it is released. */
  release(id: string, { arguments: args, run }: Pick<JobRequest, 'arguments' | 'run'>): void {
    const job = this.#jobs.get(id);
    if (job?.isHeld !== true) return;
    job.isHeld = false;
    job.request = { ...job.request, arguments: args, run };
    job.acceptance.whenKept(() => {
      if (job.hasEnded) return;
      this.#core.journal.write([keepJob(job, this.#mayRestart(job))], {
        kept: () => this.#place(job),
        lost: () => job.fail(new ArcpError('INTERNAL', 'the log failed')),
      });
    });
  }

  /** Takes up a job of before a restart, which the log has accepted. */
  restore(
    id: JobId,
    request: JobRequest,
    options: { readonly intent?: string | undefined; readonly heartbeats: number },
  ): Job {
    const job = new Job(id, this.#session, { ...request, jobId: id }, this);
    job.intent = options.intent;
    job.heartbeats = options.heartbeats;
    job.acceptance.kept();
    this.#add(job);
    return job;
  }

  /** Runs a restored job. */
  resume(job: Job): void {
    this.#place(job);
  }

  /** Takes up a command of before a restart that has yet to hear of its job's end. */
  followAgain(record: FollowerRecord): Promise<void> {
    return this.#followers.takeUp(record);
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
    keeping?: Keeping,
  ): MessageId | undefined {
    return this.#session.emitWith(type, payload, fields, keeping);
  }

  onEnding(job: Job, end: JobEnd): void {
    this.#core.mounted.beforeJobEnd(job, end.type);
  }

  keepingOf(job: Job, end: JobEnd): Keeping {
    const gone: RecordWrite = { kind: JOB, key: job.id, value: undefined };
    const intent = job.intent === undefined ? undefined : this.#core.intents.end(job.intent, end);
    return { records: intent === undefined ? [gone] : [gone, intent], unless: job.acceptance };
  }

  onEnded(job: Job, end: JobEnd): void {
    const core = this.#core;
    this.#jobs.delete(job.id);
    core.liveJobs.delete(job.id);
    core.heartbeats.stop(job);
    core.stopDeadlines.ended(job);
    this.#ended.add(job.id);
    core.mounted.jobEnded(job);
    try {
      job.request.onEnd?.(end);
    } catch (error) {
      core.report(error, 'onEnd');
    }
    // Before what may end the session, and may throw: a place is given back whatever comes.
    this.#places.ended(job);
    if (this.#jobs.size > 0) return;
    const callback = this.#onIdle;
    this.#onIdle = undefined;
    callback?.();
  }

  report(error: unknown, where: string): void {
    this.#core.report(error, where);
  }

  async #once(type: string, body: JsonValue, key: string, answer: Answer, make: () => JobRequest): Promise<void> {
    const { intents } = this.#core;
    const { principal } = this.#session;
    const refuse = (error: ArcpError) => this.#followers.refuse(answer, error);
    const scope = Intents.scope(principal, key);
    let print: string;
    try {
      print = await Intents.print(type, body);
    } catch (cause) {
      if (!(cause instanceof SdkError)) throw cause;
      throw new ArcpError('INVALID_ARGUMENT', 'the arguments have no canonical form', { cause });
    }
    await intents.inTurn(scope, (known) => {
      // Also where the runtime closes: what is not kept any more must not be begun.
      if (this.#session.isEnding) return;
      if (known === undefined && !intents.hasRoom(principal)) {
        refuse(new ArcpError('RESOURCE_EXHAUSTED', 'the principal has used too many keys'));
      } else if (known === undefined) {
        this.start(make(), { scope, print });
      } else if (known.print !== print) {
        refuse(new ArcpError('ALREADY_EXISTS', 'the idempotency key was used for something else'));
      } else if (known.end === undefined && !this.#followers.hasRoom) {
        refuse(new ArcpError('RESOURCE_EXHAUSTED', 'too many commands wait for the end of a job'));
      } else {
        this.#followers.repeat(answer, known, scope);
      }
    });
  }

  #accept(job: Job, intent: { readonly scope: string; readonly print: string } | undefined): void {
    const { intents } = this.#core;
    const records: RecordWrite[] = [keepJob(job, this.#mayRestart(job))];
    if (intent !== undefined) records.push(intents.begin(intent.scope, intent.print, job.id));
    // A runtime that takes over finds the job in the log, or it has not run: nothing runs twice.
    if (!job.isHeld) job.acceptance.whenKept(() => this.#place(job));
    this.#session.emitWith('job.accepted', { job_id: job.id }, fieldsOf(job.id, job), {
      records,
      onKept: () => job.acceptance.kept(),
      onLost: () => {
        job.acceptance.lost();
        if (intent !== undefined) intents.forget(intent.scope, job.id);
      },
    });
  }

  #add(job: Job): void {
    this.#jobs.set(job.id, job);
    this.#core.liveJobs.set(job.id, job);
  }

  #place(job: Job): void {
    // Cancelled meanwhile, or left to the next runtime.
    if (!job.hasEnded && !this.#session.isEnding) this.#places.enter(job);
  }

  #run(job: Job): void {
    if (this.#runner.run(job)) return;
    // Its tool has gone meanwhile.
    job.hasReturned = true;
    failUnknown(job);
  }

  #mayRestart({ tool, request }: Job): boolean {
    return request.run === undefined && this.#core.tools.get(tool)?.restartable === true;
  }
}

function failUnknown(job: Job): void {
  job.fail(new ArcpError('NOT_FOUND', `tool not registered: ${job.tool.slice(0, 256)}`, { retryable: false }));
}
