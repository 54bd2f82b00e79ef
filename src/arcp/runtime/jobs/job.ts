// One job: its state, its one terminal event, and what services may do with it. ARCP v1.0, section 10.

import { printable } from '../../../bytes/printable.js';
import type { JsonValue } from '../../../codec/json-value.js';
import { ArcpError } from '../../errors.js';
import type { EnvelopeFields } from '../../wire/envelope.js';
import type { JobState } from '../../wire/execution.js';
import type { JobId, MessageId } from '../../wire/ids.js';
import type { CoreType, Payloads } from '../../wire/payloads.js';
import { toWireError } from '../../wire-error.js';
import type { Keeping } from '../outbox/out-item.js';
import type { EmitFields, JobEnd, JobPort, JobRequest, SessionPort } from '../service.js';
import { Acceptance } from './acceptance.js';
import { isTerminal, mayFollow } from './job-states.js';

/** What a job tells those who run it. */
export interface JobOwnerEvents {
  /** Emits on behalf of the job. */
  emit<T extends CoreType>(type: T, payload: Payloads[T], fields: EmitFields, keeping?: Keeping): MessageId | undefined;
  /** About to end: what is still to leave under its id leaves now. */
  onEnding(job: Job, end: JobEnd): void;
  /** What is kept with its terminal event. */
  keepingOf(job: Job, end: JobEnd): Keeping;
  onEnded(job: Job, end: JobEnd): void;
  report(error: unknown, where: string): void;
}

/** Length of a peer's reason in what we say, in UTF-16 units. */
const MAX_REASON_CHARS = 1_024;

/** A job. */
export class Job implements JobPort {
  readonly id: JobId;
  readonly session: SessionPort;
  readonly tool: string;
  readonly invokeId: MessageId;
  readonly traceId: string | undefined;
  readonly priority: EnvelopeFields['priority'];
  readonly acceptance = new Acceptance();
  request: JobRequest;
  /** Scoped idempotency key it was started under. */
  intent: string | undefined;
  /** How to make a checkpoint on demand. */
  makeCheckpoint: (() => JsonValue) | undefined;
  /** Whether `job.started` was emitted before a restart. */
  wasStarted = false;
  /** Sequence of its last heartbeat. */
  heartbeats = 0;
  /** Whether it waits for whoever holds it, such as a schedule. */
  isHeld: boolean;
  /** Whether it has asked for a place to run, whether it was given one, and whether its tool has returned. */
  hasEntered = false;
  /** What its arguments count as since it has asked, in characters. */
  chars = 0;
  isPlaced = false;
  hasReturned = false;
  /** Set once a cancel was accepted: what the client said. */
  cancelReason: string | undefined;
  readonly #events: JobOwnerEvents;
  #state: JobState = 'accepted';
  #blocks = 0;
  #abort: AbortController | undefined;
  #followers: ((end: JobEnd) => void)[] | undefined;

  constructor(id: JobId, session: SessionPort, request: JobRequest, events: JobOwnerEvents) {
    this.id = id;
    this.session = session;
    this.tool = request.tool;
    this.invokeId = request.invokeId;
    this.traceId = request.traceId;
    this.priority = request.priority;
    this.request = request;
    this.isHeld = request.isHeld === true;
    this.#events = events;
  }

  get state(): JobState {
    return this.#state;
  }

  get hasEnded(): boolean {
    return isTerminal(this.#state);
  }

  // Made when somebody asks: most tools never do.
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.hasEnded) this.#abort.abort(new ArcpError('CANCELLED', 'the job has ended'));
      else if (this.cancelReason !== undefined) this.#abort.abort(cancelError(this.cancelReason));
    }
    return this.#abort.signal;
  }

  emit<T extends CoreType>(type: T, payload: Payloads[T], fields?: EmitFields): MessageId | undefined {
    if (this.hasEnded) return undefined;
    return this.#send(type, payload, fields);
  }

  block(): () => void {
    let stands = true;
    this.#blocks++;
    if (this.#state === 'running') this.enter('blocked');
    return () => {
      if (!stands) return;
      stands = false;
      this.#blocks--;
      if (this.#blocks === 0 && this.#state === 'blocked') this.enter('running');
    };
  }

  fail(error: ArcpError): void {
    this.end({ type: 'job.failed', payload: toWireError(error) });
  }

  cancel(reason: string): void {
    this.end({ type: 'job.cancelled', payload: { reason: clip(reason) } });
  }

  /** @throws {ArcpError} ERR_ARCP_FAILED_PRECONDITION: a fault of ours. */
  enter(state: JobState): void {
    if (!mayFollow(this.#state, state)) {
      throw new ArcpError('FAILED_PRECONDITION', `a job that is ${this.#state} cannot become ${state}`);
    }
    this.#state = state;
  }

  /** Asks the tool to stop. @param reason What the client said. */
  askToStop(reason: string): void {
    if (this.cancelReason !== undefined || this.hasEnded) return;
    this.cancelReason = clip(reason);
    this.#abort?.abort(cancelError(this.cancelReason));
  }

  /** Has somebody else told how the job ended. */
  addFollower(callback: (end: JobEnd) => void): void {
    this.#followers ??= [];
    this.#followers.push(callback);
  }

  /** Emits the one terminal event. Does nothing where the job has ended. */
  end(end: JobEnd): void {
    if (this.hasEnded) return;
    this.#events.onEnding(this, end);
    // Ending streams and prompts may have ended it.
    if (this.hasEnded) return;
    let last = end;
    try {
      this.#terminate(last);
    } catch (error) {
      // A result that no JSON can say: the job still ends, once.
      this.#events.report(error, `result of ${this.tool}`);
      last = {
        type: 'job.failed',
        payload: { code: 'INTERNAL', message: 'the result cannot be sent', retryable: false },
      };
      this.#terminate(last);
    }
    const to = last.type === 'job.completed' ? 'completed' : last.type === 'job.failed' ? 'failed' : 'cancelled';
    if (to === 'completed' && this.#state === 'blocked') this.#state = 'running';
    this.enter(to);
    this.#abort?.abort(new ArcpError('CANCELLED', 'the job has ended'));
    this.#events.onEnded(this, last);
    const followers = this.#followers;
    this.#followers = undefined;
    for (const follower of followers ?? []) {
      try {
        follower(last);
      } catch (error) {
        this.#events.report(error, `end of ${this.tool}`);
      }
    }
  }

  #terminate(end: JobEnd): void {
    this.#send(end.type, end.payload, undefined, this.#events.keepingOf(this, end));
  }

  #send<T extends CoreType>(
    type: T,
    payload: Payloads[T],
    fields: EmitFields | undefined,
    keeping?: Keeping,
  ): MessageId | undefined {
    const own: EmitFields = {
      job_id: this.id,
      correlation_id: this.invokeId,
      trace_id: this.traceId,
      priority: this.priority,
    };
    return this.#events.emit(type, payload, fields === undefined ? own : { ...own, ...fields }, keeping);
  }
}

/** One reason may end a thousand jobs, and is said for each. */
function clip(reason: string): string {
  return reason.slice(0, MAX_REASON_CHARS);
}

function cancelError(reason: string): ArcpError {
  return new ArcpError('CANCELLED', reason === '' ? 'the job was cancelled' : printable(reason));
}
