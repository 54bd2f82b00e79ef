// The records beside a log in memory: by kind, and by key in order.

import { assertInteger } from '../../bytes/assert.js';
import type { JsonValue } from '../../codec/json-value.js';
import type { EventLog, RecordWrite } from './contract.js';
import { search } from './memory-party.js';

/** Records of one kind. */
interface Kind {
  readonly values: Map<string, JsonValue>;
  /** Keys in order; `undefined` where they changed since. */
  keys: readonly string[] | undefined;
}

/** All records of a log. */
export class MemoryRecords {
  readonly #kinds = new Map<string, Kind>();

  /** Sets or removes one. */
  write({ kind, key, value }: RecordWrite): void {
    let found = this.#kinds.get(kind);
    if (value === undefined) {
      if (found?.values.delete(key)) found.keys = undefined;
      if (found?.values.size === 0) this.#kinds.delete(kind);
      return;
    }
    if (found === undefined) {
      found = { values: new Map(), keys: undefined };
      this.#kinds.set(kind, found);
    }
    if (!found.values.has(key)) found.keys = undefined;
    found.values.set(key, value);
  }

  /** As `EventLog.record`. */
  get(kind: string, key: string): JsonValue | undefined {
    return this.#kinds.get(kind)?.values.get(key);
  }

  /** As `EventLog.records`. */
  list(kind: string, { after, limit }: Parameters<EventLog['records']>[1]): { key: string; value: JsonValue }[] {
    assertInteger(limit, 'limit', 1);
    const found = this.#kinds.get(kind);
    if (found === undefined) return [];
    found.keys ??= [...found.values.keys()].sort();
    const { keys, values } = found;
    const start = after === undefined ? 0 : search(keys.length, (i) => (keys[i] as string) > after);
    return keys.slice(start, start + limit).map((key) => ({ key, value: values.get(key) as JsonValue }));
  }

  clear(): void {
    this.#kinds.clear();
  }
}
