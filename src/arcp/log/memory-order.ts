// The entries of a log in memory, in order. Where one went before older ones of others there is a hole, of which there are
// never more than entries: how much came and went behind an entry that stays is nothing that takes room.

import type { LoggedEntry } from './contract.js';
import { Deque } from './deque.js';
import { search } from './memory-party.js';

/** Holes that are left alone however few entries there are: closing them looks at all that is kept. */
const MIN_HOLES = 64;

/** Entries by rising position. */
export class EntryOrder {
  /** A hole is the position that was there. There is none in front. */
  #places = new Deque<LoggedEntry | number>();
  #count = 0;
  #last = 0;
  #base = 0;

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** Places taken, holes included: at most {@link EntryOrder.count} twice, and 64. */
  get places(): number {
    return this.#places.length;
  }

  /** Position of the newest that ever was; 0 for none. */
  get last(): number {
    return this.#last;
  }

  /** Position before the oldest there is: up to it everything is gone. */
  get base(): number {
    return this.#base;
  }

  get first(): LoggedEntry | undefined {
    return this.#places.at(0) as LoggedEntry | undefined;
  }

  /** Adds one, of the position behind the newest. */
  push(entry: LoggedEntry): void {
    this.#places.push(entry);
    this.#count++;
    this.#last = entry.position;
  }

  /** Takes one out that is there. */
  remove({ position }: LoggedEntry): void {
    this.#count--;
    if (this.first?.position === position) this.#shift();
    else this.#places.set(this.#from(position), position);
    if (this.#places.length > 2 * this.#count + MIN_HOLES) this.#closeHoles();
  }

  /** Those beyond a position, in order. Nothing may be added or taken out meanwhile. */
  *after(position: number): Generator<LoggedEntry, void, undefined> {
    for (let i = this.#from(position + 1); i < this.#places.length; i++) {
      const entry = this.#places.at(i);
      if (typeof entry === 'object') yield entry;
    }
  }

  clear(): void {
    this.#places = new Deque();
    this.#count = 0;
    this.#base = this.#last;
  }

  /** Takes the first out, and the holes behind it. */
  #shift(): void {
    this.#places.shift();
    let next = this.#places.at(0);
    for (; typeof next === 'number'; next = this.#places.at(0)) this.#places.shift();
    this.#base = next === undefined ? this.#last : next.position - 1;
  }

  /** The place of a position, or of the first beyond it. */
  #from(position: number): number {
    return search(this.#places.length, (i) => {
      const place = this.#places.at(i) as LoggedEntry | number;
      return (typeof place === 'number' ? place : place.position) >= position;
    });
  }

  #closeHoles(): void {
    const places = new Deque<LoggedEntry | number>();
    for (const entry of this.after(0)) places.push(entry);
    this.#places = places;
  }
}
