// Handlers that may be called under a token, and a stream that ends when the token does (AITP 0.2, section 7.3; threats T3
// and T7). A hook that is asked before a call says nothing of how long the call goes on.

import { onAbort } from '../../abort.js';
import type { Handler } from '../../phone/handlers.js';
import type { Peer } from '../../phone/peer.js';
import { unlessAborted } from '../../unless-aborted.js';
import { type TctWatch, type WatchTiming, watchHolding } from '../watch-tct.js';

/** What a guarded handler asks. */
export interface Guard {
  /** Finds a token of the peer that holds now. Rejects with what the caller is to be told. */
  use(peer: Peer, signal?: AbortSignal): Promise<{ readonly expiresAtSec: number }>;
  readonly timing: WatchTiming;
}

/**
 * Makes a handler that answers under a token only.
 *
 * Where it streams from a generator, or anything else that hands out one item after the other, the token is looked at again
 * and again, and the stream ends with an error when none holds any more. What is there at once, a list, is not: the caller
 * might have had it whole.
 */
export function guardedHandler(handler: Handler, guard: Guard): Handler {
  return async (params, context) => {
    const { peer, signal } = context;
    const first = await guard.use(peer, signal);
    const outcome = await handler(params, context);
    if (!isProducer(outcome)) return outcome;
    return watched(outcome, (looking) => guard.use(context.peer, looking), first, guard.timing);
  };
}

type Producer = AsyncIterable<unknown> | (Iterable<unknown> & Iterator<unknown>);

/** A list is none: it is there at once. */
function isProducer(value: unknown): value is Producer {
  if (typeof value !== 'object' || value === null) return false;
  return Symbol.asyncIterator in value || (Symbol.iterator in value && 'next' in value);
}

function watched(
  producer: Producer,
  look: (signal: AbortSignal) => Promise<{ readonly expiresAtSec: number }>,
  first: { readonly expiresAtSec: number },
  timing: WatchTiming,
): AsyncIterable<unknown> {
  return {
    [Symbol.asyncIterator]() {
      const inner = Symbol.asyncIterator in producer ? producer[Symbol.asyncIterator]() : producer[Symbol.iterator]();
      const watch: TctWatch = watchHolding(first, look, timing);
      const { signal } = watch;
      // Also while nobody asks for the next item: whatever the producer holds is let go of.
      const removeEnd = onAbort(signal, () => void finish(inner));
      const release = () => {
        removeEnd();
        watch.release();
      };
      return {
        async next() {
          signal.throwIfAborted();
          try {
            const step = await unlessAborted(signal, Promise.resolve(inner.next()));
            if (step.done === true) release();
            return step;
          } catch (error) {
            release();
            throw error;
          }
        },
        async return(value) {
          release();
          await inner.return?.();
          return { done: true, value };
        },
      };
    },
  };
}

async function finish(iterator: AsyncIterator<unknown> | Iterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // The stream has ended, with an error of its own.
  }
}
