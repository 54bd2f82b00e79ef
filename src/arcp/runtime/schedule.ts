// Scheduled jobs (ARCP v1.0, section 10): `job.schedule` runs a command at a time, after some time, or by a recurrence rule.
// Each run is a job of its own, accepted and `queued` as soon as the one before it begins, so that a client always holds the
// id of the run to come; cancelling that one ends the schedule.
//
// What the specification leaves open is decided here:
// - Every run answers the `job.schedule`: its events carry that message's id as `correlation_id`, its trace and priority.
// - A time in the past is now. Runs that were missed, because the runtime was down or its clock was set forward, are made
//   up for by one run. Runs of a schedule never overlap: one that comes due during another begins when that has ended.
// - COUNT counts runs, not occurrences that were passed over.
// - A schedule belongs to its session: it outlives connections and restarts of the runtime, and ends with the session.

import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { ArcpError } from '../errors.js';
import type { EnvelopeFields, Message } from '../wire/envelope.js';
import type { JobSchedule, ScheduleWhen } from '../wire/execution.js';
import type { JobId, MessageId, SessionId } from '../wire/ids.js';
import { timestampMs } from '../wire/timestamp.js';
import { type CommandRunner, type CommandWork, toolCommand } from './command-work.js';
import { compileRecurrence, MAX_HORIZON_MS, type Recurrence } from './recurrence.js';
import { refused } from './recurrence-rule.js';
import type { JobPort, JobRequest, RuntimePort, Service, SessionPort } from './service.js';

/** Options of {@link scheduleService}. */
export interface ScheduleOptions {
  /** Rules whose runs may come closer than this, in seconds, are refused: 1 to 86,400. Default 60. */
  readonly leastGapSeconds?: number | undefined;
  /** What may be scheduled beside `tool.invoke`, such as the `command` of a workflow service. */
  readonly commands?: readonly CommandRunner[] | undefined;
}

/** The service of schedules, and what its host may do with it. */
export interface ScheduleService extends Service<'job.schedule'> {
  /** When the next run is due, as Unix time in milliseconds: for a host that sleeps in between, to set its alarm by. */
  readonly nextDueMs: number | undefined;
  /** Runs what is due: for a host that slept. */
  wake(): void;
}

/** Kind of the records of schedules. */
const SCHEDULE = 'schedule';
/** Records read at once. */
const PAGE = 256;
/** Longest command that is kept for later, in characters of JSON. */
const MAX_COMMAND_CHARS = 262_144;
/** How long to sleep at most, so that a clock that was set is noticed. */
const MAX_SLEEP_MS = 60_000;
/** Rules without a run are costly to search: so many a minute are taken of one principal. */
const MAX_DUDS = 10;
const DUD_WINDOW_MS = 60_000;

/** What is kept of a schedule. */
interface ScheduleRecord {
  readonly command: JobSchedule['job'];
  readonly when: ScheduleWhen;
  /** When it was accepted. */
  readonly anchorMs: number;
  readonly invokeId: MessageId;
  readonly traceId?: string | undefined;
  readonly priority?: EnvelopeFields['priority'];
  readonly extensions?: JsonObject | undefined;
  /** The run to come, and when. */
  readonly jobId: JobId;
  readonly dueMs: number;
  /** Runs that are left, that one included; absent: no end. */
  readonly left?: number | undefined;
  /** The run before it. */
  readonly lastJobId?: JobId | undefined;
}

/** A schedule that has a run to come. */
interface Schedule {
  readonly sessionId: SessionId;
  readonly recurrence: Recurrence | undefined;
  readonly work: CommandWork;
  record: ScheduleRecord;
  /** Whether the run to come is due, and waits for the one before it. */
  isLate: boolean;
}

/**
 * Makes the service of schedules.
 *
 * @throws {RangeError} a gap that is none.
 */
export function scheduleService(options: ScheduleOptions = {}): ScheduleService {
  const schedules = new Schedules(options);
  return {
    offers: ['scheduled_jobs'],
    handles: { 'job.schedule': (session, message) => schedules.schedule(session, message) },
    attach: (runtime) => schedules.attach(runtime),
    recover: () => schedules.recover(),
    keepsHeld: (job) => schedules.keepsHeld(job),
    onJobEnd: (job) => schedules.jobEnded(job),
    close: () => schedules.close(),
    get nextDueMs() {
      return schedules.nextDueMs;
    },
    wake: () => schedules.wake(),
  };
}

class Schedules {
  readonly #leastGapSeconds: number;
  readonly #runners: ReadonlyMap<string, CommandRunner>;
  /** By the job to come. */
  readonly #byJob = new Map<string, Schedule>();
  /** Those whose last run has not ended, by it. */
  readonly #running = new Map<string, Schedule>();
  readonly #ofSession = new Map<string, number>();
  readonly #duds = new Map<string, number>();
  #dudsSinceMs = 0;
  #runtime!: RuntimePort;
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;

  constructor({ leastGapSeconds = 60, commands = [] }: ScheduleOptions) {
    if (!Number.isSafeInteger(leastGapSeconds) || leastGapSeconds < 1 || leastGapSeconds > 86_400) {
      throw new RangeError(`leastGapSeconds must be an integer from 1 to 86400, not ${leastGapSeconds}`);
    }
    this.#leastGapSeconds = leastGapSeconds;
    this.#runners = new Map([toolCommand, ...commands].map((runner) => [runner.type, runner]));
  }

  attach(runtime: RuntimePort): void {
    this.#runtime = runtime;
  }

  get nextDueMs(): number | undefined {
    let nextMs: number | undefined;
    for (const { record, isLate } of this.#byJob.values()) {
      if (!isLate && !(nextMs !== undefined && nextMs <= record.dueMs)) nextMs = record.dueMs;
    }
    return nextMs;
  }

  /** @throws {ArcpError} */
  schedule(session: SessionPort, message: Message<'job.schedule'>): void | Promise<void> {
    const { job: command, when } = message.payload;
    this.#checkRoom(session);
    if (JSON.stringify([command, message.extensions]).length > MAX_COMMAND_CHARS) {
      throw new ArcpError('INVALID_ARGUMENT', `a command for later has at most ${MAX_COMMAND_CHARS} characters`);
    }
    const work = this.#workOf(session, command, message);
    const nowMs = this.#runtime.now();
    const begin = (dueMs: number, recurrence?: Recurrence) =>
      this.#begin(session, message, nowMs, work, dueMs, recurrence);
    if (when.every === undefined) return begin(dueOf(when, nowMs));
    this.#checkDuds(session.principal);
    return this.#compile(when.every, nowMs).then((recurrence) => {
      const dueMs = recurrence.next(nowMs);
      if (dueMs !== undefined) return begin(dueMs, recurrence);
      this.#duds.set(session.principal, (this.#duds.get(session.principal) ?? 0) + 1);
      throw refused('must have a run within ten years, and be quick to search');
    });
  }

  /** Takes up what was scheduled before a restart. */
  async recover(): Promise<void> {
    const { log } = this.#runtime;
    let after: string | undefined;
    for (;;) {
      const page = await log.records(SCHEDULE, { after, limit: PAGE });
      for (const { key, value } of page) {
        after = key;
        const session = this.#runtime.session(key.slice(0, key.indexOf('/')));
        if (session === undefined || !isObject(value)) this.#forget(key);
        else await this.#takeUp(session, key, value as unknown as ScheduleRecord);
      }
      if (page.length < PAGE) break;
    }
    this.#arm();
  }

  keepsHeld({ id }: JobPort): boolean {
    return this.#byJob.has(id);
  }

  /** A run has ended, or will never be. */
  jobEnded({ id }: JobPort): void {
    const dropped = this.#byJob.get(id);
    if (dropped !== undefined) {
      this.#remove(dropped);
      this.#forget(keyOf(dropped));
      this.#arm();
    }
    const schedule = this.#running.get(id);
    if (schedule === undefined) return;
    this.#running.delete(id);
    if (!schedule.isLate || this.#byJob.get(schedule.record.jobId) !== schedule) return;
    this.#fire(schedule);
    this.#arm();
  }

  wake(): void {
    if (this.#isClosed) return;
    const nowMs = this.#runtime.now();
    for (const schedule of [...this.#byJob.values()]) {
      if (!schedule.isLate && schedule.record.dueMs <= nowMs) this.#fire(schedule);
    }
    this.#arm();
  }

  /** The records stay, for the next runtime. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
  }

  #begin(
    session: SessionPort,
    message: Message<'job.schedule'>,
    anchorMs: number,
    work: CommandWork,
    dueMs: number,
    recurrence: Recurrence | undefined,
  ): void | Promise<void> {
    const { job: command, when } = message.payload;
    return this.#runtime.jobs.startOnce(session, message, () => {
      // Others may have come while the rule was read.
      this.#checkRoom(session);
      const record: ScheduleRecord = {
        command,
        when,
        anchorMs,
        invokeId: message.id,
        ...definedOf({ traceId: message.trace_id, priority: message.priority, extensions: message.extensions }),
        jobId: this.#runtime.ids.job(),
        dueMs,
        ...definedOf({ left: recurrence === undefined ? 1 : recurrence.count }),
      };
      const schedule: Schedule = { sessionId: session.id, recurrence, work, record, isLate: false };
      this.#add(schedule);
      this.#keep(schedule);
      this.#arm();
      return requestOf(schedule);
    });
  }

  async #takeUp(session: SessionPort, key: string, record: ScheduleRecord): Promise<void> {
    const { jobId, lastJobId, command, when, anchorMs } = record;
    const held = session.job(jobId);
    try {
      const fields = { id: record.invokeId, trace_id: record.traceId, extensions: record.extensions };
      const work = this.#workOf(session, command, fields);
      const recurrence = when.every === undefined ? undefined : await this.#compile(when.every, anchorMs);
      const schedule: Schedule = { sessionId: session.id, recurrence, work, record, isLate: false };
      // The runtime of before may have died before it said so.
      if (held === undefined) this.#runtime.jobs.start(session, requestOf(schedule));
      this.#add(schedule);
      if (lastJobId !== undefined && session.job(lastJobId) !== undefined) this.#running.set(lastJobId, schedule);
    } catch (error) {
      this.#forget(key);
      if (!(error instanceof ArcpError)) this.#runtime.report(error, 'schedule');
      held?.fail(error instanceof ArcpError ? error : new ArcpError('INTERNAL', 'the schedule was lost'));
    }
  }

  /** Begins the run that is due, and sees to the one after it. */
  #fire(schedule: Schedule): void {
    const { record, recurrence } = schedule;
    const { jobs, ids } = this.#runtime;
    const session = this.#runtime.session(schedule.sessionId);
    if (session === undefined) return;
    if (record.lastJobId !== undefined && this.#running.has(record.lastJobId)) {
      schedule.isLate = true;
      return;
    }
    this.#remove(schedule);
    const left = record.left === undefined ? undefined : record.left - 1;
    // From the time it was due, where the clock was set back meanwhile: no occurrence runs twice.
    const dueMs = left === 0 ? undefined : recurrence?.next(Math.max(record.dueMs, this.#runtime.now()));
    if (dueMs === undefined) {
      this.#forget(keyOf(schedule));
    } else {
      schedule.isLate = false;
      schedule.record = { ...record, ...definedOf({ left }), lastJobId: record.jobId, jobId: ids.job(), dueMs };
      this.#keep(schedule);
      try {
        // Said before the run begins, so that whoever watches the run knows how to stop what follows.
        jobs.start(session, requestOf(schedule));
      } catch (error) {
        // The session is ending, and cancels the run that is due.
        this.#forget(keyOf(schedule));
        if (!(error instanceof ArcpError)) this.#runtime.report(error, 'schedule');
        return;
      }
      this.#add(schedule);
    }
    this.#running.set(record.jobId, schedule);
    jobs.release(session, record.jobId, schedule.work);
  }

  #workOf(
    session: SessionPort,
    command: JobSchedule['job'],
    fields: Parameters<CommandRunner['prepare']>[2],
  ): CommandWork {
    const runner = this.#runners.get(command.type);
    if (runner === undefined) throw new ArcpError('UNIMPLEMENTED', 'this command cannot be scheduled');
    return runner.prepare(session, command.payload, fields);
  }

  #compile(rule: string, anchorMs: number): Promise<Recurrence> {
    return compileRecurrence(rule, { anchorMs, leastGapSeconds: this.#leastGapSeconds });
  }

  /** @throws {ArcpError} ERR_ARCP_RESOURCE_EXHAUSTED */
  #checkRoom({ id }: SessionPort): void {
    if ((this.#ofSession.get(id) ?? 0) < this.#runtime.limits.maxSchedules) return;
    throw new ArcpError('RESOURCE_EXHAUSTED', 'the session has too many schedules');
  }

  /** @throws {ArcpError} ERR_ARCP_RESOURCE_EXHAUSTED */
  #checkDuds(principal: string): void {
    const nowMs = this.#runtime.clock.now();
    if (nowMs - this.#dudsSinceMs >= DUD_WINDOW_MS) {
      this.#dudsSinceMs = nowMs;
      this.#duds.clear();
    }
    if ((this.#duds.get(principal) ?? 0) < MAX_DUDS) return;
    const details = { retry_after_seconds: Math.ceil((this.#dudsSinceMs + DUD_WINDOW_MS - nowMs) / 1_000) };
    throw new ArcpError('RESOURCE_EXHAUSTED', 'too many rules without a run', { details });
  }

  #add(schedule: Schedule): void {
    const { sessionId, record } = schedule;
    this.#byJob.set(record.jobId, schedule);
    this.#ofSession.set(sessionId, (this.#ofSession.get(sessionId) ?? 0) + 1);
  }

  #remove({ sessionId, record }: Schedule): void {
    this.#byJob.delete(record.jobId);
    const count = (this.#ofSession.get(sessionId) ?? 0) - 1;
    if (count > 0) this.#ofSession.set(sessionId, count);
    else this.#ofSession.delete(sessionId);
  }

  #keep(schedule: Schedule): void {
    this.#runtime.write([{ kind: SCHEDULE, key: keyOf(schedule), value: schedule.record as unknown as JsonValue }]);
  }

  #forget(key: string): void {
    this.#runtime.write([{ kind: SCHEDULE, key, value: undefined }]);
  }

  /** Sleeps until the next run, or a minute: timers know nothing of a clock that is set, and not of more than 24.8 days. */
  #arm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const { nextDueMs } = this;
    if (nextDueMs === undefined || this.#isClosed) return;
    const sleepMs = Math.min(Math.max(0, nextDueMs - this.#runtime.now()), MAX_SLEEP_MS);
    this.#cancelTimer = this.#runtime.clock.setTimer(() => this.wake(), sleepMs);
  }
}

/** @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT: too far away. */
function dueOf({ at, after }: ScheduleWhen, nowMs: number): number {
  const dueMs = at === undefined ? nowMs + (after ?? 0) * 1_000 : timestampMs(at);
  if (dueMs - nowMs <= MAX_HORIZON_MS) return dueMs;
  const details = {
    path: at === undefined ? 'payload.when.after' : 'payload.when.at',
    issue: 'must be within ten years',
  };
  throw new ArcpError('INVALID_ARGUMENT', `${details.path} ${details.issue}`, { details });
}

function requestOf({ record, work }: Schedule): JobRequest {
  const { jobId, invokeId, traceId, priority } = record;
  // What it runs on comes with its release.
  return { tool: work.tool, arguments: null, jobId, invokeId, traceId, priority, isHeld: true };
}

function keyOf({ sessionId, record }: Schedule): string {
  return `${sessionId}/${record.invokeId}`;
}

/** Without the members that are `undefined`: records are JSON. */
function definedOf<T extends object>(members: T): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}
