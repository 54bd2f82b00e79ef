// Drivers of the SQLite databases that runtimes have. By shape: nothing of any runtime is imported.

import type { SqlDriver, SqlRow, SqlValue } from './sql-driver.js';

/** As much of a Durable Object's `ctx.storage` as is used; the object has to be one with SQLite. */
export interface DurableObjectStorageLike {
  readonly sql: {
    // biome-ignore lint/suspicious/noExplicitAny: the types of Workers are generic in what a row is
    exec(query: string, ...bindings: any[]): { toArray(): Record<string, any>[] };
  };
  transactionSync<T>(work: () => T): T;
}

/**
 * The SQLite database of a Durable Object.
 *
 * @param storage `ctx.storage`.
 *
 * @example
 * ```ts
 * const log = sqlLog(durableObjectSql(ctx.storage));
 * ```
 */
export function durableObjectSql(storage: DurableObjectStorageLike): SqlDriver {
  const { sql } = storage;
  return {
    // The object keeps statements prepared by their text.
    query: (text, parameters) =>
      sql
        .exec(text, ...parameters)
        .toArray()
        .map(withoutBuffers),
    transaction: (work) => storage.transactionSync(work),
  };
}

/** A Durable Object hands out its bytes as `ArrayBuffer`. */
function withoutBuffers(row: Record<string, SqlValue | ArrayBuffer>): SqlRow {
  for (const name in row) {
    const value = row[name];
    if (value instanceof ArrayBuffer) row[name] = new Uint8Array(value);
  }
  return row as SqlRow;
}

/** As much of a prepared statement as is used. */
interface StatementLike {
  // biome-ignore lint/suspicious/noExplicitAny: each runtime has types of its own for parameters and rows
  all(...parameters: any[]): any[];
}

/** As much of a `DatabaseSync` of `node:sqlite` (Node 22.5 or newer), or of a `Database` of `bun:sqlite`, as is used. */
export interface PreparingDatabase {
  prepare(sql: string): StatementLike;
}

/**
 * A database of `node:sqlite`. How durable a commit is, is the database's own setting: for files, WAL with `synchronous =
 * NORMAL` is fast and loses nothing when the process dies.
 *
 * @param db A `DatabaseSync`. Stays the caller's, to be closed after the log.
 *
 * @example
 * ```ts
 * const db = new DatabaseSync('arcp.db');
 * db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
 * const log = sqlLog(nodeSqlite(db));
 * ```
 */
export function nodeSqlite(db: PreparingDatabase): SqlDriver {
  return preparing((sql) => {
    const statement = db.prepare(sql);
    return (parameters) => statement.all(...parameters);
  });
}

/**
 * A database of `bun:sqlite`.
 *
 * @param db A `Database`. Stays the caller's, to be closed after the log.
 */
export function bunSqlite(db: PreparingDatabase): SqlDriver {
  return nodeSqlite(db);
}

/** As much of a `Database` of `better-sqlite3` as is used. */
export interface BetterSqliteDatabase {
  prepare(sql: string): StatementLike & {
    /** Whether it answers with rows. */
    readonly reader: boolean;
    // biome-ignore lint/suspicious/noExplicitAny: its types are generic in the parameters
    run(...parameters: any[]): unknown;
  };
}

/**
 * A database of `better-sqlite3`.
 *
 * @param db A `Database`. Stays the caller's, to be closed after the log.
 */
export function betterSqlite(db: BetterSqliteDatabase): SqlDriver {
  return preparing((sql) => {
    const statement = db.prepare(sql);
    if (statement.reader) return (parameters) => statement.all(...parameters);
    return (parameters) => {
      statement.run(...parameters);
      return [];
    };
  });
}

type Run = (parameters: readonly SqlValue[]) => SqlRow[];

/** Statements kept prepared. The adapters' own are fewer; those of queries go with their clauses. */
const MAX_STATEMENTS = 128;

function preparing(prepare: (sql: string) => Run): SqlDriver {
  const kept = new Map<string, Run>();
  const query: SqlDriver['query'] = (sql, parameters) => {
    let run = kept.get(sql);
    if (run === undefined) {
      run = prepare(sql);
      // The one kept longest goes: prepared again should it still be needed.
      if (kept.size === MAX_STATEMENTS) kept.delete(kept.keys().next().value as string);
      kept.set(sql, run);
    }
    return run(parameters);
  };
  return {
    query,
    transaction(work) {
      // Immediate: a transaction that reads first and writes then could lose the race to another connection in between.
      query('BEGIN IMMEDIATE', []);
      try {
        const result = work();
        query('COMMIT', []);
        return result;
      } catch (error) {
        try {
          query('ROLLBACK', []);
        } catch {
          // Some failures, such as a full disk, have rolled back already.
        }
        throw error;
      }
    },
  };
}
