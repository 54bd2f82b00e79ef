// Promises that somebody waits for, and their names while they wait.

/** The promises of one party. */
export class Tracker {
  readonly #waiting = new Set<{ readonly name: string }>();
  readonly #onSettled: () => void;

  constructor(onSettled: () => void) {
    this.#onSettled = onSettled;
  }

  /** Follows a promise. A rejection that nobody looks at does no harm. */
  track<T>(name: string, promise: Promise<T>): Promise<T> {
    const tracked = { name };
    this.#waiting.add(tracked);
    const settled = () => {
      this.#waiting.delete(tracked);
      this.#onSettled();
    };
    promise.then(settled, settled);
    return promise;
  }

  /** Those that have not settled. */
  names(): readonly string[] {
    return [...this.#waiting].map(({ name }) => name);
  }
}
