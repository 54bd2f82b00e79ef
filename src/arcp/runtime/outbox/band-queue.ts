// Queues by priority (ARCP v1.0, section 6.5): higher first, with a floor for the lower, and nothing of one job or stream
// overtaking what was before it there.

import { Deque } from '../../log/deque.js';
import type { PriorityRank } from '../../wire/priority.js';

/** Of so many taken one comes from the lowest band that has any, so that no band starves. */
const FLOOR_EVERY = 8;

/** A queue of four bands. */
export class BandQueue<T> {
  readonly #bands = [new Deque<T>(), new Deque<T>(), new Deque<T>(), new Deque<T>()] as const;
  #length = 0;
  #taken = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T, rank: PriorityRank): void {
    this.#bands[rank].push(item);
    this.#length++;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    this.#length--;
    const bands = ++this.#taken % FLOOR_EVERY === 0 ? RISING : FALLING;
    for (const rank of bands) {
      const band = this.#bands[rank];
      if (band.length > 0) return band.shift();
    }
    return undefined;
  }
}

const RISING = [0, 1, 2, 3] as const;
const FALLING = [3, 2, 1, 0] as const;

/** What waits of one job, stream or subscription. */
interface Lane<T> {
  readonly items: Deque<{ readonly item: T; readonly rank: PriorityRank }>;
  /** The highest rank of what waits: an urgent message takes those before it along. */
  rank: PriorityRank;
  /** Bumped when the lane moves to another band; its older tickets are void. */
  ticket: number;
}

/**
 * Messages that wait to be sent. As long as all are of one priority it is a plain queue; else lanes take turns, each as
 * urgent as the most urgent message in it.
 */
export class SendQueue<T> {
  #plain = new Deque<{ readonly item: T; readonly lane: string }>();
  #plainRank: PriorityRank = 1;
  #lanes: Map<string, Lane<T>> | undefined;
  #tickets = new BandQueue<{ readonly name: string; readonly lane: Lane<T>; readonly ticket: number }>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** @param lane What the message must not overtake within: the id of its job, else of its stream. */
  push(item: T, rank: PriorityRank, lane: string): void {
    this.#length++;
    if (this.#lanes === undefined) {
      if (this.#plain.length === 0) this.#plainRank = rank;
      if (rank === this.#plainRank) {
        this.#plain.push({ item, lane });
        return;
      }
      this.#lanes = new Map();
      for (let next = this.#plain.shift(); next !== undefined; next = this.#plain.shift()) {
        this.#enter(this.#lanes, next.item, this.#plainRank, next.lane);
      }
    }
    this.#enter(this.#lanes, item, rank, lane);
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    this.#length--;
    if (this.#lanes === undefined) return this.#plain.shift()?.item;
    for (;;) {
      const turn = this.#tickets.shift();
      if (turn === undefined) return undefined;
      const { name, lane, ticket } = turn;
      if (ticket !== lane.ticket) continue;
      const next = lane.items.shift();
      if (lane.items.length === 0) {
        this.#lanes.delete(name);
        lane.ticket++;
        if (this.#lanes.size === 0) this.#lanes = undefined;
      } else {
        lane.rank = highestRank(lane);
        this.#issue(name, lane);
      }
      return next?.item;
    }
  }

  #enter(lanes: Map<string, Lane<T>>, item: T, rank: PriorityRank, name: string): void {
    const lane = lanes.get(name);
    if (lane === undefined) {
      const fresh: Lane<T> = { items: new Deque(), rank, ticket: 0 };
      fresh.items.push({ item, rank });
      lanes.set(name, fresh);
      this.#issue(name, fresh);
      return;
    }
    lane.items.push({ item, rank });
    if (rank > lane.rank) {
      lane.rank = rank;
      this.#issue(name, lane);
    }
  }

  #issue(name: string, lane: Lane<T>): void {
    lane.ticket++;
    this.#tickets.push({ name, lane, ticket: lane.ticket }, lane.rank);
  }
}

function highestRank<T>(lane: Lane<T>): PriorityRank {
  let rank: PriorityRank = 0;
  // Lanes are as long as the queue is bounded.
  for (let i = 0; i < lane.items.length && rank < lane.rank; i++) {
    const other = (lane.items.at(i) as { readonly rank: PriorityRank }).rank;
    if (other > rank) rank = other;
  }
  return rank;
}
