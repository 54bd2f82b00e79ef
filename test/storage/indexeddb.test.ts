import { IDBDatabase, IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Store } from '../../src/storage/contract.js';
import { indexedDb } from '../../src/storage/indexeddb.js';
import { storeCases } from '../contracts/store.js';

const FAILED = { name: 'StorageError', code: 'ERR_STORAGE_FAILED' };

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.stubGlobal('IDBKeyRange', IDBKeyRange);
});

afterEach(() => vi.unstubAllGlobals());

function handles() {
  const names = new Map<Store, string>();
  return {
    create() {
      const name = `store-${names.size}`;
      const store = indexedDb(name);
      names.set(store, name);
      return store;
    },
    again: (store: Store) => indexedDb(names.get(store) as string),
  };
}

describe('indexedDb', () => {
  it.each(storeCases)('$name', ({ run }) => run(handles()));

  it('opens nothing before the first operation', async () => {
    const open = vi.spyOn(indexedDB, 'open');
    const store = indexedDb('lazy');
    expect(open).not.toHaveBeenCalled();
    await store.get('a');
    expect(open).toHaveBeenCalledTimes(1);
  });

  it('hands out copies, so that one reader cannot change what another reads', async () => {
    const store = indexedDb('copies');
    await store.set('a', { n: 1 });
    ((await store.get('a')) as { n: number }).n = 2;
    expect(await store.get('a')).toEqual({ n: 1 });
  });

  it('puts if absent within one transaction', async () => {
    const store = indexedDb('one-transaction');
    await store.get('warm-up');
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction');
    await store.putIfAbsent('a', 1);
    expect(transaction).toHaveBeenCalledTimes(1);
    transaction.mockRestore();
  });

  it('wraps every failure of IndexedDB, with its cause, and keeps what was there', async () => {
    const store = indexedDb('failures');
    await store.set('a', 1);
    const uncloneable = () => {};
    for (const write of [() => store.set('a', uncloneable), () => store.putIfAbsent('b', { uncloneable })]) {
      await expect(write()).rejects.toMatchObject({ ...FAILED, cause: { name: 'DataCloneError' } });
    }
    expect(await store.get('a')).toBe(1);
    expect(await store.keys()).toEqual(['a']);
  });

  it('wraps a database that does not open, and tries again the next time', async () => {
    const cause = new DOMException('no room', 'QuotaExceededError');
    vi.spyOn(indexedDB, 'open').mockImplementationOnce(() => {
      const request = { error: cause } as unknown as IDBOpenDBRequest;
      queueMicrotask(() => request.onerror?.(new Event('error')));
      return request;
    });
    const store = indexedDb('reopens');
    await expect(store.get('a')).rejects.toMatchObject({ ...FAILED, cause });
    expect(await store.get('a')).toBeUndefined();
  });

  it('says so where there is no IndexedDB, or the page may not use it', async () => {
    const unavailable = { name: 'StorageError', code: 'ERR_STORAGE_UNAVAILABLE' };
    const store = indexedDb('nowhere');
    vi.spyOn(indexedDB, 'open').mockImplementationOnce(() => {
      throw new DOMException('opaque origin', 'SecurityError');
    });
    await expect(store.keys()).rejects.toMatchObject(unavailable);
    vi.stubGlobal('indexedDB', undefined);
    for (const operation of [store.get('a'), store.set('a', 1), store.delete('a'), store.putIfAbsent('a', 1)]) {
      await expect(operation).rejects.toMatchObject(unavailable);
    }
  });

  it('names the argument that is wrong', () => {
    expect(() => indexedDb('')).toThrow(RangeError);
    expect(() => indexedDb(undefined as never)).toThrow(TypeError);
  });
});

describe('indexedDb persist', () => {
  const storage = (manager: object) => vi.stubGlobal('navigator', { storage: manager });

  it('tells what the runtime grants', async () => {
    storage({ persisted: async () => false, persist: async () => true });
    expect(await indexedDb('p').persist()).toBe('persisted');
    storage({ persisted: async () => false, persist: async () => false });
    expect(await indexedDb('p').persist()).toBe('best-effort');
  });

  it('does not ask again for what it has', async () => {
    const persist = vi.fn();
    storage({ persisted: async () => true, persist });
    expect(await indexedDb('p').persist()).toBe('persisted');
    expect(persist).not.toHaveBeenCalled();
  });

  it('a runtime that never answers is best effort, after a second', async () => {
    storage({ persisted: async () => false, persist: () => new Promise(() => {}) });
    let fire = () => {};
    const cancel = vi.fn();
    const setTimer = vi.fn((callback: () => void, _delayMs: number) => {
      fire = callback;
      return cancel;
    });
    const asked = indexedDb('p', { clock: { now: () => 0, setTimer } }).persist();
    expect(setTimer.mock.calls[0]?.[1]).toBe(1_000);
    fire();
    expect(await asked).toBe('best-effort');
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  it('never rejects: no storage manager, half a one, a broken one', async () => {
    vi.stubGlobal('navigator', undefined);
    expect(await indexedDb('p').persist()).toBe('best-effort');
    vi.stubGlobal('navigator', {});
    expect(await indexedDb('p').persist()).toBe('best-effort');
    storage({ persisted: async () => false });
    expect(await indexedDb('p').persist()).toBe('best-effort');
    storage({ persisted: () => Promise.reject(new Error('broken')) });
    expect(await indexedDb('p').persist()).toBe('best-effort');
  });
});
