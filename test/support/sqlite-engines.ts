// The SQLite engines of this Node: WebAssembly in all of them, and `node:sqlite` from 22.5 on, in memory and in a file with
// a connection of its own for each handle.

import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { nodeSqlite, type PreparingDatabase } from '../../src/arcp/log/sql-drivers.js';
import type { OpenDatabase } from '../contracts/sql-setups.js';
import { wasmDatabase } from './sqlite-wasm.js';

interface NodeDatabase extends PreparingDatabase {
  exec(sql: string): void;
  close(): void;
}

/** Each by the name tests show. */
export const sqliteEngines: (readonly [string, OpenDatabase])[] = [
  [
    'SQLite in WebAssembly',
    () => {
      const driver = nodeSqlite(wasmDatabase());
      return () => driver;
    },
  ],
];

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

/** `DatabaseSync` of this Node, where it has one without a flag. */
export const NodeDatabaseSync: (new (path: string) => NodeDatabase) | undefined =
  major > 22 || (major === 22 && minor >= 13) ? createRequire(import.meta.url)('node:sqlite').DatabaseSync : undefined;

if (NodeDatabaseSync !== undefined) {
  const Database = NodeDatabaseSync;
  const folder = mkdtempSync(join(tmpdir(), 'ringline-sqlite-'));
  const opened: NodeDatabase[] = [];
  let files = 0;
  afterAll(() => {
    for (const database of opened) database.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const open = (path: string): NodeDatabase => {
    const database = new Database(path);
    opened.push(database);
    return database;
  };
  sqliteEngines.push(
    [
      'node:sqlite in memory',
      () => {
        const driver = nodeSqlite(open(':memory:'));
        return () => driver;
      },
    ],
    [
      'node:sqlite in a file, a connection for each handle',
      () => {
        const path = join(folder, `${files++}.db`);
        return () => {
          const database = open(path);
          database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA busy_timeout = 5000');
          return nodeSqlite(database);
        };
      },
    ],
  );
}
