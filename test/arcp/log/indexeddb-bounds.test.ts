// What only the log in IndexedDB has to stand about its bounds: sums in stores, databases of the first version, full disks.

import 'fake-indexeddb/auto';
import { type IDBPDatabase, openDB } from 'idb';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { LogEntry, LoggedEntry } from '../../../src/arcp/log/contract.js';
import { indexedDbLog } from '../../../src/arcp/log/indexeddb.js';
import { seededNumbers } from '../../contracts/check.js';
import { entry } from './entries.js';

const failed = expect.objectContaining({ name: 'StorageError', code: 'ERR_STORAGE_FAILED' });
let names = 0;
const fresh = () => `bounded-${names++}`;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Everything in a database, by store. */
async function dump(raw: IDBPDatabase): Promise<Record<string, unknown[]>> {
  const stores = await Promise.all(
    [...raw.objectStoreNames].map(async (name) => [name, await raw.getAll(name)] as const),
  );
  return Object.fromEntries(stores);
}

/** Sums made anew from what is there, against those that are kept. */
async function expectTrueSums(raw: IDBPDatabase): Promise<void> {
  const { entries = [], gone = [], state = [], parties = [] } = (await dump(raw)) as Record<string, never[]>;
  const [kept] = state as { last: number; gone: number; bytes: number; remembered: number }[];
  const shares: Record<string, { entries: number; bytes: number }> = {};
  let bytes = 0;
  for (const { principal, text } of entries as LoggedEntry[]) {
    const { entries: count = 0, bytes: size = 0 } = shares[principal] ?? {};
    shares[principal] = { entries: count + 1, bytes: size + 2 * text.length };
    bytes += 2 * text.length;
  }
  const remembered = (gone as LogEntry[]).reduce((sum, { id }) => sum + 2 * id.length, 0);
  expect(kept && { entries: kept.last - kept.gone, bytes: kept.bytes, remembered: kept.remembered }).toEqual({
    entries: entries.length,
    bytes,
    remembered,
  });
  const live = (parties as { principal: string; entries: number; bytes: number }[]).filter(({ entries: n }) => n > 0);
  expect(
    Object.fromEntries(live.map(({ principal, entries: n, bytes: size }) => [principal, { entries: n, bytes: size }])),
  ).toEqual(shares);
}

describe('the sums of the log in IndexedDB', () => {
  it.each([1, 2])(
    'are those of its stores after every one of 60 random steps (seed %i)',
    { timeout: 30_000 },
    async (seed) => {
      const below = seededNumbers(seed);
      const name = fresh();
      const bounds = { maxEntries: 40, maxBytes: 30_000, maxRemembered: 20 };
      let log = indexedDbLog(name, bounds);
      await log.last();
      const raw = await openDB(`${name}/arcp-log`);
      await log.commit({ entries: [entry(0)] });
      for (let step = 0; step < 60; step++) {
        const principal = `p${Math.min(below(8), below(8))}`;
        if (below(6) === 0) await log.prune({ keepEntries: below(60), beforeMs: below(step + 1) });
        else if (below(9) === 0) log = indexedDbLog(name, { ...bounds, maxEntries: 20 + below(30) });
        else {
          const entries = Array.from({ length: 1 + below(5) }, () =>
            entry(below(500), {
              principal,
              sessionId: below(7) === 0 ? '' : `sess_${principal}`,
              atMs: step,
              text: '\u00e9\ud800'.repeat(below(below(9) === 0 ? 9_000 : 100)),
            }),
          );
          await log.commit({ entries });
        }
        await expectTrueSums(raw);
      }
      raw.close();
    },
  );

  it('and everything else stay when a commit that makes room fails, whichever request it is', async () => {
    const name = fresh();
    const log = indexedDbLog(name, { maxEntries: 6, maxRemembered: 2 });
    await log.commit({ entries: [entry(1, { sessionId: 'sess_b', principal: 'bob' })] });
    for (let n = 2; n <= 9; n++) await log.commit({ entries: [entry(n)] });
    const raw = await openDB(`${name}/arcp-log`);
    const before = await dump(raw);
    let at = 1;
    for (; ; at++) {
      let left = at;
      for (const method of ['put', 'add', 'delete'] as const) {
        const real = IDBObjectStore.prototype[method] as (...given: unknown[]) => IDBRequest;
        const failing = function (this: IDBObjectStore, ...given: unknown[]) {
          if (--left === 0) throw new DOMException('no room', 'QuotaExceededError');
          return real.apply(this, given);
        };
        vi.spyOn(IDBObjectStore.prototype, method).mockImplementation(failing as never);
      }
      const outcome = await Promise.resolve(log.commit({ entries: [entry(20), entry(21), entry(22)] })).catch(
        (error: unknown) => error,
      );
      vi.restoreAllMocks();
      if (!(outcome instanceof Error)) break;
      expect(outcome).toEqual(failed);
      expect((outcome.cause as Error).name).toBe('QuotaExceededError');
      expect(await dump(raw)).toEqual(before);
    }
    expect(at).toBeGreaterThan(12);
    await expectTrueSums(raw);
    raw.close();
  });

  it('lead to lowered bounds with the commits that follow', async () => {
    const name = fresh();
    await indexedDbLog(name).commit({ entries: Array.from({ length: 900 }, (_, n) => entry(n)) });
    const log = indexedDbLog(name, { maxEntries: 50 });
    const counts: number[] = [];
    for (let n = 0; n < 5; n++) {
      await log.commit({ entries: [entry(2_000 + n)] });
      counts.push((await log.read({ after: 0, limit: 2_000 })).length);
    }
    expect(counts.slice(0, 2)).toEqual([645, 390]);
    expect(counts.slice(3)).toEqual([50, 50]);
  });
});

describe('reading', () => {
  it('R4: loads not much more than is asked for, also where most of it is filtered out', async () => {
    const name = fresh();
    const log = indexedDbLog(name);
    const entries = Array.from({ length: 1_200 }, (_, n) => entry(n, { direction: n % 10 === 9 ? 'in' : 'out' }));
    await log.commit({ entries });
    let loaded = 0;
    for (const place of [IDBIndex.prototype, IDBObjectStore.prototype]) {
      const real = place.getAll;
      vi.spyOn(place, 'getAll').mockImplementation(function (this: IDBIndex & IDBObjectStore, ...given) {
        const request = real.apply(this, given);
        request.addEventListener('success', () => {
          loaded += request.result.length;
        });
        return request;
      });
    }
    const cost = async (query: object) => {
      loaded = 0;
      const { length } = await log.read({ after: 0, limit: 16, ...query });
      return [length, loaded];
    };
    expect(await cost({})).toEqual([16, 16]);
    expect(await cost({ sessionIds: ['sess_a'] })).toEqual([16, 16]);
    const [out = 0, outCost = 0] = await cost({ sessionIds: ['sess_a'], direction: 'out' });
    expect([out, outCost <= 3 * 16]).toEqual([16, true]);
    const [some = 0, someCost = 0] = await cost({ sessionIds: ['sess_a'], direction: 'in' });
    expect([some, someCost <= 4 * 160]).toEqual([16, true]);
    expect(await cost({ sessionIds: ['sess_a'], types: ['nothing'] })).toEqual([0, 1_200]);
    expect((await log.read({ after: 0, limit: 2_000, direction: 'in' })).length).toBe(120);
  });
});

describe('principals of which nothing is left', () => {
  it('R4: are remembered up to a number, while an older entry of another stays', async () => {
    const name = fresh();
    const log = indexedDbLog(name, { maxBytes: 20_000, maxRemembered: 0 });
    await log.commit({ entries: [entry(1)] });
    const stranger = (n: number) => entry(n, { sessionId: '', principal: `p${n}`, text: 'y'.repeat(4_000) });
    for (let n = 2; n <= 6; n++) await log.commit({ entries: [stranger(n)] });
    const raw = await openDB(`${name}/arcp-log`);
    // As if 4,090 others had come and gone before those, which would take minutes here.
    const seed = raw.transaction('parties', 'readwrite');
    for (let n = 0; n < 4_090; n++) {
      void seed.store.put({ principal: `former${n}`, entries: 0, bytes: 0, prunedThrough: 2 + n / 10_000 });
    }
    await seed.done;
    for (let n = 7; n <= 12; n++) await log.commit({ entries: [stranger(n)] });
    const kept = (await raw.getAllKeys('entries')) as number[];
    expect([kept.length, kept[0], kept[2]]).toEqual([3, 1, 12]);
    const parties = await raw.count('parties');
    expect(parties).toBeGreaterThan(2_048);
    expect(parties).toBeLessThan(2_060);
    const unknown = await log.prunedThrough('nobody');
    expect([unknown > 2, unknown < 3, unknown === (await log.prunedThrough('former0'))]).toEqual([true, true, true]);
    expect(await log.prunedThrough('alice')).toBe(0);
    for (const n of [7, 8, 9, 10, 11]) if (!kept.includes(n)) expect(await log.prunedThrough(`p${n}`)).toBe(n);
    await log.commit({ entries: [{ ...stranger(13), principal: 'former0', text: '' }] });
    expect(await log.prunedThrough('former0')).toBe(unknown);
    await expectTrueSums(raw);
    raw.close();
  });
});

describe('a database of version 1', () => {
  /** As the release before left it: positions 1 and 2 pruned, 3 to 5 kept. */
  async function former(): Promise<string> {
    const name = fresh();
    const raw = await openDB(`${name}/arcp-log`, 1, {
      upgrade(database) {
        const entries = database.createObjectStore('entries', { keyPath: 'position' });
        entries.createIndex('by-id', ['id', 'sessionId']);
        entries.createIndex('by-correlation', ['correlationId', 'position']);
        entries.createIndex('by-job', ['jobId', 'position']);
        entries.createIndex('by-session', ['sessionId', 'position']);
        entries.createIndex('by-principal', ['principal', 'position']);
        database.createObjectStore('gone', { keyPath: 'position' }).createIndex('by-id', ['id', 'sessionId']);
        database.createObjectStore('records');
        database.createObjectStore('state');
      },
    });
    for (const position of [3, 4, 5]) await raw.put('entries', { ...entry(position), position });
    for (const position of [1, 2]) {
      const { id, sessionId, principal, direction } = entry(position);
      await raw.put('gone', { position, id, sessionId, principal, direction });
    }
    await raw.put('records', 7, ['job', 'a']);
    await raw.put('state', { last: 5, prunedThrough: 2, highestForgotten: '' }, '');
    raw.close();
    return name;
  }

  it('opens, with all that is in it, and goes on', async () => {
    const name = await former();
    const log = indexedDbLog(name, { maxEntries: 4 });
    expect((await log.read({ after: 0, limit: 9 })).map(({ position }) => position)).toEqual([3, 4, 5]);
    const raw = await openDB(`${name}/arcp-log`);
    expect(raw.version).toBe(2);
    await expectTrueSums(raw);
    expect((await log.locate('sess_a', 'msg_2')).kind).toBe('pruned');
    expect(await log.record('job', 'a')).toBe(7);
    expect([await log.prunedThrough(), await log.prunedThrough('alice'), await log.prunedThrough('bob')]).toEqual([
      2, 2, 2,
    ]);
    expect(await log.commit({ entries: [entry(1), entry(6), entry(7)] })).toEqual({ positions: [undefined, 6, 7] });
    expect((await log.read({ after: 0, limit: 9 })).map(({ position }) => position)).toEqual([4, 5, 6, 7]);
    await expectTrueSums(raw);
    raw.close();
  });

  it('stays as it is where its change fails, and opens when that works', async () => {
    const name = await former();
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('no room', 'QuotaExceededError');
    });
    const log = indexedDbLog(name);
    await expect((async () => log.last())()).rejects.toEqual(failed);
    vi.restoreAllMocks();
    const raw = await openDB(`${name}/arcp-log`);
    expect([raw.version, await raw.count('entries')]).toEqual([1, 3]);
    raw.close();
    expect(await log.last()).toBe(5);
  });

  it('that another tab holds open is waited for; a log that is closed meanwhile waits no longer', async () => {
    const name = await former();
    const stubborn = await openDB(`${name}/arcp-log`, 1);
    const [log, impatient] = [indexedDbLog(name), indexedDbLog(name)];
    const [waiting, cut] = [log.last(), impatient.commit({ entries: [entry(9)] })];
    await impatient.close();
    await expect((async () => cut)()).rejects.toEqual(failed);
    stubborn.close();
    expect(await waiting).toBe(5);
    expect(await log.commit({ entries: [entry(6)] })).toEqual({ positions: [6] });
  });
});

describe('a full disk', () => {
  it('that is noticed only when the transaction ends loses nothing that was committed', async () => {
    const log = indexedDbLog(fresh());
    await log.commit({ entries: [entry(1)], records: [{ kind: 'k', key: 'a', value: 1 }] });
    const full = new DOMException('no room', 'QuotaExceededError');
    const real = IDBObjectStore.prototype.put;
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, ...given) {
      const request = real.apply(this, given);
      if (this.name === 'state') {
        // All requests have succeeded by then.
        request.addEventListener('success', () => {
          this.transaction.abort();
          Object.defineProperty(this.transaction, 'error', { value: full });
        });
      }
      return request;
    });
    const doomed = log.commit({ entries: [entry(2)], records: [{ kind: 'k', key: 'a', value: 2 }] });
    const error = await Promise.resolve(doomed).catch((reason: unknown) => reason);
    vi.restoreAllMocks();
    expect(error).toEqual(failed);
    expect((error as Error).cause).toBe(full);
    expect((await log.read({ after: 0, limit: 9 })).map(({ id }) => id)).toEqual(['msg_1']);
    expect(await log.record('k', 'a')).toBe(1);
    expect(await log.commit({ entries: [entry(2)] })).toEqual({ positions: [2] });
  });

  it('that cuts off requests which still wait is what the error says', async () => {
    const log = indexedDbLog(fresh());
    await log.commit({ entries: [entry(1)] });
    const full = new DOMException('no room', 'QuotaExceededError');
    const real = IDBObjectStore.prototype.add;
    vi.spyOn(IDBObjectStore.prototype, 'add').mockImplementation(function (this: IDBObjectStore, ...given) {
      const request = real.apply(this, given);
      // The request itself ends with an AbortError.
      this.transaction.abort();
      Object.defineProperty(this.transaction, 'error', { value: full });
      return request;
    });
    const doomed = log.commit({ entries: [entry(2)] });
    const error = await Promise.resolve(doomed).catch((reason: unknown) => reason);
    vi.restoreAllMocks();
    expect(error).toEqual(failed);
    expect((error as Error).cause).toBe(full);
    expect(await log.last()).toBe(1);
  });
});

describe('closing', () => {
  it('while commits run lets those be written that have begun', async () => {
    const name = fresh();
    const log = indexedDbLog(name);
    await log.last();
    const running = [1, 2, 3].map((n) => log.commit({ entries: [entry(n)] }));
    await log.close();
    expect(await Promise.all(running)).toEqual([{ positions: [1] }, { positions: [2] }, { positions: [3] }]);
    await expect((async () => log.commit({ entries: [entry(4)] }))()).rejects.toEqual(failed);
    expect(await indexedDbLog(name).last()).toBe(3);
  });

  it('while the database is being opened leaves no connection behind', async () => {
    const name = fresh();
    const opened: IDBDatabase[] = [];
    const real = IDBFactory.prototype.open;
    vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(function (this: IDBFactory, ...given) {
      const request = real.apply(this, given);
      request.addEventListener('success', () => opened.push(request.result));
      return request;
    });
    const log = indexedDbLog(name);
    const cut = (async () => log.commit({ entries: [entry(1)] }))();
    await log.close();
    await expect(cut).rejects.toEqual(failed);
    // Comes after it, so that the first is open by then.
    const other = await openDB(`${name}/arcp-log`);
    expect(await other.count('entries')).toBe(0);
    expect(opened).toHaveLength(2);
    expect(() => opened[0]?.transaction('entries')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }));
    other.close();
  });
});

describe('a connection that the browser dropped without a word', () => {
  it('is opened again, once, for nothing has begun in it', async () => {
    const name = fresh();
    const log = indexedDbLog(name);
    await log.commit({ entries: [entry(1)] });
    const real = IDBDatabase.prototype.transaction;
    const dropped = new Set<IDBDatabase>();
    let isGone = false;
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (this: IDBDatabase, ...given) {
      if (!isGone && dropped.size === 0) dropped.add(this);
      if (isGone || dropped.has(this)) throw new DOMException('the connection was closed', 'InvalidStateError');
      return real.apply(this, given);
    });
    expect(await log.commit({ entries: [entry(2)] })).toEqual({ positions: [2] });
    isGone = true;
    await expect((async () => log.commit({ entries: [entry(3)] }))()).rejects.toEqual(failed);
    isGone = false;
    vi.restoreAllMocks();
    expect(await log.commit({ entries: [entry(3)] })).toEqual({ positions: [3] });
  });
});
