// Whether a job is asked for again, and when.

import { ArcpError } from '../errors.js';
import { delayMs } from './backoff.js';

/** Longest wait before a retry, in milliseconds, whatever the runtime says: past it the caller is told. */
const MAX_RETRY_WAIT_MS = 600_000;

const RETRY = { initialDelayMs: 500, maxDelayMs: 30_000 };

/**
 * The wait before a retry, in milliseconds: what the runtime says, else twice as long each time.
 *
 * @param attempt 0 for the first retry.
 * @param random From 0 up to, not including, 1.
 * @returns `undefined` where another try is of no use.
 */
export function retryWaitMs(error: unknown, attempt: number, random: number): number | undefined {
  if (!(error instanceof ArcpError && error.retryable)) return undefined;
  const waitMs = error.retryAfterMs ?? delayMs(RETRY, attempt, random);
  return waitMs > MAX_RETRY_WAIT_MS ? undefined : waitMs;
}
