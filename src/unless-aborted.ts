// Waiting for work or for a signal, whichever comes first. Floor 0, beside abort.ts, and a file of its own: what is loaded
// later can bring it along.

import { onAbort } from './abort.js';

/**
 * What work comes to, unless a signal aborts first: then its reason, and what becomes of the work is nobody's business.
 *
 * For work that cannot be interrupted, such as a key agreement in somebody's wallet.
 */
export function unlessAborted<T>(signal: AbortSignal | undefined, work: T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const removeAbort = onAbort(signal, reject);
    Promise.resolve(work).then(resolve, reject).finally(removeAbort);
    if (signal?.aborted) reject(signal.reason);
  });
}
