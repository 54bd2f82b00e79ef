// An event log in SQLite: a Durable Object's own, that of Node or of Bun, or better-sqlite3's. ARCP v1.0, sections 6.4, 19.

import { assertInteger } from '../../bytes/assert.js';
import type { JsonValue } from '../../codec/json-value.js';
import { StorageError } from '../../errors.js';
import { yieldToEventLoop } from '../../yield.js';
import { boundsOf, type LogBounds } from './bounds.js';
import type {
  EventLog,
  ImmediateEventLog,
  LogBatch,
  LoggedEntry,
  LogQuery,
  PruneOptions,
  Whereabouts,
} from './contract.js';
import { assertPrune, assertQuery, DEFAULT_MAX_REMEMBERED, isForgotten } from './selection.js';
import { appendEntries } from './sql-append.js';
import { shrink } from './sql-bounds.js';
import { attempt, type SqlDriver } from './sql-driver.js';
import { prunedThroughOf } from './sql-parties.js';
import { ENTRY_COLUMNS, entryOf, readEntries } from './sql-query.js';
import { readRecord, readRecords, writeRecord } from './sql-records.js';
import { oldestEntries, removeEntries } from './sql-removal.js';
import { migrate } from './sql-schema.js';
import { readState, totalsOf, writeState } from './sql-state.js';
import { logMigrations } from './sql-tables.js';
import { keyOf } from './sql-text.js';

/** Options of {@link sqlLog}. */
export interface SqlLogOptions {
  /**
   * Entries kept; beyond it the oldest go, but those of principals that keep much less than another stay. Default 1,000,000,
   * at least 1. Where it is lower than what a database holds already, the rest goes with the commits that follow.
   */
  readonly maxEntries?: number;
  /**
   * Bytes of text kept, two for each UTF-16 unit, together with the ids of pruned entries; beyond it the oldest go likewise.
   * The newest entry stays whatever its size. With its indices a database takes about twice as much as that at most; records
   * come on top. Default 1 GiB: a Durable Object holds 10 GB.
   */
  readonly maxBytes?: number;
  /** Positions whose pruned ids are remembered, as long as they take no more than an eighth of `maxBytes`. Default 100,000. */
  readonly maxRemembered?: number;
}

const DEFAULTS: LogBounds = {
  maxEntries: 1_000_000,
  maxBytes: 1_073_741_824,
  maxRemembered: DEFAULT_MAX_REMEMBERED,
};

/** Entries that go in one step of pruning: a few milliseconds. */
const PRUNE_STEP = 1_000;

/**
 * Opens an event log in a SQLite database, and makes or updates its tables, whose names begin with `arcp_`. It answers at
 * once, and keeps its bounds by itself. Several logs, in several processes too, may share a database.
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
  const bounds = boundsOf(options, DEFAULTS);
  migrate(driver, 'log', logMigrations());
  return new SqlLog(driver, bounds);
}

class SqlLog implements ImmediateEventLog {
  readonly #driver: SqlDriver;
  readonly #bounds: LogBounds;
  #closed = false;

  constructor(driver: SqlDriver, bounds: LogBounds) {
    this.#driver = driver;
    this.#bounds = bounds;
  }

  commit({ entries, records = [] }: LogBatch) {
    const driver = this.#open();
    return attempt(() =>
      driver.transaction(() => {
        for (const write of records) writeRecord(driver, write);
        if (entries.length === 0) return { positions: [] };
        const state = readState(driver);
        const before = { ...state };
        const positions = appendEntries(driver, state, entries);
        if (state.newest > before.newest) {
          const added = { entries: state.newest - before.newest, bytes: state.bytes - before.bytes };
          shrink(driver, state, this.#bounds, added);
          writeState(driver, state, before);
        }
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
    const driver = this.#open();
    return attempt(() => readState(driver).newest);
  }

  prunedThrough(principal?: string): number {
    const driver = this.#open();
    return attempt(() =>
      principal === undefined ? readState(driver).prunedThrough : prunedThroughOf(driver, principal),
    );
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
      const pruned = gone.length > 0 || isForgotten(id, readState(driver).highestForgotten);
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
  #pruneStep(options: PruneOptions): number {
    const { beforeMs = Number.NEGATIVE_INFINITY, keepEntries = Number.POSITIVE_INFINITY } = options;
    const driver = this.#driver;
    return attempt(() =>
      driver.transaction(() => {
        const state = readState(driver);
        const before = { ...state };
        const { entries } = totalsOf(state);
        const goes = (atMs: number, older: number) => atMs < beforeMs || entries - older > keepEntries;
        // Mostly the first stays, and so do all others.
        const [first] = oldestEntries(driver, state.newest, 1);
        if (first === undefined || !goes(first.atMs, 0)) return 0;
        const oldest = oldestEntries(driver, state.newest, PRUNE_STEP);
        const stays = oldest.findIndex(({ atMs }, i) => !goes(atMs, i));
        const going = stays < 0 ? oldest : oldest.slice(0, stays);
        removeEntries(driver, state, this.#bounds.maxRemembered, going);
        writeState(driver, state, before);
        return going.length;
      }),
    );
  }
}
