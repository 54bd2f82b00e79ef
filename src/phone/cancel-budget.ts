import type { Clock } from '../clock.js';

/**
 * How often a peer may start work and throw it away: a bucket of cancels that refills with time (the class of attack
 * known from HTTP/2 as rapid reset).
 */
export class CancelBudget {
  readonly #clock: Clock;
  readonly #burst: number;
  readonly #perMs: number;
  #left: number;
  #filledAtMs: number;

  constructor(limits: { readonly maxCancelBurst: number; readonly maxCancelsPerSecond: number }, clock: Clock) {
    this.#clock = clock;
    this.#burst = limits.maxCancelBurst;
    this.#perMs = limits.maxCancelsPerSecond / 1000;
    this.#left = this.#burst;
    this.#filledAtMs = clock.now();
  }

  /** Books one cancel. @returns Whether the budget covered it. */
  take(): boolean {
    const now = this.#clock.now();
    this.#left = Math.min(this.#burst, this.#left + (now - this.#filledAtMs) * this.#perMs);
    this.#filledAtMs = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
