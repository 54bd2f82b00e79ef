// How fast the chunks of a stream may leave (ARCP v1.0, `backpressure`): so many a second, spread evenly. Pure: the time
// comes as an argument.

/** Beyond this rate single chunks are too close for timers, and a few leave together. */
const EVEN_PER_SECOND = 100;

/** How long unused room is kept at such a rate. */
const SLACK_MS = 20;

/** What keeps the kept room inside the rate: a second never sees more than it. */
const SLACK_SHARE = 1.03;

/** From this rate on, which is the highest the wire can say, there is no limit. */
const UNLIMITED_PER_SECOND = 2 ** 32 - 1;

/** A bucket of tokens that holds one, or 20 ms worth of them where there are many. */
export class Pace {
  #intervalMs = 0;
  #slackMs = 0;
  /** When the next chunk may leave; the slack is not taken off yet. */
  #dueMs = Number.NEGATIVE_INFINITY;

  /** Whether a rate holds. */
  get isLimited(): boolean {
    return this.#intervalMs > 0;
  }

  /**
   * Sets the rate, until another is set.
   *
   * The first chunk leaves one interval later, so that the next second sees no more than the rate.
   *
   * @param perSecond Chunks a second: 0 for none at all, 4,294,967,295 or more for no limit.
   */
  limit(perSecond: number, nowMs: number): void {
    if (perSecond >= UNLIMITED_PER_SECOND) {
      this.#intervalMs = 0;
      this.#slackMs = 0;
      this.#dueMs = Number.NEGATIVE_INFINITY;
      return;
    }
    const isFast = perSecond > EVEN_PER_SECOND;
    const intervalMs = isFast ? (1_000 * SLACK_SHARE) / perSecond : 1_000 / perSecond;
    // The same rate again changes nothing: a receiver that repeats itself does not stop the stream.
    if (intervalMs === this.#intervalMs) return;
    this.#intervalMs = intervalMs;
    this.#slackMs = isFast ? SLACK_MS : 0;
    this.#dueMs = nowMs + intervalMs + this.#slackMs;
  }

  /** How long the next chunk waits: 0 for not at all, `Infinity` until another rate is set. */
  delayMs(nowMs: number): number {
    return this.isLimited ? Math.max(0, this.#dueMs - this.#slackMs - nowMs) : 0;
  }

  /** A chunk leaves. */
  spend(nowMs: number): void {
    if (this.isLimited) this.#dueMs = Math.max(this.#dueMs, nowMs) + this.#intervalMs;
  }
}
