import { onAbort } from '../abort.js';
import type { Clock } from '../clock.js';
import { ChannelError } from '../errors.js';

/** A bound on a piece of work: whichever comes first of a time and a caller's signal. */
export interface Deadline {
  /** Aborts with the caller's reason, untouched, or with ERR_CHANNEL_TIMEOUT. */
  readonly signal: AbortSignal;
  /** Lets go of timer and listener. Call it when the work is over, whatever came of it. */
  release(): void;
}

/**
 * Starts a deadline. Where the caller's signal has aborted already, so has this one.
 *
 * @param what Names the work, for the message of the timeout.
 * @param timeoutMs 1 or more.
 */
export function startDeadline(clock: Clock, what: string, timeoutMs: number, signal?: AbortSignal): Deadline {
  const controller = new AbortController();
  const cancelTimer = clock.setTimer(() => {
    controller.abort(new ChannelError('ERR_CHANNEL_TIMEOUT', `${what} took longer than ${timeoutMs} ms`));
  }, timeoutMs);
  const removeAbort = onAbort(signal, (reason) => controller.abort(reason));
  if (signal?.aborted === true) controller.abort(signal.reason);
  return {
    signal: controller.signal,
    release() {
      cancelTimer();
      removeAbort();
    },
  };
}

/**
 * What work comes to, unless a signal aborts first: then its reason, and what becomes of the work is nobody's business.
 *
 * For work that cannot be interrupted, such as a key agreement in somebody's wallet.
 */
export function unlessAborted<T>(signal: AbortSignal, work: T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const removeAbort = onAbort(signal, reject);
    Promise.resolve(work).then(resolve, reject).finally(removeAbort);
    if (signal.aborted) reject(signal.reason);
  });
}
