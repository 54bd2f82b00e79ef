// How often somebody may ask within a minute or so (AITP 0.2, section 8.4 of our digest). A window for each name, and a
// bound on the names.

import { type AitpClock, readClock } from '../timestamps.js';

/** How much is let through. */
export interface RateLimit {
  /** Most within one window: 1 or more. */
  readonly max: number;
  /** Length of the window, in seconds: 1 or more. */
  readonly windowSec: number;
}

/** Counts by name. */
export interface RateWindow {
  /** Whether a name has used up its window. Counts nothing. */
  isFull(name: string): boolean;
  /** Counts one, unless the window is used up. @returns Whether there was room. */
  take(name: string): boolean;
}

/** Most names counted at a time. When there are more, the name whose window began first is forgotten. */
const MAX_NAMES = 10_000;

/** Makes counters that all stand at nothing. */
export function rateWindow({ max, windowSec }: RateLimit, now: AitpClock): RateWindow {
  const counts = new Map<string, { readonly sinceSec: number; count: number }>();
  const current = (name: string) => {
    const entry = counts.get(name);
    if (entry === undefined) return undefined;
    // A clock that was set back ends a window, too.
    if (Math.abs(readClock(now) - entry.sinceSec) < windowSec) return entry;
    counts.delete(name);
    return undefined;
  };
  return {
    isFull: (name) => (current(name)?.count ?? 0) >= max,
    take(name) {
      const entry = current(name);
      if (entry !== undefined) {
        if (entry.count >= max) return false;
        entry.count++;
        return true;
      }
      if (counts.size >= MAX_NAMES) for (const oldest of counts.keys()) if (counts.delete(oldest)) break;
      counts.set(name, { sinceSec: readClock(now), count: 1 });
      return true;
    },
  };
}
