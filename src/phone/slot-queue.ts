// So many at once, the others in line: for running handlers and for open calls of ours.

import { onAbort } from '../abort.js';

interface Waiting {
  start(): void;
  refuse(error: unknown): void;
}

/** A counting gate with a first-in, first-out line. The caller bounds the line. */
export class SlotQueue {
  readonly #slots: number;
  readonly #line = new Map<object, Waiting>();
  #busy = 0;
  #admitting = false;
  #closed: { readonly error: unknown } | undefined;

  /** @param slots How many may be inside at once, 1 or more. */
  constructor(slots: number) {
    this.#slots = slots;
  }

  /** How many are inside. */
  get busy(): number {
    return this.#busy;
  }

  /** How many stand in line. */
  get waiting(): number {
    return this.#line.size;
  }

  /** Enters at once where there is room. @returns Whether it did. */
  tryEnter(): boolean {
    if (this.#closed !== undefined || this.#busy >= this.#slots) return false;
    this.#busy++;
    return true;
  }

  /** Enters whether there is room or not. */
  forceEnter(): void {
    this.#busy++;
  }

  /**
   * Enters as soon as there is room: at once, or when somebody leaves.
   *
   * @param ticket Names the place in line, for {@link SlotQueue.withdraw}.
   * @param start Called inside; must not throw. @param refuse Called instead when the queue closes first.
   */
  enter(ticket: object, start: () => void, refuse: (error: unknown) => void): void {
    if (this.#closed !== undefined) refuse(this.#closed.error);
    else if (this.tryEnter()) start();
    else this.#line.set(ticket, { start, refuse });
  }

  /**
   * As {@link SlotQueue.enter}, as a promise.
   *
   * @throws the signal's reason; the place in line is given up.
   */
  async whenEntered(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return new Promise<void>((resolve, reject) => {
      const ticket = {};
      const removeAbort = onAbort(signal, (reason) => {
        if (this.withdraw(ticket)) reject(reason);
      });
      const then = (settle: () => void) => {
        removeAbort();
        settle();
      };
      this.enter(
        ticket,
        () => then(resolve),
        (error) => then(() => reject(error)),
      );
    });
  }

  /** Gives up a place in line. @returns Whether there was one. */
  withdraw(ticket: object): boolean {
    return this.#line.delete(ticket);
  }

  /** Leaves, and lets the next ones in. */
  leave(): void {
    this.#busy--;
    // Somebody let in may leave at once, inside `start`: the loop below goes on, without growing the stack.
    if (this.#admitting) return;
    this.#admitting = true;
    for (const [ticket, next] of this.#line) {
      if (this.#busy >= this.#slots) break;
      this.#line.delete(ticket);
      this.#busy++;
      next.start();
    }
    this.#admitting = false;
  }

  /** Refuses everyone in line and everyone to come. Idempotent. */
  close(error: unknown): void {
    this.#closed ??= { error };
    const line = [...this.#line.values()];
    this.#line.clear();
    for (const waiting of line) waiting.refuse(error);
  }
}
