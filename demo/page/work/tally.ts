// What came, by its id: counted, and held against what somebody else has of the same jobs.

/** How what we have compares with what an observer has. */
export interface Comparison {
  readonly mine: number;
  readonly theirs: number;
  /** Events of the observer that have not come here, and the other way round. */
  readonly missing: number;
  readonly ahead: number;
  /** Events that came more than once, here or there. */
  readonly repeated: number;
  /** Whether both have what they have in the same order. */
  readonly sameOrder: boolean;
}

/** The events of some jobs, in the order in which they came. */
export class Tally {
  readonly #ids = new Map<string, string[]>();
  readonly #seen = new Set<string>();
  #repeated = 0;
  #count = 0;

  /** Notes an event. @returns Whether it is new. */
  note(jobId: string, id: string): boolean {
    this.#count++;
    if (this.#seen.has(id)) {
      this.#repeated++;
      return false;
    }
    this.#seen.add(id);
    const ids = this.#ids.get(jobId);
    if (ids === undefined) this.#ids.set(jobId, [id]);
    else ids.push(id);
    return true;
  }

  /** How many came, repeated ones included. */
  get count(): number {
    return this.#count;
  }

  get repeated(): number {
    return this.#repeated;
  }

  has(id: string): boolean {
    return this.#seen.has(id);
  }

  /** Holds this against what an observer has. Each job is judged by itself: between two there is no order to keep. */
  against(other: Tally): Comparison {
    let missing = 0;
    let ahead = 0;
    let sameOrder = true;
    for (const jobId of new Set([...this.#ids.keys(), ...other.#ids.keys()])) {
      const mine = this.#ids.get(jobId) ?? [];
      const theirs = other.#ids.get(jobId) ?? [];
      missing += theirs.filter((id) => !this.#seen.has(id)).length;
      ahead += mine.filter((id) => !other.#seen.has(id)).length;
      const shared = theirs.filter((id) => this.#seen.has(id));
      if (!mine.filter((id) => other.#seen.has(id)).every((id, at) => id === shared[at])) sameOrder = false;
    }
    const repeated = this.#repeated + other.#repeated;
    return { mine: this.#count, theirs: other.#count, missing, ahead, repeated, sameOrder };
  }
}
