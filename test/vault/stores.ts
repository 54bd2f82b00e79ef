// Stores that lose keys the way real runtimes do.

import { StorageError } from '../../src/errors.js';
import type { Store } from '../../src/storage/contract.js';
import { memoryStore } from '../../src/storage/memory.js';

/** A store that passes every record through a change, as it is read back. */
export function changingStore(
  change: (record: Record<string, unknown>) => unknown,
  under: Store = memoryStore(),
): Store {
  const changed = (value: unknown) =>
    typeof value === 'object' && value !== null ? change({ ...(value as Record<string, unknown>) }) : value;
  return {
    ...under,
    get: async (key) => changed(await under.get(key)),
    async putIfAbsent(key, value) {
      const result = await under.putIfAbsent(key, value);
      return { ...result, value: changed(result.value) };
    },
  };
}

/** WebKit: a stored X25519 key comes back as null, without a word. */
export function webKitStore(under?: Store): Store {
  return changingStore((record) => {
    for (const [name, value] of Object.entries(record)) {
      if (value instanceof CryptoKey && value.algorithm.name === 'X25519') record[name] = null;
    }
    return record;
  }, under);
}

/** Bun and workerd: a CryptoKey cannot be cloned at all. */
export function keylessStore(): Store {
  const under = memoryStore();
  const refuse = (value: unknown) => {
    if (Object.values(value as object).some((field) => field instanceof CryptoKey)) {
      const cause = new DOMException('The object can not be cloned.', 'DataCloneError');
      throw new StorageError('ERR_STORAGE_FAILED', 'not cloneable', { cause });
    }
  };
  return {
    ...under,
    async set(key, value) {
      refuse(value);
      return under.set(key, value);
    },
    async putIfAbsent(key, value) {
      refuse(value);
      return under.putIfAbsent(key, value);
    },
  };
}

/** A store of text: keys come back as empty objects. */
export function jsonStore(): Store {
  return changingStore((record) => JSON.parse(JSON.stringify(record)));
}
