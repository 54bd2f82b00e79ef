// What the SQL log knows of itself as a whole: one row, read and written in the transaction that changes it, so that it is
// right after whatever happened, and for every connection.

import type { Totals } from './bounds.js';
import { integerOf, type SqlDriver } from './sql-driver.js';

/** The row, to be changed and written back. */
export interface State {
  /** Position of the newest entry ever kept. */
  newest: number;
  /** Entries that ever went. What is beyond them, up to `newest`, is how many there are. */
  gone: number;
  /** Bytes of texts kept. */
  bytes: number;
  /** Bytes of ids that are remembered. */
  remembered: number;
  /** Highest position that ever went. */
  prunedThrough: number;
  /** Position up to which entries are gone of principals that were let go before their time. */
  unknownThrough: number;
  highestForgotten: string;
}

/** Reads it anew each time, for another connection may have written in between. */
export function readState(driver: SqlDriver): State {
  const [row] = driver.query(
    'SELECT newest, gone, bytes, remembered, pruned_through, unknown_through, highest_forgotten FROM arcp_log_state',
    [],
  );
  return {
    newest: integerOf(row?.newest),
    gone: integerOf(row?.gone),
    bytes: integerOf(row?.bytes),
    remembered: integerOf(row?.remembered),
    prunedThrough: integerOf(row?.pruned_through),
    unknownThrough: integerOf(row?.unknown_through),
    highestForgotten: String(row?.highest_forgotten),
  };
}

/** Writes it. To be called in the transaction it was read in. @param before As it was read. */
export function writeState(driver: SqlDriver, state: State, before: Readonly<State>): void {
  // Mostly nothing went.
  if (state.gone === before.gone && state.remembered === before.remembered) {
    driver.query('UPDATE arcp_log_state SET newest = ?, bytes = ?', [state.newest, state.bytes]);
    return;
  }
  driver.query(
    `UPDATE arcp_log_state SET
      newest = ?, gone = ?, bytes = ?, remembered = ?, pruned_through = ?, unknown_through = ?, highest_forgotten = ?`,
    [
      state.newest,
      state.gone,
      state.bytes,
      state.remembered,
      state.prunedThrough,
      state.unknownThrough,
      state.highestForgotten,
    ],
  );
}

/** How much is kept in all. */
export function totalsOf({ newest, gone, bytes, remembered }: State): Totals {
  return { entries: newest - gone, bytes, remembered };
}
