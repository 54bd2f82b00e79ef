// What every store has to do, as plain functions that throw: a runner in Node, a page or a worker lends its own `test`.

import type { Store } from '../../src/storage/contract.js';

/** How the suite gets at an adapter. */
export interface StoreSetup {
  /** A store on empty data of its own, at every call. */
  create(): Store | Promise<Store>;
  /** A second handle on the data of a store, as another tab has, or the same page after a reload. */
  again(store: Store): Store | Promise<Store>;
}

/** One demand on a store; rejects when it is not met. */
export interface StoreCase {
  readonly name: string;
  run(setup: StoreSetup): Promise<void>;
}

/** The demands, in the order of the contract. */
export const storeCases: readonly StoreCase[] = [
  {
    name: 'an empty store has nothing',
    async run({ create }) {
      const store = await create();
      same(await store.get('a'), undefined);
      same(await store.keys(), []);
      await store.delete('a');
    },
  },
  {
    name: 'a record reads back as it was written',
    async run({ create }) {
      const store = await create();
      const record = {
        version: 1,
        did: 'did:key:z',
        bytes: Uint8Array.of(1, 2, 3),
        nested: { list: [null, true, 'x'] },
      };
      await store.set('a', record);
      same(await store.get('a'), record);
      for (const value of [null, 0, '', false, [], new Uint8Array(0)]) {
        await store.set('b', value);
        same(await store.get('b'), value);
      }
    },
  },
  {
    name: 'a record is replaced as a whole',
    async run({ create }) {
      const store = await create();
      await store.set('a', { one: 1, two: 2 });
      await store.set('a', { two: 3 });
      same(await store.get('a'), { two: 3 });
      same(await store.keys(), ['a']);
    },
  },
  {
    name: 'a deleted record is gone, and only that one',
    async run({ create }) {
      const store = await create();
      await store.set('a', 1);
      await store.set('b', 2);
      await store.delete('a');
      same(await store.get('a'), undefined);
      same(await store.get('b'), 2);
      same(await store.keys(), ['b']);
    },
  },
  {
    name: 'any string is a key',
    async run({ create }) {
      const store = await create();
      const names = ['', ' ', '__proto__', 'constructor', 'a/b', '\u{1f511}', 'x'.repeat(1_000)];
      for (const [i, name] of names.entries()) await store.set(name, i);
      for (const [i, name] of names.entries()) same(await store.get(name), i);
      same((await store.keys()).sort(), [...names].sort());
    },
  },
  {
    name: 'putIfAbsent writes where there is nothing, and leaves what there is',
    async run({ create }) {
      const store = await create();
      same(await store.putIfAbsent('a', { n: 1 }), { value: { n: 1 }, written: true });
      same(await store.putIfAbsent('a', { n: 2 }), { value: { n: 1 }, written: false });
      same(await store.get('a'), { n: 1 });
      await store.set('b', null);
      same(await store.putIfAbsent('b', 1), { value: null, written: false });
      await store.delete('a');
      same(await store.putIfAbsent('a', { n: 3 }), { value: { n: 3 }, written: true });
    },
  },
  {
    name: 'of many putIfAbsent at once, over two handles, one wins and all see it',
    async run({ create, again }) {
      const store = await create();
      const handles = [store, await again(store)];
      const racers = Array.from({ length: 32 }, (_, n) => (handles[n % 2] as Store).putIfAbsent('a', { n }));
      const results = await Promise.all(racers);
      same(results.filter(({ written }) => written).length, 1);
      const winner = results.find(({ written }) => written)?.value;
      for (const { value } of results) same(value, winner);
      for (const handle of handles) same(await handle.get('a'), winner);
    },
  },
  {
    name: 'another handle sees what was written and deleted',
    async run({ create, again }) {
      const store = await create();
      await store.set('a', 1);
      const other = await again(store);
      same(await other.get('a'), 1);
      await other.delete('a');
      same(await store.get('a'), undefined);
    },
  },
  {
    name: 'two stores do not share records',
    async run({ create }) {
      const [one, two] = [await create(), await create()];
      await one.set('a', 1);
      same(await two.get('a'), undefined);
    },
  },
  {
    name: 'a CryptoKey comes back working, or its loss shows: a StorageError, or no key where it was',
    async run({ create, again }) {
      const store = await create();
      const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
      try {
        await store.set('a', { key });
      } catch (error) {
        same((error as Error).name, 'StorageError');
        return;
      }
      const record = (await (await again(store)).get('a')) as { key: CryptoKey | null };
      if (record.key === null) return;
      const [iv, text] = [new Uint8Array(12), Uint8Array.of(7)];
      const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, text);
      same(new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, record.key, sealed)), text);
      same(record.key.extractable, false);
    },
  },
  {
    name: 'misuse is a TypeError and changes nothing',
    async run({ create }) {
      const store = await create();
      const wrong = 7 as never;
      await refuses(() => store.get(wrong));
      await refuses(() => store.set(wrong, 1));
      await refuses(() => store.set('a', undefined));
      await refuses(() => store.delete(wrong));
      await refuses(() => store.putIfAbsent(wrong, 1));
      await refuses(() => store.putIfAbsent('a', undefined));
      same(await store.keys(), []);
    },
  },
  {
    name: 'persist tells one of two things',
    async run({ create }) {
      const store = await create();
      const answer: string = await store.persist();
      same(answer === 'persisted' || answer === 'best-effort', true);
    },
  },
];

async function refuses(operation: () => Promise<unknown>): Promise<void> {
  let refusal: unknown;
  try {
    await operation();
  } catch (error) {
    refusal = error;
  }
  if (!(refusal instanceof TypeError)) throw new Error(`a TypeError was due, not ${String(refusal)}`);
}

function same(actual: unknown, expected: unknown): void {
  if (!equal(actual, expected)) throw new Error(`${describe(actual)} is not ${describe(expected)}`);
}

function equal(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  // By tag: a store may hand back objects of another realm.
  const tag = (value: object) => Object.prototype.toString.call(value);
  const [left, right] = [Object.entries(a), Object.entries(b)];
  if (tag(a) !== tag(b) || left.length !== right.length) return false;
  return left.every(([name, value]) => Object.hasOwn(b, name) && equal(value, (b as Record<string, unknown>)[name]));
}

function describe(value: unknown): string {
  return value === undefined ? 'undefined' : JSON.stringify(value);
}
