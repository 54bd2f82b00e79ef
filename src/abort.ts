// Listening to an AbortSignal and letting go of it again. Floor 0, beside clock.ts: every room that waits needs it.

/**
 * Runs a callback once when a signal aborts. Does not look whether it has aborted already: check that on entry.
 *
 * @param callback Given `signal.reason`, untouched. Must not throw.
 * @returns Removes the listener; safe to call at any time.
 */
export function onAbort(signal: AbortSignal | undefined, callback: (reason: unknown) => void): () => void {
  if (signal === undefined) return () => {};
  const listener = () => callback(signal.reason);
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
