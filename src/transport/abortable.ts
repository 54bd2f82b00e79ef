// One way to wait for something that a signal may end; every wait of the adapters goes through it.

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
    const release = () => signal?.removeEventListener('abort', onAbort);
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
    function onAbort(): void {
      release();
      cancel();
      reject(signal?.reason);
    }
    signal?.addEventListener('abort', onAbort);
  });
}
