// The schedules of a runtime, for `schedule.ts`: what begins when, and what is written before it does.

import { ArcpError } from '../../errors.js';
import type { Message } from '../../wire/envelope.js';
import type { JobId } from '../../wire/ids.js';
import type { JobPort, JobRequest, RuntimePort, SessionPort } from '../service.js';
import { MAX_STEPS } from './recurrence.js';
import type { ScheduleBook } from './schedule-book.js';
import type { ReadRule, SchedulePlanner } from './schedule-planner.js';
import { charsOf, definedOf, dueOf, keyOf, requestOf, type Schedule, type ScheduleRecord } from './schedule-record.js';
import { recoverSchedules } from './schedule-recovery.js';
import { partyOf } from './schedule-room.js';

/** Longest command that is kept for later, in characters of JSON. */
const MAX_COMMAND_CHARS = 262_144;
/** How long to sleep at most, so that a clock that was set is noticed. */
const MAX_SLEEP_MS = 60_000;

/** The schedules. */
export class Schedules {
  readonly #book: ScheduleBook;
  readonly #planner: SchedulePlanner;
  #runtime!: RuntimePort;
  #cancelTimer: (() => void) | undefined;
  #armedForMs = 0;
  #isClosed = false;

  constructor(book: ScheduleBook, planner: SchedulePlanner) {
    this.#book = book;
    this.#planner = planner;
  }

  /** @throws {TypeError} A runtime has it already. */
  attach(runtime: RuntimePort): void {
    if (this.#runtime !== undefined) throw new TypeError('a service is mounted in one runtime only');
    this.#runtime = runtime;
    this.#book.attach(runtime);
    this.#planner.attach(runtime);
  }

  get nextDueMs(): number | undefined {
    const nowMs = this.#runtime.now();
    let nextMs: number | undefined;
    for (const schedule of this.#book.values()) {
      if (this.#book.isHeldUp(schedule)) continue;
      const waitMs = this.#planner.waitMs(schedule);
      const dueMs = waitMs === 0 ? schedule.record.dueMs : Math.max(schedule.record.dueMs, nowMs + waitMs);
      if (nextMs === undefined || dueMs < nextMs) nextMs = dueMs;
    }
    return nextMs;
  }

  /** @throws {ArcpError} */
  schedule(session: SessionPort, message: Message<'job.schedule'>): void | Promise<void> {
    const { every } = message.payload.when;
    const nowMs = this.#runtime.now();
    // A command that repeats one of before asks for no room and no search: those are for `make`, which it does not reach.
    const start = (read?: ReadRule) =>
      this.#runtime.jobs.startOnce(session, message, () => this.#begin(session, message, nowMs, read));
    return every === undefined ? start() : this.#planner.load().then(start);
  }

  async recover(): Promise<void> {
    await recoverSchedules(this.#runtime, this.#book, this.#planner);
    this.#arm();
  }

  keepsHeld({ id }: JobPort): boolean {
    return this.#book.has(id);
  }

  /** A run has ended, or will never be. */
  jobEnded({ id }: JobPort): void {
    // Where others are left the timer may come too soon, and is set anew then.
    if (this.#book.drop(id) && this.#book.isEmpty) this.#arm();
    // Not at once: where the whole session ends, the run to come is about to be cancelled, too.
    if (this.#book.ended(id)) queueMicrotask(() => this.wake());
  }

  wake(): void {
    if (this.#isClosed) return;
    const nowMs = this.#runtime.now();
    let steps = 0;
    for (const schedule of this.#book.all()) {
      const { isLate, record } = schedule;
      // One that was late is due also where the clock was set back meanwhile.
      if (this.#book.isHeldUp(schedule) || !(isLate || record.dueMs <= nowMs) || this.#planner.waitMs(schedule) > 0)
        continue;
      // The others in the next turn of the event loop: searching may take long.
      if (steps >= MAX_STEPS) break;
      steps += this.#fire(schedule);
    }
    this.#arm();
  }

  /** The records stay, for the next runtime. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
  }

  /** @throws {ArcpError} */
  #begin(
    session: SessionPort,
    { id, payload, extensions, trace_id, priority }: Message<'job.schedule'>,
    anchorMs: number,
    read: ReadRule | undefined,
  ): JobRequest {
    const { job: command, when } = payload;
    const chars = charsOf(command, extensions);
    if (chars > MAX_COMMAND_CHARS) {
      throw new ArcpError('INVALID_ARGUMENT', `a command for later has at most ${MAX_COMMAND_CHARS} characters`);
    }
    const occupant = { sessionId: session.id, party: partyOf(session), chars };
    this.#book.check(occupant);
    const work = this.#planner.workOf(session, command, { id, trace_id, extensions });
    const [recurrence, dueMs] =
      read === undefined || when.every === undefined
        ? [undefined, dueOf(when, anchorMs)]
        : this.#planner.first(read, when.every, occupant.party, anchorMs);
    const left = recurrence === undefined ? 1 : recurrence.count;
    const jobId = this.#runtime.ids.job();
    const fields = definedOf({ traceId: trace_id, priority, extensions, left });
    const record: ScheduleRecord = { command, when, anchorMs, invokeId: id, jobId, dueMs, ...fields };
    const schedule: Schedule = { ...occupant, recurrence, work, record, isLate: false };
    this.#book.add(schedule);
    this.#book.keep(schedule);
    this.#armFor(dueMs);
    return requestOf(schedule);
  }

  /** Begins the run that is due, and sees to the one after it. @returns What the search for that has cost, in steps. */
  #fire(schedule: Schedule): number {
    if (this.#book.isRunning(schedule)) {
      schedule.isLate = true;
      return 0;
    }
    const { record } = schedule;
    const { jobId } = record;
    const session = this.#runtime.session(schedule.sessionId);
    const job = session?.job(jobId);
    this.#book.remove(schedule);
    // It ended without our being told: nothing of it goes on.
    if (session === undefined || job === undefined) {
      this.#book.forget(keyOf(schedule));
      return 0;
    }
    const { dueMs, steps } = this.#planner.nextOf(schedule);
    const nextId = dueMs === undefined ? undefined : this.#startNext(session, schedule, dueMs);
    if (nextId === undefined) this.#book.forget(keyOf(schedule));
    this.#book.begun(jobId, schedule);
    // One commit has what goes on and that this run is released, but for a run that the log has yet to accept, which is
    // released behind that. It runs behind either: a crash repeats nothing.
    this.#runtime.jobs.release(session, jobId, schedule.work);
    return steps;
  }

  /** Accepts the run after the one that is due. @returns Its job; `undefined`: the session takes no more. */
  #startNext(session: SessionPort, schedule: Schedule, dueMs: number): JobId | undefined {
    const { jobs, ids } = this.#runtime;
    const { record } = schedule;
    const left = record.left === undefined ? undefined : record.left - 1;
    const jobId = ids.job();
    schedule.isLate = false;
    schedule.record = { ...record, ...definedOf({ left }), lastJobId: record.jobId, jobId, dueMs };
    this.#book.keep(schedule);
    try {
      // Said before the run begins, so that whoever watches the run knows how to stop what follows.
      jobs.start(session, requestOf(schedule));
    } catch (error) {
      if (!(error instanceof ArcpError)) this.#runtime.report(error, 'schedule');
      return undefined;
    }
    this.#book.add(schedule);
    return jobId;
  }

  /** Sleeps until the next run, or a minute: timers know nothing of a clock that is set, and not of more than 24.8 days. */
  #arm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const { nextDueMs } = this;
    if (nextDueMs !== undefined) this.#armFor(nextDueMs);
  }

  /** As {@link #arm}, for a run that may be the next: with thousands of others, that is quicker than to look at all. */
  #armFor(dueMs: number): void {
    if (this.#isClosed || (this.#cancelTimer !== undefined && this.#armedForMs <= dueMs)) return;
    this.#cancelTimer?.();
    this.#armedForMs = dueMs;
    const sleepMs = Math.min(Math.max(0, dueMs - this.#runtime.now()), MAX_SLEEP_MS);
    this.#cancelTimer = this.#runtime.clock.setTimer(() => this.wake(), sleepMs);
  }
}
