// Messages of a session that wait for its connection, in memory.

import type { PriorityRank } from '../../wire/priority.js';
import type { OutItem } from './out-item.js';
import { SendQueue } from './send-queue.js';

/** How much may wait. */
export interface OutQueueLimits {
  readonly maxPending: number;
  /** Characters of those that are pending. */
  readonly maxPendingChars: number;
}

/** The queue. */
export class OutQueue {
  readonly #items = new SendQueue<OutItem>();
  readonly #limits: OutQueueLimits;
  #chars = 0;
  /** Those that somebody waits for to be kept. */
  #awaited = 0;

  constructor(limits: OutQueueLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#items.length;
  }

  /** Whether more waits than may, or something that somebody waits for to be kept: it goes through the log. */
  get isOverfull(): boolean {
    const { maxPending, maxPendingChars } = this.#limits;
    return this.#awaited > 0 || this.#items.length > maxPending || this.#chars > maxPendingChars;
  }

  /** @param lane What the message must not overtake within. */
  push(item: OutItem, rank: PriorityRank, lane: string): void {
    this.#items.push(item, rank, lane);
    this.#chars += item.entry.text.length;
    if (item.onKept !== undefined) this.#awaited++;
  }

  shift(): OutItem | undefined {
    const item = this.#items.shift();
    if (item === undefined) return undefined;
    this.#chars -= item.entry.text.length;
    if (item.onKept !== undefined) this.#awaited--;
    return item;
  }
}
