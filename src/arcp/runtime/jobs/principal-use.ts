// What the sessions of one principal use together: limits that opening another session does not multiply. Strangers without
// credentials are nobody's principal, and count by their address, where that is known.

import type { Clock } from '../../../clock.js';
import type { RuntimeLimits } from '../limits.js';
import { BURST_SECONDS, TokenBucket } from '../rate.js';

/** Limits that are of a principal, not of a session. */
export type PrincipalLimits = Pick<
  RuntimeLimits,
  | 'maxCommandsPerSecond'
  | 'maxChunksPerSecond'
  | 'maxRunningJobsPerPrincipal'
  | 'maxJobsPerPrincipal'
  | 'maxJobCharsPerPrincipal'
>;

/** What one principal uses. */
export class PrincipalUse {
  readonly commands: TokenBucket;
  readonly chunks: TokenBucket;
  readonly refusals: TokenBucket;
  readonly #limits: PrincipalLimits;
  /** Called when a place to run is free, the longest waiting session first. */
  readonly #waiting = new Set<() => void>();
  #running = 0;
  /** Tools that go on although their job has ended. */
  #strays = 0;
  #live = 0;
  #chars = 0;
  #isOffering = false;
  /** Sessions that count here. */
  sessions = 0;

  constructor(clock: Clock, limits: PrincipalLimits) {
    this.commands = new TokenBucket(clock, limits.maxCommandsPerSecond);
    this.chunks = new TokenBucket(clock, limits.maxChunksPerSecond);
    this.refusals = new TokenBucket(clock, limits.maxCommandsPerSecond);
    this.#limits = limits;
  }

  /** Whether one more job may run. Tools that ignore their signal count as in a session: leaving it does not shed them. */
  get mayRun(): boolean {
    const { maxRunningJobsPerPrincipal } = this.#limits;
    return this.#running < maxRunningJobsPerPrincipal && this.#running + this.#strays < 2 * maxRunningJobsPerPrincipal;
  }

  /** Whether tools go on although their job has ended. */
  get hasStrays(): boolean {
    return this.#strays > 0;
  }

  /** Whether one more job may run or wait, or one more command wait for the end of a job. */
  get hasRoom(): boolean {
    return this.#live < this.#limits.maxJobsPerPrincipal;
  }

  /** Whether the arguments of one more job may be held. */
  hasRoomFor(chars: number): boolean {
    return this.#chars + chars <= this.#limits.maxJobCharsPerPrincipal;
  }

  /** A job runs or waits, or a command waits for the end of a job. @param chars Of its arguments. */
  jobEntered(chars = 0): void {
    this.#live++;
    this.#chars += chars;
  }

  jobLeft(chars = 0): void {
    this.#live--;
    this.#chars -= chars;
  }

  runBegan(): void {
    this.#running++;
  }

  /** @param hasReturned Whether its tool has. */
  runEnded(hasReturned: boolean): void {
    this.#running--;
    if (!hasReturned) this.#strays++;
  }

  /** A tool has returned whose job had ended before. */
  strayReturned(): void {
    this.#strays--;
  }

  /** Has a session told once when it is its turn to take a place. Where it waits already, it keeps its turn. */
  awaitPlace(callback: () => void): void {
    this.#waiting.add(callback);
  }

  /** A session has nothing to wait for. */
  waitNoMore(callback: () => void): void {
    this.#waiting.delete(callback);
  }

  /** Tells the sessions that wait for a place, in order, while there is one. Each takes one at most. */
  offerPlaces(): void {
    // Jobs that end at once lead back here: one after the other, not one inside the other.
    if (this.#isOffering || this.#waiting.size === 0) return;
    this.#isOffering = true;
    try {
      for (const callback of this.#waiting) {
        if (!this.mayRun) break;
        this.#waiting.delete(callback);
        callback();
      }
    } finally {
      this.#isOffering = false;
    }
  }
}

/** What all principals use. */
export class PrincipalUses {
  readonly #clock: Clock;
  readonly #limits: PrincipalLimits;
  readonly #uses = new Map<string, PrincipalUse>();
  /** When those left that have no session, the longest gone first: leaving and coming back does not fill a bucket. */
  readonly #goneAtMs = new Map<string, number>();

  constructor(clock: Clock, limits: PrincipalLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** How many are known. */
  get size(): number {
    return this.#uses.size;
  }

  /** A session begins to count. */
  enter(name: string): PrincipalUse {
    this.#forget();
    this.#goneAtMs.delete(name);
    let use = this.#uses.get(name);
    if (use === undefined) {
      use = new PrincipalUse(this.#clock, this.#limits);
      this.#uses.set(name, use);
    }
    use.sessions++;
    return use;
  }

  /** A session counts no more. */
  leave(name: string): void {
    const use = this.#uses.get(name);
    if (use === undefined || --use.sessions > 0) return;
    this.#goneAtMs.set(name, this.#clock.now());
  }

  /** Lets go of those whose buckets are full again, and whose tools have returned. */
  #forget(): void {
    const nowMs = this.#clock.now();
    for (const [name, goneAtMs] of this.#goneAtMs) {
      if (nowMs - goneAtMs < BURST_SECONDS * 1_000) return;
      this.#goneAtMs.delete(name);
      if (this.#uses.get(name)?.hasStrays === true) this.#goneAtMs.set(name, nowMs);
      else this.#uses.delete(name);
    }
  }
}
