// The storage of a Durable Object, in memory: keys in order, copies in and out, nothing done before others had a turn. By
// default a transaction keeps nobody out, so that an adapter that relies on that shows it; one that fails is undone.

import type { DurableListOptions, DurableRecords, DurableStorage } from '../../src/storage/durable-object.js';

/** Longest key, in bytes, as Cloudflare has it. */
const MAX_KEY_BYTES = 2_048;

export interface FakeDurableStorage extends DurableStorage {
  /** Everything there is, in order. */
  readonly records: ReadonlyMap<string, unknown>;
  /** Most records a single `list` has handed out. */
  readonly longestList: number;
}

export function fakeDurableStorage(): FakeDurableStorage {
  let records = new Map<string, unknown>();
  let longestList = 0;

  const turn = async () => {
    for (let i = 0; i < 3; i++) await Promise.resolve();
  };
  const check = (key: string) => {
    if (key === '' || new TextEncoder().encode(key).length > MAX_KEY_BYTES)
      throw new TypeError('a key of such a length');
  };
  const sorted = () => [...records].sort(([a], [b]) => (a < b ? -1 : 1));

  const operations: DurableRecords = {
    async get(key) {
      check(key);
      await turn();
      return structuredClone(records.get(key));
    },
    async put(key, value) {
      check(key);
      const copy = structuredClone(value);
      await turn();
      records.set(key, copy);
    },
    async delete(key) {
      check(key);
      await turn();
      return records.delete(key);
    },
    async list({ prefix = '', start = '', startAfter, end, limit = Number.POSITIVE_INFINITY }: DurableListOptions) {
      await turn();
      const within = sorted().filter(
        ([key]) =>
          key.startsWith(prefix) &&
          key >= start &&
          (startAfter === undefined || key > startAfter) &&
          (end === undefined || key < end),
      );
      const page = within.slice(0, limit);
      longestList = Math.max(longestList, page.length);
      return structuredClone(new Map(page));
    },
  };

  return {
    ...operations,
    get records() {
      return new Map(sorted());
    },
    get longestList() {
      return longestList;
    },
    async transaction(work) {
      const before = new Map(records);
      try {
        return await work(operations);
      } catch (error) {
        records = before;
        throw error;
      }
    },
  };
}
