// Observing what other sessions and jobs do (ARCP v1.0, section 13): first what was missed, then what happens.

import { type Deferred, deferred } from '../../deferred.js';
import { type ArcpError, arcpError, fromWireError } from '../errors.js';
import { type Message, type RawEnvelope, readEnvelope } from '../wire/envelope.js';
import type { MessageId, SubscriptionId } from '../wire/ids.js';
import type { Filter } from '../wire/subscription.js';
import type { Core } from './core.js';
import { deliver } from './deliver.js';
import { Queue } from './queue.js';
import { nack } from './refusals.js';

/**
 * A subscription. Iterate it once; leaving the loop ends it. Events are envelopes as they were sent, payloads unchecked.
 *
 * At most 16,384 events wait (`limits.maxObservedEvents`); one more ends it, and after those the reader gets
 * ERR_ARCP_BACKPRESSURE_OVERFLOW: nothing is left out in silence. It lives on over a resumed connection; where the runtime
 * begins another session it is made again, after the last event that came.
 *
 * Rejects with {@link ArcpError}: what the runtime closed it for, ERR_ARCP_DATA_LOSS where events are missing for good, or
 * what the session ended for.
 */
export interface Subscription extends AsyncIterable<RawEnvelope> {
  /** Changes where it is made again. */
  readonly id: SubscriptionId;
  /** Resolves when everything after `since` has come; at once where nothing was asked for. Rejects where it ends before. */
  readonly backfillComplete: Promise<void>;
  /**
   * How many events came before the marker that ends the backfill: the first so many that are iterated are what was missed,
   * those behind them happen. 0 where nothing was asked for; `undefined` until the marker has come, and until then every
   * event that was iterated is of the backfill. Where the runtime begins another session it stays as it is.
   */
  readonly backfilled: number | undefined;
  /** Ends it. What waits is still read. A rejection that nobody looks at does no harm. */
  close(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
}

/** Name of the event that ends the backfill. */
const BACKFILL_COMPLETE = 'subscription.backfill_complete';

/** The subscriptions of a session. */
export class Observers {
  readonly #core: Core;
  readonly #byId: Book = new Map();

  constructor(core: Core) {
    this.#core = core;
  }

  /** Begins one. Settles when the runtime has answered. */
  async subscribe(filter: Filter | undefined, since: MessageId | undefined, signal?: AbortSignal) {
    const observing = new Observing(this.#core, this.#byId, filter, since);
    await observing.start(signal);
    return observing;
  }

  /** @param isAnswer Whether somebody waited for it. @param chars Length of its text. */
  take(
    message: Message<'subscribe.accepted' | 'subscribe.event' | 'subscribe.closed' | 'unsubscribe'>,
    isAnswer: boolean,
    chars: number,
  ): void {
    switch (message.type) {
      case 'subscribe.accepted':
        // Nobody waits for it any more.
        if (!isAnswer) this.#core.post('unsubscribe', message.payload);
        return;
      case 'subscribe.event':
        return this.#byId.get(message.subscription_id as SubscriptionId)?.take(message, chars);
      case 'subscribe.closed':
        return this.#byId.get(message.payload.subscription_id)?.closed(message);
      case 'unsubscribe':
        return this.#byId.get(message.payload.subscription_id)?.end();
    }
  }

  /** Messages are missing, or the runtime began another session, in which all are made again. */
  lose(error: ArcpError, isNewSession: boolean): void {
    for (const observing of [...this.#byId.values()]) {
      if (isNewSession) observing.restart();
      else observing.end(error);
    }
  }

  end(error: unknown): void {
    for (const observing of [...this.#byId.values()]) observing.end(error);
  }
}

type Book = Map<SubscriptionId, Observing>;

/** One of them. */
class Observing implements Subscription {
  readonly #core: Core;
  readonly #book: Book;
  readonly #filter: Filter | undefined;
  readonly #events: Queue<RawEnvelope>;
  readonly #backfill: Deferred<void> = deferred();
  #awaitsMarker = false;
  #after: MessageId | undefined;
  #count = 0;
  id!: SubscriptionId;
  backfilled: number | undefined;

  constructor(core: Core, book: Book, filter: Filter | undefined, after: MessageId | undefined) {
    const { maxObservedEvents, maxEventChars } = core.options.limits;
    this.#core = core;
    this.#book = book;
    this.#filter = filter;
    this.#after = after;
    if (after === undefined) this.#complete();
    this.#events = new Queue({
      maxItems: maxObservedEvents,
      maxWeight: maxEventChars,
      overflow: () => {
        const error = arcpError('BACKPRESSURE_OVERFLOW', 'events came faster than they were read');
        this.end(error);
        core.post('unsubscribe', { subscription_id: this.id }, { subscription_id: this.id });
        return error;
      },
    });
  }

  get backfillComplete(): Promise<void> {
    return this.#backfill.promise;
  }

  /** Asks the runtime for it. Settles when that has answered. */
  start(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const since = this.#after === undefined ? undefined : { after_message_id: this.#after };
      const settle = (reply: Message | undefined, error?: unknown) => {
        if (reply?.type !== 'subscribe.accepted') return reject(error);
        const { subscription_id: id } = reply.payload;
        // Whose events would go to another, which would wait for ever.
        if (this.#book.has(id)) return reject(arcpError('INVALID_ARGUMENT', 'the subscription id is in use'));
        // In the same turn: events may stand right behind it.
        this.id = id;
        this.#awaitsMarker = since !== undefined;
        this.#book.set(this.id, this);
        resolve();
      };
      const timeoutMs = this.#core.options.requestTimeoutMs;
      const options = { replies: ['subscribe.accepted'], timeoutMs, signal, settle } as const;
      this.#core.call('subscribe', { filter: this.#filter, since }, options);
    });
  }

  /** In another session: makes it again. */
  restart(): void {
    if (this.#events.hasEnded) return;
    this.#book.delete(this.id);
    this.start().then(
      () => {
        // Left meanwhile.
        if (this.#events.hasEnded) void this.close();
      },
      (error) => this.end(error),
    );
  }

  /** Takes an event. @param chars Length of its text. */
  take(message: Message<'subscribe.event'>, chars: number): void {
    const decoded = readEnvelope(message.payload.event);
    if (decoded.kind !== 'envelope') {
      return nack(this.#core, message.id, 'INVALID_ARGUMENT', 'the event is no envelope');
    }
    const { envelope } = decoded;
    if (this.#awaitsMarker && envelope.type === 'event.emit' && envelope.payload.name === BACKFILL_COMPLETE) {
      this.#awaitsMarker = false;
      return this.#complete();
    }
    this.#after = envelope.id;
    this.#count++;
    this.#events.push(envelope, chars);
  }

  #complete(): void {
    this.backfilled ??= this.#count;
    this.#backfill.resolve();
  }

  /** Ends it, for an error or without. */
  end(error?: unknown): void {
    this.#book.delete(this.id);
    this.#backfill.reject(error ?? arcpError('CANCELLED', 'the subscription was closed'));
    this.#events.end(error);
  }

  /** The runtime ended it. */
  closed({ payload }: Message<'subscribe.closed'>): void {
    this.end(fromWireError({ code: payload.code, message: payload.reason }));
  }

  close({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const isOpen = this.#book.has(this.id);
    this.end();
    if (!isOpen) return Promise.resolve();
    const payload = { subscription_id: this.id };
    return deliver(this.#core, 'unsubscribe', payload, signal, payload);
  }

  [Symbol.asyncIterator](): AsyncIterator<RawEnvelope> {
    return {
      next: () => this.#events.next(),
      return: async () => {
        this.#events.clear();
        void this.close();
        return { value: undefined, done: true };
      },
    };
  }
}
