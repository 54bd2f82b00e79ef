// How much of all streams of a session waits to be read, whether they are open or over.

import type { Reading } from './stream-reading.js';

/** Characters that wait together. */
const MAX_CHARS = 33_554_432;

/** Streams of which something waits. */
const MAX_STREAMS = 1_024;

/** Room for the streams of one session. Those that nobody reads make place for those that somebody does. */
export class UnreadRoom {
  /** Characters by stream, the oldest first. */
  readonly #held = new Map<Reading, number>();
  #chars = 0;

  /** Takes room for a chunk. @returns Whether there was any. */
  take(reading: Reading, chars: number): boolean {
    while (this.#chars + chars > MAX_CHARS || (this.#held.size >= MAX_STREAMS && !this.#held.has(reading))) {
      const victim = this.#oldestUnread(reading);
      if (victim === undefined) return false;
      victim.evict();
      this.give(victim, this.#held.get(victim) ?? 0);
    }
    this.#held.set(reading, (this.#held.get(reading) ?? 0) + chars);
    this.#chars += chars;
    return true;
  }

  give(reading: Reading, chars: number): void {
    const held = this.#held.get(reading);
    if (held === undefined) return;
    this.#chars -= chars;
    if (held > chars) this.#held.set(reading, held - chars);
    else this.#held.delete(reading);
  }

  #oldestUnread(but: Reading): Reading | undefined {
    for (const reading of this.#held.keys()) if (reading !== but && !reading.isRead) return reading;
    return undefined;
  }
}
