// Messages that wait to be sent (ARCP v1.0, section 6.5): the more urgent first, and nothing of one job or stream overtaking what
// was before it there.

import { Deque } from '../../log/deque.js';
import type { PriorityRank } from '../../wire/priority.js';
import { BandQueue } from './band-queue.js';

/** What waits of one job, stream or subscription. */
interface Lane<T> {
  readonly items: Deque<{ readonly item: T; readonly rank: PriorityRank }>;
  /** How many of each rank wait. */
  readonly ofRank: [number, number, number, number];
  /** The highest rank of what waits: an urgent message takes those before it along. */
  rank: PriorityRank;
  /** Bumped when the lane moves to another band; its older tickets are void. */
  ticket: number;
}

/** A lane's turn. */
interface Ticket<T> {
  readonly name: string;
  readonly lane: Lane<T>;
  readonly ticket: number;
}

/** Lanes that wait for their turns. */
interface Lanes<T> {
  readonly byName: Map<string, Lane<T>>;
  readonly tickets: BandQueue<Ticket<T>>;
}

/**
 * The queue. As long as all are of one priority it is a plain one; else lanes take turns, each as urgent as the most urgent
 * message in it.
 */
export class SendQueue<T> {
  #plain = new Deque<{ readonly item: T; readonly lane: string }>();
  #plainRank: PriorityRank = 1;
  /** Gone with the last message, and void tickets with it. */
  #lanes: Lanes<T> | undefined;
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
      this.#lanes = { byName: new Map(), tickets: new BandQueue() };
      for (let next = this.#plain.shift(); next !== undefined; next = this.#plain.shift()) {
        enter(this.#lanes, next.item, this.#plainRank, next.lane);
      }
    }
    enter(this.#lanes, item, rank, lane);
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    this.#length--;
    const lanes = this.#lanes;
    if (lanes === undefined) return this.#plain.shift()?.item;
    for (;;) {
      const turn = lanes.tickets.shift();
      if (turn === undefined) return undefined;
      const { name, lane, ticket } = turn;
      if (ticket !== lane.ticket) continue;
      const next = lane.items.shift();
      if (next !== undefined) lane.ofRank[next.rank]--;
      if (lane.items.length === 0) {
        lanes.byName.delete(name);
        lane.ticket++;
        if (lanes.byName.size === 0) this.#lanes = undefined;
      } else {
        lane.rank = highestRank(lane);
        issue(lanes, name, lane);
      }
      return next?.item;
    }
  }
}

function enter<T>(lanes: Lanes<T>, item: T, rank: PriorityRank, name: string): void {
  const lane = lanes.byName.get(name);
  if (lane === undefined) {
    const fresh: Lane<T> = { items: new Deque(), ofRank: [0, 0, 0, 0], rank, ticket: 0 };
    add(fresh, item, rank);
    lanes.byName.set(name, fresh);
    issue(lanes, name, fresh);
    return;
  }
  add(lane, item, rank);
  if (rank > lane.rank) {
    lane.rank = rank;
    issue(lanes, name, lane);
  }
}

function add<T>(lane: Lane<T>, item: T, rank: PriorityRank): void {
  lane.items.push({ item, rank });
  lane.ofRank[rank]++;
}

function issue<T>({ tickets }: Lanes<T>, name: string, lane: Lane<T>): void {
  lane.ticket++;
  tickets.push({ name, lane, ticket: lane.ticket }, lane.rank);
}

function highestRank<T>({ ofRank }: Lane<T>): PriorityRank {
  for (const rank of [3, 2, 1] as const) if (ofRank[rank] > 0) return rank;
  return 0;
}
