// What only the artifacts in SQL have to stand: databases that fail midway, or have lost some of the bytes.

import { describe, expect, it } from 'vitest';
import type { StoredArtifact } from '../../../src/arcp/artifacts/contract.js';
import { sqlArtifacts } from '../../../src/arcp/artifacts/sql.js';
import type { SqlDriver } from '../../../src/arcp/log/sql-driver.js';
import { nodeSqlite } from '../../../src/arcp/log/sql-drivers.js';
import { wasmDatabase } from '../../support/sqlite-wasm.js';

const failed = expect.objectContaining({ name: 'StorageError', code: 'ERR_STORAGE_FAILED' });

function artifact(more: Partial<StoredArtifact> = {}): StoredArtifact {
  return {
    artifactId: 'art_1',
    principal: 'alice',
    sessionId: 'sess_a',
    mediaType: 'text/plain',
    bytes: new Uint8Array(1_500_000).fill(7),
    sha256: 'ab',
    expiresAtMs: 5,
    ...more,
  };
}

describe('sqlArtifacts', () => {
  it('keeps an artifact whole or not at all, whichever statement fails', () => {
    const real = nodeSqlite(wasmDatabase());
    let left = Number.POSITIVE_INFINITY;
    const driver: SqlDriver = {
      query(sql, parameters) {
        if (--left === 0) throw new Error('disk I/O error');
        return real.query(sql, parameters);
      },
      transaction: (work) => real.transaction(work),
    };
    const store = sqlArtifacts(driver);
    store.put(artifact());
    const { bytes: _, ...wanted } = artifact();
    const attempts: (() => unknown)[] = [
      () => store.put(artifact({ bytes: new Uint8Array(2_500_000), mediaType: 'other' })),
      () => store.delete('art_1'),
      () => store.sweep(6),
    ];
    for (const operation of attempts) {
      for (let at = 1; ; at++) {
        left = at;
        try {
          operation();
          expect(at).toBeGreaterThan(2);
          break;
        } catch (error) {
          expect(error).toEqual(failed);
          expect((error as Error).cause).toEqual(new Error('disk I/O error'));
          left = Number.POSITIVE_INFINITY;
          const { bytes, ...facts } = store.get('art_1') as StoredArtifact;
          expect([facts, Buffer.from(bytes).equals(artifact().bytes)]).toEqual([wanted, true]);
          expect(store.usage('alice')).toEqual({ count: 1, bytes: 1_500_000 });
        }
      }
      left = Number.POSITIVE_INFINITY;
      store.put(artifact());
    }
  });

  it.each([
    'DELETE FROM arcp_artifact_piece WHERE piece = 0',
    'DELETE FROM arcp_artifact_piece',
    "UPDATE arcp_artifact_piece SET bytes = 'text' WHERE piece = 1",
    "INSERT INTO arcp_artifact_piece VALUES ('art_1', 2, x'00')",
  ])('does not hand out other bytes than were put (%s)', (damage) => {
    const driver = nodeSqlite(wasmDatabase());
    const store = sqlArtifacts(driver);
    store.put(artifact());
    driver.query(damage, []);
    expect(() => store.get('art_1')).toThrow(failed);
  });

  it('leaves no bytes behind', () => {
    const driver = nodeSqlite(wasmDatabase());
    const store = sqlArtifacts(driver);
    const pieces = () => driver.query('SELECT count(*) AS n FROM arcp_artifact_piece', [])[0]?.n;
    store.put(artifact());
    store.put(artifact({ bytes: Uint8Array.of(1) }));
    expect(pieces()).toBe(1);
    store.sweep(6);
    expect(pieces()).toBe(0);
    store.put(artifact());
    store.delete('art_1');
    expect(pieces()).toBe(0);
  });

  it('R6: sweeps a step at a time, looks through nothing, and writes nothing where nothing has expired', () => {
    const real = nodeSqlite(wasmDatabase());
    const [statements, plans]: [string[], string[]] = [[], []];
    let transactions = 0;
    const store = sqlArtifacts({
      query(sql, parameters) {
        statements.push(sql);
        for (const { detail } of real.query(`EXPLAIN QUERY PLAN ${sql}`, parameters)) plans.push(String(detail));
        return real.query(sql, parameters);
      },
      transaction(work) {
        transactions++;
        return real.transaction(work);
      },
    });
    for (let n = 0; n < 600; n++) {
      store.put(artifact({ artifactId: `art_${n}`, bytes: Uint8Array.of(1), expiresAtMs: n }));
    }
    [statements.length, plans.length, transactions] = [0, 0, 0];
    expect(store.sweep(0)).toBe(0);
    expect([statements.length, transactions]).toEqual([1, 0]);
    expect(store.sweep(590)).toBe(590);
    // Two full steps and a last one; two statements beside the look each takes.
    expect([statements.length, transactions]).toEqual([1 + 3 * 3, 3]);
    expect(plans.filter((detail) => /^SCAN arcp/.test(detail))).toEqual([]);
    expect(store.usage('alice')).toEqual({ count: 10, bytes: 10 });
  });

  it('R6: what a principal keeps is still known when the store is opened anew, and after a put that failed', () => {
    const real = nodeSqlite(wasmDatabase());
    let isFull = false;
    const driver: SqlDriver = {
      query(sql, parameters) {
        if (isFull && sql.includes('INSERT INTO arcp_artifact_piece')) throw new Error('database or disk is full');
        return real.query(sql, parameters);
      },
      transaction: (work) => real.transaction(work),
    };
    sqlArtifacts(driver).put(artifact());
    isFull = true;
    expect(() => sqlArtifacts(driver).put(artifact({ artifactId: 'art_2' }))).toThrow(failed);
    expect(() => sqlArtifacts(driver).put(artifact({ bytes: Uint8Array.of(1) }))).toThrow(failed);
    expect(sqlArtifacts(driver).usage('alice')).toEqual({ count: 1, bytes: 1_500_000 });
  });
});
