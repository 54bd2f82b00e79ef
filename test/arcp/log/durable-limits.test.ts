// What Cloudflare takes in the SQLite of a Durable Object: 2 MB a text, a BLOB or a row, 100 KB a statement, 100 parameters.
// Envelopes of 8 MiB and artifacts of 4 MiB have to fit all the same.

import { describe, expect, it } from 'vitest';
import { sqlArtifacts } from '../../../src/arcp/artifacts/sql.js';
import type { LogEntry } from '../../../src/arcp/log/contract.js';
import { sqlLog } from '../../../src/arcp/log/sql.js';
import type { SqlDriver, SqlValue } from '../../../src/arcp/log/sql-driver.js';
import { nodeSqlite } from '../../../src/arcp/log/sql-drivers.js';
import { migrate } from '../../../src/arcp/log/sql-schema.js';
import { logMigrations } from '../../../src/arcp/log/sql-tables.js';
import { wasmDatabase } from '../../support/sqlite-wasm.js';

const MAX_ROW_BYTES = 2_000_000;

function bytesOf(value: SqlValue): number {
  if (typeof value === 'string') return new TextEncoder().encode(value).length;
  return value instanceof Uint8Array ? value.length : 8;
}

/** A driver that takes no more than a Durable Object. What a statement is given together is at least what it puts in a row. */
function durable(): { readonly driver: SqlDriver; readonly largest: () => number } {
  const real = nodeSqlite(wasmDatabase());
  let largest = 0;
  const query: SqlDriver['query'] = (sql, parameters) => {
    const bytes = parameters.reduce((sum: number, value) => sum + bytesOf(value), 0);
    largest = Math.max(largest, bytes);
    if (bytes > MAX_ROW_BYTES) throw new Error('string or blob too big: SQLITE_TOOBIG');
    if (parameters.length > 100) throw new Error('too many SQL variables: SQLITE_ERROR');
    if (sql.length > 100_000) throw new Error('statement too long: SQLITE_TOOBIG');
    return real.query(sql, parameters);
  };
  return { driver: { query, transaction: (work) => real.transaction(work) }, largest: () => largest };
}

/** The longest ids a peer may choose, in units that take most room. */
const longest = (name: string) => name + '\ud7ff'.repeat(1_023);

function entry(n: number, text: string, more: Partial<LogEntry> = {}): LogEntry {
  return {
    sessionId: longest('s'),
    principal: longest('p'),
    direction: 'in',
    id: longest(String(n)),
    type: longest('t'),
    jobId: longest('j'),
    streamId: longest('q'),
    traceId: longest('r'),
    correlationId: longest('c'),
    rank: 1,
    atMs: n,
    text,
    ...more,
  };
}

describe('within the limits of a Durable Object', { timeout: 60_000 }, () => {
  const eightMiB = 8_388_608;
  it.each([
    ['of one byte a character', 'x'.repeat(eightMiB)],
    ['of three', '\u20ac'.repeat(Math.floor(eightMiB / 3))],
    ['of four, at odd places', `x${'\u{1f600}'.repeat(Math.floor(eightMiB / 4) - 1)}`],
    ['of three, which no UTF-8 could say', `\ud800${'\u20ac'.repeat(Math.floor(eightMiB / 3) - 1)}`],
  ])('an envelope of 8 MiB is kept, read and pruned: %s', async (_, text) => {
    const { driver, largest } = durable();
    const log = sqlLog(driver, { maxBytes: 40_000_000 });
    const record = { kind: 'job', key: longest('k'), value: { text } };
    log.commit({ entries: [entry(1, text)], records: [record] });
    expect(log.read({ after: 0, limit: 1 })[0]?.text === text).toBe(true);
    expect(JSON.stringify(log.record('job', record.key)) === JSON.stringify(record.value)).toBe(true);
    for (let n = 2; n <= 4; n++) log.commit({ entries: [entry(n, text)] });
    expect(log.locate(longest('s'), longest('4')).kind).toBe('kept');
    expect(await log.prune({ keepEntries: 0 })).toBeGreaterThan(0);
    expect(driver.query('SELECT count(*) AS n FROM arcp_log_piece', [])).toEqual([{ n: 0 }]);
    // Not by chance: whole rows come near to the limit.
    expect(largest()).toBeGreaterThan(500_000);
  });

  it('an artifact of 4 MiB is kept', () => {
    const { driver } = durable();
    const store = sqlArtifacts(driver);
    const bytes = Uint8Array.from({ length: 4_194_304 }, (_, i) => (i * 31) >> 3);
    store.put({
      artifactId: 'art_1',
      principal: longest('p'),
      sessionId: 'sess_a',
      mediaType: 'image/png',
      bytes,
      sha256: 'ab',
      expiresAtMs: 1,
    });
    expect(Buffer.compare(store.get('art_1')?.bytes as Uint8Array, bytes)).toBe(0);
    expect(store.sweep(2)).toBe(1);
  });

  it('room is made among principals whose names are long', () => {
    const { driver } = durable();
    const one = (n: number) => entry(n, 'x', { sessionId: '', principal: `p${n}${'"'.repeat(6_000)}` });
    sqlLog(driver).commit({ entries: Array.from({ length: 300 }, (_, n) => one(n)) });
    const log = sqlLog(driver, { maxEntries: 10 });
    log.commit({ entries: [one(300)] });
    const kept = log.read({ after: 0, limit: 1_000 }).map(({ position }) => position);
    expect([kept.length <= 10, kept.at(-1)]).toEqual([true, 301]);
  });

  it('queries for many ids, the removal of many entries, and tables of the first version are served', async () => {
    const { driver } = durable();
    migrate(driver, 'log', logMigrations().slice(0, 1));
    const log = sqlLog(driver, { maxEntries: 100 });
    const many = Array.from({ length: 600 }, (_, n) =>
      entry(n, 'x', { id: `i${n}`, principal: `p${n}`, jobId: `j${n}` }),
    );
    log.commit({ entries: many });
    const jobIds = Array.from({ length: 256 }, (_, n) => `j${344 + n}`);
    expect(log.read({ after: 0, limit: 1_000, jobIds })).toHaveLength(99);
    expect(await log.prune({ keepEntries: 1 })).toBe(98);
  });
});
