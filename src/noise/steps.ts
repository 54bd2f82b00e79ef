// Whose turn it is in a handshake: one step at a time, in order, and any failure is the end. What a step does, and what
// is to be forgotten when it fails, is the handshake's matter.

import { NoiseError } from '../errors.js';

/** The state of one handshake: the step that is due, or `busy` while it runs, or `dead`. */
export class Steps<Step extends string> {
  #state: Step | 'busy' | 'dead';
  readonly #forget: () => void;

  /**
   * @param first The step that is due first.
   * @param forget Wipes every secret of the handshake. May be called more than once.
   */
  constructor(first: Step, forget: () => void) {
    this.#state = first;
    this.#forget = forget;
  }

  /**
   * Runs a step that may wait. While it runs every other step is out of turn.
   *
   * @returns What `work` returns; then `next` is due.
   * @throws {TypeError} out of turn; nothing changes, also not for a step that is running.
   * @throws {NoiseError} ERR_NOISE_HANDSHAKE: `work` failed, see `cause`. ERR_NOISE_DEAD: ended before or meanwhile.
   */
  async take<T>(due: Step, next: Step, work: () => Promise<T>): Promise<T> {
    this.#enter(due);
    try {
      const result = await work();
      this.#leave(next);
      return result;
    } catch (cause) {
      throw this.#fail(cause);
    }
  }

  /** {@link take} for a step that need not wait. */
  takeNow<T>(due: Step, next: Step, work: () => T): T {
    this.#enter(due);
    try {
      const result = work();
      this.#leave(next);
      return result;
    } catch (cause) {
      throw this.#fail(cause);
    }
  }

  /** Ends it, also in the middle of a step. Idempotent. */
  kill(): void {
    this.#state = 'dead';
    this.#forget();
  }

  #enter(due: Step): void {
    if (this.#state === 'dead') throw new NoiseError('ERR_NOISE_DEAD', 'this handshake has ended');
    if (this.#state !== due) throw new TypeError(`${due} is out of turn: the handshake is at ${this.#state}`);
    this.#state = 'busy';
  }

  #leave(next: Step): void {
    if (this.#state !== 'busy') throw new NoiseError('ERR_NOISE_DEAD', 'this handshake was ended meanwhile');
    this.#state = next;
  }

  /** One opaque code for every failed check, so that nothing can be learned from which one it was. */
  #fail(cause: unknown): NoiseError {
    const ended = this.#state === 'dead';
    // Again, even when ended: the step may have laid down a secret after the first wiping.
    this.kill();
    if (ended) return new NoiseError('ERR_NOISE_DEAD', 'this handshake was ended meanwhile', { cause });
    return new NoiseError('ERR_NOISE_HANDSHAKE', 'the handshake failed', { cause });
  }
}
