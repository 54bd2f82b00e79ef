// The contract of the memory of message identifiers, for every place it can be kept in, and what is peculiar to the one in
// a Durable Object.

import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryReplayStore, storedReplayStore } from '../../src/aitp/replay-store.js';
import { durableReplayStore } from '../../src/host/durable-replay.js';
import { durableObjectStore } from '../../src/storage/durable-object.js';
import { indexedDb } from '../../src/storage/indexeddb.js';
import { memoryStore } from '../../src/storage/memory.js';
import { type ReplayStoreSetup, replayStoreCases } from '../contracts/replay-store.js';
import { fakeDurableStorage } from '../support/durable-storage.js';

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.stubGlobal('IDBKeyRange', IDBKeyRange);
});

afterEach(() => vi.unstubAllGlobals());

/** A setup whose handles share what the last `create` made. */
function over<T>(
  make: () => T,
  open: (data: T, options: Parameters<ReplayStoreSetup['create']>[0]) => ReturnType<ReplayStoreSetup['create']>,
): ReplayStoreSetup {
  let data = make();
  return {
    create(options) {
      data = make();
      return open(data, options);
    },
    again: (options) => open(data, options),
  };
}

let databases = 0;

const setups: [string, () => ReplayStoreSetup][] = [
  ['in memory', () => ({ create: memoryReplayStore })],
  ['in a store in memory', () => over(memoryStore, storedReplayStore)],
  ['in IndexedDB', () => over(() => indexedDb(`replay-${databases++}`), storedReplayStore)],
  [
    'in a store of a Durable Object',
    () => over(fakeDurableStorage, (storage, options) => storedReplayStore(durableObjectStore(storage), options)),
  ],
  ['in a Durable Object', () => over(fakeDurableStorage, durableReplayStore)],
];

describe.each(setups)('a replay store %s', (_, setup) => {
  it.each(replayStoreCases)('$name', ({ run }) => run(setup()));
});

describe('durableReplayStore', () => {
  it('leaves nothing of what has expired, as long as something comes', async () => {
    let now = 100;
    const storage = fakeDurableStorage();
    const store = durableReplayStore(storage, { now: () => now });
    for (let i = 0; i < 100; i++) await store.addIfAbsent(`old ${i}`, 200);
    expect(storage.records.size).toBe(201);
    now = 200;
    for (let i = 0; i < 25; i++) await store.addIfAbsent(`new ${i}`, 300);
    expect([...storage.records.keys()].filter((key) => key.includes('old'))).toEqual([]);
    expect(storage.records.size).toBe(51);
    expect(storage.longestList).toBeLessThanOrEqual(4);
  });

  it('keeps to its prefix, and two memories apart', async () => {
    const storage = fakeDurableStorage();
    await storage.put('own', 1);
    const [one, two] = ['a/', 'b/'].map((prefix) => durableReplayStore(storage, { now: () => 1, prefix }));
    expect(await one?.addIfAbsent('k', 9)).toBe(true);
    expect(await two?.addIfAbsent('k', 9)).toBe(true);
    expect(storage.records.get('own')).toBe(1);
  });

  it('a failure of the storage lets no message through, and changes nothing', async () => {
    const storage = fakeDurableStorage();
    const store = durableReplayStore(storage, { now: () => 1 });
    const fault = new Error('overloaded');
    const failing = {
      ...storage,
      transaction: (work: never) => storage.transaction(work).then(() => Promise.reject(fault)),
    };
    await expect(durableReplayStore(failing as never, { now: () => 1 }).addIfAbsent('a', 9)).rejects.toBe(fault);
    const halfWay = vi.fn(() => Promise.reject(fault));
    const storageThatFails = {
      ...storage,
      transaction: (work: (records: object) => Promise<unknown>) =>
        storage.transaction((records) => work({ ...records, put: halfWay })),
    };
    await expect(durableReplayStore(storageThatFails as never, { now: () => 1 }).addIfAbsent('b', 9)).rejects.toBe(
      fault,
    );
    expect(await store.has('b')).toBe(false);
    expect(await store.addIfAbsent('b', 9)).toBe(true);
  });

  it('a record that somebody wrote over counts as remembered', async () => {
    const storage = fakeDurableStorage();
    const store = durableReplayStore(storage, { now: () => 1_000 });
    await storage.put('aitp/replay/k/a', 'garbage');
    expect(await store.has('a')).toBe(true);
    expect(await store.addIfAbsent('a', 2_000)).toBe(false);
  });

  it('wants a storage, a clock, a sensible bound and keys that fit', async () => {
    const storage = fakeDurableStorage();
    expect(() => durableReplayStore({} as never, { now: () => 1 })).toThrow(TypeError);
    expect(() => durableReplayStore(storage, {} as never)).toThrow(TypeError);
    expect(() => durableReplayStore(storage, { now: () => 1, maxEntries: 0 })).toThrow(RangeError);
    expect(() => durableReplayStore(storage, { now: () => 1, prefix: '' })).toThrow(TypeError);
    const store = durableReplayStore(storage, { now: () => 1 });
    await expect(store.addIfAbsent('x'.repeat(513), 2)).rejects.toThrow(RangeError);
    await expect(store.addIfAbsent('x', 1.5)).rejects.toThrow(RangeError);
    await expect(store.has(7 as never)).rejects.toThrow(TypeError);
  });
});
