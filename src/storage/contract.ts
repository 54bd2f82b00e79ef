// What the SDK asks of a place to keep things: a few named records, each replaced as a whole, with one atomic update.
// `test/contracts/store.ts` holds every adapter to it.

/** Whether the runtime promised to keep the data, or may evict it under pressure. */
export type Persistence = 'persisted' | 'best-effort';

/**
 * A small key-value store of structured-cloneable records.
 *
 * Keys are any strings. A record may be kept by reference, and must not be changed after it was handed over, in either
 * direction. Misuse is a rejection with TypeError: a key that is no string, a value that is `undefined`.
 *
 * Adapters reject with {@link StorageError} (ERR_STORAGE_FAILED, or ERR_STORAGE_UNAVAILABLE where the runtime has no
 * such storage), with the runtime's error as `cause`.
 */
export interface Store {
  /** Reads a record. @returns The value, or `undefined` when there is none. */
  get(key: string): Promise<unknown>;

  /** Writes a record, replacing what was there. Settles when the write is durable as far as the runtime tells. */
  set(key: string, value: unknown): Promise<void>;

  /** Removes a record; removing nothing is no error. */
  delete(key: string): Promise<void>;

  /**
   * Writes a record only where there is none, in one atomic step across every tab and worker that shares the store.
   *
   * @returns The value that is stored afterwards: `value` when it was written, else the one that was there.
   */
  putIfAbsent(key: string, value: unknown): Promise<{ readonly value: unknown; readonly written: boolean }>;

  /** All keys, in no particular order. */
  keys(): Promise<string[]>;

  /** Asks the runtime to keep the data, once, and tells what it said. Never rejects; bounded in time. */
  persist(): Promise<Persistence>;
}
