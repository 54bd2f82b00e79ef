// One way to wait for something that a signal may end; every wait of the adapters goes through it.

import { onAbort } from '../abort.js';

/** The two ways a wait ends by itself. */
export interface Settle<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/**
 * Waits until `start` settles, or until the signal is aborted.
 *
 * The listener on the signal is gone once the wait is over, whichever way it ended.
 *
 * @param start Begins the wait and returns what undoes it, called when the signal wins. Not called at all when the
 *   signal is aborted already. Must not throw.
 * @throws `signal.reason`, untouched.
 */
export function abortable<T>(signal: AbortSignal | undefined, start: (settle: Settle<T>) => () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    // Before `start`, which may settle at once.
    const release = onAbort(signal, (reason) => {
      // First of all, so that whatever the undoing calls back comes too late.
      reject(reason);
      cancel();
    });
    const cancel = start({
      resolve(value) {
        release();
        resolve(value);
      },
      reject(error) {
        release();
        reject(error);
      },
    });
  });
}
