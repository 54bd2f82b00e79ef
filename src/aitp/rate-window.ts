// How often somebody may ask within a minute or so (AITP 0.2, section 8.4). A window for each name, and a
// bound on the names.

import { type AitpClock, readClock } from './timestamps.js';

/** How much is let through. */
export interface RateLimit {
  /** Most within one window: 1 or more. */
  readonly max: number;
  /** Length of the window, in seconds: 1 or more. */
  readonly windowSec: number;
  /** Most names counted at a time: 1 or more. Default 10,000. */
  readonly maxNames?: number;
}

/** Counts by name. */
export interface RateWindow {
  /** Whether a name has used up its window. Counts nothing. */
  isFull(name: string): boolean;
  /** Counts one, unless the window is used up. @returns Whether there was room. */
  take(name: string): boolean;
}

interface Window {
  readonly sinceSec: number;
  count: number;
}

/**
 * Makes counters that all stand at nothing.
 *
 * When there are more names than are counted, the one whose window began first is forgotten, and of those that have used up
 * their window only where there is no other: names are cheap, and whoever is kept waiting must not get free by making many.
 */
export function rateWindow({ max, windowSec, maxNames = 10_000 }: RateLimit, now: AitpClock): RateWindow {
  // Each in the order its windows began, or were used up.
  const open = new Map<string, Window>();
  const full = new Map<string, Window>();

  function current(name: string): Window | undefined {
    const entry = full.get(name) ?? open.get(name);
    if (entry === undefined) return undefined;
    // A clock that was set back ends a window, too.
    if (Math.abs(readClock(now) - entry.sinceSec) < windowSec) return entry;
    full.delete(name);
    open.delete(name);
    return undefined;
  }

  function makeRoom(): void {
    if (open.size + full.size < maxNames) return;
    for (const names of [open, full]) for (const oldest of names.keys()) if (names.delete(oldest)) return;
  }

  return {
    isFull: (name) => (current(name)?.count ?? 0) >= max,
    take(name) {
      const known = current(name);
      if (known !== undefined && known.count >= max) return false;
      if (known === undefined) makeRoom();
      const entry = known ?? { sinceSec: readClock(now), count: 0 };
      entry.count++;
      if (entry.count < max) open.set(name, entry);
      else {
        open.delete(name);
        full.set(name, entry);
      }
      return true;
    },
  };
}
