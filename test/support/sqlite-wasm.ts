// SQLite in every Node, through WebAssembly: a database in memory with the shape of `node:sqlite`, for the SQL adapters.

import initSqlJs from 'sql.js';
import type { PreparingDatabase } from '../../src/arcp/log/sql-drivers.js';

const { Database } = await initSqlJs();

/** Makes an empty database. */
export function wasmDatabase(): PreparingDatabase & { exec(sql: string): void; close(): void } {
  const db = new Database();
  return {
    prepare(sql) {
      const statement = db.prepare(sql);
      return {
        all(...parameters) {
          try {
            statement.bind(parameters);
            const rows = [];
            while (statement.step()) rows.push(statement.getAsObject());
            return rows;
          } finally {
            statement.reset();
          }
        },
      };
    },
    exec(sql) {
      const statement = db.prepare(sql);
      statement.step();
      statement.free();
    },
    close: () => db.close(),
  };
}
