// Commands that were accepted for a job they did not start: those that were refused, and those that repeat an intent. Each is
// owed an end, also across a restart of the runtime. ARCP v1.0, section 6.4.

import { ArcpError } from '../../errors.js';
import type { RecordWrite } from '../../log/contract.js';
import type { JobId, MessageId } from '../../wire/ids.js';
import { toWireError } from '../../wire-error.js';
import type { Core } from '../core.js';
import type { EmitFields, JobEnd } from '../service.js';
import type { Intent } from './idempotency.js';
import { type Answer, type FollowerRecord, forgetFollower, keepFollower } from './job-records.js';
import type { JobsSession } from './jobs-session.js';
import type { PrincipalUse } from './principal-use.js';

/** The followers of a session. */
export class Followers {
  readonly #core: Core;
  readonly #session: JobsSession;
  readonly #use: PrincipalUse;
  /** Commands that wait for the end of a job. */
  #waiting = 0;

  constructor(core: Core, session: JobsSession, use: PrincipalUse) {
    this.#core = core;
    this.#session = session;
    this.#use = use;
  }

  /** Whether one more command may wait for an end. */
  get hasRoom(): boolean {
    return this.#waiting < this.#core.limits.maxQueuedJobs && this.#use.hasRoom;
  }

  /** Accepts a command that starts nothing, and says why. */
  refuse(answer: Answer, error: ArcpError): void {
    const id = this.#core.ids.job();
    this.#accept(id, answer, undefined);
    this.#pay(id, answer, { type: 'job.failed', payload: toWireError(error) });
  }

  /** Answers a repeated intent with what came, or will come, of it. */
  repeat(answer: Answer, intent: Intent, scope: string): void {
    // What was no job has another print, and never comes here.
    const jobId = intent.jobId as JobId;
    this.#accept(jobId, answer, scope);
    this.#tellEnd(jobId, answer, intent);
  }

  /** Takes up a command of before a restart that has yet to hear of its job's end. */
  async takeUp({ jobId, invokeId, traceId, priority, intent }: FollowerRecord): Promise<void> {
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
    if (known?.jobId === jobId && known.end !== undefined) return this.#pay(jobId, answer, known.end);
    const job = this.#core.liveJobs.get(jobId);
    if (job === undefined) {
      const error = new ArcpError('UNAVAILABLE', 'the job was lost');
      return this.#pay(jobId, answer, { type: 'job.failed', payload: toWireError(error) });
    }
    this.#waiting++;
    this.#use.jobEntered();
    job.addFollower((last) => {
      this.#waiting--;
      this.#use.jobLeft();
      this.#pay(jobId, answer, last);
    });
  }

  #accept(jobId: JobId, answer: Answer, intent: string | undefined): void {
    const records = [keepFollower(this.#session.id, jobId, answer, intent)];
    this.#session.emitWith('job.accepted', { job_id: jobId }, fieldsOf(jobId, answer), { records });
  }

  #pay(jobId: JobId, answer: Answer, end: JobEnd): void {
    const paid = forgetFollower(this.#session.id, answer);
    if (this.#session.signal.aborted) this.#core.write([paid]);
    else this.#sayEnd(end, fieldsOf(jobId, answer), [paid]);
  }

  #sayEnd(end: JobEnd, fields: EmitFields, records: readonly RecordWrite[]): void {
    try {
      this.#session.emitWith(end.type, end.payload, fields, { records });
    } catch (error) {
      // It fitted into the first answer, but not into one with longer ids.
      this.#core.report(error, 'repeated result');
      const failure = toWireError(new ArcpError('INTERNAL', 'the result cannot be sent', { retryable: false }));
      this.#session.emitWith('job.failed', failure, fields, { records });
    }
  }
}

/** What every message about a job to the command that asked for it is stamped with. */
export function fieldsOf(jobId: JobId, { invokeId, traceId, priority }: Answer): EmitFields {
  return { job_id: jobId, correlation_id: invokeId, trace_id: traceId, priority };
}
