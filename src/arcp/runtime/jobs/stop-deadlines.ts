// Asking tools to stop, with a time by which they have to. ARCP v1.0, section 10.4.

import type { Clock } from '../../../clock.js';
import { ArcpError } from '../../errors.js';
import type { Job } from './job.js';

/** When a job ends at the latest. */
interface Deadline {
  readonly atMs: number;
  readonly cancelTimer: () => void;
}

/** The jobs of a runtime that were asked to stop. */
export class StopDeadlines {
  readonly #clock: Clock;
  readonly #deadlines = new Map<Job, Deadline>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Asks the tool of a job that runs to stop, and ends the job where it does not in time. Asked more than once, the earliest
   * time counts, and the first reason.
   */
  stop(job: Job, reason: string, graceMs: number): void {
    const atMs = this.#clock.now() + graceMs;
    const before = this.#deadlines.get(job);
    if (before === undefined || before.atMs > atMs) {
      before?.cancelTimer();
      const cancelTimer = this.#clock.setTimer(() => {
        job.fail(new ArcpError('ABORTED', 'the tool did not stop in time', { retryable: true }));
      }, graceMs);
      this.#deadlines.set(job, { atMs, cancelTimer });
    }
    // Last: it may end at once.
    job.askToStop(reason);
  }

  /** A job has ended. */
  ended(job: Job): void {
    if (this.#deadlines.size === 0) return;
    this.#deadlines.get(job)?.cancelTimer();
    this.#deadlines.delete(job);
  }

  /** Lets go of timers; the jobs are left to the next runtime. */
  close(): void {
    for (const { cancelTimer } of this.#deadlines.values()) cancelTimer();
    this.#deadlines.clear();
  }
}
