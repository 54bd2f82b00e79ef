// What the SQL adapters ask of SQLite: one statement at a time, and transactions; both synchronous. ARCP v1.0, section 6.4.

import { SdkError, StorageError } from '../../errors.js';

/** What a column holds, or a parameter says. Integers that a double cannot hold may come as `bigint`. */
export type SqlValue = string | number | bigint | Uint8Array | null;

/** A row, by name of column. */
export type SqlRow = Readonly<Record<string, SqlValue>>;

/**
 * A SQLite database, 3.35 or newer, with its JSON functions. Ready ones: `durableObjectSql`, `nodeSqlite`, `bunSqlite` and
 * `betterSqlite`.
 */
export interface SqlDriver {
  /**
   * Runs one statement. The statements of an adapter are few and come again and again, so that a driver may keep them
   * prepared.
   *
   * @param sql One statement, with `?` or `?1` where a parameter goes. Never made of what a peer sent.
   * @param parameters As many as the statement asks for.
   * @returns Rows it answers with; none where it answers with none.
   * @throws what the database throws. The statement has then changed nothing.
   */
  query(sql: string, parameters: readonly SqlValue[]): readonly SqlRow[];

  /**
   * Runs work in a transaction that nothing else writes into: committed when the work returns, rolled back when it throws.
   * Work does not wait for anything, and starts no other transaction.
   *
   * @throws what the work or the database throws.
   */
  transaction<T>(work: () => T): T;
}

/** Runs what may fail in the database. Errors of this package pass as they are; others become a StorageError. */
export function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof SdkError) throw cause;
    throw new StorageError('ERR_STORAGE_FAILED', 'the database failed', { cause });
  }
}

/**
 * Reads an integer of a row.
 *
 * @throws {StorageError} ERR_STORAGE_FAILED: it is none, or beyond what a double holds exactly.
 */
export function integerOf(value: SqlValue | undefined): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (!Number.isSafeInteger(number)) throw new StorageError('ERR_STORAGE_FAILED', 'the database holds no such integer');
  return number as number;
}
