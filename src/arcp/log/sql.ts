// An event log in SQLite: a Durable Object's own, that of Node or of Bun, or better-sqlite3's. ARCP v1.0, sections 6.4, 19.

import { assertInteger } from '../../bytes/assert.js';
import type { JsonValue } from '../../codec/json-value.js';
import { StorageError } from '../../errors.js';
import { yieldToEventLoop } from '../../yield.js';
import type {
  EventLog,
  ImmediateEventLog,
  LogBatch,
  LogEntry,
  LoggedEntry,
  LogQuery,
  PruneOptions,
  Whereabouts,
} from './contract.js';
import { assertPrune, assertQuery, DEFAULT_MAX_REMEMBERED, higherOwnId, isForgotten } from './selection.js';
import { attempt, integerOf, type SqlDriver, type SqlValue } from './sql-driver.js';
import { directionCode, ENTRY_COLUMNS, entryOf, readEntries } from './sql-query.js';
import { RECORD_TABLE, readRecord, readRecords, writeRecord } from './sql-records.js';
import { type Migration, migrate } from './sql-schema.js';
import { keyOf, piecesOf } from './sql-text.js';

/** Options of {@link sqlLog}. */
export interface SqlLogOptions {
  /** Positions whose pruned ids are remembered. Default 100,000. */
  readonly maxRemembered?: number;
}

const MIGRATIONS: readonly Migration[] = [
  [
    `CREATE TABLE arcp_log (
      position INTEGER PRIMARY KEY, session TEXT NOT NULL, principal TEXT NOT NULL, direction INTEGER NOT NULL,
      id TEXT NOT NULL, type TEXT NOT NULL, job TEXT, stream TEXT, trace TEXT, correlation TEXT,
      rank INTEGER NOT NULL, at INTEGER NOT NULL, more INTEGER NOT NULL, text BLOB NOT NULL)`,
    // By id first, which rises: new entries then go to one end of the index.
    `CREATE UNIQUE INDEX arcp_log_id ON arcp_log (id, session, direction) WHERE session <> ''`,
    // With what most queries filter by, so that entries they pass over are not even looked at.
    'CREATE INDEX arcp_log_session ON arcp_log (session, position, direction, type)',
    'CREATE INDEX arcp_log_principal ON arcp_log (principal, position, direction, type)',
    'CREATE INDEX arcp_log_job ON arcp_log (job, position) WHERE job IS NOT NULL',
    'CREATE INDEX arcp_log_stream ON arcp_log (stream, position) WHERE stream IS NOT NULL',
    'CREATE INDEX arcp_log_trace ON arcp_log (trace, position) WHERE trace IS NOT NULL',
    'CREATE INDEX arcp_log_correlation ON arcp_log (correlation, position) WHERE correlation IS NOT NULL',
    // What a text has beyond its first piece.
    'CREATE TABLE arcp_log_piece (position INTEGER NOT NULL, piece INTEGER NOT NULL, text BLOB NOT NULL, PRIMARY KEY (position, piece))',
    // Ids of pruned entries that are remembered.
    `CREATE TABLE arcp_log_gone (
      position INTEGER PRIMARY KEY, id TEXT NOT NULL, session TEXT NOT NULL, direction INTEGER NOT NULL,
      principal TEXT NOT NULL)`,
    'CREATE INDEX arcp_log_gone_id ON arcp_log_gone (id, session, direction)',
    // One row.
    'CREATE TABLE arcp_log_state (pruned_through INTEGER NOT NULL, highest_forgotten TEXT NOT NULL)',
    "INSERT INTO arcp_log_state (pruned_through, highest_forgotten) VALUES (0, '')",
    ...RECORD_TABLE,
  ],
];

/** Entries that go in one step of pruning: a few milliseconds. */
const PRUNE_STEP = 1_000;

/**
 * Opens an event log in a SQLite database, and makes or updates its tables, whose names begin with `arcp_`. It answers at
 * once. Several logs, in several processes too, may share a database.
 *
 * @param driver The database. It stays open when the log is closed.
 * @throws {StorageError} ERR_STORAGE_FAILED: the database failed, or its tables were made by a newer release.
 * @throws {TypeError | RangeError} an option out of range.
 *
 * @example
 * ```ts
 * const log = sqlLog(durableObjectSql(ctx.storage));
 * ```
 */
export function sqlLog(driver: SqlDriver, options: SqlLogOptions = {}): ImmediateEventLog {
  const { maxRemembered = DEFAULT_MAX_REMEMBERED } = options;
  assertInteger(maxRemembered, 'maxRemembered', 0);
  migrate(driver, 'log', MIGRATIONS);
  return new SqlLog(driver, maxRemembered);
}

class SqlLog implements ImmediateEventLog {
  readonly #driver: SqlDriver;
  readonly #maxRemembered: number;
  #closed = false;

  constructor(driver: SqlDriver, maxRemembered: number) {
    this.#driver = driver;
    this.#maxRemembered = maxRemembered;
  }

  commit({ entries, records = [] }: LogBatch) {
    const driver = this.#open();
    return attempt(() =>
      driver.transaction(() => {
        let last = entries.length === 0 ? 0 : this.#state().last;
        const positions: (number | undefined)[] = [];
        for (const entry of entries) {
          const kept = append(driver, entry, last + 1);
          positions.push(kept ? ++last : undefined);
        }
        for (const write of records) writeRecord(driver, write);
        return { positions };
      }),
    );
  }

  read(query: LogQuery): readonly LoggedEntry[] {
    const driver = this.#open();
    assertQuery(query);
    return attempt(() => readEntries(driver, query));
  }

  locate(sessionId: string, id: string): Whereabouts {
    return this.#whereabouts('session', sessionId, id);
  }

  find(principal: string, id: string): Whereabouts {
    return this.#whereabouts('principal', principal, id);
  }

  last(): number {
    this.#open();
    return attempt(() => this.#state().last);
  }

  prunedThrough(): number {
    this.#open();
    return attempt(() => this.#state().prunedThrough);
  }

  prune(options: PruneOptions): number | Promise<number> {
    this.#open();
    assertPrune(options);
    const removed = this.#pruneStep(options);
    return removed < PRUNE_STEP ? removed : this.#pruneRest(options, removed);
  }

  record(kind: string, key: string): JsonValue | undefined {
    const driver = this.#open();
    return attempt(() => readRecord(driver, kind, key));
  }

  records(kind: string, options: Parameters<EventLog['records']>[1]) {
    const driver = this.#open();
    assertInteger(options.limit, 'limit', 1);
    return attempt(() => readRecords(driver, kind, options));
  }

  close(): void {
    this.#closed = true;
  }

  #open(): SqlDriver {
    if (this.#closed) throw new StorageError('ERR_STORAGE_FAILED', 'the log was closed');
    return this.#driver;
  }

  /** Read anew each time, for another connection may have written in between. */
  #state(): { readonly last: number; readonly prunedThrough: number; readonly highestForgotten: string } {
    const [row] = this.#driver.query(
      'SELECT pruned_through, highest_forgotten, (SELECT max(position) FROM arcp_log) AS last FROM arcp_log_state',
      [],
    );
    const prunedThrough = integerOf(row?.pruned_through);
    const last = row?.last === null ? prunedThrough : integerOf(row?.last);
    return { last, prunedThrough, highestForgotten: String(row?.highest_forgotten) };
  }

  #whereabouts(column: 'session' | 'principal', value: string, id: string): Whereabouts {
    const driver = this.#open();
    return attempt(() => {
      const parameters = [keyOf(id), keyOf(value)];
      const where = `id = ? AND session <> '' AND +${column} = ?`;
      const [row] = driver.query(
        `SELECT ${ENTRY_COLUMNS} FROM arcp_log WHERE ${where} ORDER BY position DESC LIMIT 1`,
        parameters,
      );
      if (row !== undefined) return { kind: 'kept', entry: entryOf(driver, row) };
      const gone = driver.query(`SELECT 1 AS gone FROM arcp_log_gone WHERE ${where} LIMIT 1`, parameters);
      const pruned = gone.length > 0 || isForgotten(id, this.#state().highestForgotten);
      return { kind: pruned ? 'pruned' : 'unknown' };
    });
  }

  async #pruneRest(options: PruneOptions, removed: number): Promise<number> {
    let all = removed;
    for (let step = removed; step === PRUNE_STEP; all += step) {
      await yieldToEventLoop();
      this.#open();
      step = this.#pruneStep(options);
    }
    return all;
  }

  /** Removes up to {@link PRUNE_STEP} of the oldest entries. @returns How many. */
  #pruneStep({ beforeMs, keepEntries }: PruneOptions): number {
    const driver = this.#driver;
    return attempt(() =>
      driver.transaction(() => {
        const { last, prunedThrough, highestForgotten } = this.#state();
        const end = Math.min(last, prunedThrough + PRUNE_STEP);
        let through = prunedThrough;
        if (beforeMs !== undefined) {
          const [stays] = driver.query(
            'SELECT position FROM arcp_log WHERE position <= ? AND at >= ? ORDER BY position LIMIT 1',
            [end, beforeMs],
          );
          through = stays === undefined ? end : integerOf(stays.position) - 1;
        }
        if (keepEntries !== undefined) through = Math.max(through, Math.min(end, last - keepEntries));
        if (through === prunedThrough) return 0;
        driver.query(
          `INSERT INTO arcp_log_gone (position, id, session, direction, principal)
            SELECT position, id, session, direction, principal FROM arcp_log WHERE position <= ? AND session <> ''`,
          [through],
        );
        driver.query('DELETE FROM arcp_log WHERE position <= ?', [through]);
        driver.query('DELETE FROM arcp_log_piece WHERE position <= ?', [through]);
        driver.query('UPDATE arcp_log_state SET pruned_through = ?, highest_forgotten = ?', [
          through,
          this.#forget(through - this.#maxRemembered, highestForgotten),
        ]);
        return through - prunedThrough;
      }),
    );
  }

  /** Forgets the ids of positions up to one. @returns The highest own id that was ever forgotten. */
  #forget(through: number, highestForgotten: string): string {
    const forgotten = this.#driver.query('SELECT id FROM arcp_log_gone WHERE position <= ? AND direction = 1', [
      through,
    ]);
    this.#driver.query('DELETE FROM arcp_log_gone WHERE position <= ?', [through]);
    return forgotten.reduce((highest, { id }) => higherOwnId(highest, String(id)), highestForgotten);
  }
}

const INSERT = `INSERT INTO arcp_log (${ENTRY_COLUMNS})
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14
  WHERE NOT EXISTS (SELECT 1 FROM arcp_log_gone WHERE id = ?5 AND session = ?2 AND direction = ?4)
  ON CONFLICT (id, session, direction) WHERE session <> '' DO NOTHING RETURNING position`;

/** Inserts an entry. @returns Whether it was new. */
function append(driver: SqlDriver, entry: LogEntry, position: number): boolean {
  if (!Number.isSafeInteger(position)) throw new StorageError('ERR_STORAGE_FAILED', 'the log has no positions left');
  const [text, ...more] = piecesOf(entry.text) as [SqlValue, ...SqlValue[]];
  const inserted = driver.query(INSERT, [
    position,
    keyOf(entry.sessionId),
    keyOf(entry.principal),
    directionCode(entry.direction),
    keyOf(entry.id),
    keyOf(entry.type),
    optional(entry.jobId),
    optional(entry.streamId),
    optional(entry.traceId),
    optional(entry.correlationId),
    entry.rank,
    entry.atMs,
    more.length,
    text,
  ]);
  if (inserted.length === 0) return false;
  for (const [piece, part] of more.entries()) {
    driver.query('INSERT INTO arcp_log_piece (position, piece, text) VALUES (?, ?, ?)', [position, piece, part]);
  }
  return true;
}

function optional(text: string | undefined): string | null {
  return text === undefined ? null : keyOf(text);
}
