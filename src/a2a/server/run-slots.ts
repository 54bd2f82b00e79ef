// How many executors run, in all and for one owner.

import { A2aOperationError } from '../wire/errors.js';
import type { A2aServerLimits } from './limits.js';

/** Places for executors. A place is free again when its executor has settled, not when its task is over. */
export class RunSlots {
  readonly #limits: Pick<A2aServerLimits, 'maxRunningTasks' | 'maxRunningPerOwner'>;
  readonly #owners = new Map<string, number>();
  #taken = 0;

  constructor(limits: Pick<A2aServerLimits, 'maxRunningTasks' | 'maxRunningPerOwner'>) {
    this.#limits = limits;
  }

  /**
   * Takes a place.
   *
   * @returns Gives it back; to be called once.
   * @throws {A2aOperationError} ERR_A2A_RATE_LIMITED: there is none.
   */
  take(owner: string): () => void {
    const { maxRunningTasks, maxRunningPerOwner } = this.#limits;
    const owned = this.#owners.get(owner) ?? 0;
    if (this.#taken >= maxRunningTasks) throw new A2aOperationError('ERR_A2A_RATE_LIMITED', 'the agent is busy');
    if (owned >= maxRunningPerOwner) {
      throw new A2aOperationError('ERR_A2A_RATE_LIMITED', 'too many of your tasks are at work');
    }
    this.#taken++;
    this.#owners.set(owner, owned + 1);
    return () => {
      this.#taken--;
      const left = (this.#owners.get(owner) ?? 1) - 1;
      if (left === 0) this.#owners.delete(owner);
      else this.#owners.set(owner, left);
    };
  }
}
