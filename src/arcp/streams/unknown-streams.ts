// What is said of streams nobody knows (ARCP v1.0): one `nack` for each, then silence for a while. Pure.

/** How long nothing more is said of a stream, in milliseconds. */
const SILENCE_MS = 60_000;

/** Streams that are remembered. While they fill the memory, nothing is said of others: a flood gets no echo. */
const MAX_REMEMBERED = 1_024;

/** The streams of which nothing more is said. */
export class UnknownStreams {
  /** Until when, in the order of that time. */
  readonly #silentUntil = new Map<string, number>();

  /** Streams remembered. */
  get size(): number {
    return this.#silentUntil.size;
  }

  /** A message names a stream nobody knows. @returns Whether to say so. */
  shouldAnswer(streamId: string, nowMs: number): boolean {
    this.#forget(nowMs);
    return !this.#silentUntil.has(streamId) && this.silence(streamId, nowMs);
  }

  /** Says nothing of a stream: we ended it, and what was on its way still comes. @returns Whether there was room. */
  silence(streamId: string, nowMs: number): boolean {
    this.#forget(nowMs);
    this.#silentUntil.delete(streamId);
    if (this.#silentUntil.size >= MAX_REMEMBERED) return false;
    this.#silentUntil.set(streamId, nowMs + SILENCE_MS);
    return true;
  }

  /** A stream of that id is opened: it is known now. */
  know(streamId: string): void {
    this.#silentUntil.delete(streamId);
  }

  #forget(nowMs: number): void {
    for (const [streamId, untilMs] of this.#silentUntil) {
      if (untilMs > nowMs) return;
      this.#silentUntil.delete(streamId);
    }
  }
}
