// How many commands a session may send: on average so many a second, ten times that in a burst.

import type { Clock } from '../../clock.js';

const BURST_SECONDS = 10;

/** A bucket of tokens. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #perSecond: number;
  #tokens: number;
  #filledAtMs: number;
  /** Commands in a row that were too many. */
  refused = 0;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#tokens = perSecond * BURST_SECONDS;
    this.#filledAtMs = clock.now();
  }

  /** Takes one token. @returns Whether there was one. */
  take(): boolean {
    this.#fill();
    if (this.#tokens < 1) {
      this.refused++;
      return false;
    }
    this.#tokens--;
    this.refused = 0;
    return true;
  }

  #fill(): void {
    const nowMs = this.#clock.now();
    const gained = ((nowMs - this.#filledAtMs) / 1_000) * this.#perSecond;
    this.#tokens = Math.min(this.#tokens + gained, this.#perSecond * BURST_SECONDS);
    this.#filledAtMs = nowMs;
  }
}
