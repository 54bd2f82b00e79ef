// How long to wait before the next try, and the wait itself.

import { onAbort } from '../../abort.js';
import type { Clock } from '../../clock.js';

/** Waits between tries. */
export interface Backoff {
  /** Before the second try. Default 500. */
  readonly initialDelayMs: number;
  /** Longest. Default 30,000. */
  readonly maxDelayMs: number;
}

/**
 * The wait before a try: twice as long each time, up to the longest, and between half of that and all of it, so that the
 * clients of a runtime that restarts do not come back all at once.
 *
 * @param attempt 0 for the first wait.
 * @param random From 0 up to, not including, 1.
 */
export function delayMs({ initialDelayMs, maxDelayMs }: Backoff, attempt: number, random: number): number {
  return Math.min(maxDelayMs, initialDelayMs * 2 ** attempt) * (0.5 + random / 2);
}

/** Waits. Resolves early, too, when the signal aborts: what then is for the caller to see. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      stop();
      release();
      resolve();
    };
    const stop = clock.setTimer(done, ms);
    const release = onAbort(signal, done);
  });
}
