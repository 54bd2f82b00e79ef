// Artifacts in SQLite: facts in one table, bytes in pieces in another, since a row of a Durable Object holds 2 MB at most.
// ARCP v1.0, section 16.

import { StorageError } from '../../errors.js';
import type { Immediate } from '../log/contract.js';
import { attempt, integerOf, type SqlDriver, type SqlRow } from '../log/sql-driver.js';
import { type Migration, migrate } from '../log/sql-schema.js';
import { keyOf, textOfKey } from '../log/sql-text.js';
import type { ArtifactStore, StoredArtifact } from './contract.js';

const MIGRATIONS: readonly Migration[] = [
  [
    `CREATE TABLE arcp_artifact (
      id TEXT PRIMARY KEY, principal TEXT NOT NULL, session TEXT NOT NULL, media_type TEXT NOT NULL, size INTEGER NOT NULL,
      sha256 TEXT NOT NULL, expires_at INTEGER NOT NULL)`,
    'CREATE INDEX arcp_artifact_principal ON arcp_artifact (principal, size)',
    'CREATE INDEX arcp_artifact_expires_at ON arcp_artifact (expires_at)',
    `CREATE TABLE arcp_artifact_piece (
      id TEXT NOT NULL, piece INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (id, piece))`,
  ],
];

/** Bytes in a row. */
const PIECE_BYTES = 1_048_576;

/** Artifacts that a sweep removes in one transaction. */
const SWEEP_STEP = 256;

/**
 * Opens a store of artifacts in a SQLite database, and makes or updates its tables, whose names begin with `arcp_`. It
 * answers at once. It may share the database of a `sqlLog`.
 *
 * @param driver The database.
 * @throws {StorageError} ERR_STORAGE_FAILED: the database failed, or its tables were made by a newer release.
 *
 * @example
 * ```ts
 * const driver = durableObjectSql(ctx.storage);
 * const runtime = createRuntime({ tools, log: sqlLog(driver), artifacts: sqlArtifacts(driver) });
 * ```
 */
export function sqlArtifacts(driver: SqlDriver): Immediate<ArtifactStore> {
  migrate(driver, 'artifacts', MIGRATIONS);
  const remove = (key: string): void => {
    driver.query('DELETE FROM arcp_artifact WHERE id = ?', [key]);
    driver.query('DELETE FROM arcp_artifact_piece WHERE id = ?', [key]);
  };
  return {
    put: (artifact) =>
      attempt(() =>
        driver.transaction(() => {
          const key = keyOf(artifact.artifactId);
          const principal = keyOf(artifact.principal);
          const [present] = driver.query('SELECT principal FROM arcp_artifact WHERE id = ?', [key]);
          if (present !== undefined && present.principal !== principal) {
            throw new StorageError('ERR_STORAGE_FAILED', 'another principal has an artifact of that id');
          }
          remove(key);
          insert(driver, key, artifact);
        }),
      ),
    get: (artifactId) =>
      attempt(() => {
        const key = keyOf(artifactId);
        const [row] = driver.query('SELECT * FROM arcp_artifact WHERE id = ?', [key]);
        if (row === undefined) return undefined;
        return artifactOf(
          row,
          driver.query('SELECT bytes FROM arcp_artifact_piece WHERE id = ? ORDER BY piece', [key]),
        );
      }),
    delete: (artifactId) => attempt(() => driver.transaction(() => remove(keyOf(artifactId)))),
    sweep(nowMs) {
      let removed = 0;
      for (let step = SWEEP_STEP; step === SWEEP_STEP; removed += step) step = sweepSome(driver, nowMs);
      return removed;
    },
    usage: (principal) =>
      attempt(() => {
        const sums = 'SELECT count(*) AS count, coalesce(sum(size), 0) AS bytes FROM arcp_artifact WHERE principal = ?';
        const [row] = driver.query(sums, [keyOf(principal)]);
        return { count: integerOf(row?.count), bytes: integerOf(row?.bytes) };
      }),
  };
}

/** Removes some of what has expired. @returns How many. */
function sweepSome(driver: SqlDriver, nowMs: number): number {
  return attempt(() => {
    const expired = driver.query('SELECT id FROM arcp_artifact WHERE expires_at < ? LIMIT ?', [nowMs, SWEEP_STEP]);
    if (expired.length === 0) return 0;
    return driver.transaction(() => {
      // Looked up again: another connection may have put one of them anew.
      const ids = JSON.stringify(expired.map(({ id }) => id));
      const gone = driver.query(
        'DELETE FROM arcp_artifact WHERE id IN (SELECT value FROM json_each(?)) AND expires_at < ? RETURNING id',
        [ids, nowMs],
      );
      driver.query('DELETE FROM arcp_artifact_piece WHERE id IN (SELECT value FROM json_each(?))', [
        JSON.stringify(gone.map(({ id }) => id)),
      ]);
      return gone.length;
    });
  });
}

function insert(driver: SqlDriver, key: string, artifact: StoredArtifact): void {
  const { principal, sessionId, mediaType, bytes, sha256, expiresAtMs } = artifact;
  driver.query(
    `INSERT INTO arcp_artifact (id, principal, session, media_type, size, sha256, expires_at)
      VALUES (?, ?, ?, ?, ?, ?, ?)`,
    [key, keyOf(principal), keyOf(sessionId), keyOf(mediaType), bytes.length, keyOf(sha256), expiresAtMs],
  );
  for (let start = 0, piece = 0; start < bytes.length; start += PIECE_BYTES, piece++) {
    driver.query('INSERT INTO arcp_artifact_piece (id, piece, bytes) VALUES (?, ?, ?)', [
      key,
      piece,
      bytes.subarray(start, start + PIECE_BYTES),
    ]);
  }
}

function artifactOf(row: SqlRow, pieces: readonly SqlRow[]): StoredArtifact {
  const bytes = new Uint8Array(integerOf(row.size));
  let filled = 0;
  for (const { bytes: piece } of pieces) {
    if (!(piece instanceof Uint8Array) || filled + piece.length > bytes.length) throw damaged();
    bytes.set(piece, filled);
    filled += piece.length;
  }
  if (filled !== bytes.length) throw damaged();
  return {
    artifactId: textOfKey(String(row.id)),
    principal: textOfKey(String(row.principal)),
    sessionId: textOfKey(String(row.session)),
    mediaType: textOfKey(String(row.media_type)),
    bytes,
    sha256: textOfKey(String(row.sha256)),
    expiresAtMs: Number(row.expires_at),
  };
}

function damaged(): StorageError {
  return new StorageError('ERR_STORAGE_FAILED', 'the database does not hold all of the artifact');
}
