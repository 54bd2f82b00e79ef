// What every store of tasks has to do, as plain functions that throw: a runner in Node, a page or a worker lends its own
// `test`.

import type { TaskRecord, TaskStore } from '../../src/a2a/server/task-store.js';

/** How the suite gets at a store. */
export interface TaskStoreSetup {
  /** A store on empty data of its own, at every call. */
  create(): TaskStore | Promise<TaskStore>;
  /** A second handle on the data of a store, as after a reload; the same one where data do not outlive it. */
  again(store: TaskStore): TaskStore | Promise<TaskStore>;
}

/** One demand on a store; rejects when it is not met. */
export interface TaskStoreCase {
  readonly name: string;
  run(setup: TaskStoreSetup): Promise<void>;
}

const AT = '2026-01-01T00:00:00.';

/** A record whose status is `ms` milliseconds into the year. */
function recordOf(owner: string, id: string, ms = 0, more: Partial<TaskRecord['task']> = {}): TaskRecord {
  const status = { state: 'TASK_STATE_WORKING', timestamp: `${AT}${String(ms).padStart(3, '0')}Z` };
  return { owner, task: { id, contextId: 'c', status, ...more }, events: 1, bytes: 10 };
}

/** The demands, in the order of the contract. */
export const taskStoreCases: readonly TaskStoreCase[] = [
  {
    name: 'an empty store has nothing',
    async run({ create }) {
      const store = await create();
      same(await store.get('a', 't'), undefined);
      same(await store.heads('a'), []);
      await store.delete('a', 't');
    },
  },
  {
    name: 'a task reads back as it was written',
    async run({ create, again }) {
      const store = await create();
      const record = recordOf('a', 't', 5, {
        history: [{ messageId: 'm', role: 'ROLE_USER', parts: [{ data: null }, { text: '\u{1f600}' }] }],
        artifacts: [{ artifactId: 'x', parts: [{ raw: 'AAE=', filename: 'f' }] }],
        metadata: JSON.parse('{"__proto__":{"polluted":true},"constructor":1}'),
      });
      await store.put(record);
      same(await (await again(store)).get('a', 't'), record);
      same(Object.hasOwn((await store.get('a', 't'))?.task.metadata ?? {}, '__proto__'), true);
    },
  },
  {
    name: 'a later state replaces an earlier one as a whole, in the head as well',
    async run({ create }) {
      const store = await create();
      await store.put(recordOf('a', 't', 1, { metadata: { one: 1 } }));
      const later = recordOf('a', 't', 2, { status: { state: 'TASK_STATE_COMPLETED', timestamp: `${AT}002Z` } });
      await store.put(later);
      same(await store.get('a', 't'), later);
      const statusAtMs = Date.parse(`${AT}002Z`);
      same(await store.heads('a'), [{ id: 't', contextId: 'c', state: 'TASK_STATE_COMPLETED', statusAtMs, bytes: 10 }]);
    },
  },
  {
    name: 'one owner knows nothing of another, whatever their names',
    async run({ create }) {
      const store = await create();
      const owners = [
        '',
        'a',
        'A',
        'a/',
        'a/b',
        'a%2Fb',
        '"a"',
        '__proto__',
        '\ud800',
        '\u{1f600}',
        '["a","b"]',
        'b'.repeat(500),
      ];
      for (const owner of owners) await store.put(recordOf(owner, `of ${owner}`));
      await store.put(recordOf('a/b', 'x'));
      for (const owner of owners) {
        same(
          (await store.heads(owner)).map(({ id }) => id).sort(),
          owner === 'a/b' ? ['of a/b', 'x'] : [`of ${owner}`],
        );
        same(await store.get(owner, 'of somebody else'), undefined);
        same((await store.get(owner, `of ${owner}`))?.owner, owner);
      }
      same(await store.get('b', 'x'), undefined);
      same(await store.get('a', 'b/x'), undefined);
    },
  },
  {
    name: 'any text is the id of a task',
    async run({ create }) {
      const store = await create();
      const ids = [
        ' ',
        '/',
        'a/b',
        'a:cancel',
        '%',
        '%2F',
        '__proto__',
        'constructor',
        '\u{1f600}',
        '\ud800',
        'x'.repeat(500),
      ];
      for (const [ms, id] of ids.entries()) await store.put(recordOf('a', id, ms));
      for (const [ms, id] of ids.entries()) same(await store.get('a', id), recordOf('a', id, ms));
      same((await store.heads('a')).map(({ id }) => id).sort(), [...ids].sort());
    },
  },
  {
    name: 'a deleted task is gone, and only that one',
    async run({ create, again }) {
      const store = await create();
      for (const id of ['s', 't', 'u']) await store.put(recordOf('a', id));
      await store.put(recordOf('b', 't'));
      await store.delete('a', 't');
      await store.delete('a', 't');
      const other = await again(store);
      same(await other.get('a', 't'), undefined);
      same((await other.heads('a')).map(({ id }) => id).sort(), ['s', 'u']);
      same((await other.get('b', 't'))?.owner, 'b');
    },
  },
  {
    name: 'many tasks are all there',
    async run({ create }) {
      const store = await create();
      await Promise.all(Array.from({ length: 100 }, (_, i) => store.put(recordOf('a', `t${i}`, i))));
      same((await store.heads('a')).length, 100);
      const times = (await store.heads('a')).map(({ statusAtMs }) => statusAtMs - Date.parse(`${AT}000Z`));
      same(
        times.sort((x, y) => x - y),
        Array.from({ length: 100 }, (_, i) => i),
      );
    },
  },
  {
    name: 'the tenant of a task is kept, in the head as well, and is no part of who it belongs to',
    async run({ create, again }) {
      const store = await create();
      const record = { ...recordOf('a', 't'), tenant: 'blue' };
      await store.put(record);
      same(await (await again(store)).get('a', 't'), record);
      same(
        (await store.heads('a')).map(({ tenant }) => tenant),
        ['blue'],
      );
    },
  },
  {
    name: 'a status without a time counts as the oldest',
    async run({ create }) {
      const store = await create();
      await store.put(recordOf('a', 't', 0, { status: { state: 'TASK_STATE_WORKING' } }));
      same(
        (await store.heads('a')).map(({ statusAtMs }) => statusAtMs),
        [0],
      );
    },
  },
];

/** Structural comparison that needs no test framework. */
function same(actual: unknown, expected: unknown): void {
  const [one, other] = [JSON.stringify(sorted(actual)), JSON.stringify(sorted(expected))];
  if (one !== other) throw new Error(`expected ${other}, got ${one}`);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => [name, sorted(member)]);
}
