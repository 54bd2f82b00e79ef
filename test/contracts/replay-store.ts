// What every memory of message identifiers has to do, as plain functions that throw: a runner in Node, a page or a worker
// lends its own `test`.

import type { ReplayStore } from '../../src/aitp/replay-store.js';

/** How the suite gets at an adapter. */
export interface ReplayStoreSetup {
  /** A memory on empty data of its own, at every call. */
  create(options: { now: () => number; maxEntries?: number }): ReplayStore | Promise<ReplayStore>;
  /** A second handle on the data of the one made last, as another tab or isolate has. Absent: there can be none. */
  again?(options: { now: () => number; maxEntries?: number }): ReplayStore | Promise<ReplayStore>;
}

/** One demand; rejects when it is not met. */
export interface ReplayStoreCase {
  readonly name: string;
  run(setup: ReplayStoreSetup): Promise<void>;
}

/** The demands. */
export const replayStoreCases: readonly ReplayStoreCase[] = [
  {
    name: 'remembers a key until the second it was told, and no longer',
    async run({ create }) {
      let now = 100;
      const store = await create({ now: () => now });
      same(await store.has('a'), false);
      same(await store.addIfAbsent('a', 200), true);
      same(await store.addIfAbsent('a', 900), false);
      now = 199;
      same(await store.has('a'), true);
      same(await store.addIfAbsent('a', 300), false);
      now = 200;
      same(await store.has('a'), false);
      same(await store.addIfAbsent('a', 300), true);
      same(await store.addIfAbsent('a', 300), false);
    },
  },
  {
    name: 'looking records nothing',
    async run({ create }) {
      const store = await create({ now: () => 100 });
      for (let i = 0; i < 3; i++) same(await store.has('a'), false);
      same(await store.addIfAbsent('a', 200), true);
    },
  },
  {
    name: 'of many who bring one key at once, over two handles, one is the first',
    async run({ create, again }) {
      const options = { now: () => 100 };
      const store = await create(options);
      const other = (await again?.(options)) ?? store;
      const answers = await Promise.all(
        Array.from({ length: 32 }, (_, i) => (i % 2 === 0 ? store : other).addIfAbsent('a', 200)),
      );
      same(answers.filter(Boolean).length, 1);
      same(await other.has('a'), true);
    },
  },
  {
    name: 'keys that begin alike, or look like something else, are kept apart',
    async run({ create }) {
      const store = await create({ now: () => 100 });
      const keys = ['a', 'a/b', 'a b', '__proto__', 'constructor', 'k/', 't/', 'n', '', '\u{1f511}', 'x'.repeat(256)];
      for (const key of keys) same(await store.addIfAbsent(key, 200), true);
      for (const key of keys) same(await store.addIfAbsent(key, 200), false);
    },
  },
  {
    name: 'when it is full it refuses rather than forget what it should know, and has room again when keys expire',
    async run({ create }) {
      let now = 100;
      const store = await create({ now: () => now, maxEntries: 2 });
      same(await store.addIfAbsent('a', 200), true);
      same(await store.addIfAbsent('b', 300), true);
      for (let i = 0; i < 3; i++) await refuses(() => store.addIfAbsent('c', 300));
      same(await store.has('a'), true);
      // One that is known is called so, full or not: a replay is told from a flood.
      same(await store.addIfAbsent('a', 300), false);
      now = 200;
      same(await store.addIfAbsent('c', 300), true);
      await refuses(() => store.addIfAbsent('d', 300));
      same(await store.has('b'), true);
      now = 300;
      same(await store.addIfAbsent('d', 400), true);
      same(await store.addIfAbsent('e', 400), true);
      await refuses(() => store.addIfAbsent('f', 400));
    },
  },
  {
    name: 'an expired key that is remembered anew counts once',
    async run({ create }) {
      let now = 100;
      const store = await create({ now: () => now, maxEntries: 2 });
      for (let i = 0; i < 5; i++) {
        same(await store.addIfAbsent('a', now + 10), true);
        now += 10;
      }
      same(await store.addIfAbsent('a', now + 10), true);
      same(await store.addIfAbsent('b', now + 10), true);
      await refuses(() => store.addIfAbsent('c', now + 10));
    },
  },
];

async function refuses(operation: () => Promise<unknown>): Promise<void> {
  let code: unknown;
  try {
    await operation();
  } catch (error) {
    code = (error as { code?: unknown }).code;
  }
  if (code !== 'ERR_LIMIT_EXCEEDED') throw new Error(`ERR_LIMIT_EXCEEDED was due, not ${String(code)}`);
}

function same(actual: unknown, expected: unknown): void {
  if (!Object.is(actual, expected)) throw new Error(`${String(actual)} is not ${String(expected)}`);
}
