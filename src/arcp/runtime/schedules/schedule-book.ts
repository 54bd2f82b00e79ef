// The schedules that have a run to come, and what the log has of them.

import type { JsonValue } from '../../../codec/json-value.js';
import type { RuntimePort } from '../service.js';
import { keyOf, SCHEDULE, type Schedule } from './schedule-record.js';
import type { Occupant, ScheduleRoom } from './schedule-room.js';

/** The schedules of a runtime. */
export class ScheduleBook {
  readonly #room: ScheduleRoom;
  /** By the job to come. */
  readonly #byJob = new Map<string, Schedule>();
  /** Those whose last run has not ended, by it. */
  readonly #running = new Map<string, Schedule>();
  #runtime!: Pick<RuntimePort, 'write' | 'limits'>;

  constructor(room: ScheduleRoom) {
    this.#room = room;
  }

  attach(runtime: Pick<RuntimePort, 'write' | 'limits'>): void {
    this.#runtime = runtime;
  }

  /** Whether a job is the run to come of a schedule. */
  has(jobId: string): boolean {
    return this.#byJob.has(jobId);
  }

  get isEmpty(): boolean {
    return this.#byJob.size === 0;
  }

  all(): readonly Schedule[] {
    return [...this.#byJob.values()];
  }

  values(): IterableIterator<Schedule> {
    return this.#byJob.values();
  }

  /** @throws {ArcpError} ERR_ARCP_RESOURCE_EXHAUSTED: there is no room. */
  check(occupant: Occupant): void {
    this.#room.check(occupant, this.#runtime.limits.maxSchedules);
  }

  add(schedule: Schedule): void {
    this.#byJob.set(schedule.record.jobId, schedule);
    this.#room.add(schedule);
  }

  remove(schedule: Schedule): void {
    this.#byJob.delete(schedule.record.jobId);
    this.#room.remove(schedule);
  }

  /** The run to come of this schedule will never be. @returns Whether there was one. */
  drop(jobId: string): boolean {
    const schedule = this.#byJob.get(jobId);
    if (schedule === undefined) return false;
    this.remove(schedule);
    this.forget(keyOf(schedule));
    return true;
  }

  /** Writes a schedule into the log, as it stands now. */
  keep(schedule: Schedule): void {
    this.#runtime.write([{ kind: SCHEDULE, key: keyOf(schedule), value: schedule.record as unknown as JsonValue }]);
  }

  forget(key: string): void {
    this.#runtime.write([{ kind: SCHEDULE, key, value: undefined }]);
  }

  /** A job of a schedule runs from now on. */
  begun(jobId: string, schedule: Schedule): void {
    this.#running.set(jobId, schedule);
  }

  /** A job has ended. @returns Whether a run waits for that. */
  ended(jobId: string): boolean {
    const schedule = this.#running.get(jobId);
    this.#running.delete(jobId);
    return schedule?.isLate === true && this.#byJob.get(schedule.record.jobId) === schedule;
  }

  /** Whether the run before the one to come has not ended. */
  isRunning({ record }: Schedule): boolean {
    return record.lastJobId !== undefined && this.#running.has(record.lastJobId);
  }

  /** Whether a run is late because of that. */
  isHeldUp(schedule: Schedule): boolean {
    return schedule.isLate && this.isRunning(schedule);
  }
}
