// Those who wait for room to send. The owner says when the number of buffered bytes may have changed.

import { abortable } from './abortable.js';

interface Waiter {
  readonly belowBytes: number;
  readonly resolve: () => void;
}

/** Waits of `drained`, each for its own threshold. */
export class DrainWaiters {
  readonly #waiters = new Set<Waiter>();

  /** Whether nobody waits. */
  get empty(): boolean {
    return this.#waiters.size === 0;
  }

  /**
   * Waits until {@link settle} is told of at most `belowBytes`.
   *
   * @throws `signal.reason`, untouched.
   */
  wait(belowBytes: number, signal: AbortSignal | undefined): Promise<void> {
    return abortable<void>(signal, ({ resolve }) => {
      const waiter: Waiter = { belowBytes, resolve };
      this.#waiters.add(waiter);
      return () => this.#waiters.delete(waiter);
    });
  }

  /** Lets go of everybody who is content with this many buffered bytes. */
  settle(bufferedBytes: number): void {
    for (const waiter of this.#waiters) {
      if (bufferedBytes > waiter.belowBytes) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }
}
