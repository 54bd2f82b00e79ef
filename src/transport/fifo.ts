/**
 * A queue whose both ends are cheap, however long it gets and however long it lasts.
 *
 * `Array.shift` moves every element once an array is large; this one turns two arrays over instead.
 */
export class Fifo<T> {
  #incoming: T[] = [];
  #outgoing: T[] = [];
  #next = 0;

  /** How many wait. */
  get length(): number {
    return this.#incoming.length + this.#outgoing.length - this.#next;
  }

  push(value: T): void {
    this.#incoming.push(value);
  }

  /** Takes the oldest, or `undefined` when there is none. */
  shift(): T | undefined {
    if (this.#next === this.#outgoing.length) {
      if (this.#incoming.length === 0) return undefined;
      this.#outgoing = this.#incoming;
      this.#incoming = [];
      this.#next = 0;
    }
    return this.#outgoing[this.#next++];
  }

  clear(): void {
    this.#incoming = [];
    this.#outgoing = [];
    this.#next = 0;
  }
}
