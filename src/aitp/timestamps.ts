// Time as AITP has it: whole Unix seconds, from a clock the caller hands over. Nothing in this room reads one by itself.

/** Tells the time in Unix seconds, as an integer. */
export type AitpClock = () => number;

/** The host's wall clock. */
export const systemClockSec: AitpClock = () => Math.floor(Date.now() / 1_000);

/**
 * Reads a clock.
 *
 * @returns Unix seconds.
 * @throws {TypeError} no clock.
 * @throws {RangeError} it tells something that is no whole number of seconds since 1970.
 */
export function readClock(now: AitpClock): number {
  if (typeof now !== 'function') throw new TypeError('now must be a function that tells Unix seconds');
  const seconds = now();
  if (!Number.isSafeInteger(seconds) || seconds < 0) throw new RangeError('now must tell whole Unix seconds');
  return seconds;
}
