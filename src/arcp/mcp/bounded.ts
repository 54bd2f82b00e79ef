// Requests to an MCP server that end: by its answer, by ours, or when their time is over, whatever its client makes of that.

import { onAbort } from '../../abort.js';
import type { Clock } from '../../clock.js';
import { unlessAborted } from '../../unless-aborted.js';
import { ArcpError } from '../errors.js';

/**
 * Asks, and waits for the answer.
 *
 * @param timeoutMs After which the wait fails with ERR_ARCP_DEADLINE_EXCEEDED.
 * @param signal Ends it with its reason.
 * @param ask Given a signal of its own, which aborts with either, and never after the answer: a job's aborts with the end of
 *   every job, when there is nothing left to cancel.
 * @throws What asking throws.
 */
export async function bounded<T>(
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const stopListening = onAbort(signal, (reason) => controller.abort(reason));
  const late = () => controller.abort(new ArcpError('DEADLINE_EXCEEDED', 'the MCP server did not answer in time'));
  const cancelTimer = clock.setTimer(late, timeoutMs);
  try {
    return await unlessAborted(controller.signal, ask(controller.signal));
  } catch (error) {
    // Its client says in its own words that it was told to stop.
    controller.signal.throwIfAborted();
    throw error;
  } finally {
    cancelTimer();
    stopListening();
  }
}
