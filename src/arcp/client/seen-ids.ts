// Ids of messages that came: after a resume some come again. Bounded: the oldest are forgotten.

/** A set of the newest ids. */
export class SeenIds {
  readonly #ids = new Set<string>();
  readonly #max: number;

  /** @param max 1 or more. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Notes an id. @returns Whether it is new. */
  note(id: string): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    if (this.#ids.size > this.#max) for (const oldest of this.#ids) return this.#ids.delete(oldest);
    return true;
  }

  /** Forgets an id. @returns Whether it was there. */
  delete(id: string): boolean {
    return this.#ids.delete(id);
  }
}
