// A store in IndexedDB, for pages and workers of one origin: survives reloads, shared by every tab. The opening and
// reopening of the database is idb-keyval's; atomicity is IndexedDB's own, one transaction per operation.

import { createStore, del, get, keys, promisifyRequest, set } from 'idb-keyval';
import { assertString } from '../bytes/assert.js';
import { type Clock, systemClock } from '../clock.js';
import { StorageError } from '../errors.js';
import { assertKey, assertRecord } from './assert.js';
import type { Persistence, Store } from './contract.js';

/** Options of {@link indexedDb}. */
export interface IndexedDbOptions {
  /** Bounds the wait of `persist`; the host's own clock by default. */
  readonly clock?: Clock;
}

const OBJECT_STORE = 'records';

/** A prompt may be on the screen; some headless browsers never answer at all. */
const PERSIST_TIMEOUT_MS = 1_000;

/**
 * Makes a store in an IndexedDB database of its own. Opens it at the first operation, not before.
 *
 * @param name Name of the database; one per application and origin is usual. Not empty.
 * @throws {TypeError | RangeError} the name is not a string, or empty.
 *
 * @example
 * ```ts
 * const { identity } = await openIdentity(indexedDb('my-agent'));
 * ```
 */
export function indexedDb(name: string, options: IndexedDbOptions = {}): Store {
  assertString(name, 'name');
  if (name === '') throw new RangeError('name must not be empty');
  const { clock = systemClock } = options;
  const database = createStore(name, OBJECT_STORE);
  return {
    async get(key) {
      assertKey(key);
      return attempt(() => get(key, database));
    },
    async set(key, value) {
      assertRecord(key, value);
      return attempt(() => set(key, value, database));
    },
    async delete(key) {
      assertKey(key);
      return attempt(() => del(key, database));
    },
    async putIfAbsent(key, value) {
      assertRecord(key, value);
      return attempt(() =>
        database('readwrite', async (records) => {
          const present: unknown = await promisifyRequest(records.get(key));
          if (present !== undefined) return { value: present, written: false };
          records.put(value, key);
          await promisifyRequest(records.transaction);
          return { value, written: true };
        }),
      );
    },
    keys: () => attempt(() => keys<string>(database)),
    persist: () => askToPersist(clock),
  };
}

async function attempt<T>(operation: () => Promise<T>): Promise<T> {
  if (typeof indexedDB === 'undefined') {
    throw new StorageError('ERR_STORAGE_UNAVAILABLE', 'this runtime has no IndexedDB');
  }
  try {
    return await operation();
  } catch (cause) {
    // A page of an opaque origin, such as a sandboxed frame, has an IndexedDB that refuses to open.
    if ((cause as Error | null)?.name === 'SecurityError') {
      throw new StorageError('ERR_STORAGE_UNAVAILABLE', 'this page may not use IndexedDB', { cause });
    }
    throw new StorageError('ERR_STORAGE_FAILED', 'IndexedDB failed', { cause });
  }
}

/** What the type library leaves out in workers: only a page may ask, a worker may look. */
type Manager = Partial<Pick<StorageManager, 'persisted'>> & { persist?(): Promise<boolean> };

async function askToPersist(clock: Clock): Promise<Persistence> {
  const manager: Manager | undefined = globalThis.navigator?.storage;
  const answer = (async () => (await manager?.persisted?.()) || (await manager?.persist?.()) || false)();
  let cancel: (() => void) | undefined;
  const silence = new Promise<boolean>((resolve) => {
    cancel = clock.setTimer(() => resolve(false), PERSIST_TIMEOUT_MS);
  });
  try {
    return (await Promise.race([answer, silence])) ? 'persisted' : 'best-effort';
  } catch {
    return 'best-effort';
  } finally {
    cancel?.();
  }
}
