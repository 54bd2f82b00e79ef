// Writes of one task to its store, one after another. A state that was overtaken before its turn came is not written.

import type { TaskRecord, TaskStore } from './task-store.js';

/** Writes the records of one task in their order. */
export class TaskWriter {
  readonly #store: TaskStore;
  readonly #onError: (error: unknown) => void;
  #next: TaskRecord | undefined;
  #writing: Promise<void> | undefined;

  /** @param onError Told of a record that was not stored behind. Does not throw. */
  constructor(store: TaskStore, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  /**
   * Writes a record.
   *
   * @returns Settles when it, or a later one, is stored.
   * @throws what the store rejects with.
   */
  async write(record: TaskRecord): Promise<void> {
    this.#next = record;
    await this.#pump();
  }

  /** Writes a record without waiting for it. One that fails is made up for by the next, which holds all of it. */
  writeBehind(record: TaskRecord): void {
    this.#next = record;
    this.#pump().catch(this.#onError);
  }

  /** Settles when nothing is being written. Never rejects. */
  async idle(): Promise<void> {
    await this.#writing?.catch(() => {});
  }

  #pump(): Promise<void> {
    this.#writing ??= this.#writeAll();
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    try {
      for (let record = this.#take(); record !== undefined; record = this.#take()) await this.#put(record);
    } finally {
      // In the same turn as the last look at what there is to write, so that nothing falls in between.
      this.#writing = undefined;
    }
  }

  /** A store may also throw at once; this one never does. */
  async #put(record: TaskRecord): Promise<void> {
    await this.#store.put(record);
  }

  #take(): TaskRecord | undefined {
    const record = this.#next;
    this.#next = undefined;
    return record;
  }
}
