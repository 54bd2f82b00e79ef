// The sending end of a stream (ARCP v1.0): sequence, pace and queue. Pure: both sides write with it, what it says is sent
// by its driver, and the time comes as an argument.

import { Pace } from './pace.js';

/** `backpressured`: open, at a rate the receiver asked for. */
export type OutboundState = 'open' | 'backpressured' | 'closed' | 'errored';

/** What its driver is to do next. */
export type OutboundStep<T> =
  | { readonly kind: 'chunk'; readonly sequence: number; readonly item: T }
  /** Everything has left: the end is sent. Without a chunk there is no last sequence. */
  | { readonly kind: 'close'; readonly finalSequence: number | undefined }
  /** Asks again after so long; `Infinity`: when another rate was set. */
  | { readonly kind: 'wait'; readonly delayMs: number }
  | { readonly kind: 'idle' };

/** How much waits. */
export interface OutboundLimits {
  readonly maxItems: number;
  /** Of all items together, in the unit {@link OutboundOrder.push} is called with. One item alone may pass it. */
  readonly maxWeight: number;
}

/**
 * The order of one stream, from its `stream.open` on.
 *
 * | state | input | next state | outcome |
 * |---|---|---|---|
 * | open, backpressured | `push` | the same | the chunk waits its turn |
 * | open, backpressured | `push` beyond the limits | the same | `overflow`: the driver ends the stream |
 * | open, backpressured | `limit` | backpressured, or open where there is none | |
 * | open, backpressured | `finish` | the same, closed once all has left | `push` is `over` |
 * | open, backpressured | `end` | errored | what waited is given back |
 * | closed, errored | anything | the same | nothing, `over` |
 */
export class OutboundOrder<T> {
  readonly #limits: OutboundLimits;
  readonly #pace = new Pace();
  readonly #items: { readonly item: T; weight: number }[] = [];
  #weight = 0;
  #sequence = 0;
  #isFinishing = false;
  #end: 'closed' | 'errored' | undefined;

  constructor(limits: OutboundLimits) {
    this.#limits = limits;
  }

  get state(): OutboundState {
    return this.#end ?? (this.#pace.isLimited ? 'backpressured' : 'open');
  }

  /** Whether it has not ended. */
  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /** Chunks that wait. */
  get length(): number {
    return this.#items.length;
  }

  /** The chunk that is next. */
  get head(): T | undefined {
    return this.#items[0]?.item;
  }

  /** Adds a chunk. */
  push(item: T, weight: number): 'taken' | 'overflow' | 'over' {
    if (!this.isOpen || this.#isFinishing) return 'over';
    const { maxItems, maxWeight } = this.#limits;
    const { length } = this.#items;
    if (length >= maxItems || (length > 0 && this.#weight + weight > maxWeight)) return 'overflow';
    this.#items.push({ item, weight });
    this.#weight += weight;
    return 'taken';
  }

  /** Takes a chunk back that has not left. @returns Whether it was there. */
  remove(item: T): boolean {
    const at = this.#items.findIndex((one) => one.item === item);
    if (at < 0) return false;
    this.#weight -= this.#items[at]?.weight ?? 0;
    this.#items.splice(at, 1);
    return true;
  }

  /** The item that was pushed last waits, and its weight is known only now. @returns Whether all that waits still fits. */
  reweigh(weight: number): boolean {
    const last = this.#items.at(-1);
    if (last === undefined) return true;
    this.#weight += weight - last.weight;
    last.weight = weight;
    return this.#items.length === 1 || this.#weight <= this.#limits.maxWeight;
  }

  /** A `backpressure` came. @param perSecond Its `desired_rate_per_second`. */
  limit(perSecond: number, nowMs: number): void {
    if (this.isOpen) this.#pace.limit(perSecond, nowMs);
  }

  /** Takes no more; closed once all that waits has left. */
  finish(): void {
    this.#isFinishing = true;
  }

  /** Ends it at once, as an error. @returns What had not left. */
  end(): readonly T[] {
    if (!this.isOpen) return [];
    this.#end = 'errored';
    this.#weight = 0;
    return this.#items.splice(0).map(({ item }) => item);
  }

  /** What is to be done now. A chunk that is given out counts as sent. */
  step(nowMs: number): OutboundStep<T> {
    if (!this.isOpen) return { kind: 'idle' };
    const next = this.#items[0];
    if (next === undefined) {
      if (!this.#isFinishing) return { kind: 'idle' };
      this.#end = 'closed';
      return { kind: 'close', finalSequence: this.#sequence === 0 ? undefined : this.#sequence - 1 };
    }
    const delayMs = this.#pace.delayMs(nowMs);
    if (delayMs > 0) return { kind: 'wait', delayMs };
    this.#pace.spend(nowMs);
    this.#items.shift();
    this.#weight -= next.weight;
    return { kind: 'chunk', sequence: this.#sequence++, item: next.item };
  }
}
