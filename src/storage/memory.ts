// A store that lives as long as the program: for servers with a seed of their own, for tests, for private windows.
// Records are kept by reference, so that CryptoKeys stay usable where the runtime cannot clone them.

import { assertKey, assertRecord } from './assert.js';
import type { Store } from './contract.js';

/**
 * Makes an empty store in memory.
 *
 * @example
 * ```ts
 * const { identity } = await openIdentity(memoryStore());
 * ```
 */
export function memoryStore(): Store {
  const records = new Map<string, unknown>();
  return {
    async get(key) {
      assertKey(key);
      return records.get(key);
    },
    async set(key, value) {
      assertRecord(key, value);
      records.set(key, value);
    },
    async delete(key) {
      assertKey(key);
      records.delete(key);
    },
    async putIfAbsent(key, value) {
      assertRecord(key, value);
      // Atomic: nothing else runs between these lines.
      if (records.has(key)) return { value: records.get(key), written: false };
      records.set(key, value);
      return { value, written: true };
    },
    keys: async () => [...records.keys()],
    persist: async () => 'best-effort',
  };
}
