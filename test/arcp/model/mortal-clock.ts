// A clock whose timers end with whoever set them.

import type { Clock } from '../../../src/clock.js';

/** The clock, and how to stop it. */
export interface MortalClock {
  readonly clock: Clock;
  readonly isDead: boolean;
  /** No timer of it comes any more. */
  stop(): void;
}

/** Makes one over another. */
export function mortalClock(inner: Clock): MortalClock {
  const timers = new Set<() => void>();
  let isDead = false;
  const clock: Clock = {
    now: inner.now,
    setTimer(callback, delayMs) {
      if (isDead) return () => {};
      const stop = inner.setTimer(() => {
        timers.delete(stop);
        callback();
      }, delayMs);
      timers.add(stop);
      return () => {
        timers.delete(stop);
        stop();
      };
    },
  };
  return {
    clock,
    get isDead() {
      return isDead;
    },
    stop() {
      isDead = true;
      for (const stop of timers) stop();
    },
  };
}
