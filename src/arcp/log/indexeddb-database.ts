// A connection to an IndexedDB database that opens at the first operation, gives way when another tab wants a newer version,
// and opens again after that, or after the browser dropped it. The wrapping of requests in promises is idb's.

import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB, type StoreNames } from 'idb';
import { assertString } from '../../bytes/assert.js';
import { SdkError, StorageError } from '../../errors.js';

/** A transaction that may write. */
export type Writing<Schema extends DBSchema> = IDBPTransaction<Schema, StoreNames<Schema>[], 'readwrite'>;

/** A transaction that only reads. */
export type Reading<Schema extends DBSchema> = IDBPTransaction<Schema, StoreNames<Schema>[], 'readonly'>;

/** Runs work on a database. Work waits for nothing but requests of its transaction. */
export interface Connection<Schema extends DBSchema> {
  read<T>(work: (transaction: Reading<Schema>) => Promise<T>): Promise<T>;
  /** Settles when all is written; when the work rejects, nothing is. */
  write<T>(work: (transaction: Writing<Schema>) => Promise<T>): Promise<T>;
  close(): void;
}

/**
 * Prepares a connection.
 *
 * @param what For messages, such as `log`.
 * @param upgrade Makes the stores, from the version that is there; 0 for none.
 * @throws {TypeError | RangeError} the name is not a string, or empty.
 */
export function connection<Schema extends DBSchema>(
  name: string,
  what: string,
  version: number,
  upgrade: (database: IDBPDatabase<Schema>, from: number) => void,
): Connection<Schema> {
  assertString(name, 'name');
  if (name === '') throw new RangeError('name must not be empty');
  let current: Promise<IDBPDatabase<Schema>> | undefined;
  let closed = false;
  const open = (): Promise<IDBPDatabase<Schema>> => {
    if (current !== undefined) return current;
    const opening = openDB<Schema>(`${name}/arcp-${what}`, version, {
      upgrade,
      blocking(_, __, event) {
        forget();
        (event.target as IDBDatabase).close();
      },
      terminated: () => forget(),
    });
    const forget = (): void => {
      if (current === opening) current = undefined;
    };
    current = opening;
    opening.catch(forget);
    return opening;
  };
  const run = async <T>(operation: (database: IDBPDatabase<Schema>) => Promise<T>): Promise<T> => {
    if (closed) throw new StorageError('ERR_STORAGE_FAILED', `the ${what} was closed`);
    if (typeof indexedDB === 'undefined') {
      throw new StorageError('ERR_STORAGE_UNAVAILABLE', 'this runtime has no IndexedDB');
    }
    try {
      return await operation(await open());
    } catch (cause) {
      if (cause instanceof SdkError) throw cause;
      // A page of an opaque origin, such as a sandboxed frame, has an IndexedDB that refuses to open.
      if ((cause as Error | null)?.name === 'SecurityError') {
        throw new StorageError('ERR_STORAGE_UNAVAILABLE', 'this page may not use IndexedDB', { cause });
      }
      throw new StorageError('ERR_STORAGE_FAILED', 'IndexedDB failed', { cause });
    }
  };
  return {
    read: (work) => run((database) => work(database.transaction(storesOf(database)))),
    write: (work) =>
      run(async (database) => {
        const transaction = database.transaction(storesOf(database), 'readwrite');
        // Told below, or by what the work rejects with.
        transaction.done.catch(() => {});
        try {
          const result = await work(transaction);
          await transaction.done;
          return result;
        } catch (error) {
          try {
            transaction.abort();
          } catch {
            // It has ended already.
          }
          throw error;
        }
      }),
    close() {
      closed = true;
      void current?.then((database) => database.close()).catch(() => {});
      current = undefined;
    },
  };
}

function storesOf<Schema extends DBSchema>(database: IDBPDatabase<Schema>): StoreNames<Schema>[] {
  return [...database.objectStoreNames];
}

/**
 * Makes requests of one transaction, all at once. None is left behind when another fails, be it on the spot or later: their
 * own failures, by the abort that follows, would be nobody's.
 */
export async function allOf(requests: readonly (() => Promise<unknown>)[]): Promise<void> {
  await Promise.all(requests.map(async (request) => request()));
}
