// A value that views watch.

/** Holds one value and tells whoever watches when it changes. */
export class Value<T> {
  readonly #watchers: ((value: T) => void)[] = [];
  #current: T;

  constructor(initial: T) {
    this.#current = initial;
  }

  get current(): T {
    return this.#current;
  }

  set(value: T): void {
    this.#current = value;
    for (const watcher of this.#watchers) watcher(value);
  }

  /** Calls back now, and at every change from here on. */
  watch(watcher: (value: T) => void): void {
    this.#watchers.push(watcher);
    watcher(this.#current);
  }
}
