// How entries leave the SQL log: their ids are remembered for a while, and all sums follow. Everything here is part of a
// transaction, with the state that is written at its end.

import { higherOwnId } from './selection.js';
import { integerOf, type SqlDriver, type SqlRow, type SqlValue } from './sql-driver.js';
import { takeShare, tidyParties } from './sql-parties.js';
import type { State } from './sql-state.js';
import { BYTES_OF_ROW } from './sql-tables.js';

/** An entry that may go. Principals are keys here, as the database has them. */
export interface Going {
  readonly position: number;
  readonly principal: string;
  readonly bytes: number;
  readonly atMs: number;
  /** Of its id, where that is to be remembered. */
  readonly idBytes: number;
  readonly hasPieces: boolean;
}

const COLUMNS = `position, principal, at, more, ${BYTES_OF_ROW} AS bytes,
  CASE WHEN session <> '' THEN 2 * length(id) ELSE 0 END AS id_bytes`;

/** The oldest entries up to a position. */
export function oldestEntries(driver: SqlDriver, upTo: number, limit: number): Going[] {
  const sql = `SELECT ${COLUMNS} FROM arcp_log WHERE position <= ? ORDER BY position LIMIT ?`;
  return driver.query(sql, [upTo, limit]).map(goingOf);
}

/** The oldest entries of a principal, likewise. */
export function oldestEntriesOf(driver: SqlDriver, principal: string, upTo: number, limit: number): Going[] {
  const sql = `SELECT ${COLUMNS} FROM arcp_log WHERE principal = ? AND position <= ? ORDER BY position LIMIT ?`;
  return driver.query(sql, [principal, upTo, limit]).map(goingOf);
}

function goingOf(row: SqlRow): Going {
  return {
    position: integerOf(row.position),
    principal: String(row.principal),
    bytes: integerOf(row.bytes),
    atMs: Number(row.at),
    idBytes: integerOf(row.id_bytes),
    hasPieces: integerOf(row.more) > 0,
  };
}

/**
 * Removes entries.
 *
 * @param going The oldest there are, by rising position; one at least.
 * @param of They are not the oldest of all, but of this principal.
 */
export function removeEntries(
  driver: SqlDriver,
  state: State,
  maxRemembered: number,
  going: readonly Going[],
  of?: string,
): void {
  const through = (going.at(-1) as Going).position;
  const where = of === undefined ? 'position <= ?' : 'position <= ? AND principal = ?';
  const parameters: SqlValue[] = of === undefined ? [through] : [through, of];
  driver.query(
    `INSERT INTO arcp_log_gone (turn, id, session, direction, principal)
      SELECT turn, id, session, direction, principal FROM (
        SELECT row_number() OVER (ORDER BY position) + ? AS turn, id, session, direction, principal
        FROM arcp_log WHERE ${where})
      WHERE session <> ''`,
    [state.gone, ...parameters],
  );
  if (going.some(({ hasPieces }) => hasPieces)) {
    driver.query(
      `DELETE FROM arcp_log_piece WHERE position IN (SELECT position FROM arcp_log WHERE ${where} AND more > 0)`,
      parameters,
    );
  }
  driver.query(`DELETE FROM arcp_log WHERE ${where}`, parameters);
  takeShares(driver, going);
  for (const { bytes, idBytes } of going) {
    state.bytes -= bytes;
    state.remembered += idBytes;
  }
  state.gone += going.length;
  state.prunedThrough = Math.max(state.prunedThrough, through);
  forgetThrough(driver, state, state.gone - maxRemembered);
  tidyParties(driver, state);
}

function takeShares(driver: SqlDriver, going: readonly Going[]): void {
  const taken = new Map<string, { entries: number; bytes: number; through: number }>();
  for (const { principal, bytes, position } of going) {
    const before = taken.get(principal);
    taken.set(principal, {
      entries: (before?.entries ?? 0) + 1,
      bytes: (before?.bytes ?? 0) + bytes,
      through: position,
    });
  }
  for (const [principal, { through, ...share }] of taken) takeShare(driver, principal, share, through);
}

/** Forgets some of the ids that went first. */
export function forgetSome(driver: SqlDriver, state: State, count: number): void {
  const [row] = driver.query('SELECT min(turn) AS first FROM arcp_log_gone', []);
  if (row === undefined || row.first === null) state.remembered = 0;
  else forgetThrough(driver, state, integerOf(row.first) + count - 1);
}

/** Forgets the ids up to a turn. The highest own one is remembered for good. */
function forgetThrough(driver: SqlDriver, state: State, turn: number): void {
  const forgotten = driver.query('SELECT id, direction, 2 * length(id) AS bytes FROM arcp_log_gone WHERE turn <= ?', [
    turn,
  ]);
  if (forgotten.length === 0) return;
  driver.query('DELETE FROM arcp_log_gone WHERE turn <= ?', [turn]);
  for (const { id, direction, bytes } of forgotten) {
    state.remembered -= integerOf(bytes);
    if (Number(direction) === 1) state.highestForgotten = higherOwnId(state.highestForgotten, String(id));
  }
}
