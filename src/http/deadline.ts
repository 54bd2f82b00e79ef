// One end for a whole fetch: a time, or the caller's signal, over headers and body alike.

import { onAbort } from '../abort.js';
import type { Clock } from '../clock.js';
import { HttpError } from '../errors.js';
import { unlessAborted } from '../unless-aborted.js';

/** A wait that may be ended early. */
export interface Deadline {
  /** Aborts when the work is to end: with the caller's reason, untouched, or with ERR_HTTP_TIMEOUT. */
  readonly signal: AbortSignal;
  /**
   * What work comes to, unless the deadline comes first. What the work comes to afterwards is for `late`.
   *
   * @param late Given a result nobody waits for any more, to release it. Must not throw.
   */
  race<T>(work: Promise<T>, late?: (result: T) => void): Promise<T>;
  /** Lets go of timer and listener. Call it when the work is over, whatever came of it. */
  release(): void;
}

/**
 * Starts a deadline.
 *
 * @param url Names the work, for the error.
 * @param timeoutMs 1 or more.
 */
export function startDeadline(clock: Clock, timeoutMs: number, url: string, caller?: AbortSignal): Deadline {
  const controller = new AbortController();
  const { signal } = controller;
  const cancelTimer = clock.setTimer(() => {
    controller.abort(new HttpError('ERR_HTTP_TIMEOUT', `no whole answer within ${timeoutMs} ms`, { url }));
  }, timeoutMs);
  const removeAbort = onAbort(caller, (reason) => controller.abort(reason));
  return {
    signal,
    race(work, late) {
      // A fetch of the caller's own may not listen to the signal it is given.
      if (late !== undefined)
        work.then(
          (result) => signal.aborted && late(result),
          () => {},
        );
      return unlessAborted(signal, work);
    },
    release() {
      cancelTimer();
      removeAbort();
    },
  };
}
