// Iterations as a client gives them out.

import { onAbort } from '../../abort.js';

/**
 * An iteration that begins with its first step, and that leaving ends at once, also while a step is under way.
 *
 * @param run Given a signal that aborts with the caller's, or when the iteration is left.
 */
export function iterate<T>(
  run: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<T> {
  const controller = new AbortController();
  let generator: AsyncGenerator<T, void, undefined> | undefined;
  let removeAbort = () => {};
  let isLeft = false;
  const end: IteratorReturnResult<undefined> = { done: true, value: undefined };
  return {
    async next() {
      if (isLeft) return end;
      if (generator === undefined) {
        if (signal?.aborted) {
          isLeft = true;
          throw signal.reason;
        }
        removeAbort = onAbort(signal, (reason) => controller.abort(reason));
        generator = run(controller.signal);
      }
      try {
        const step = await generator.next();
        if (!step.done) return step;
        removeAbort();
        return end;
      } catch (error) {
        removeAbort();
        if (isLeft) return end;
        throw error;
      }
    },
    async return() {
      isLeft = true;
      removeAbort();
      controller.abort();
      // Whatever the end of it comes to, nobody is interested any more.
      await generator?.return().catch(() => {});
      return end;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
