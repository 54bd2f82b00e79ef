// The checkpoints of one principal, without their data: how many, how large, and which of them go when it has too many. Pure.

/** What is known of a checkpoint without looking at it. */
export interface Kept {
  readonly jobId: string;
  /** Characters it takes. */
  readonly chars: number;
  /** When it was made, as Unix time in milliseconds. */
  readonly atMs: number;
}

/** How much a principal may keep. */
export interface ShelfLimits {
  /** Of one job. */
  readonly maxCheckpoints: number;
  readonly maxCheckpointsPerPrincipal: number;
  readonly maxCheckpointChars: number;
}

/** The shelf of a principal. */
export class CheckpointShelf {
  /** Oldest first. */
  readonly #kept = new Map<string, Kept>();
  /** By job, oldest first. */
  readonly #ofJob = new Map<string, string[]>();
  #chars = 0;

  get size(): number {
    return this.#kept.size;
  }

  /** Id of a job's newest; `undefined` where it has none. */
  newestOf(jobId: string): string | undefined {
    return this.#ofJob.get(jobId)?.at(-1);
  }

  add(id: string, kept: Kept): void {
    this.#kept.set(id, kept);
    this.#chars += kept.chars;
    const own = this.#ofJob.get(kept.jobId);
    if (own === undefined) this.#ofJob.set(kept.jobId, [id]);
    else own.push(id);
  }

  remove(id: string): void {
    const kept = this.#kept.get(id);
    if (kept === undefined) return;
    this.#kept.delete(id);
    this.#chars -= kept.chars;
    const own = this.#ofJob.get(kept.jobId) ?? [];
    own.splice(own.indexOf(id), 1);
    if (own.length === 0) this.#ofJob.delete(kept.jobId);
  }

  /**
   * What goes to make room for one more.
   *
   * @param isLive Whether a job has not ended: its newest stays, unless the one more is of that job.
   * @returns Ids; `undefined` where there is no room to be made.
   */
  victims(next: Kept, limits: ShelfLimits, isLive: (jobId: string) => boolean): readonly string[] | undefined {
    const own = this.#ofJob.get(next.jobId) ?? [];
    const gone = new Set(own.slice(0, Math.max(0, own.length + 1 - limits.maxCheckpoints)));
    let chars = this.#chars + next.chars;
    for (const id of gone) chars -= this.#kept.get(id)?.chars ?? 0;
    const isTooMuch = () =>
      this.#kept.size - gone.size + 1 > limits.maxCheckpointsPerPrincipal || chars > limits.maxCheckpointChars;
    if (!isTooMuch()) return [...gone];
    for (const [id, kept] of this.#kept) {
      if (gone.has(id)) continue;
      if (kept.jobId !== next.jobId && this.newestOf(kept.jobId) === id && isLive(kept.jobId)) continue;
      gone.add(id);
      chars -= kept.chars;
      if (!isTooMuch()) return [...gone];
    }
    return undefined;
  }

  /** Ids of those that nobody will ask for any more. */
  expired(oldestMs: number, isLive: (jobId: string) => boolean): readonly string[] {
    const ids: string[] = [];
    for (const [id, { atMs, jobId }] of this.#kept) if (atMs < oldestMs && !isLive(jobId)) ids.push(id);
    return ids;
  }

  /** Ids of all. */
  ids(): readonly string[] {
    return [...this.#kept.keys()];
  }
}
