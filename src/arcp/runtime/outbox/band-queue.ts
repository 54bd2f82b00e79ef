// A queue by priority (ARCP v1.0, section 6.5): higher first, with a floor for the lower.

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
