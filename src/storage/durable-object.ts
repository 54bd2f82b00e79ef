// A store in the storage of a Durable Object: one object, one storage, wherever its callers are. Records survive the object
// being moved or put to sleep. Nothing of Cloudflare's is imported: any storage of that form will do.

import { assertString } from '../bytes/assert.js';
import { StorageError } from '../errors.js';
import { assertKey, assertRecord } from './assert.js';
import type { Store } from './contract.js';

/** Which keys are listed, in their order. */
export interface DurableListOptions {
  readonly prefix?: string;
  /** First key. */
  readonly start?: string;
  /** Key before the first. */
  readonly startAfter?: string;
  /** Key behind the last. */
  readonly end?: string;
  readonly limit?: number;
}

/** What can be done with records, in a transaction or outside of one. */
export interface DurableRecords {
  get(key: string): Promise<unknown>;
  put(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<boolean>;
  list(options: DurableListOptions): Promise<Map<string, unknown>>;
}

/** The storage of a Durable Object, as far as it is used here: `ctx.storage`. */
export interface DurableStorage extends DurableRecords {
  transaction<T>(work: (records: DurableRecords) => Promise<T>): Promise<T>;
}

/** Options of {@link durableObjectStore}. */
export interface DurableStoreOptions {
  /** Put before every key, so that the object may keep other things beside. Default `ringline/`. */
  readonly prefix?: string;
}

/** Keys asked for at once: their records come with them. */
const PAGE = 256;

/** Of each storage the work that was begun last. */
const queues = /* @__PURE__ */ new WeakMap<DurableStorage, Promise<unknown>>();

/**
 * Does something with records as one step, whatever else is under way in the same object.
 *
 * A transaction keeps out other events of the object, and undoes what was written where the work fails; one after the other
 * keeps out calls made by the same event.
 */
export function inTransaction<T>(storage: DurableStorage, work: (records: DurableRecords) => Promise<T>): Promise<T> {
  const before = queues.get(storage) ?? Promise.resolve();
  const done = before.then(() => storage.transaction(work));
  queues.set(
    storage,
    done.catch(() => {}),
  );
  return done;
}

/** @throws {TypeError} no storage of a Durable Object. */
export function assertDurableStorage(storage: unknown): asserts storage is DurableStorage {
  const { get, put, list, transaction } = (storage ?? {}) as Record<string, unknown>;
  if ([get, put, list, transaction].every((method) => typeof method === 'function')) return;
  throw new TypeError('storage must be the storage of a Durable Object');
}

/**
 * Makes a store in the storage of a Durable Object.
 *
 * @param storage `ctx.storage`. A key may have 2,048 bytes there, the prefix included, and a record 128 KiB or 2 MiB, as the
 *   object's class was declared. Keys of WebCrypto cannot be kept.
 * @throws {TypeError} no such storage, or a prefix without content.
 *
 * @example
 * ```ts
 * export class Agent extends DurableObject {
 *   #store = durableObjectStore(this.ctx.storage)
 * }
 * ```
 */
export function durableObjectStore(storage: DurableStorage, options: DurableStoreOptions = {}): Store {
  const { prefix = 'ringline/' } = options;
  assertDurableStorage(storage);
  assertString(prefix, 'prefix');
  if (prefix === '') throw new TypeError('prefix must have content');
  return {
    async get(key) {
      assertKey(key);
      return attempt(() => storage.get(prefix + key));
    },
    async set(key, value) {
      assertRecord(key, value);
      await attempt(() => storage.put(prefix + key, value));
    },
    async delete(key) {
      assertKey(key);
      await attempt(() => storage.delete(prefix + key));
    },
    async putIfAbsent(key, value) {
      assertRecord(key, value);
      return attempt(() =>
        inTransaction(storage, async (records) => {
          const present = await records.get(prefix + key);
          if (present !== undefined) return { value: present, written: false };
          await records.put(prefix + key, value);
          return { value, written: true };
        }),
      );
    },
    keys: () => attempt(() => keysOf(storage, prefix)),
    // Nothing takes it away but the object itself.
    persist: async () => 'persisted',
  };
}

async function keysOf(storage: DurableRecords, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for (let last: string | undefined; ; ) {
    const page = await storage.list({ prefix, limit: PAGE, ...(last === undefined ? {} : { startAfter: last }) });
    for (const key of page.keys()) {
      last = key;
      found.push(key.slice(prefix.length));
    }
    if (page.size < PAGE) return found;
  }
}

async function attempt<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (cause) {
    throw new StorageError('ERR_STORAGE_FAILED', 'the storage of the Durable Object failed', { cause });
  }
}
