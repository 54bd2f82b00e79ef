// Scheduled jobs (ARCP v1.0, section 10): `job.schedule` runs a command at a time, after some time, or by a recurrence rule.
// Each run is a job of its own, accepted and `queued` as soon as the one before it begins, so that a client always holds the
// id of the run to come; cancelling that one ends the schedule.
//
// What the specification leaves open is decided here:
// - Every run answers the `job.schedule`: its events carry that message's id as `correlation_id`, its trace and priority.
// - A time in the past is now. Runs that were missed, because the runtime was down or its clock was set forward, are made
//   up for by one run. Runs of a schedule never overlap: one that comes due during another begins when that has ended.
// - No occurrence runs twice. A run begins when the log says that it was due: where the runtime dies in between, it fails with
//   UNAVAILABLE and the schedule goes on with the next.
// - COUNT counts runs, not occurrences that were passed over.
// - Runs of a rule keep the host's least gap also where the clock of the rule's zone is set: one that comes closer is passed over.
// - Rules that are costly to search are searched for a principal only so often: runs of more of them begin up to a minute late.
// - A schedule belongs to its session: it outlives connections and restarts of the runtime, and ends with the session.

import { assertInteger } from '../../../bytes/assert.js';
import { type CommandRunner, toolCommand } from '../command-work.js';
import type { Service } from '../service.js';
import { ScheduleBook } from './schedule-book.js';
import { SchedulePlanner } from './schedule-planner.js';
import { type ScheduleLimits, ScheduleRoom } from './schedule-room.js';
import { Schedules } from './schedules.js';

/** Options of {@link scheduleService}. */
export interface ScheduleOptions {
  /** Rules whose runs may come closer than this, in seconds, are refused: 1 to 86,400. Default 60. */
  readonly leastGapSeconds?: number | undefined;
  /** What may be scheduled beside `tool.invoke`, such as the `command` of a workflow service. One of each type. */
  readonly commands?: readonly CommandRunner[] | undefined;
  /** Bounds beside the `maxSchedules` of a session. */
  readonly limits?: Partial<ScheduleLimits> | undefined;
}

/** The service of schedules, and what its host may do with it. */
export interface ScheduleService extends Service<'job.schedule'> {
  /** When the next run is due, as Unix time in milliseconds: for a host that sleeps in between, to set its alarm by. */
  readonly nextDueMs: number | undefined;
  /** Runs what is due: for a host that slept. */
  wake(): void;
}

/**
 * Makes the service of schedules.
 *
 * @throws {RangeError} a gap or limit that is none.
 * @throws {TypeError} two commands of one type, or one of `tool.invoke`.
 */
export function scheduleService(options: ScheduleOptions = {}): ScheduleService {
  const { leastGapSeconds = 60, commands = [], limits } = options;
  assertInteger(leastGapSeconds, 'leastGapSeconds', 1, 86_400);
  const runners = new Map([[toolCommand.type, toolCommand]]);
  for (const runner of commands) {
    if (runners.has(runner.type)) throw new TypeError(`two commands of the type ${runner.type}`);
    runners.set(runner.type, runner);
  }
  const book = new ScheduleBook(new ScheduleRoom(limits));
  const schedules = new Schedules(book, new SchedulePlanner(leastGapSeconds, runners));
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
