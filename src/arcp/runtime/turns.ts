// Work that must not overlap: one after the other where it has the same key, side by side where not.

import type { MaybePromise } from '../log/contract.js';

/** Who waits for whom. Keys of work that is over are not kept. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Does something once all that came before it under this key is over, however that ended. Rejects as the work does. */
  async take(key: string, work: () => MaybePromise<void>): Promise<void> {
    const before = this.#last.get(key);
    const turn = (async () => {
      await before;
      await work();
    })();
    const settled = turn.catch(() => {});
    this.#last.set(key, settled);
    try {
      await turn;
    } finally {
      if (this.#last.get(key) === settled) this.#last.delete(key);
    }
  }
}
