// What may end a handshake before it comes to its own end: a time, a caller's signal, or what becomes of the connection.

import { onAbort } from '../abort.js';
import type { Clock } from '../clock.js';
import { ChannelError } from '../errors.js';

/** A piece of work that may be ended early. */
export interface Attempt {
  /** Aborts when the work is to end, with the reason. */
  readonly signal: AbortSignal;
  /** Ends the work. The first reason stays. */
  end(reason: unknown): void;
  /** Lets go of timer and listener. Call it when the work is over, whatever came of it. */
  release(): void;
}

/**
 * Starts an attempt.
 *
 * @param signal The caller's: its reason ends the attempt, untouched; at once where it has aborted already.
 */
export function startAttempt(signal?: AbortSignal): Attempt {
  const controller = new AbortController();
  const end = (reason: unknown) => controller.abort(reason);
  const release = onAbort(signal, end);
  if (signal?.aborted === true) end(signal.reason);
  return { signal: controller.signal, end, release };
}

/**
 * Starts an attempt with a deadline.
 *
 * @param what Names the work, for the message of ERR_CHANNEL_TIMEOUT.
 * @param timeoutMs 1 or more.
 */
export function startDeadline(clock: Clock, what: string, timeoutMs: number, signal?: AbortSignal): Attempt {
  const attempt = startAttempt(signal);
  const cancelTimer = clock.setTimer(() => {
    attempt.end(new ChannelError('ERR_CHANNEL_TIMEOUT', `${what} took longer than ${timeoutMs} ms`));
  }, timeoutMs);
  return {
    ...attempt,
    release() {
      cancelTimer();
      attempt.release();
    },
  };
}
