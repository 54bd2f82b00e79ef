// Waiting for a signal to abort, where that is all there is to wait for.

import { onAbort } from '../abort.js';

/** Settles with the signal's reason once it aborts. */
export function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else onAbort(signal, resolve);
  });
}
