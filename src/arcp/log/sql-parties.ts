// What each principal keeps in the SQL log, and who has most: found at once, also where there are very many.

import { MAX_EMPTIED, type Measure, type Share, tierOf } from './bounds.js';
import { integerOf, type SqlDriver, type SqlRow } from './sql-driver.js';
import type { State } from './sql-state.js';
import { keyOf } from './sql-text.js';

/** Position up to which everything of everybody is gone. */
const BASE = '(SELECT coalesce((SELECT min(position) - 1 FROM arcp_log), newest) FROM arcp_log_state)';
/** Position up to which everything is gone of whoever is not known. */
const UNKNOWN = `max(${BASE}, (SELECT unknown_through FROM arcp_log_state))`;

/** Counts what a principal has more. Principals are keys here, as the database has them. */
export function addShare(driver: SqlDriver, principal: string, { entries, bytes }: Share): void {
  const [row] = driver.query(
    `UPDATE arcp_log_party SET entries = entries + ?, bytes = bytes + ? WHERE principal = ?
      RETURNING entries, bytes, entries_tier, bytes_tier`,
    [entries, bytes, principal],
  );
  if (row !== undefined) {
    setTiers(driver, principal, row);
    return;
  }
  // What it may have had before is gone, and nobody knows any more how far.
  driver.query(
    `INSERT INTO arcp_log_party (principal, entries, bytes, entries_tier, bytes_tier, pruned_through)
      VALUES (?, ?, ?, ?, ?, ${UNKNOWN})`,
    [principal, entries, bytes, tierOf(entries), tierOf(bytes)],
  );
}

/** Counts what a principal has less, up to a position. */
export function takeShare(driver: SqlDriver, principal: string, { entries, bytes }: Share, through: number): void {
  const [row] = driver.query(
    `UPDATE arcp_log_party SET entries = entries - ?, bytes = bytes - ?, pruned_through = ? WHERE principal = ?
      RETURNING entries, bytes, entries_tier, bytes_tier`,
    [entries, bytes, through, principal],
  );
  if (row !== undefined) setTiers(driver, principal, row);
}

/** Amounts are ordered by steps of doubling, so that what most commits write is in no index. */
function setTiers(driver: SqlDriver, principal: string, row: SqlRow): void {
  const [entries, bytes] = [tierOf(integerOf(row.entries)), tierOf(integerOf(row.bytes))];
  if (Number(row.entries_tier) === entries && Number(row.bytes_tier) === bytes) return;
  driver.query('UPDATE arcp_log_party SET entries_tier = ?, bytes_tier = ? WHERE principal = ?', [
    entries,
    bytes,
    principal,
  ]);
}

/** Lets go of principals of which there is nothing left to say, and of some others where there are too many. */
export function tidyParties(driver: SqlDriver, state: State): void {
  driver.query(`DELETE FROM arcp_log_party WHERE entries_tier = 0 AND pruned_through <= ${BASE}`, []);
  if (throughOfEmptied(driver, MAX_EMPTIED - 1) === undefined) return;
  // Older entries of others are still there, which may be so for ever.
  const through = throughOfEmptied(driver, MAX_EMPTIED / 2) as number;
  driver.query('DELETE FROM arcp_log_party WHERE entries_tier = 0 AND pruned_through <= ?', [through]);
  state.unknownThrough = Math.max(state.unknownThrough, through);
}

/** How far entries are gone of one of the emptied principals. @param index Its place among them, the last emptied being 0. */
function throughOfEmptied(driver: SqlDriver, index: number): number | undefined {
  const [row] = driver.query(
    'SELECT pruned_through FROM arcp_log_party WHERE entries_tier = 0 ORDER BY pruned_through DESC LIMIT 1 OFFSET ?',
    [index],
  );
  return row === undefined ? undefined : integerOf(row.pruned_through);
}

/** Those in the highest step: a few of them are compared. */
const HEAVY: Readonly<Record<Measure, string>> = {
  entries: 'SELECT principal, entries, entries AS amount FROM arcp_log_party ORDER BY entries_tier DESC LIMIT 9',
  bytes: 'SELECT principal, entries, bytes AS amount FROM arcp_log_party ORDER BY bytes_tier DESC LIMIT 9',
};

/**
 * The heaviest, or one that has more than half of what that has; of those that have another entry than the newest, which
 * stays.
 *
 * @param newest Position of the newest.
 */
export function heaviestOf(
  driver: SqlDriver,
  measure: Measure,
  newest: number,
): { readonly principal: string; readonly amount: number } {
  const [last] = driver.query('SELECT principal FROM arcp_log WHERE position = ?', [newest]);
  let heaviest = { principal: '', amount: 0 };
  for (const row of driver.query(HEAVY[measure], [])) {
    const amount = integerOf(row.amount);
    if (row.principal === last?.principal && integerOf(row.entries) === 1) continue;
    if (amount > heaviest.amount) heaviest = { principal: String(row.principal), amount };
  }
  return heaviest;
}

/** What the principals have whose entries are kept up to a position. */
export function sharesUpTo(driver: SqlDriver, position: number): ReadonlyMap<string, Share> {
  // Not by their names: these may be long, and a parameter has a greatest size.
  const rows = driver.query(
    `SELECT principal, entries, bytes FROM arcp_log_party
      WHERE principal IN (SELECT principal FROM arcp_log WHERE position <= ?)`,
    [position],
  );
  return new Map(
    rows.map((row) => [String(row.principal), { entries: integerOf(row.entries), bytes: integerOf(row.bytes) }]),
  );
}

/** As `EventLog.prunedThrough`, of a principal. */
export function prunedThroughOf(driver: SqlDriver, principal: string): number {
  const known = 'SELECT pruned_through FROM arcp_log_party WHERE principal = ?';
  const [row] = driver.query(`SELECT coalesce((${known}), ${UNKNOWN}) AS through`, [keyOf(principal)]);
  return integerOf(row?.through);
}
