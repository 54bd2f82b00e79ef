// Whether the log has that a job was accepted: nothing of it begins before, and nothing is said of one that was never there.

/** What becomes of a job's acceptance. */
export class Acceptance {
  #state: 'waiting' | 'kept' | 'lost' = 'waiting';
  #onKept: (() => void) | undefined;

  /** Whether the log failed for good with it. */
  get isLost(): boolean {
    return this.#state === 'lost';
  }

  /** Calls back once it is kept; at once where it is. One waits at a time. */
  whenKept(callback: () => void): void {
    if (this.#state === 'kept') callback();
    else if (this.#state === 'waiting') this.#onKept = callback;
  }

  kept(): void {
    this.#state = 'kept';
    const callback = this.#onKept;
    this.#onKept = undefined;
    callback?.();
  }

  lost(): void {
    this.#state = 'lost';
    this.#onKept = undefined;
  }
}
