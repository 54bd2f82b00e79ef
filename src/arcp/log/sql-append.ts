// How the SQL log takes entries in: one row each, and what their principals keep.

import { StorageError } from '../../errors.js';
import { bytesOf } from './bounds.js';
import type { LogEntry } from './contract.js';
import type { SqlDriver, SqlValue } from './sql-driver.js';
import { addShare } from './sql-parties.js';
import { directionCode, ENTRY_COLUMNS } from './sql-query.js';
import type { State } from './sql-state.js';
import { keyOf, piecesOf } from './sql-text.js';

/** Entries and bytes, to be counted up. */
interface Added {
  entries: number;
  bytes: number;
}

/** Inserts those that are new. To be called in a transaction. @returns As `CommitResult.positions`. */
export function appendEntries(driver: SqlDriver, state: State, entries: readonly LogEntry[]): (number | undefined)[] {
  const added = new Map<string, Added>();
  const positions = entries.map((entry) => {
    const bytes = bytesOf(entry);
    if (!append(driver, entry, state.newest + 1, bytes)) return undefined;
    const share = added.get(entry.principal);
    if (share === undefined) added.set(entry.principal, { entries: 1, bytes });
    else {
      share.entries++;
      share.bytes += bytes;
    }
    state.bytes += bytes;
    return ++state.newest;
  });
  for (const [principal, share] of added) addShare(driver, keyOf(principal), share);
  return positions;
}

const INSERT = `INSERT INTO arcp_log (${ENTRY_COLUMNS}, bytes)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15
  WHERE NOT EXISTS (SELECT 1 FROM arcp_log_gone WHERE id = ?5 AND session = ?2 AND direction = ?4)
  ON CONFLICT (id, session, direction) WHERE session <> '' DO NOTHING RETURNING position`;

/** Inserts an entry. @returns Whether it was new. */
function append(driver: SqlDriver, entry: LogEntry, position: number, bytes: number): boolean {
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
    bytes,
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
