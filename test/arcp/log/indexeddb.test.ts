// What only the stores in IndexedDB have to stand: failing transactions, several tabs, newer versions, no IndexedDB at all.

import 'fake-indexeddb/auto';
import { forceCloseDatabase } from 'fake-indexeddb';
import { type IDBPDatabase, openDB } from 'idb';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { StoredArtifact } from '../../../src/arcp/artifacts/contract.js';
import { indexedDbArtifacts } from '../../../src/arcp/artifacts/indexeddb.js';
import { indexedDbLog } from '../../../src/arcp/log/indexeddb.js';
import { entry } from './entries.js';

const failed = expect.objectContaining({ name: 'StorageError', code: 'ERR_STORAGE_FAILED' });
const unavailable = expect.objectContaining({ name: 'StorageError', code: 'ERR_STORAGE_UNAVAILABLE' });
let names = 0;
const fresh = () => `database-${names++}`;

function artifact(more: Partial<StoredArtifact> = {}): StoredArtifact {
  return {
    artifactId: 'art_1',
    principal: 'alice',
    sessionId: 'sess_a',
    mediaType: 'text/plain',
    bytes: Uint8Array.of(1),
    sha256: '',
    expiresAtMs: 1,
    ...more,
  };
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('indexedDbLog', () => {
  it('keeps nothing of a batch of which the last part cannot be kept', async () => {
    const log = indexedDbLog(fresh());
    await log.commit({ entries: [entry(1)], records: [{ kind: 'k', key: 'a', value: 1 }] });
    const doomed = log.commit({
      entries: [entry(2), entry(3)],
      records: [
        { kind: 'k', key: 'a', value: 2 },
        { kind: 'k', key: 'b', value: (() => {}) as never },
      ],
    });
    await expect(doomed).rejects.toEqual(failed);
    expect(await log.last()).toBe(1);
    expect(await log.read({ after: 0, limit: 9 })).toHaveLength(1);
    expect(await log.record('k', 'a')).toBe(1);
    expect(await log.commit({ entries: [entry(2)] })).toEqual({ positions: [2] });
  });

  it('keeps nothing of a batch whose requests fail one by one', async () => {
    const log = indexedDbLog(fresh());
    await log.commit({ entries: [entry(1)] });
    const real = IDBObjectStore.prototype.add;
    for (let at = 1; at <= 3; at++) {
      let count = 0;
      vi.spyOn(IDBObjectStore.prototype, 'add').mockImplementation(function (this: IDBObjectStore, ...added) {
        // A key that is there: the request fails later, as it does when the disk is full.
        const value = ++count === at ? { ...(added[0] as object), position: 1 } : added[0];
        return real.call(this, value);
      });
      await expect(log.commit({ entries: [entry(2), entry(3), entry(4)] })).rejects.toEqual(failed);
      vi.restoreAllMocks();
      expect(await log.read({ after: 0, limit: 9 })).toHaveLength(1);
      expect(await log.last()).toBe(1);
    }
    expect(await log.commit({ entries: [entry(2)] })).toEqual({ positions: [2] });
  });

  it('gives positions of their own to tabs that commit and prune at once', async () => {
    const name = fresh();
    const tabs = [1, 2, 3].map(() => indexedDbLog(name));
    const work = tabs.flatMap((tab, t) =>
      Array.from({ length: 20 }, async (_, n) => {
        const { positions } = await tab.commit({ entries: [entry(n * 10 + t), entry(7_777, { direction: 'in' })] });
        if (n % 5 === 4) await tab.prune({ keepEntries: 10 });
        return positions;
      }),
    );
    const positions = (await Promise.all(work)).flat().filter((position) => position !== undefined);
    expect(positions.sort((a, b) => a - b)).toEqual(Array.from({ length: 61 }, (_, n) => n + 1));
    const [one, two] = tabs as [ReturnType<typeof indexedDbLog>, ReturnType<typeof indexedDbLog>];
    expect(await one.read({ after: 0, limit: 99 })).toEqual(await two.read({ after: 0, limit: 99 }));
    expect(await one.last()).toBe(61);
  });

  it('takes positions beyond 32 bits exactly, and refuses those that a double cannot tell apart', async () => {
    const name = fresh();
    const log = indexedDbLog(name);
    await log.last();
    const raw = await openDB(`${name}/arcp-log`);
    const startAt = (last: number) =>
      raw.put('state', { last, prunedThrough: last, highestForgotten: '', gone: last, bytes: 0, remembered: 0 }, '');
    await startAt(2 ** 32 - 1);
    expect(await log.commit({ entries: [entry(1), entry(2)] })).toEqual({ positions: [2 ** 32, 2 ** 32 + 1] });
    await startAt(Number.MAX_SAFE_INTEGER - 1);
    expect(await log.commit({ entries: [entry(3)] })).toEqual({ positions: [Number.MAX_SAFE_INTEGER] });
    await expect(log.commit({ entries: [entry(4)] })).rejects.toEqual(failed);
    expect(await log.last()).toBe(Number.MAX_SAFE_INTEGER);
    raw.close();
  });

  it('gives way to a newer version in another tab, and is refused by it from then on', async () => {
    const name = fresh();
    const log = indexedDbLog(name);
    await log.commit({ entries: [entry(1)] });
    const newer = await openDB(`${name}/arcp-log`, 3);
    await expect(log.commit({ entries: [entry(2)] })).rejects.toEqual(failed);
    expect(await newer.count('entries')).toBe(1);
    newer.close();
  });

  it('opens again after the browser let its connection go', async () => {
    const name = fresh();
    const log = indexedDbLog(name);
    const opened: IDBDatabase[] = [];
    const real = IDBFactory.prototype.open;
    vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(function (this: IDBFactory, ...parameters) {
      const request = real.apply(this, parameters);
      request.addEventListener('success', () => opened.push(request.result));
      return request;
    });
    await log.commit({ entries: [entry(1)] });
    const [connection] = opened as [IDBDatabase];
    forceCloseDatabase(connection as never);
    expect(await log.commit({ entries: [entry(2)] })).toEqual({ positions: [2] });
    expect(opened).toHaveLength(2);
  });

  it('tries again where opening failed once', async () => {
    const log = indexedDbLog(fresh());
    vi.spyOn(IDBFactory.prototype, 'open').mockImplementationOnce(() => {
      throw new DOMException('not now', 'UnknownError');
    });
    await expect(log.last()).rejects.toEqual(failed);
    expect(await log.last()).toBe(0);
  });

  it('opens nothing before it is asked something, and nothing when it is closed', async () => {
    const open = vi.spyOn(IDBFactory.prototype, 'open');
    const log = indexedDbLog(fresh());
    await log.close();
    await expect(log.last()).rejects.toEqual(failed);
    expect(open).not.toHaveBeenCalled();
  });

  it('is unavailable where there is no IndexedDB, or the page may not use it', async () => {
    vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => {
      throw new DOMException('an opaque origin', 'SecurityError');
    });
    await expect((async () => indexedDbLog(fresh()).locate('s', 'msg_1'))()).rejects.toEqual(unavailable);
    vi.stubGlobal('indexedDB', undefined);
    vi.stubGlobal('IDBKeyRange', undefined);
    const log = indexedDbLog(fresh());
    for (const operation of [
      () => log.commit({ entries: [entry(1)] }),
      () => log.read({ after: 0, limit: 1 }),
      () => log.locate('s', 'msg_1'),
      () => log.find('p', 'msg_1'),
      () => log.prune({ keepEntries: 0 }),
      () => log.record('k', 'a'),
      () => log.records('k', { limit: 1 }),
    ]) {
      await expect((async () => operation())()).rejects.toEqual(unavailable);
    }
  });

  it('shares a name with artifacts without sharing a database', async () => {
    const name = fresh();
    await indexedDbLog(name).commit({ entries: [entry(1)] });
    await indexedDbArtifacts(name).put(artifact());
    expect(await indexedDbLog(name).last()).toBe(1);
  });

  it.each([
    ['', RangeError],
    [7 as never, TypeError],
  ])('refuses %o as a name', (name, kind) => {
    expect(() => indexedDbLog(name)).toThrow(kind);
    expect(() => indexedDbArtifacts(name)).toThrow(kind);
  });
});

describe('indexedDbArtifacts', () => {
  it('keeps the facts and the bytes of an artifact, or neither', async () => {
    const store = indexedDbArtifacts(fresh());
    await store.put(artifact());
    const real = IDBObjectStore.prototype.put;
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, ...parameters) {
      if (this.name === 'bytes') throw new DOMException('no room', 'QuotaExceededError');
      return real.apply(this, parameters);
    });
    await expect(store.put(artifact({ bytes: Uint8Array.of(1, 2) }))).rejects.toEqual(failed);
    await expect(store.put(artifact({ artifactId: 'art_2' }))).rejects.toEqual(failed);
    vi.restoreAllMocks();
    expect(await store.get('art_1')).toEqual(artifact());
    expect(await store.get('art_2')).toBe(undefined);
    expect(await store.usage('alice')).toEqual({ count: 1, bytes: 1 });
  });

  it.each([
    ['without its bytes', (raw: IDBPDatabase) => raw.delete('bytes', 'art_1')],
    ['with fewer bytes', (raw: IDBPDatabase) => raw.put('bytes', Uint8Array.of(), 'art_1')],
    ['with more bytes', (raw: IDBPDatabase) => raw.put('bytes', Uint8Array.of(1, 2), 'art_1')],
  ])('does not hand out an artifact %s', async (_, damage) => {
    const name = fresh();
    const store = indexedDbArtifacts(name);
    await store.put(artifact());
    const raw = await openDB(`${name}/arcp-artifacts`);
    await damage(raw);
    raw.close();
    await expect((async () => store.get('art_1'))()).rejects.toEqual(failed);
  });

  it('is unavailable where there is no IndexedDB', async () => {
    vi.stubGlobal('indexedDB', undefined);
    const store = indexedDbArtifacts(fresh());
    await expect(store.put(artifact())).rejects.toEqual(unavailable);
    await expect(store.sweep(1)).rejects.toEqual(unavailable);
  });
});
