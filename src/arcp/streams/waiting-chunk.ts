// A chunk between being written and being sent: its payload, which is ours from the moment it waits, its hash, and whoever
// waits for it to leave.

import { onAbort } from '../../abort.js';
import type { JsonValue } from '../../codec/json-value.js';
import { type Deferred, deferred } from '../../deferred.js';
import type { ChunkPayload } from './chunk-payload.js';

/** A chunk that waits. */
export class WaitingChunk {
  /** Resolves when it was sent. A rejection nobody looks at is none. */
  readonly sent: Promise<void>;
  #payload: ChunkPayload;
  #isReady: boolean;
  #isSent = false;
  readonly #settle: Deferred<void> = deferred();
  #stopListening: () => void = () => {};

  /** @param isReady Whether its payload is whole: else {@link hashed} makes it so. */
  constructor(payload: ChunkPayload, isReady: boolean) {
    this.#payload = payload;
    this.#isReady = isReady;
    this.sent = this.#settle.promise;
  }

  get payload(): ChunkPayload {
    return this.#payload;
  }

  /** Whether it may be sent. */
  get isReady(): boolean {
    return this.#isReady;
  }

  get isSent(): boolean {
    return this.#isSent;
  }

  /** Takes it back when the signal aborts. @param remove Takes it out of the queue. @returns Whether it was there. */
  watch(signal: AbortSignal | undefined, remove: () => boolean): void {
    this.#stopListening = onAbort(signal, (reason) => {
      if (remove()) this.#settle.reject(reason);
    });
  }

  /** Its hash is known: it is whole. */
  hashed(sha256: string): void {
    this.#payload = { ...this.#payload, sha256 };
    this.#isReady = true;
  }

  /**
   * It goes on waiting, and whoever wrote it may change its object meanwhile: takes a copy.
   *
   * @returns UTF-16 units of the object's JSON; 0 for any other data.
   */
  own(): number {
    const { data } = this.#payload;
    if (typeof data !== 'object') return 0;
    const text = JSON.stringify(data);
    this.#payload = { ...this.#payload, data: JSON.parse(text) as JsonValue };
    return text.length;
  }

  resolve(): void {
    this.#stopListening();
    this.#isSent = true;
    this.#settle.resolve();
  }

  reject(error: unknown): void {
    this.#stopListening();
    this.#settle.reject(error);
  }
}
