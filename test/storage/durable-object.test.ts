import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/storage/contract.js';
import { type DurableStorage, durableObjectStore, inTransaction } from '../../src/storage/durable-object.js';
import { storeCases } from '../contracts/store.js';
import { fakeDurableStorage } from '../support/durable-storage.js';

function handles() {
  const storages = new Map<Store, DurableStorage>();
  return {
    create() {
      const storage = fakeDurableStorage();
      const store = durableObjectStore(storage);
      storages.set(store, storage);
      return store;
    },
    again: (store: Store) => durableObjectStore(storages.get(store) as DurableStorage),
  };
}

describe('durableObjectStore', () => {
  it.each(storeCases)('$name', ({ run }) => run(handles()));

  it('leaves what the object keeps beside it alone', async () => {
    const storage = fakeDurableStorage();
    await storage.put('own', 1);
    const [one, two] = [durableObjectStore(storage), durableObjectStore(storage, { prefix: 'other/' })];
    await one.set('a', 1);
    await two.set('b', 2);
    expect(await one.keys()).toEqual(['a']);
    expect(await two.keys()).toEqual(['b']);
    expect([...storage.records.keys()]).toEqual(['other/b', 'own', 'ringline/a']);
  });

  it('lists any number of keys, and never all their records at once', async () => {
    const storage = fakeDurableStorage();
    const store = durableObjectStore(storage);
    const names = Array.from({ length: 600 }, (_, i) => `k${String(i).padStart(3, '0')}`);
    for (const name of names) await store.set(name, 'x');
    expect(await store.keys()).toEqual(names);
    expect(storage.longestList).toBe(256);
  });

  it('tells of a failure as its own, with the cause, and goes on afterwards', async () => {
    const storage = fakeDurableStorage();
    const store = durableObjectStore(storage);
    const refused = { name: 'StorageError', code: 'ERR_STORAGE_FAILED' };
    await expect(store.set('x'.repeat(3_000), 1)).rejects.toMatchObject(refused);
    await expect(store.putIfAbsent('a', () => {})).rejects.toMatchObject(refused);
    expect(await store.putIfAbsent('a', 1)).toEqual({ value: 1, written: true });
  });

  it('promises to keep what is written', async () => {
    expect(await durableObjectStore(fakeDurableStorage()).persist()).toBe('persisted');
  });

  it('wants a storage, and a prefix with content', () => {
    expect(() => durableObjectStore({} as never)).toThrow(TypeError);
    expect(() => durableObjectStore(undefined as never)).toThrow(TypeError);
    expect(() => durableObjectStore(fakeDurableStorage(), { prefix: '' })).toThrow(TypeError);
  });
});

it('work on records is one step, also for calls of the same event, and undone where it fails', async () => {
  const storage = fakeDurableStorage();
  const count = () =>
    inTransaction(storage, async (records) => {
      const before = ((await records.get('n')) as number | undefined) ?? 0;
      await records.put('n', before + 1);
    });
  const fault = new Error('half way');
  const failing = inTransaction(storage, async (records) => {
    await records.put('n', 1_000);
    throw fault;
  });
  await Promise.all([...Array.from({ length: 10 }, count), expect(failing).rejects.toBe(fault), count()]);
  expect(await storage.get('n')).toBe(11);
});
