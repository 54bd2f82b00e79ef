// Tables with a version: made when missing, brought up to date step by step, refused when they are from the future.

import { StorageError } from '../../errors.js';
import { attempt, integerOf, type SqlDriver } from './sql-driver.js';

/** The statements that lead from one version to the next. */
export type Migration = readonly string[];

/**
 * Brings tables to their newest version, all in one transaction.
 *
 * @param part Names the tables that go together, such as `log`.
 * @param migrations The first makes version 1 out of nothing, and so on. Those that were released are never changed.
 * @throws {StorageError} ERR_STORAGE_FAILED: a statement failed, and the tables are as they were; or they were made by a
 * newer release, and stay untouched.
 */
export function migrate(driver: SqlDriver, part: string, migrations: readonly Migration[]): void {
  attempt(() =>
    driver.transaction(() => {
      driver.query('CREATE TABLE IF NOT EXISTS arcp_schema (part TEXT PRIMARY KEY, version INTEGER NOT NULL)', []);
      const [row] = driver.query('SELECT version FROM arcp_schema WHERE part = ?', [part]);
      const version = row === undefined ? 0 : integerOf(row.version);
      if (version > migrations.length) {
        throw new StorageError('ERR_STORAGE_FAILED', `the tables of the ${part} were made by a newer release`);
      }
      if (version === migrations.length) return;
      for (const migration of migrations.slice(version)) for (const statement of migration) driver.query(statement, []);
      driver.query('INSERT OR REPLACE INTO arcp_schema (part, version) VALUES (?, ?)', [part, migrations.length]);
    }),
  );
}
