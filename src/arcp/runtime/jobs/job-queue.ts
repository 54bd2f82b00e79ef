// Jobs of a session that wait for a place, the more urgent first. Those that end meanwhile are let go of.

import { priorityRank } from '../../wire/priority.js';
import { BandQueue } from '../outbox/band-queue.js';
import type { Job } from './job.js';

/** The queue. */
export class JobQueue {
  #jobs = new BandQueue<Job>();
  /** Those in it that have ended. */
  #ended = 0;

  /** Jobs that wait. */
  get length(): number {
    return this.#jobs.length - this.#ended;
  }

  push(job: Job): void {
    this.#jobs.push(job, priorityRank(job.priority));
  }

  /** One of them has ended. */
  lose(): void {
    this.#ended++;
    // Else who starts and cancels without end would be remembered without end. Half of them at least go each time.
    if (this.#ended > this.length) this.#clear();
  }

  /** Takes one that has not ended. */
  shift(): Job | undefined {
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      if (!job.hasEnded) return job;
      this.#ended--;
    }
    return undefined;
  }

  #clear(): void {
    const all = this.#jobs;
    this.#jobs = new BandQueue();
    this.#ended = 0;
    for (let job = all.shift(); job !== undefined; job = all.shift()) if (!job.hasEnded) this.push(job);
  }
}
