// How much a client may send: on average so much a second, ten times that in a burst. Sessions of one principal draw from the
// same buckets.

import type { Clock } from '../../clock.js';

/** How many seconds' worth a burst may be, and how long an empty bucket takes to fill. */
export const BURST_SECONDS = 10;

/** A bucket of tokens, full at first. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #perSecond: number;
  #tokens: number;
  #filledAtMs: number;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#tokens = perSecond * BURST_SECONDS;
    this.#filledAtMs = clock.now();
  }

  /** Whether a second's worth is there. */
  get isQuiet(): boolean {
    return this.#tokens >= this.#perSecond;
  }

  /** Takes one token. @returns Whether there was one. */
  take(): boolean {
    this.#fill();
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  #fill(): void {
    const nowMs = this.#clock.now();
    const gained = ((nowMs - this.#filledAtMs) / 1_000) * this.#perSecond;
    this.#tokens = Math.min(this.#tokens + gained, this.#perSecond * BURST_SECONDS);
    this.#filledAtMs = nowMs;
  }
}

/** The buckets that a session draws from. */
export interface RateBuckets {
  /** For everything but chunks of streams. */
  readonly commands: TokenBucket;
  readonly chunks: TokenBucket;
  /** For answers to what is too much. */
  readonly refusals: TokenBucket;
}

/** What one session sends. */
export class RateLimiter {
  readonly #buckets: RateBuckets;
  #refusedCommands = 0;
  #refusedChunks = 0;

  constructor(buckets: RateBuckets) {
    this.#buckets = buckets;
  }

  /** Messages that were too many, since their bucket had a second's worth: a drop now and then does not forgive a flood. */
  get refused(): number {
    return Math.max(this.#refusedCommands, this.#refusedChunks);
  }

  /** Whether one more message may be refused by an answer: who opens one session after the other gets no more of them. */
  takeRefusal(): boolean {
    return this.#buckets.refusals.take();
  }

  /** Counts a message. @param type Its type. @returns Whether it may be taken. */
  take(type?: string): boolean {
    const isChunk = type === 'stream.chunk';
    const bucket = isChunk ? this.#buckets.chunks : this.#buckets.commands;
    const isTaken = bucket.take();
    if (isChunk) this.#refusedChunks = refusedNow(this.#refusedChunks, isTaken, bucket);
    else this.#refusedCommands = refusedNow(this.#refusedCommands, isTaken, bucket);
    return isTaken;
  }
}

function refusedNow(before: number, isTaken: boolean, bucket: TokenBucket): number {
  if (!isTaken) return before + 1;
  return bucket.isQuiet ? 0 : before;
}
