// The tables of the SQL log, version by version.

import { RECORD_TABLE } from './sql-records.js';
import type { Migration } from './sql-schema.js';

/**
 * Bytes that an entry counts for, of a row of `arcp_log`. Entries of version 1 have no number of their own: theirs is made of
 * the row each time, and is always the same, so that sums stay right. It is a little more where a text has several pieces.
 */
export const BYTES_OF_ROW = 'coalesce(bytes, 2 * length(text) + 1048576 * more)';

/** `tierOf` as SQL: how many powers of two are no greater. */
function tierSql(amount: string): string {
  return Array.from({ length: 53 }, (_, power) => `(${amount} >= ${2 ** power})`).join(' + ');
}

/** All steps, from nothing on. Released ones are never changed. */
export function logMigrations(): readonly Migration[] {
  return [
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
    [
      'ALTER TABLE arcp_log ADD COLUMN bytes INTEGER',
      // Entries went by position, from 1 on and without gaps, so that a position was also its turn: what it is from now on.
      'ALTER TABLE arcp_log_gone RENAME COLUMN position TO turn',
      // What each principal keeps, in steps of doubling too, and how far its entries are gone.
      `CREATE TABLE arcp_log_party (
      principal TEXT PRIMARY KEY, entries INTEGER NOT NULL, bytes INTEGER NOT NULL, entries_tier INTEGER NOT NULL,
      bytes_tier INTEGER NOT NULL, pruned_through INTEGER NOT NULL) WITHOUT ROWID`,
      `INSERT INTO arcp_log_party (principal, entries, bytes, entries_tier, bytes_tier, pruned_through)
      SELECT principal, entries, bytes, ${tierSql('entries')}, ${tierSql('bytes')}, (SELECT pruned_through FROM arcp_log_state)
      FROM (SELECT principal, count(*) AS entries, sum(${BYTES_OF_ROW}) AS bytes FROM arcp_log GROUP BY principal)`,
      // Who has most; and who has nothing any more.
      'CREATE INDEX arcp_log_party_entries ON arcp_log_party (entries_tier, pruned_through)',
      'CREATE INDEX arcp_log_party_bytes ON arcp_log_party (bytes_tier)',
      // Position of the newest entry ever; how many ever went; bytes of what is kept; bytes of the ids that are remembered.
      'ALTER TABLE arcp_log_state ADD COLUMN newest INTEGER NOT NULL DEFAULT 0',
      'ALTER TABLE arcp_log_state ADD COLUMN gone INTEGER NOT NULL DEFAULT 0',
      'ALTER TABLE arcp_log_state ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0',
      'ALTER TABLE arcp_log_state ADD COLUMN remembered INTEGER NOT NULL DEFAULT 0',
      `UPDATE arcp_log_state SET
      newest = max(pruned_through, coalesce((SELECT max(position) FROM arcp_log), 0)),
      gone = pruned_through,
      bytes = coalesce((SELECT sum(bytes) FROM arcp_log_party), 0),
      remembered = coalesce((SELECT sum(2 * length(id)) FROM arcp_log_gone), 0)`,
    ],
    [
      // Up to where entries are gone of principals that nobody knows any more, although others still keep older ones.
      'ALTER TABLE arcp_log_state ADD COLUMN unknown_through INTEGER NOT NULL DEFAULT 0',
    ],
  ];
}
