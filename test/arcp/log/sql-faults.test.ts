// What only the SQL log has to stand: databases that fail midway, that are from the future, or hold what they should not.

import { describe, expect, it } from 'vitest';
import { sqlLog } from '../../../src/arcp/log/sql.js';
import type { SqlDriver, SqlRow } from '../../../src/arcp/log/sql-driver.js';
import { nodeSqlite } from '../../../src/arcp/log/sql-drivers.js';
import { type Migration, migrate } from '../../../src/arcp/log/sql-schema.js';
import { wasmDatabase } from '../../support/sqlite-wasm.js';
import { entry } from './entries.js';

const failed = expect.objectContaining({ name: 'StorageError', code: 'ERR_STORAGE_FAILED' });

/** A driver whose statement number `at`, counted from now on, fails; the count can be set anew. */
function faulty(driver: SqlDriver): SqlDriver & { failAt(at: number): void; readonly seen: number } {
  let left = Number.POSITIVE_INFINITY;
  let seen = 0;
  return {
    failAt(at) {
      left = at;
      seen = 0;
    },
    get seen() {
      return seen;
    },
    query(sql, parameters) {
      seen++;
      if (--left === 0) throw new Error('disk I/O error');
      return driver.query(sql, parameters);
    },
    transaction: (work) => driver.transaction(work),
  };
}

/** All there is, in every table. */
function dump(driver: SqlDriver): Record<string, readonly SqlRow[]> {
  const tables = driver.query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", []);
  return Object.fromEntries(tables.map(({ name }) => [String(name), driver.query(`SELECT * FROM ${name}`, [])]));
}

describe('a database that fails midway', () => {
  it('leaves everything as it was, whichever statement of a commit it is', () => {
    const real = nodeSqlite(wasmDatabase());
    const driver = faulty(real);
    const log = sqlLog(driver);
    log.commit({ entries: [entry(1)], records: [{ kind: 'job', key: 'a', value: 1 }] });
    const before = dump(real);
    const batch = {
      entries: [entry(2), entry(3, { text: 'x'.repeat(600_000) }), entry(1), entry(4)],
      records: [
        { kind: 'job', key: 'a', value: 2 },
        { kind: 'job', key: 'b', value: 'y'.repeat(600_000) },
      ],
    };
    let at = 1;
    for (; ; at++) {
      driver.failAt(at);
      try {
        log.commit(batch);
        break;
      } catch (error) {
        expect(error).toEqual(failed);
        expect((error as Error).cause).toEqual(new Error('disk I/O error'));
        expect(dump(real)).toEqual(before);
      }
    }
    // Every statement had its turn: two removals and three pieces of records, the state, four entries, a piece, and what
    // their principal keeps, with its two steps of doubling; the state again.
    expect(at).toBe(15);
    driver.failAt(Number.POSITIVE_INFINITY);
    expect(log.read({ after: 0, limit: 10 })).toHaveLength(4);
    expect(log.commit(batch)).toEqual({ positions: [undefined, undefined, undefined, undefined] });
  });

  it('leaves everything as it was, whichever statement of a prune it is', async () => {
    const real = nodeSqlite(wasmDatabase());
    const driver = faulty(real);
    const log = sqlLog(driver, { maxRemembered: 1 });
    log.commit({ entries: [1, 2, 3, 4].map((n) => entry(n)) });
    const before = dump(real);
    let at = 1;
    for (; ; at++) {
      driver.failAt(at);
      try {
        expect(await log.prune({ beforeMs: 3 })).toBe(2);
        break;
      } catch (error) {
        expect(error).toEqual(failed);
        expect(dump(real)).toEqual(before);
      }
    }
    // The state, the first, all; their ids, the entries, their share and its steps; the principals, what is forgotten twice,
    // the state again.
    expect(at).toBe(13);
  });

  it('fails when it is opened, and opens when it works again', () => {
    const real = nodeSqlite(wasmDatabase());
    const driver = faulty(real);
    for (let at = 1; ; at++) {
      driver.failAt(at);
      try {
        sqlLog(driver);
        break;
      } catch (error) {
        expect(error).toEqual(failed);
        expect(dump(real)).toEqual({});
      }
    }
    expect(sqlLog(real).commit({ entries: [entry(1)] })).toEqual({ positions: [1] });
  });

  it('when reading, is a StorageError with its error as cause', () => {
    const driver = faulty(nodeSqlite(wasmDatabase()));
    const log = sqlLog(driver);
    const operations = [
      () => log.read({ after: 0, limit: 1 }),
      () => log.locate('s', 'msg_1'),
      () => log.find('p', 'msg_1'),
      () => log.last(),
      () => log.prunedThrough(),
      () => log.record('k', 'a'),
      () => log.records('k', { limit: 1 }),
    ];
    for (const operation of operations) {
      driver.failAt(1);
      expect(operation).toThrow(failed);
      expect(operation).not.toThrow();
    }
  });

  it('rolls back where a transaction cannot be committed', () => {
    const database = wasmDatabase();
    let refuse = false;
    const driver = nodeSqlite({
      prepare(sql) {
        const statement = database.prepare(sql);
        return {
          all(...parameters) {
            if (refuse && sql === 'COMMIT') throw new Error('database is full');
            return statement.all(...parameters);
          },
        };
      },
    });
    const log = sqlLog(driver);
    refuse = true;
    expect(() => log.commit({ entries: [entry(1)] })).toThrow(failed);
    refuse = false;
    expect(log.last()).toBe(0);
    expect(log.commit({ entries: [entry(2)] })).toEqual({ positions: [1] });
  });
});

describe('positions', () => {
  const near = (last: string): SqlDriver => {
    const driver = nodeSqlite(wasmDatabase());
    sqlLog(driver);
    driver.query(`UPDATE arcp_log_state SET newest = ${last}, gone = ${last}, pruned_through = ${last}`, []);
    return driver;
  };

  it('go beyond 32 bits, exactly', () => {
    const log = sqlLog(near('4294967295'));
    expect(log.commit({ entries: [entry(1), entry(2)] })).toEqual({ positions: [4_294_967_296, 4_294_967_297] });
    const high = sqlLog(near('9007199254740988'));
    expect(high.commit({ entries: [entry(1), entry(2)] }).valueOf()).toEqual({
      positions: [9_007_199_254_740_989, 9_007_199_254_740_990],
    });
    expect(high.read({ after: 9_007_199_254_740_989, limit: 9 })).toMatchObject([{ position: 9_007_199_254_740_990 }]);
  });

  it('end where a double would no longer tell them apart, rather than repeat', () => {
    const log = sqlLog(near('9007199254740990'));
    expect(() => log.commit({ entries: [entry(1), entry(2)] })).toThrow(failed);
    expect(log.last()).toBe(9_007_199_254_740_990);
    expect(log.commit({ entries: [entry(1)] })).toEqual({ positions: [Number.MAX_SAFE_INTEGER] });
    expect(() => log.commit({ entries: [entry(2)] })).toThrow(failed);
  });

  it('may come as bigint, and are refused where they are none', () => {
    const real = nodeSqlite(wasmDatabase());
    const driver: SqlDriver = {
      query: (sql, parameters) =>
        real
          .query(sql, parameters)
          .map((row) =>
            Object.fromEntries(
              Object.entries(row).map(([name, value]) => [name, typeof value === 'number' ? BigInt(value) : value]),
            ),
          ),
      transaction: (work) => real.transaction(work),
    };
    const log = sqlLog(driver);
    expect(log.commit({ entries: [entry(1)] })).toEqual({ positions: [1] });
    expect(log.read({ after: 0, limit: 9 })).toEqual([{ ...entry(1), position: 1 }]);
    for (const wrong of ['9223372036854775807', "'many'", 'NULL', "x'00'"]) {
      real.query('DROP TABLE arcp_log_state', []);
      real.query('CREATE TABLE arcp_log_state (pruned_through, highest_forgotten)', []);
      real.query(`INSERT INTO arcp_log_state VALUES (${wrong}, '')`, []);
      expect(() => log.prunedThrough()).toThrow(failed);
    }
  });
});

describe('a text that the database lost', () => {
  it('is a StorageError, not an entry without one', () => {
    const driver = nodeSqlite(wasmDatabase());
    const log = sqlLog(driver);
    log.commit({ entries: [entry(1)] });
    driver.query('UPDATE arcp_log SET text = 7', []);
    expect(() => log.read({ after: 0, limit: 1 })).toThrow(failed);
  });
});

describe('tables with a version', () => {
  const one: Migration = ['CREATE TABLE thing (a)', 'INSERT INTO thing VALUES (1)'];
  const two: Migration = ['ALTER TABLE thing ADD COLUMN b', 'UPDATE thing SET b = a + 1'];

  it('are brought from any version to the newest, step by step, once', () => {
    for (const start of [[], [one], [one, two]]) {
      const driver = nodeSqlite(wasmDatabase());
      migrate(driver, 'thing', start);
      migrate(driver, 'thing', [one, two]);
      migrate(driver, 'thing', [one, two]);
      expect(driver.query('SELECT * FROM thing', [])).toEqual([{ a: 1, b: 2 }]);
      expect(driver.query('SELECT * FROM arcp_schema', [])).toEqual([{ part: 'thing', version: 2 }]);
    }
  });

  it('stay at the version they had when a step fails', () => {
    const driver = nodeSqlite(wasmDatabase());
    migrate(driver, 'thing', [one]);
    expect(() => migrate(driver, 'thing', [one, [...two, 'INSERT INTO nowhere VALUES (1)']])).toThrow(failed);
    expect(driver.query('SELECT * FROM thing', [])).toEqual([{ a: 1 }]);
    expect(driver.query('SELECT version FROM arcp_schema', [])).toEqual([{ version: 1 }]);
    migrate(driver, 'thing', [one, two]);
    expect(driver.query('SELECT * FROM thing', [])).toEqual([{ a: 1, b: 2 }]);
  });

  it('of a newer release are refused, untouched', () => {
    const driver = nodeSqlite(wasmDatabase());
    sqlLog(driver).commit({ entries: [entry(1)] });
    driver.query("UPDATE arcp_schema SET version = 99 WHERE part = 'log'", []);
    const before = dump(driver);
    expect(() => sqlLog(driver)).toThrow(failed);
    expect(dump(driver)).toEqual(before);
  });

  it('stand beside those of the application', () => {
    const driver = nodeSqlite(wasmDatabase());
    driver.query('CREATE TABLE log (mine)', []);
    sqlLog(driver).commit({ entries: [entry(1)] });
    expect(driver.query('SELECT * FROM log', [])).toEqual([]);
    const names = driver.query("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'", []);
    expect(names.map(({ name }) => name).filter((name) => !String(name).startsWith('arcp_'))).toEqual(['log']);
  });
});

describe('queries', () => {
  const plan = (run: (log: ReturnType<typeof sqlLog>) => void): string[] => {
    const real = nodeSqlite(wasmDatabase());
    const plans: string[] = [];
    let watching = false;
    const log = sqlLog({
      query(sql, parameters) {
        if (watching) {
          for (const { detail } of real.query(`EXPLAIN QUERY PLAN ${sql}`, parameters)) plans.push(String(detail));
        }
        return real.query(sql, parameters);
      },
      transaction: (work) => real.transaction(work),
    });
    watching = true;
    run(log);
    return plans;
  };
  const all = { after: 5, limit: 10 };

  it.each([
    ['correlation', { correlationId: 'msg_1', sessionIds: ['s'], principal: 'p' }],
    ['stream', { streamIds: ['a', 'b'], principal: 'p' }],
    ['job', { jobIds: ['a'], sessionIds: ['s', 't'], types: ['x', 'y'] }],
    ['trace', { traceIds: ['t'], principal: 'p', types: ['x'] }],
    ['session', { sessionIds: ['s'], direction: 'out' as const, types: ['a', 'b'] }],
    ['principal', { principal: 'p', sessionIds: Array.from({ length: 9 }, (_, n) => `${n}`), upTo: 9 }],
  ])('are led by the index of the %s, in order, without sorting', (name, query) => {
    const plans = plan((log) => log.read({ ...all, ...query }));
    expect(plans.filter((detail) => detail.includes('arcp_log'))).not.toEqual([]);
    for (const detail of plans.filter((line) => line.includes('arcp_log'))) {
      expect(detail).toMatch(new RegExp(`^SEARCH arcp_log USING INDEX arcp_log_${name} \\(${name}=\\? AND position>`));
    }
    expect(plans.join()).not.toContain('TEMP B-TREE FOR ORDER BY');
  });

  it('for everything go along the table', () => {
    const plans = plan((log) => log.read({ ...all, types: ['x'] }));
    expect(plans).toEqual(['SEARCH arcp_log USING INTEGER PRIMARY KEY (rowid>?)']);
  });

  it('by id use the index of ids, also where the message is gone', () => {
    const plans = plan((log) => {
      log.locate('s', 'msg_1');
      log.find('p', 'msg_1');
    });
    const used = plans.filter((detail) => detail.includes('INDEX arcp_log_'));
    expect(used.map((detail) => /INDEX (\w+)/.exec(detail)?.[1])).toEqual([
      'arcp_log_id',
      'arcp_log_gone_id',
      'arcp_log_id',
      'arcp_log_gone_id',
    ]);
  });
});
