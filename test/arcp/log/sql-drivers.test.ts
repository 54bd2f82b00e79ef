// The ready drivers, each over a database of the shape it takes, all of them SQLite in WebAssembly underneath.

import { describe, expect, it } from 'vitest';
import { sqlArtifacts } from '../../../src/arcp/artifacts/sql.js';
import { sqlLog } from '../../../src/arcp/log/sql.js';
import type { SqlDriver } from '../../../src/arcp/log/sql-driver.js';
import {
  betterSqlite,
  bunSqlite,
  durableObjectSql,
  nodeSqlite,
  type PreparingDatabase,
} from '../../../src/arcp/log/sql-drivers.js';
import { artifactStoreCases } from '../../contracts/artifact-store.js';
import { eventLogCases } from '../../contracts/event-log.js';
import { sqlArtifactsSetup, sqlLogSetup } from '../../contracts/sql-setups.js';
import { wasmDatabase } from '../../support/sqlite-wasm.js';

/** As `ctx.storage` is: bytes as ArrayBuffer, a hundred parameters at most, transactions of its own. */
function durableObject(): Parameters<typeof durableObjectSql>[0] {
  const database = wasmDatabase();
  const toBuffer = (value: unknown): unknown => (value instanceof Uint8Array ? value.slice().buffer : value);
  return {
    sql: {
      exec(query, ...bindings) {
        if (bindings.length > 100) throw new Error('too many parameters');
        if (/^\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT)/i.test(query)) throw new Error('use transactionSync');
        const rows = database.prepare(query).all(...bindings);
        return {
          toArray: () =>
            rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, toBuffer(value)]))),
        };
      },
    },
    transactionSync(work) {
      database.exec('BEGIN');
      try {
        const result = work();
        database.exec('COMMIT');
        return result;
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
  };
}

/** As better-sqlite3 is: `all` only where there are rows to come. */
function better(): Parameters<typeof betterSqlite>[0] {
  const database = wasmDatabase();
  return {
    prepare(sql) {
      const statement = database.prepare(sql);
      const reader = /^\s*SELECT|RETURNING/i.test(sql);
      return {
        reader,
        all(...parameters) {
          if (!reader) throw new TypeError('This statement does not return data. Use run() instead');
          return statement.all(...parameters);
        },
        run(...parameters) {
          if (reader) throw new TypeError('This statement returns data. Use get(), all(), or iterate() instead');
          statement.all(...parameters);
          return { changes: 0 };
        },
      };
    },
  };
}

const drivers: [string, () => SqlDriver][] = [
  ['durableObjectSql', () => durableObjectSql(durableObject())],
  ['betterSqlite', () => betterSqlite(better())],
];

describe.each(drivers)('%s', { timeout: 60_000 }, (_, make) => {
  const open = () => {
    const driver = make();
    return () => driver;
  };

  it.each(eventLogCases.map((demand) => [demand.name, demand] as const))('a log: %s', (_name, demand) =>
    demand.run(sqlLogSetup(open)),
  );

  it.each(artifactStoreCases.map((demand) => [demand.name, demand] as const))('artifacts: %s', (_name, demand) =>
    demand.run(sqlArtifactsSetup(open)),
  );
});

describe.each([
  ['nodeSqlite', nodeSqlite],
  ['bunSqlite', bunSqlite],
])('%s', (_, driverOf) => {
  function counted(): { driver: SqlDriver; prepared: string[] } {
    const database = wasmDatabase();
    const prepared: string[] = [];
    const counting: PreparingDatabase = {
      prepare(sql) {
        prepared.push(sql);
        return database.prepare(sql);
      },
    };
    return { driver: driverOf(counting), prepared };
  }

  it('prepares a statement once', () => {
    const { driver, prepared } = counted();
    const log = sqlLog(driver);
    const commit = (n: number) =>
      log.commit({
        entries: [
          { sessionId: 's', principal: 'p', direction: 'in', id: `msg_${n}`, type: 't', rank: 1, atMs: n, text: '' },
        ],
      });
    commit(1);
    // Its principal comes to have twice as much.
    commit(2);
    log.read({ after: 0, limit: 1 });
    const before = prepared.length;
    for (let n = 3; n < 50; n++) {
      commit(n);
      log.read({ after: n, limit: n });
    }
    expect(prepared.length).toBe(before);
  });

  it('keeps 128 statements at most, and those that were let go still run', () => {
    const { driver, prepared } = counted();
    for (let round = 0; round < 2; round++) {
      for (let n = 0; n < 129; n++) expect(driver.query(`SELECT ${n} AS n`, [])).toEqual([{ n }]);
    }
    expect(prepared.length).toBe(258);
    driver.query('SELECT 128 AS n', []);
    expect(prepared.length).toBe(258);
  });

  it('rolls back what a transaction did before it threw, and says what it threw', () => {
    const { driver } = counted();
    driver.query('CREATE TABLE t (a)', []);
    const boom = new Error('boom');
    const doomed = () =>
      driver.transaction(() => {
        driver.query('INSERT INTO t VALUES (1)', []);
        throw boom;
      });
    expect(doomed).toThrow(boom);
    expect(driver.query('SELECT count(*) AS n FROM t', [])).toEqual([{ n: 0 }]);
    expect(driver.transaction(() => driver.query('INSERT INTO t VALUES (2) RETURNING a', []))).toEqual([{ a: 2 }]);
  });

  it('lets a log and artifacts share a database', () => {
    const { driver } = counted();
    const [log, artifacts] = [sqlLog(driver), sqlArtifacts(driver)];
    log.commit({ entries: [], records: [{ kind: 'k', key: 'a', value: 1 }] });
    expect(artifacts.usage('p')).toEqual({ count: 0, bytes: 0 });
    expect(sqlLog(driver).record('k', 'a')).toBe(1);
  });
});
