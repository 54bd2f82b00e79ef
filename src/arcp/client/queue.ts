// What waits to be iterated: bounded in number and in size, whatever the runtime sends and however slow the reader is.

/** What a queue holds at most. */
export interface QueueOptions {
  readonly maxItems: number;
  /** Weight of all items together, in the unit `push` is called with. The newest item may pass it. */
  readonly maxWeight?: number;
  /** What becomes of a full queue: the error it ends with. Absent: the oldest items are dropped, and counted. */
  readonly overflow?: (() => unknown) | undefined;
  /** Called when a reader has taken an item. */
  readonly taken?: (() => void) | undefined;
}

/** An ordered, bounded queue with an end. */
export class Queue<T> {
  readonly #options: QueueOptions;
  readonly #items: { readonly value: T; readonly weight: number }[] = [];
  readonly #readers: { resolve(result: IteratorResult<T>): void; reject(error: unknown): void }[] = [];
  #weight = 0;
  #end: { readonly error?: unknown } | undefined;
  /** Items that were dropped because nobody read them in time. */
  dropped = 0;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.#items.length;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Adds an item, or hands it to whoever waits. Does nothing after the end. */
  push(value: T, weight = 0): void {
    if (this.#end !== undefined) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve({ value, done: false });
      this.#options.taken?.();
      return;
    }
    this.#items.push({ value, weight });
    this.#weight += weight;
    const { maxItems, maxWeight = Number.POSITIVE_INFINITY, overflow } = this.#options;
    while (this.#items.length > maxItems || (this.#weight > maxWeight && this.#items.length > 1)) {
      if (overflow !== undefined) {
        this.#items.pop();
        return this.end(overflow());
      }
      this.#drop();
      this.dropped++;
    }
  }

  /** Ends the queue: what waits is still read, then the error, where there is one. Only the first end counts. */
  end(error?: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = error === undefined ? {} : { error };
    for (const { resolve, reject } of this.#readers.splice(0)) {
      if (error === undefined) resolve({ value: undefined, done: true });
      else reject(error);
    }
  }

  /** Forgets what waits. */
  clear(): void {
    this.#items.length = 0;
    this.#weight = 0;
  }

  next(): Promise<IteratorResult<T>> {
    return new Promise((resolve, reject) => {
      if (this.#items.length > 0) {
        resolve({ value: this.#drop() as T, done: false });
        this.#options.taken?.();
      } else if (this.#end === undefined) this.#readers.push({ resolve, reject });
      else if ('error' in this.#end) reject(this.#end.error);
      else resolve({ value: undefined, done: true });
    });
  }

  /** One reader. Several share the items; one that leaves its loop may come back. */
  [Symbol.asyncIterator](): AsyncIterator<T> {
    return { next: () => this.next() };
  }

  #drop(): T | undefined {
    const item = this.#items.shift();
    this.#weight -= item?.weight ?? 0;
    return item?.value;
  }
}
