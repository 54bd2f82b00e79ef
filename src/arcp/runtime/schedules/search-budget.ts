// How much searching of recurrence rules is done for one principal: a rule may take a thousand times as long as another, and
// each run of a schedule asks for the next.

import type { Clock } from '../../../clock.js';

/** Steps a minute, for one principal: seconds of work at the very worst, and some two thousand searches of simple rules. */
const MAX_STEPS_PER_MINUTE = 100_000;
const WINDOW_MS = 60_000;

/** The searching that each principal has had, within a minute. */
export class SearchBudget {
  readonly #clock: Clock;
  readonly #spent = new Map<string, number>();
  #sinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.now();
  }

  /** How long a party has to wait before more is searched for it, in milliseconds: 0 to 60,000. */
  waitMs(party: string): number {
    const nowMs = this.#clock.now();
    if (nowMs - this.#sinceMs >= WINDOW_MS) {
      this.#sinceMs = nowMs;
      this.#spent.clear();
    }
    return (this.#spent.get(party) ?? 0) < MAX_STEPS_PER_MINUTE ? 0 : this.#sinceMs + WINDOW_MS - nowMs;
  }

  /** Counts what a search has cost. */
  spend(party: string, steps: number): void {
    this.#spent.set(party, (this.#spent.get(party) ?? 0) + steps);
  }
}
