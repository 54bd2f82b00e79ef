// How long a session without a connection is kept: it ends when nobody has come back by then. ARCP v1.0, section 9.

import type { RuntimePort } from '../service.js';

/** The wait for a client that may come back. */
export class Retention {
  readonly #runtime: Pick<RuntimePort, 'clock' | 'now'>;
  readonly #onOver: () => void;
  #untilMs: number | undefined;
  #cancelTimer: (() => void) | undefined;

  /** @param onOver Nobody has come back. */
  constructor(runtime: Pick<RuntimePort, 'clock' | 'now'>, onOver: () => void) {
    this.#runtime = runtime;
    this.#onOver = onOver;
  }

  /** When it is over, as Unix time in milliseconds; `undefined` where nothing is waited for. */
  get untilMs(): number | undefined {
    return this.#untilMs;
  }

  start(untilMs: number): void {
    this.#untilMs = untilMs;
    this.#arm(untilMs);
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#untilMs = undefined;
  }

  #arm(untilMs: number): void {
    const { clock, now } = this.#runtime;
    this.#cancelTimer?.();
    this.#cancelTimer = clock.setTimer(
      () => {
        // Timers may be shorter than asked, and the clock of the wall may have been set.
        if (now() < untilMs) this.#arm(untilMs);
        else this.#onOver();
      },
      Math.max(0, untilMs - now()),
    );
  }
}
