// What only the SQL log has to stand about its bounds: sums in tables, tables of the first version, failures while it makes
// room, and statements that have to stay cheap.

import { describe, expect, it } from 'vitest';
import { sqlLog } from '../../../src/arcp/log/sql.js';
import type { SqlDriver, SqlRow, SqlValue } from '../../../src/arcp/log/sql-driver.js';
import { nodeSqlite } from '../../../src/arcp/log/sql-drivers.js';
import { migrate } from '../../../src/arcp/log/sql-schema.js';
import { logMigrations } from '../../../src/arcp/log/sql-tables.js';
import { seededNumbers } from '../../contracts/check.js';
import { wasmDatabase } from '../../support/sqlite-wasm.js';
import { entry } from './entries.js';

const failed = expect.objectContaining({ name: 'StorageError', code: 'ERR_STORAGE_FAILED' });

function dump(driver: SqlDriver): Record<string, readonly SqlRow[]> {
  const tables = driver.query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", []);
  return Object.fromEntries(tables.map(({ name }) => [String(name), driver.query(`SELECT * FROM ${name}`, [])]));
}

/** Bytes of a row as the log counts them: those of version 1 have no number. */
const ROW_BYTES = 'coalesce(bytes, 2 * length(text) + 1048576 * more)';

/** Sums made anew from what is there, against those that are kept. */
function expectTrueSums(driver: SqlDriver): void {
  const [state] = driver.query('SELECT * FROM arcp_log_state', []);
  const [sums] = driver.query(`SELECT count(*) AS entries, coalesce(sum(${ROW_BYTES}), 0) AS bytes FROM arcp_log`, []);
  const [ids] = driver.query('SELECT coalesce(sum(2 * length(id)), 0) AS remembered FROM arcp_log_gone', []);
  expect({
    entries: Number(state?.newest) - Number(state?.gone),
    bytes: state?.bytes,
    remembered: state?.remembered,
  }).toEqual({ ...sums, ...ids });
  const parties = driver.query(
    `SELECT principal, count(*) AS entries, sum(${ROW_BYTES}) AS bytes FROM arcp_log GROUP BY principal ORDER BY principal`,
    [],
  );
  const kept = 'SELECT principal, entries, bytes FROM arcp_log_party WHERE entries > 0 ORDER BY principal';
  expect(driver.query(kept, [])).toEqual(parties);
  for (const { entries, bytes, entries_tier, bytes_tier } of driver.query('SELECT * FROM arcp_log_party', [])) {
    const tier = (amount: unknown) => (amount === 0 ? 0 : Number(amount).toString(2).length);
    expect([entries_tier, bytes_tier]).toEqual([tier(entries), tier(bytes)]);
  }
  const strays =
    'SELECT count(*) AS n FROM arcp_log_piece WHERE position NOT IN (SELECT position FROM arcp_log WHERE more > 0)';
  expect(driver.query(strays, [])).toEqual([{ n: 0 }]);
}

describe('the sums of the SQL log', () => {
  it.each([1, 2, 3])(
    'are those of its tables after every one of 80 random steps (seed %i)',
    { timeout: 30_000 },
    async (seed) => {
      const below = seededNumbers(seed);
      const driver = nodeSqlite(wasmDatabase());
      const bounds = { maxEntries: 50, maxBytes: 3_000_000, maxRemembered: 20 };
      let log = sqlLog(driver, bounds);
      for (let step = 0; step < 80; step++) {
        const principal = `p${Math.min(below(8), below(8))}`;
        if (below(6) === 0) await log.prune({ keepEntries: below(60), beforeMs: below(step + 1) });
        else if (below(9) === 0) log = sqlLog(driver, { ...bounds, maxEntries: 20 + below(40) });
        else {
          const entries = Array.from({ length: 1 + below(5) }, () =>
            entry(below(500), {
              principal,
              sessionId: below(7) === 0 ? '' : `sess_${principal}`,
              id: below(3) === 0 ? `msg_\u{1f600}${below(99)}` : `msg_${below(500)}`,
              atMs: step,
              text: below(20) === 0 ? 'x'.repeat(600_000 + below(600_000)) : '\u00e9\ud800'.repeat(below(400)),
            }),
          );
          log.commit({ entries });
        }
        expectTrueSums(driver);
      }
    },
  );

  it('stay when a commit that makes room fails, whichever statement it is, and so does everything else', () => {
    const real = nodeSqlite(wasmDatabase());
    let left = Number.POSITIVE_INFINITY;
    const driver: SqlDriver = {
      query(sql, parameters) {
        if (--left === 0) throw new Error('database or disk is full');
        return real.query(sql, parameters);
      },
      transaction: (work) => real.transaction(work),
    };
    const log = sqlLog(driver, { maxEntries: 10, maxRemembered: 3 });
    log.commit({ entries: [entry(1, { sessionId: 'sess_b', principal: 'bob' })] });
    for (let n = 2; n <= 14; n++) log.commit({ entries: [entry(n, { text: 'x'.repeat(n === 9 ? 600_000 : 9) })] });
    const before = dump(real);
    let at = 1;
    for (; ; at++) {
      left = at;
      try {
        log.commit({ entries: [entry(20), entry(21), entry(22), entry(23), entry(24), entry(25), entry(26)] });
        break;
      } catch (error) {
        expect(error).toEqual(failed);
        left = Number.POSITIVE_INFINITY;
        expect(dump(real)).toEqual(before);
      }
    }
    left = Number.POSITIVE_INFINITY;
    // Several steps of making room, a piece among what went.
    expect(at).toBeGreaterThan(40);
    expectTrueSums(real);
    expect(log.read({ after: 0, limit: 99 }).map(({ position }) => position)).toEqual([
      1, 13, 14, 15, 16, 17, 18, 19, 20, 21,
    ]);
  });

  it('that somebody has spoilt make no commit run on for ever', () => {
    const driver = nodeSqlite(wasmDatabase());
    const log = sqlLog(driver, { maxEntries: 5, maxBytes: 1_000 });
    log.commit({ entries: [entry(1), entry(2)] });
    driver.query('UPDATE arcp_log_state SET bytes = 9999999, remembered = 9999999, gone = -50', []);
    expect(log.commit({ entries: [entry(3)] })).toEqual({ positions: [3] });
    driver.query('DELETE FROM arcp_log_party', []);
    expect(log.commit({ entries: [entry(4)] })).toEqual({ positions: [4] });
    driver.query('DELETE FROM arcp_log', []);
    expect(log.commit({ entries: [entry(5)] })).toEqual({ positions: [5] });
  });
});

describe('bounds that were lowered', () => {
  it('are reached with the commits that follow, a step at a time', () => {
    const driver = nodeSqlite(wasmDatabase());
    const all = Array.from({ length: 5_000 }, (_, n) => entry(n));
    sqlLog(driver).commit({ entries: all });
    const log = sqlLog(driver, { maxEntries: 100 });
    const counts: number[] = [];
    for (let n = 0; n < 6; n++) {
      log.commit({ entries: [entry(9_000 + n)] });
      counts.push(log.read({ after: 0, limit: 9_999 }).length);
      expectTrueSums(driver);
    }
    expect(counts).toEqual([3_977, 2_954, 1_931, 908, 99, 100]);
  });

  it('are reached by bytes too, however large what comes in meanwhile', () => {
    const driver = nodeSqlite(wasmDatabase());
    const small = Array.from({ length: 4_000 }, (_, n) => entry(n, { text: 'x'.repeat(250) }));
    sqlLog(driver).commit({ entries: small });
    const log = sqlLog(driver, { maxBytes: 2_000_000 });
    let most = 0;
    for (let n = 0; n < 8; n++) {
      log.commit({ entries: [entry(9_000 + n, { text: 'y'.repeat(400_000) })] });
      most = Math.max(most, Number(driver.query('SELECT bytes FROM arcp_log_state', [])[0]?.bytes));
    }
    // One came in on top of what was there; more never.
    expect(most).toBeLessThanOrEqual(2_800_000);
    expect(driver.query('SELECT bytes <= 2000000 AS fits FROM arcp_log_state', [])).toEqual([{ fits: 1 }]);
  });
});

describe('tables of version 1', () => {
  const rowOf = (position: number, more: Partial<Record<string, SqlValue>> = {}): SqlRow => ({
    position,
    session: 'sess_a',
    principal: 'alice',
    direction: 1,
    id: `msg_${position}`,
    type: 'log',
    rank: 1,
    at: position,
    more: 0,
    text: `{"n":${position}}`,
    ...more,
  });

  /** As the release before wrote them: positions 1 and 2 pruned, 3 to 7 kept. */
  function former(): SqlDriver {
    const driver = nodeSqlite(wasmDatabase());
    migrate(driver, 'log', logMigrations().slice(0, 1));
    const insert = (table: string, row: SqlRow) =>
      driver.query(
        `INSERT INTO ${table} (${Object.keys(row).join()}) VALUES (${Object.keys(row).map(() => '?')})`,
        Object.values(row),
      );
    for (const turn of [1, 2]) {
      const { position, id, session, direction, principal } = rowOf(turn) as Record<string, SqlValue>;
      insert('arcp_log_gone', { position, id, session, direction, principal } as SqlRow);
    }
    for (const row of [
      rowOf(3),
      rowOf(4, { principal: 'bob', session: 'sess_b' }),
      rowOf(5, { text: new Uint8Array([0xd8, 0, 0, 0x41]) }),
      rowOf(6, { more: 1, text: 'x'.repeat(524_288) }),
      rowOf(7, { session: '', principal: '' }),
    ]) {
      insert('arcp_log', row);
    }
    insert('arcp_log_piece', { position: 6, piece: 0, text: 'yz' });
    driver.query('UPDATE arcp_log_state SET pruned_through = 2', []);
    driver.query("INSERT INTO arcp_record (kind, key, piece, more, value) VALUES ('job', 'a', 0, 0, '7')", []);
    return driver;
  }

  it('open, with all that is in them, and go on', () => {
    const driver = former();
    const log = sqlLog(driver);
    expect(driver.query('SELECT version FROM arcp_schema', [])).toEqual([{ version: 3 }]);
    expectTrueSums(driver);
    expect(log.read({ after: 0, limit: 9 }).map(({ position, text }) => [position, text.length])).toEqual([
      [3, 7],
      [4, 7],
      [5, 2],
      [6, 524_290],
      [7, 7],
    ]);
    expect(log.read({ after: 4, limit: 1 })[0]?.text).toBe('\ud800A');
    expect([log.locate('sess_a', 'msg_2').kind, log.locate('sess_b', 'msg_4').kind]).toEqual(['pruned', 'kept']);
    expect([log.last(), log.prunedThrough(), log.prunedThrough('bob'), log.prunedThrough('carol')]).toEqual([
      7, 2, 2, 2,
    ]);
    expect(log.record('job', 'a')).toBe(7);
    expect(log.commit({ entries: [entry(1), entry(8), entry(4)] })).toEqual({ positions: [undefined, 8, 9] });
    expectTrueSums(driver);
  });

  it('let go of what they had as of what came later, and count it off', async () => {
    const driver = former();
    const log = sqlLog(driver, { maxEntries: 3, maxRemembered: 2 });
    log.commit({ entries: [entry(8)] });
    expectTrueSums(driver);
    expect(log.read({ after: 0, limit: 9 }).map(({ position }) => position)).toEqual([4, 7, 8]);
    expect(await log.prune({ keepEntries: 0 })).toBe(3);
    expectTrueSums(driver);
    expect(driver.query('SELECT newest, gone, bytes FROM arcp_log_state', [])).toEqual([
      { newest: 8, gone: 8, bytes: 0 },
    ]);
    expect(driver.query('SELECT count(*) AS n FROM arcp_log_piece', [])).toEqual([{ n: 0 }]);
    expect(log.commit({ entries: [entry(9)] })).toEqual({ positions: [9] });
  });

  it('stay as they are where a statement fails, and open when it works again', () => {
    const real = former();
    let left = 0;
    const driver: SqlDriver = {
      query(sql, parameters) {
        if (--left === 0) throw new Error('disk I/O error');
        return real.query(sql, parameters);
      },
      transaction: (work) => real.transaction(work),
    };
    const before = dump(real);
    let at = 1;
    for (; ; at++) {
      left = at;
      try {
        sqlLog(driver);
        break;
      } catch (error) {
        expect(error).toEqual(failed);
        expect(dump(real)).toEqual(before);
      }
    }
    expect(at).toBeGreaterThan(12);
    expectTrueSums(real);
  });

  it('of nothing at all are as good', () => {
    const driver = nodeSqlite(wasmDatabase());
    migrate(driver, 'log', logMigrations().slice(0, 1));
    expect(sqlLog(driver).commit({ entries: [entry(1)] })).toEqual({ positions: [1] });
    expectTrueSums(driver);
  });
});

describe('making room', () => {
  it('looks things up rather than through, whatever is kept', async () => {
    const real = nodeSqlite(wasmDatabase());
    const plans = new Set<string>();
    let watching = false;
    const log = sqlLog(
      {
        query(sql, parameters) {
          if (watching && !/^(BEGIN|COMMIT)/.test(sql)) {
            for (const { detail } of real.query(`EXPLAIN QUERY PLAN ${sql}`, parameters)) plans.add(String(detail));
          }
          return real.query(sql, parameters);
        },
        transaction: (work) => real.transaction(work),
      },
      { maxEntries: 40, maxBytes: 100_000, maxRemembered: 5 },
    );
    const flood = (n: number) => entry(n, { sessionId: 'sess_m', principal: 'mallory', text: 'x'.repeat(99) });
    log.commit({ entries: [entry(1), entry(2)] });
    log.commit({ entries: Array.from({ length: 50 }, (_, n) => flood(100 + n)) });
    watching = true;
    log.commit({ entries: Array.from({ length: 20 }, (_, n) => flood(200 + n)) });
    log.commit({ entries: [flood(300), flood(301), { ...flood(302), text: 'x'.repeat(60_000) }] });
    log.commit({ entries: [entry(3)] });
    log.prunedThrough('mallory');
    await log.prune({ keepEntries: 1 });
    watching = false;
    const used = [...plans].join('\n');
    // All of it is looked through only where that is one row, a list of ours, or an index of which the first is taken.
    const scans = [...plans].filter((detail) => /^SCAN (?!\(subquery-\d\))/.test(detail));
    const harmless = [
      'SCAN CONSTANT ROW',
      'SCAN arcp_log_state',
      'SCAN json_each VIRTUAL TABLE INDEX 1:',
      'SCAN arcp_log_party USING INDEX arcp_log_party_entries',
      'SCAN arcp_log_party USING INDEX arcp_log_party_bytes',
    ];
    expect(scans.filter((detail) => !harmless.includes(detail))).toEqual([]);
    expect(used).toContain('SEARCH arcp_log USING INDEX arcp_log_principal (principal=? AND position<?)');
    expect(used).not.toContain('USE TEMP B-TREE FOR ORDER BY');
  });

  it('remembers of a bounded number of principals how far theirs are gone, while an older entry of another stays', () => {
    const driver = nodeSqlite(wasmDatabase());
    const bounds = { maxBytes: 20_000, maxRemembered: 0 };
    const log = sqlLog(driver, bounds);
    log.commit({ entries: [entry(0)] });
    // As if 4,090 others had come and gone, whose last was at position 2 and so on.
    driver.query('UPDATE arcp_log_state SET newest = 5000, gone = 4999, pruned_through = 4091', []);
    driver.query(
      `WITH RECURSIVE n(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n < 4091)
        INSERT INTO arcp_log_party (principal, entries, bytes, entries_tier, bytes_tier, pruned_through)
        SELECT 'p' || n, 0, 0, 0, 0, n FROM n`,
      [],
    );
    const stranger = (n: number) => entry(n, { sessionId: '', principal: `p${n}`, text: 'y'.repeat(4_000) });
    for (let n = 5_001; n <= 5_010; n++) log.commit({ entries: [stranger(n)] });
    const kept = log.read({ after: 0, limit: 9 }).map(({ position }) => position);
    expect([kept.length, kept[0], kept[2]]).toEqual([3, 1, 5_010]);
    const [{ n: parties } = {}] = driver.query('SELECT count(*) AS n FROM arcp_log_party', []);
    expect(Number(parties)).toBeLessThan(2_048 + 10);
    // How far is forgotten of the first of them, also where the log is opened anew.
    const again = sqlLog(driver, bounds);
    const unknown = again.prunedThrough('nobody');
    expect(unknown).toBeGreaterThan(4_091 - 2_060);
    expect(unknown).toBeLessThan(4_091 - 2_030);
    expect([2, 3, unknown].map((n) => again.prunedThrough(`p${n}`))).toEqual([unknown, unknown, unknown]);
    const gone = [unknown + 1, 4_091, 5_001, 5_008].filter((n) => !kept.includes(n));
    expect(gone.map((n) => again.prunedThrough(`p${n}`))).toEqual(gone);
    expect(again.prunedThrough('alice')).toBe(0);
    // One that comes back is not told that nothing of it is missing.
    again.commit({ entries: [{ ...stranger(2), text: '' }] });
    expect(again.prunedThrough('p2')).toBe(unknown);
    expectTrueSums(driver);
  });
});
