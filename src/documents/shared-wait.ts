// Waiting for work that others wait for too: an abort ends this wait, not the work.

import { onAbort } from '../abort.js';

/**
 * Waits for a promise, or until the signal is aborted.
 *
 * @param work Goes on in any case; what it settles to after the signal is dropped.
 * @throws `signal.reason`, untouched.
 */
export function waitFor<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      // Nobody else may be listening.
      work.catch(() => {});
      reject(signal.reason);
      return;
    }
    const release = onAbort(signal, reject);
    work.then(resolve, reject).finally(release);
  });
}
