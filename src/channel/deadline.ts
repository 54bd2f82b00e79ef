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
 * Starts a deadline.
 *
 * @param what Names the work, for the message of the timeout.
 * @param timeoutMs 1 or more.
 * @throws the signal's reason, when it has aborted already.
 */
export function startDeadline(clock: Clock, what: string, timeoutMs: number, signal?: AbortSignal): Deadline {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const cancelTimer = clock.setTimer(() => {
    controller.abort(new ChannelError('ERR_CHANNEL_TIMEOUT', `${what} took longer than ${timeoutMs} ms`));
  }, timeoutMs);
  const removeAbort = onAbort(signal, (reason) => controller.abort(reason));
  return {
    signal: controller.signal,
    release() {
      cancelTimer();
      removeAbort();
    },
  };
}
