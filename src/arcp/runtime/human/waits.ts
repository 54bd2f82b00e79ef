// What prompts and permission requests have in common: a job waits for a human, for some time, and for whatever comes first.

import { type Deferred, deferred } from '../../../deferred.js';
import { ArcpError } from '../../errors.js';
import type { MessageId } from '../../wire/ids.js';
import type { JobPort, SessionPort } from '../service.js';

/** Answered questions of one session whose late answers are still known for what they are. */
const MAX_ANSWERED = 256;

/** Who is told when a job is cancelled or ends: one listener for all, since some engines warn of a leak from eleven on. */
const watchers = new WeakMap<JobPort, Set<() => void>>();

/** The most a clock's timer takes. */
const MAX_TIMER_MS = 2_147_483_647;

/** Who asks, as the envelope's `source` says it: the agent, a slash, the tool. */
export function askerOf(job: JobPort, agent: string | undefined): string {
  const { identity } = job.session.runtime;
  return `${agent ?? identity.fingerprint ?? identity.kind}/${job.tool}`;
}

/**
 * When a question expires.
 *
 * @param expiresInMs Capped by the limit. Default `defaultMs`.
 * @throws {RangeError} not above 0.
 */
export function expiryOf(job: JobPort, expiresInMs: number | undefined, defaultMs: number): number {
  const askedMs = expiresInMs ?? defaultMs;
  if (!(askedMs > 0)) throw new RangeError(`expiresInMs must be above 0, not ${askedMs}`);
  const { limits, now } = job.session.runtime;
  return now() + Math.min(askedMs, limits.maxPromptMs);
}

/** What ends a wait from outside the answers. */
export interface WaitEvents {
  /** Its time is over. */
  onExpired(): void;
  /** The job is cancelled or has ended. */
  onAborted(reason: ArcpError): void;
}

/** A wait of a job. The job is blocked while it is open. */
export class Wait<Answer> {
  /** A tool that was cut off may have stopped listening: a rejection never counts as unhandled. */
  readonly answer: Promise<Answer>;
  #isOpen = true;
  readonly #settle: Deferred<Answer> = deferred();
  readonly #job: JobPort;
  readonly #expiresAtMs: number;
  readonly #events: WaitEvents;
  readonly #uncount: () => void;
  readonly #unblock: () => void;
  readonly #unwatch: () => void;
  #cancelTimer: (() => void) | undefined;

  /** @param uncount Of `countQuestion`. */
  constructor(job: JobPort, expiresAtMs: number, uncount: () => void, events: WaitEvents) {
    this.#job = job;
    this.#expiresAtMs = expiresAtMs;
    this.#uncount = uncount;
    this.#events = events;
    this.answer = this.#settle.promise;
    this.#unblock = job.block();
    this.#unwatch = watchJob(job, this.#onAbort);
    this.#arm();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  resolve(answer: Answer): void {
    if (this.#close()) this.#settle.resolve(answer);
  }

  reject(error: unknown): void {
    if (this.#close()) this.#settle.reject(error);
  }

  /** Lets go of the timer, and leaves the answer open: the job is of a runtime that closes. */
  stop(): void {
    this.#cancelTimer?.();
    this.#unwatch();
  }

  readonly #onAbort = () => {
    if (this.#isOpen) this.#safely(() => this.#events.onAborted(this.#job.signal.reason as ArcpError));
  };

  #arm(): void {
    const { clock, now } = this.#job.session.runtime;
    const leftMs = this.#expiresAtMs - now();
    this.#cancelTimer = clock.setTimer(
      () => {
        if (!this.#isOpen) return;
        // Timers may be shorter than asked, and the clock of the wall may have been set.
        if (now() < this.#expiresAtMs) this.#arm();
        else this.#safely(() => this.#events.onExpired());
      },
      Math.min(Math.max(leftMs, 0), MAX_TIMER_MS),
    );
  }

  /** Timers and signals have nobody to throw to: what fails is told, and whoever waits goes on with it. */
  #safely(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#job.session.runtime.report(error, 'question');
      this.reject(error);
    }
  }

  #close(): boolean {
    if (!this.#isOpen) return false;
    this.#isOpen = false;
    this.#cancelTimer?.();
    this.#unwatch();
    this.#uncount();
    this.#unblock();
    return true;
  }
}

/** @returns Takes the callback back. */
function watchJob(job: JobPort, callback: () => void): () => void {
  let callbacks = watchers.get(job);
  if (callbacks === undefined) {
    const all = new Set<() => void>();
    callbacks = all;
    watchers.set(job, all);
    const tell = () => {
      for (const one of [...all]) one();
    };
    job.signal.addEventListener('abort', tell, { once: true });
  }
  const own = callbacks.add(callback);
  return () => own.delete(callback);
}

/** A question that was sent. */
export interface Question {
  readonly id: MessageId;
  readonly job: JobPort;
}

/** The open questions of a service, and which were answered. */
export class Questions<Q extends Question> {
  readonly #open = new Map<string, Q>();
  readonly #ofJob = new Map<JobPort, Set<Q>>();
  readonly #answered = new WeakMap<SessionPort, Set<string>>();

  add(question: Q): void {
    this.#open.set(question.id, question);
    const ofJob = this.#ofJob.get(question.job) ?? new Set();
    this.#ofJob.set(question.job, ofJob.add(question));
  }

  /** @param wasAnswered Whether by somebody who was asked: the answers of others, later, are passed over. */
  remove(question: Q, wasAnswered: boolean): void {
    this.#open.delete(question.id);
    const ofJob = this.#ofJob.get(question.job);
    ofJob?.delete(question);
    if (ofJob?.size === 0) this.#ofJob.delete(question.job);
    if (!wasAnswered) return;
    const { session } = question.job;
    const answered = this.#answered.get(session) ?? new Set();
    this.#answered.set(session, answered.add(question.id));
    if (answered.size > MAX_ANSWERED) answered.delete(answered.values().next().value as string);
  }

  /**
   * Finds what a message of a session is about. What was asked in another session does not exist.
   *
   * @returns `undefined` for a question that was answered already.
   * @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT: it names none; ERR_ARCP_NOT_FOUND: one that is not open.
   */
  find(session: SessionPort, id: MessageId | undefined): Q | undefined {
    if (id === undefined) {
      const details = { path: 'correlation_id', issue: 'is missing' };
      throw new ArcpError('INVALID_ARGUMENT', 'correlation_id is missing', { details });
    }
    const question = this.#open.get(id);
    if (question !== undefined && question.job.session.id === session.id) return question;
    if (this.#answered.get(session)?.has(id) === true) return undefined;
    throw new ArcpError('NOT_FOUND', 'no such open request');
  }

  has(id: string): boolean {
    return this.#open.has(id);
  }

  ofJob(job: JobPort): readonly Q[] {
    return [...(this.#ofJob.get(job) ?? [])];
  }

  all(): readonly Q[] {
    return [...this.#open.values()];
  }
}
