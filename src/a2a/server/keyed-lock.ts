/** Lets work on one thing wait for earlier work on the same thing. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Runs work once all earlier work under this key has settled. @returns what the work comes to. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const result = before.then(work);
    const tail = result
      .catch(() => {})
      .then(() => {
        if (this.#tails.get(key) === tail) this.#tails.delete(key);
      });
    this.#tails.set(key, tail);
    return result;
  }
}
