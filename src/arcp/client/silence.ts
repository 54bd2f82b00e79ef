// Noticing that nothing was heard. One timer, which looks at when something was last heard rather than being set anew for
// each message.

import type { Clock } from '../../clock.js';

/** Watches one connection or job. */
export class Silence {
  readonly #clock: Clock;
  readonly #notice: (times: number) => void;
  #limitMs: number;
  #heardAtMs: number;
  #times = 0;
  #cancelTimer: () => void = () => {};

  /** @param notice Called after each silent interval, with how many there were in a row. */
  constructor(clock: Clock, limitMs: number, notice: (times: number) => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#notice = notice;
    this.#heardAtMs = clock.now();
    this.#arm();
  }

  /** Something came. @param limitMs Interval from now on; default the one before. */
  heard(limitMs = this.#limitMs): void {
    this.#heardAtMs = this.#clock.now();
    this.#times = 0;
    if (limitMs === this.#limitMs) return;
    this.#limitMs = limitMs;
    this.stop();
    this.#arm();
  }

  stop(): void {
    this.#cancelTimer();
  }

  #arm(): void {
    this.#cancelTimer = this.#clock.setTimer(() => this.#onTimer(), Math.max(0, this.#dueAtMs() - this.#clock.now()));
  }

  #dueAtMs(): number {
    return this.#heardAtMs + this.#limitMs * (this.#times + 1);
  }

  #onTimer(): void {
    const isSilent = this.#clock.now() >= this.#dueAtMs();
    if (isSilent) this.#times++;
    this.#arm();
    if (isSilent) this.#notice(this.#times);
  }
}
