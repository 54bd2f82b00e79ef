// A connection to an IndexedDB database that opens at the first operation, gives way when another tab wants a newer version,
// and opens again after that, or after the browser dropped it. The wrapping of requests in promises is idb's.

import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB, type StoreNames } from 'idb';
import { assertString } from '../../bytes/assert.js';
import { SdkError, StorageError } from '../../errors.js';

/** A transaction that may write. */
export type Writing<Schema extends DBSchema> = IDBPTransaction<Schema, StoreNames<Schema>[], 'readwrite'>;

/** A transaction that only reads. */
export type Reading<Schema extends DBSchema> = IDBPTransaction<Schema, StoreNames<Schema>[], 'readonly'>;

/** The transaction in which the version changes. */
export type Upgrading<Schema extends DBSchema> = IDBPTransaction<Schema, StoreNames<Schema>[], 'versionchange'>;

/** Runs work on a database. Work waits for nothing but requests of its transaction. */
export interface Connection<Schema extends DBSchema> {
  read<T>(work: (transaction: Reading<Schema>) => Promise<T>): Promise<T>;
  /** Settles when all is written; when the work rejects, nothing is. */
  write<T>(work: (transaction: Writing<Schema>) => Promise<T>): Promise<T>;
  close(): void;
}

/**
 * Prepares a connection. Where another tab holds an older version open without letting go, operations wait for it.
 *
 * @param what For messages, such as `log`.
 * @param upgrade Makes the stores, from the version that is there; 0 for none. What it promises is part of the change: where
 * it rejects, all stays as it was.
 * @throws {TypeError | RangeError} the name is not a string, or empty.
 */
export function connection<Schema extends DBSchema>(
  name: string,
  what: string,
  version: number,
  upgrade: (database: IDBPDatabase<Schema>, from: number, transaction: Upgrading<Schema>) => unknown,
): Connection<Schema> {
  assertString(name, 'name');
  if (name === '') throw new RangeError('name must not be empty');
  let current: Promise<IDBPDatabase<Schema>> | undefined;
  let giveUp = (): void => {};
  let isClosed = false;
  const closed = () => new StorageError('ERR_STORAGE_FAILED', `the ${what} was closed`);
  const open = (): Promise<IDBPDatabase<Schema>> => {
    if (current !== undefined) return current;
    const forget = (): void => {
      if (current === opening) current = undefined;
    };
    const opening = new Promise<IDBPDatabase<Schema>>((resolve, reject) => {
      giveUp = () => reject(closed());
      openDB<Schema>(`${name}/arcp-${what}`, version, {
        upgrade: (database, from, _, transaction) => change(() => upgrade(database, from, transaction), transaction),
        blocking(_, __, event) {
          forget();
          (event.target as IDBDatabase).close();
        },
        terminated: () => forget(),
      }).then((database) => {
        // Too late: nobody waits for it any more.
        if (isClosed) database.close();
        resolve(database);
      }, reject);
    });
    current = opening;
    opening.catch(forget);
    return opening;
  };
  const begin = async <Mode extends 'readonly' | 'readwrite', T>(
    mode: Mode,
    use: (transaction: IDBPTransaction<Schema, StoreNames<Schema>[], Mode>) => Promise<T>,
  ): Promise<T> => {
    for (let isAgain = false; ; isAgain = true) {
      const opening = open();
      const database = await opening;
      let transaction: IDBPTransaction<Schema, StoreNames<Schema>[], Mode>;
      try {
        transaction = database.transaction(storesOf(database), mode);
      } catch (error) {
        // Some browsers drop a connection and do not say so. Nothing has begun yet.
        if (isAgain || isClosed || (error as Error | null)?.name !== 'InvalidStateError') throw error;
        if (current === opening) current = undefined;
        continue;
      }
      return use(transaction);
    }
  };
  const run = async <T>(operation: () => Promise<T>): Promise<T> => {
    if (isClosed) throw closed();
    if (typeof indexedDB === 'undefined') {
      throw new StorageError('ERR_STORAGE_UNAVAILABLE', 'this runtime has no IndexedDB');
    }
    try {
      return await operation();
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
    read: (work) => run(() => begin('readonly', work)),
    write: (work) => run(() => begin('readwrite', (transaction) => written(transaction, work))),
    close() {
      isClosed = true;
      // Where it is open already, what runs in it comes to its end.
      void current?.then((database) => database.close()).catch(() => {});
      current = undefined;
      giveUp();
    },
  };
}

/** Does the work of a transaction, and waits until it is written. */
async function written<Schema extends DBSchema, T>(
  transaction: Writing<Schema>,
  work: (transaction: Writing<Schema>) => Promise<T>,
): Promise<T> {
  // Told below, or by what the work rejects with.
  transaction.done.catch(() => {});
  try {
    const result = await work(transaction);
    await transaction.done;
    return result;
  } catch (error) {
    abort(transaction);
    // That of the transaction says why, where the work was merely cut off.
    throw transaction.error ?? error;
  }
}

/** Does what a change of the version takes. What it rejects with would be nobody's. */
async function change<Schema extends DBSchema>(work: () => unknown, transaction: Upgrading<Schema>): Promise<void> {
  transaction.done.catch(() => {});
  try {
    await work();
  } catch {
    abort(transaction);
  }
}

function abort(transaction: { abort(): void }): void {
  try {
    transaction.abort();
  } catch {
    // It has ended already.
  }
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
