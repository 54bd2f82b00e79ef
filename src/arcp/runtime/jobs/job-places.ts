// Which jobs of a session run, and which wait for a place. Sessions of one principal share its places, and take turns.

import { ArcpError } from '../../errors.js';
import type { RuntimeLimits } from '../limits.js';
import type { Job } from './job.js';
import { JobQueue } from './job-queue.js';
import type { PrincipalUse } from './principal-use.js';

/** How many may run and wait. */
export type PlaceLimits = Pick<RuntimeLimits, 'maxRunningJobs' | 'maxQueuedJobs'>;

/** Those whose jobs they are. */
export interface PlacesOwner {
  /** Whether no job gets a place any more: the session ends, and its other jobs give theirs back. */
  readonly isOver: boolean;
  /** A job has got its place. May end it at once. */
  run(job: Job): void;
}

/** The places of a session. */
export class JobPlaces {
  readonly #limits: PlaceLimits;
  readonly #use: PrincipalUse;
  readonly #owner: PlacesOwner;
  readonly #waiting = new JobQueue();
  /** Jobs that run. */
  #running = 0;
  /** Tools that go on although their job has ended. */
  #strays = 0;
  readonly #offered = (): void => this.#takeOne();

  constructor(limits: PlaceLimits, use: PrincipalUse, owner: PlacesOwner) {
    this.#limits = limits;
    this.#use = use;
    this.#owner = owner;
  }

  /** Gives a job a place, or has it wait for one. Where too many do, it fails. */
  enter(job: Job): void {
    if (!this.#use.hasRoom) return refuse(job, 'the principal has too many jobs');
    const mayRun = this.#waiting.length === 0 && this.#hasRoom && this.#use.mayRun;
    if (!mayRun && this.#waiting.length >= this.#limits.maxQueuedJobs) return refuse(job, 'too many jobs wait');
    const chars = charsOf(job);
    if (!this.#use.hasRoomFor(chars)) return refuse(job, 'the jobs of the principal have too much to work on');
    job.hasEntered = true;
    job.chars = chars;
    this.#use.jobEntered(chars);
    if (mayRun) return this.#place(job);
    if (job.state !== 'queued') job.enter('queued');
    this.#waiting.push(job);
    this.#next();
  }

  /** A job has ended. */
  ended(job: Job): void {
    if (!job.hasEntered) return;
    this.#use.jobLeft(job.chars);
    if (!job.isPlaced) this.#waiting.lose();
    else {
      this.#running--;
      if (!job.hasReturned) this.#strays++;
      this.#use.runEnded(job.hasReturned);
    }
    this.#next();
  }

  /** A tool has returned whose job had ended before. */
  strayReturned(): void {
    this.#strays--;
    this.#use.strayReturned();
    this.#next();
  }

  #place(job: Job): void {
    this.#running++;
    this.#use.runBegan();
    job.isPlaced = true;
    job.enter('running');
    this.#owner.run(job);
  }

  /** A tool that ignores its signal gives its place away with its job, but not without end. */
  get #hasRoom(): boolean {
    const { maxRunningJobs } = this.#limits;
    return !this.#owner.isOver && this.#running < maxRunningJobs && this.#running + this.#strays < 2 * maxRunningJobs;
  }

  /** Something has changed: whoever of the principal's sessions is next gets the place that may be free. */
  #next(): void {
    this.#ask();
    this.#use.offerPlaces();
  }

  /** Waits for the session's turn where it has a use for it. Asked again, it keeps its turn. */
  #ask(): void {
    if (this.#waiting.length > 0 && this.#hasRoom) this.#use.awaitPlace(this.#offered);
    else this.#use.waitNoMore(this.#offered);
  }

  /** One place at a time: others of the principal may wait. */
  #takeOne(): void {
    const job = this.#hasRoom ? this.#waiting.shift() : undefined;
    if (job !== undefined) this.#place(job);
    this.#ask();
  }
}

function charsOf({ request: { arguments: args } }: Job): number {
  if (typeof args === 'string') return args.length;
  if (typeof args !== 'object' || args === null) return 0;
  try {
    return JSON.stringify(args).length;
  } catch {
    // A host's own, that no JSON can say: no client has sent it.
    return 0;
  }
}

function refuse(job: Job, message: string): void {
  job.fail(new ArcpError('RESOURCE_EXHAUSTED', message, { details: { retry_after_seconds: 1 } }));
}
