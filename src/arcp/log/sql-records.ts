// The records beside the SQL log. A value is JSON, in pieces, since a row has a greatest size.

import { assertInteger } from '../../bytes/assert.js';
import type { JsonValue } from '../../codec/json-value.js';
import type { EventLog, RecordWrite } from './contract.js';
import { integerOf, type SqlDriver, type SqlRow } from './sql-driver.js';
import type { Migration } from './sql-schema.js';
import { keyOf, piecesOf, textOfKey, textOfPiece } from './sql-text.js';

/** Piece 0 says how many follow it. A column of BLOB holds texts and bytes alike, as they are. */
export const RECORD_TABLE: Migration = [
  `CREATE TABLE arcp_record (
    kind TEXT NOT NULL, key TEXT NOT NULL, piece INTEGER NOT NULL, more INTEGER NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (kind, key, piece))`,
];

/** Writes or removes a record. To be called in a transaction. */
export function writeRecord(driver: SqlDriver, { kind, key, value }: RecordWrite): void {
  const names = [keyOf(kind), keyOf(key)];
  driver.query('DELETE FROM arcp_record WHERE kind = ? AND key = ?', names);
  if (value === undefined) return;
  const pieces = piecesOf(JSON.stringify(value));
  for (const [piece, part] of pieces.entries()) {
    driver.query('INSERT INTO arcp_record (kind, key, piece, more, value) VALUES (?, ?, ?, ?, ?)', [
      ...names,
      piece,
      pieces.length - 1 - piece,
      part,
    ]);
  }
}

/** As `EventLog.record`. */
export function readRecord(driver: SqlDriver, kind: string, key: string): JsonValue | undefined {
  const [row] = driver.query('SELECT key, more, value FROM arcp_record WHERE kind = ? AND key = ? AND piece = 0', [
    keyOf(kind),
    keyOf(key),
  ]);
  return row === undefined ? undefined : decodeValue(driver, kind, row);
}

/** As `EventLog.records`. */
export function readRecords(
  driver: SqlDriver,
  kind: string,
  { after, limit }: Parameters<EventLog['records']>[1],
): readonly { readonly key: string; readonly value: JsonValue }[] {
  assertInteger(limit, 'limit', 1);
  const bound = after === undefined ? '>= ?' : '> ?';
  const rows = driver.query(
    `SELECT key, more, value FROM arcp_record WHERE kind = ? AND key ${bound} AND piece = 0 ORDER BY key LIMIT ?`,
    [keyOf(kind), keyOf(after ?? ''), limit],
  );
  return rows.map((row) => ({ key: textOfKey(String(row.key)), value: decodeValue(driver, kind, row) }));
}

function decodeValue(driver: SqlDriver, kind: string, row: SqlRow): JsonValue {
  let text = textOfPiece(row.value);
  if (integerOf(row.more) > 0) {
    const pieces = driver.query(
      'SELECT value FROM arcp_record WHERE kind = ? AND key = ? AND piece > 0 ORDER BY piece',
      [keyOf(kind), row.key ?? ''],
    );
    text += pieces.map(({ value }) => textOfPiece(value)).join('');
  }
  return JSON.parse(text) as JsonValue;
}
