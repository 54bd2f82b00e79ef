import { describe, expect, it } from 'vitest';
import { memoryReplayStore, type ReplayStore, storedReplayStore } from '../../src/aitp/replay-store.js';
import { memoryStore } from '../../src/storage/memory.js';
import { outcome } from './support.js';

const kinds: [string, (options: { now: () => number; maxEntries?: number }) => ReplayStore][] = [
  ['in memory', memoryReplayStore],
  ['in a store', (options) => storedReplayStore(memoryStore(), options)],
];

describe.each(kinds)('a replay store %s', (_, make) => {
  it('remembers until the second it was told, and no longer', async () => {
    let now = 100;
    const store = make({ now: () => now });
    expect(await store.has('a')).toBe(false);
    expect(await store.addIfAbsent('a', 200)).toBe(true);
    expect(await store.addIfAbsent('a', 200)).toBe(false);
    now = 199;
    expect(await store.has('a')).toBe(true);
    expect(await store.addIfAbsent('a', 300)).toBe(false);
    now = 200;
    expect(await store.has('a')).toBe(false);
    expect(await store.addIfAbsent('a', 300)).toBe(true);
    expect(await store.addIfAbsent('a', 300)).toBe(false);
  });

  it('gives one of many askers at once the key', async () => {
    const store = make({ now: () => 100 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => store.addIfAbsent('a', 200)));
    expect(answers.filter(Boolean)).toHaveLength(1);
  });

  it('refuses when it is full rather than forget what it should know', async () => {
    let now = 100;
    const store = make({ now: () => now, maxEntries: 2 });
    await store.addIfAbsent('a', 200);
    await store.addIfAbsent('b', 300);
    expect(await outcome(() => store.addIfAbsent('c', 300))).toBe('ERR_LIMIT_EXCEEDED');
    expect(await store.has('a')).toBe(true);
    now = 200;
    expect(await store.addIfAbsent('c', 300)).toBe(true);
    expect(await outcome(() => store.addIfAbsent('d', 300))).toBe('ERR_LIMIT_EXCEEDED');
  });

  it('a flood of many at once does not get past the bound', async () => {
    const store = make({ now: () => 100, maxEntries: 10 });
    const settled = await Promise.allSettled(Array.from({ length: 200 }, (_, i) => store.addIfAbsent(`${i}`, 200)));
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  });

  it('a flood of replays does not use the memory up', async () => {
    const store = make({ now: () => 100, maxEntries: 2 });
    for (let i = 0; i < 20; i++) await store.addIfAbsent('a', 200);
    expect(await store.addIfAbsent('b', 200)).toBe(true);
  });

  it('wants a clock and a sensible bound', () => {
    expect(() => make({ now: () => 1, maxEntries: 0 })).toThrow(RangeError);
    expect(() => make({ now: () => 1.5 })).toThrow(RangeError);
    expect(() => make({} as never)).toThrow(TypeError);
  });
});

it('a million ids do not grow the memory', { timeout: 60_000 }, async () => {
  let now = 0;
  const store = memoryReplayStore({ now: () => now, maxEntries: 10_000 });
  let refused = 0;
  for (let i = 0; i < 1_000_000; i++) {
    if (i % 1_000 === 0) now++;
    try {
      await store.addIfAbsent(`sender ${i}`, now + 5);
    } catch {
      refused++;
    }
  }
  expect(refused).toBe(0);
});

it('a store is swept of expired keys, and of no others', async () => {
  let now = 100;
  const under = memoryStore();
  await under.set('other', 1);
  const store = storedReplayStore(under, { now: () => now, prefix: 'seen/' });
  await store.addIfAbsent('a', 200);
  await store.addIfAbsent('b', 300);
  now = 200;
  expect(await store.sweep()).toBe(1);
  expect((await under.keys()).sort()).toEqual(['other', 'seen/b']);
});

it('a full store under fire is walked once a second, not once for every message', async () => {
  let now = 100;
  let walks = 0;
  const under = memoryStore();
  const counted = {
    get: (key: string) => under.get(key),
    set: (key: string, value: unknown) => under.set(key, value),
    delete: (key: string) => under.delete(key),
    putIfAbsent: (key: string, value: unknown) => under.putIfAbsent(key, value),
    persist: () => under.persist(),
    keys: () => {
      walks++;
      return under.keys();
    },
  };
  const store = storedReplayStore(counted, { now: () => now, maxEntries: 50 });
  for (let i = 0; i < 50; i++) await store.addIfAbsent(`kept ${i}`, 1_000);
  walks = 0;
  const flood = async () => {
    const tried = Array.from({ length: 100 }, (_, i) => outcome(() => store.addIfAbsent(`flood ${i}`, 1_000)));
    expect(new Set(await Promise.all(tried))).toEqual(new Set(['ERR_LIMIT_EXCEEDED']));
  };
  await flood();
  now = 101;
  await flood();
  await flood();
  expect(walks).toBe(1);
  expect(await store.has('kept 0')).toBe(true);
});

it('a write that failed takes no room', async () => {
  const under = memoryStore();
  let broken = true;
  const store = storedReplayStore(
    {
      get: (key) => under.get(key),
      set: (key, value) => under.set(key, value),
      delete: (key) => under.delete(key),
      keys: () => under.keys(),
      persist: () => under.persist(),
      putIfAbsent: async (key, value) => {
        if (broken) throw new Error('disk');
        return under.putIfAbsent(key, value);
      },
    },
    { now: () => 100, maxEntries: 1 },
  );
  await expect(store.addIfAbsent('a', 200)).rejects.toThrow('disk');
  broken = false;
  expect(await store.addIfAbsent('a', 200)).toBe(true);
});
