// Answers of the log that never go stale. Without them, a name that somebody puts on many messages would be looked for in all
// of those each time it is asked for.

import type { MaybePromise } from '../log/contract.js';

/** Answers that are remembered at once. */
const MAX_REMEMBERED = 1_024;

/** Yes or no, by name; the oldest answer makes room. */
export class KnownAnswers {
  readonly #known = new Map<string, boolean>();

  /** What is remembered. */
  get(key: string): boolean | undefined {
    return this.#known.get(key);
  }

  /** Remembers an answer, as the newest. @returns It. */
  keep(key: string, answer: boolean): boolean {
    this.#known.delete(key);
    this.#known.set(key, answer);
    if (this.#known.size > MAX_REMEMBERED) this.#known.delete(this.#known.keys().next().value as string);
    return answer;
  }

  /** Answers from memory, else by looking. A look that fails is not remembered. */
  ask(key: string, look: () => MaybePromise<boolean>): MaybePromise<boolean> {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = look();
    return found instanceof Promise ? found.then((answer) => this.keep(key, answer)) : this.keep(key, found);
  }
}
