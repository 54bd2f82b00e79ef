// A clock that stands still until a test moves it.

import { assertInteger } from '../bytes/assert.js';
import type { Clock } from '../clock.js';

/** A {@link Clock} under a test's control. */
export interface FakeClock extends Clock {
  /**
   * Moves time on and fires what falls due, in order of time, then of setting; also timers set meanwhile.
   *
   * Synchronous: promises that a timer settles go on only when the test next awaits something.
   *
   * @param ms 0 or more.
   */
  advance(ms: number): void;
  /** Timers that have neither fired nor been cancelled. */
  readonly pendingTimers: number;
}

/**
 * Makes a clock that starts at 0.
 *
 * @example
 * ```ts
 * const clock = fakeClock()
 * clock.setTimer(() => console.log('late'), 3000)
 * clock.advance(3000)
 * ```
 */
export function fakeClock(): FakeClock {
  let nowMs = 0;
  // In the order set, which decides between timers of the same time.
  const timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();

  const earliest = (untilMs: number) => {
    let found: { readonly atMs: number; readonly callback: () => void } | undefined;
    for (const timer of timers) if (timer.atMs <= untilMs && !(found && found.atMs <= timer.atMs)) found = timer;
    return found;
  };

  return {
    now: () => nowMs,
    setTimer(callback, delayMs) {
      const timer = { atMs: nowMs + Math.max(0, delayMs), callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      assertInteger(ms, 'ms', 0);
      const untilMs = nowMs + ms;
      for (let timer = earliest(untilMs); timer !== undefined; timer = earliest(untilMs)) {
        timers.delete(timer);
        nowMs = timer.atMs;
        timer.callback();
      }
      nowMs = untilMs;
    },
    get pendingTimers() {
      return timers.size;
    },
  };
}
