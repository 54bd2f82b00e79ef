// A clock whose timers wait while the host sleeps. In a Durable Object a timer that runs keeps the object awake, and costs
// as long as it does: so while nothing is to be done none may run, and an alarm says when to wake up.

import type { Clock } from '../clock.js';

interface Timer {
  readonly callback: () => void;
  /** On the clock below. */
  readonly atMs: number;
  cancel: (() => void) | undefined;
}

/** The clock. */
export class SleepingClock implements Clock {
  readonly #below: Clock;
  readonly #timers = new Set<Timer>();
  #isAsleep = false;
  /** Called when a timer is set on the sleeping clock: somebody is awake. */
  onUse: () => void = () => {};

  constructor(below: Clock) {
    this.#below = below;
  }

  get isAsleep(): boolean {
    return this.#isAsleep;
  }

  now(): number {
    return this.#below.now();
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    if (this.#isAsleep) this.onUse();
    const timer: Timer = { callback, atMs: this.now() + delayMs, cancel: undefined };
    this.#timers.add(timer);
    if (!this.#isAsleep) this.#start(timer);
    return () => {
      this.#timers.delete(timer);
      timer.cancel?.();
    };
  }

  /** Holds every timer. */
  sleep(): void {
    this.#isAsleep = true;
    for (const timer of this.#timers) {
      timer.cancel?.();
      timer.cancel = undefined;
    }
  }

  /** Lets them run on: those that were due meanwhile fire at once, in the order in which they were due. */
  wake(): void {
    if (!this.#isAsleep) return;
    this.#isAsleep = false;
    for (const timer of [...this.#timers].sort((a, b) => a.atMs - b.atMs)) this.#start(timer);
  }

  #start(timer: Timer): void {
    const fire = () => {
      this.#timers.delete(timer);
      timer.callback();
    };
    timer.cancel = this.#below.setTimer(fire, Math.max(0, timer.atMs - this.now()));
  }
}
