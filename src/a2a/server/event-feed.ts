// The events of one task on their way to everybody who follows it: one order for all, and a bounded queue for each.

import { encodeUtf8 } from '../../bytes/utf8.js';
import { LimitError } from '../../errors.js';
import { A2aOperationError } from '../wire/errors.js';
import type { StreamResponse } from '../wire/objects.js';
import type { A2aServerLimits } from './limits.js';

/** An event with its JSON, which all followers share. */
export interface FeedEvent {
  readonly event: StreamResponse;
  readonly json: string;
  /** Length of the JSON as UTF-8. */
  readonly bytes: number;
}

/** Prepares an event to be told. @throws what `JSON.stringify` throws. */
export function feedEvent(event: StreamResponse): FeedEvent {
  const json = JSON.stringify(event);
  return { event, json, bytes: encodeUtf8(json).length };
}

type FeedLimits = Pick<A2aServerLimits, 'maxSubscribersPerTask' | 'maxQueuedEvents' | 'maxQueuedBytes'>;

/** Tells events to those who follow. */
export class EventFeed {
  readonly #limits: FeedLimits;
  readonly #followers = new Set<Follower>();

  constructor(limits: FeedLimits) {
    this.#limits = limits;
  }

  /**
   * Follows the feed from here on.
   *
   * @param first Told to this follower before anything else.
   * @throws {A2aOperationError} ERR_A2A_RATE_LIMITED: too many follow already.
   */
  follow(first?: FeedEvent): Follower {
    if (this.#followers.size >= this.#limits.maxSubscribersPerTask) {
      throw new A2aOperationError('ERR_A2A_RATE_LIMITED', 'too many streams follow this task');
    }
    const follower = new Follower(this.#limits, (gone) => this.#followers.delete(gone));
    if (first !== undefined) follower.push(first);
    this.#followers.add(follower);
    return follower;
  }

  /** Tells everybody. Nobody is waited for. */
  publish(event: FeedEvent): void {
    for (const follower of this.#followers) follower.push(event);
  }

  /** Lets everybody go once they have had what they are owed. Who comes later may follow again. */
  end(): void {
    for (const follower of this.#followers) follower.end();
  }

  /** As {@link end}, and then the error. */
  fail(error: unknown): void {
    for (const follower of this.#followers) follower.end(error);
  }
}

/** One who follows. Takes one event at a time. */
export class Follower {
  readonly #limits: FeedLimits;
  readonly #onGone: (follower: Follower) => void;
  readonly #queue: FeedEvent[] = [];
  #queuedBytes = 0;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(limits: FeedLimits, onGone: (follower: Follower) => void) {
    this.#limits = limits;
    this.#onGone = onGone;
  }

  /** For the feed. A follower that lags too far behind keeps what it has, and is told why that is all. */
  push(event: FeedEvent): void {
    if (this.#ended) return;
    const { maxQueuedEvents, maxQueuedBytes } = this.#limits;
    const bytes = this.#queuedBytes + event.bytes;
    if (this.#queue.length >= maxQueuedEvents) {
      this.end(tooSlow(new LimitError('maxQueuedEvents', maxQueuedEvents, this.#queue.length + 1)));
    } else if (this.#queue.length > 0 && bytes > maxQueuedBytes) {
      this.end(tooSlow(new LimitError('maxQueuedBytes', maxQueuedBytes, bytes)));
    } else {
      this.#queue.push(event);
      this.#queuedBytes = bytes;
      this.#wake?.();
    }
  }

  /** For the feed: no event comes any more, and after the last one this error, where there is one. */
  end(...failure: [error?: unknown]): void {
    if (this.#ended) return;
    this.#ended = true;
    if (failure.length > 0) this.#failure = { error: failure[0] };
    this.#onGone(this);
    this.#wake?.();
  }

  /** Stops following. Idempotent. */
  leave(): void {
    this.#queue.length = 0;
    this.#failure = undefined;
    this.end();
    this.#wake?.();
  }

  /**
   * The next event, or `undefined` after the last. One call at a time.
   *
   * @throws the error that ended the feed.
   */
  async next(): Promise<FeedEvent | undefined> {
    while (this.#queue.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    const event = this.#queue.shift();
    if (event !== undefined) {
      this.#queuedBytes -= event.bytes;
      return event;
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
    return undefined;
  }
}

function tooSlow(cause: LimitError): A2aOperationError {
  return new A2aOperationError('ERR_A2A_RATE_LIMITED', 'this stream was read too slowly: ask for the task', { cause });
}
