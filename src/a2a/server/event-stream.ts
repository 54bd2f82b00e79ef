// A task's events as the body of an answer. The first one has come before there is an answer at all, so that a failure
// until then is an ordinary error; a later one is the last event, named `error`.

import type { Clock } from '../../clock.js';
import { type OutgoingSseEvent, writeSse } from '../../http/sse-stream.js';
import type { FeedEvent, Follower } from './event-feed.js';
import type { ServerBinding } from './server-binding.js';

/** How a stream is written. */
export interface EventStreamOptions {
  readonly binding: ServerBinding;
  readonly keepAliveMs: number;
  readonly clock: Clock;
}

/**
 * Writes events. When the reader goes away the follower leaves; the task goes on.
 *
 * @param first Event that has come already; `undefined` where there is none.
 */
export function eventStream(
  first: FeedEvent | undefined,
  follower: Follower,
  options: EventStreamOptions,
): ReadableStream<Uint8Array> {
  const { binding, keepAliveMs, clock } = options;
  const done = { done: true, value: undefined } as const;
  let pending = first;
  let over = first === undefined;
  // Not a generator: leaving one has to wait for the event it waits for.
  const iterator: AsyncIterator<OutgoingSseEvent> = {
    async next() {
      if (over) return done;
      try {
        const event = pending ?? (await follower.next());
        pending = undefined;
        if (event !== undefined) return { done: false, value: binding.event(event.json) };
        over = true;
        return done;
      } catch (error) {
        over = true;
        return { done: false, value: binding.errorEvent(error) };
      }
    },
    async return() {
      over = true;
      follower.leave();
      return done;
    },
  };
  return writeSse({ [Symbol.asyncIterator]: () => iterator }, { keepAliveMs, clock });
}
