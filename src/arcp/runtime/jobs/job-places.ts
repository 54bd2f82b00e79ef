// Which jobs of a session run, and which wait for a place: the more urgent first. Sessions of one principal share its places.

import { ArcpError } from '../../errors.js';
import { priorityRank } from '../../wire/priority.js';
import type { RuntimeLimits } from '../limits.js';
import { BandQueue } from '../outbox/band-queue.js';
import type { Job } from './job.js';
import type { PrincipalUse } from './principal-use.js';

/** How many may run and wait. */
export type PlaceLimits = Pick<RuntimeLimits, 'maxRunningJobs' | 'maxQueuedJobs'>;

/** The places of a session. */
export class JobPlaces {
  readonly #limits: PlaceLimits;
  readonly #use: PrincipalUse;
  readonly #run: (job: Job) => void;
  readonly #waiting = new BandQueue<Job>();
  /** Jobs that run. */
  #running = 0;
  /** Tools that go on although their job has ended. */
  #strays = 0;
  #isRunningWaiting = false;
  readonly #offered = (): void => this.#runWaiting();

  /** @param run Called with a job that has got its place; may end it at once. */
  constructor(limits: PlaceLimits, use: PrincipalUse, run: (job: Job) => void) {
    this.#limits = limits;
    this.#use = use;
    this.#run = run;
  }

  /** Gives a job a place, or has it wait for one. Where too many do, it fails. */
  enter(job: Job): void {
    if (!this.#use.hasRoom) return refuse(job, 'the principal has too many jobs');
    const mayRun = this.#waiting.length === 0 && this.#hasRoom();
    if (!mayRun && this.#waiting.length >= this.#limits.maxQueuedJobs) return refuse(job, 'too many jobs wait');
    job.hasEntered = true;
    this.#use.jobEntered();
    if (mayRun) return this.#place(job);
    if (job.state !== 'queued') job.enter('queued');
    this.#waiting.push(job, priorityRank(job.priority));
    this.#runWaiting();
  }

  /** A job has ended. */
  ended(job: Job): void {
    if (!job.hasEntered) return;
    this.#use.jobLeft();
    if (job.isPlaced) {
      this.#running--;
      this.#use.runEnded();
      if (!job.hasReturned) this.#strays++;
    }
    this.#runWaiting();
    this.#use.offerPlaces();
  }

  /** A tool has returned whose job had ended before. */
  strayReturned(): void {
    this.#strays--;
    this.#runWaiting();
  }

  #place(job: Job): void {
    this.#running++;
    this.#use.runBegan();
    job.isPlaced = true;
    job.enter('running');
    this.#run(job);
  }

  /** A tool that ignores its signal gives its place away with its job, but not without end. */
  #hasRoom(): boolean {
    const { maxRunningJobs } = this.#limits;
    return this.#running < maxRunningJobs && this.#running + this.#strays < 2 * maxRunningJobs && this.#use.mayRun;
  }

  #runWaiting(): void {
    // Jobs that end at once lead back here: one after the other, not one inside the other.
    if (this.#isRunningWaiting) return;
    this.#isRunningWaiting = true;
    while (this.#waiting.length > 0 && this.#hasRoom()) {
      const job = this.#waiting.shift();
      if (job?.hasEnded === false) this.#place(job);
    }
    this.#isRunningWaiting = false;
    if (this.#waiting.length > 0 && !this.#use.mayRun) this.#use.awaitPlace(this.#offered);
  }
}

function refuse(job: Job, message: string): void {
  job.fail(new ArcpError('RESOURCE_EXHAUSTED', message, { details: { retry_after_seconds: 1 } }));
}
