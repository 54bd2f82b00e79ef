// Every store of tasks against the contract, and what only the stored one has to stand.

import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { memoryTaskStore } from '../../../src/a2a/server/memory-task-store.js';
import { storedPushConfigStore } from '../../../src/a2a/server/push-config-store.js';
import { storedTaskStore } from '../../../src/a2a/server/stored-task-store.js';
import type { TaskStore } from '../../../src/a2a/server/task-store.js';
import type { Store } from '../../../src/storage/contract.js';
import { indexedDb } from '../../../src/storage/indexeddb.js';
import { memoryStore } from '../../../src/storage/memory.js';
import { type TaskStoreSetup, taskStoreCases } from '../../contracts/task-store.js';
import { message, rpc, serverOf, turn } from './support.js';

let databases = 0;

function storedSetup(create: () => { store: Store; again: () => Store }): TaskStoreSetup {
  const handles = new Map<TaskStore, () => Store>();
  return {
    create() {
      const { store, again } = create();
      const tasks = storedTaskStore(store);
      handles.set(tasks, again);
      return tasks;
    },
    again: (tasks) => storedTaskStore((handles.get(tasks) as () => Store)()),
  };
}

const setups: [string, TaskStoreSetup][] = [
  ['memoryTaskStore', { create: memoryTaskStore, again: (store) => store }],
  [
    'storedTaskStore in memory',
    storedSetup(() => {
      const store = memoryStore();
      return { store, again: () => store };
    }),
  ],
  [
    'storedTaskStore in IndexedDB',
    storedSetup(() => {
      const name = `tasks-${databases++}`;
      return { store: indexedDb(name), again: () => indexedDb(name) };
    }),
  ],
];

describe.each(setups)('%s', (_, setup) => {
  it.each(taskStoreCases.map((demand) => [demand.name, demand] as const))('%s', (_name, demand) => demand.run(setup));
});

describe('a server on a store', () => {
  it('finds its tasks again after the program was started anew', async () => {
    const name = `tasks-${databases++}`;
    const first = serverOf({ tasks: storedTaskStore(indexedDb(name)) });
    const { task } = await rpc(first, 'SendMessage', { message: message('ask') });
    await first.close();
    const second = serverOf({ tasks: storedTaskStore(indexedDb(name)) });
    expect(await rpc(second, 'GetTask', { id: task.id })).toEqual(task);
    const done = await rpc(second, 'SendMessage', { message: message('hi', { taskId: task.id }) });
    expect(done.task.status.state).toBe('TASK_STATE_COMPLETED');
    expect((await rpc(second, 'ListTasks', {})).totalSize).toBe(1);
  });

  it('leaves other records in the store alone', async () => {
    const store = memoryStore();
    await store.set('a2a', 1);
    await store.set('identity', 2);
    const tasks = storedTaskStore(store);
    expect(await tasks.heads('')).toEqual([]);
    const server = serverOf({ tasks });
    await rpc(server, 'SendMessage', { message: message('hi') });
    expect((await store.keys()).filter((key) => !key.startsWith('a2a/'))).toEqual(['a2a', 'identity']);
  });

  it('a program that ends between the two writes of a task leaves no head without one', async () => {
    const store = memoryStore();
    const broken: Store = {
      ...store,
      async set(key, value) {
        if (key.startsWith('a2a/head/')) throw new Error('the program ends here');
        return store.set(key, value);
      },
    };
    const server = serverOf({ tasks: storedTaskStore(broken) });
    expect((await rpc(server, 'SendMessage', { message: message('hi') })).code).toBe(-32603);
    const after = serverOf({ tasks: storedTaskStore(store) });
    expect(await rpc(after, 'ListTasks', {})).toMatchObject({ tasks: [], totalSize: 0 });
  });

  it('one that deletes a task half leaves none that is listed', async () => {
    const store = memoryStore();
    const tasks = storedTaskStore(store);
    const server = serverOf({ tasks });
    const { task } = await rpc(server, 'SendMessage', { message: message('hi') });
    const broken: Store = {
      ...store,
      async delete(key) {
        if (key.startsWith('a2a/task/')) throw new Error('the program ends here');
        return store.delete(key);
      },
    };
    const owner = '';
    await expect(storedTaskStore(broken).delete(owner, task.id)).rejects.toThrow();
    expect((await rpc(server, 'ListTasks', {})).totalSize).toBe(0);
  });

  it.each([
    [{ id: 'x' }],
    [null],
    ['text'],
    [{ id: 'x', contextId: '', state: '', statusAtMs: 0, bytes: Number.NaN }],
    [{ id: 'x', contextId: '', state: '', statusAtMs: 0, bytes: -1e300 }],
    [{ id: 'x', contextId: '', state: '', statusAtMs: 'now', bytes: 1 }],
    [{ id: 'somebody else', contextId: '', state: '', statusAtMs: 0, bytes: 1 }],
  ])('a damaged head costs no task and refuses no message: %j', async (damage) => {
    const store = memoryStore();
    const server = serverOf({ tasks: storedTaskStore(store) });
    for (let i = 0; i < 3; i++) await rpc(server, 'SendMessage', { message: message('hi') });
    await store.set(`a2a/head/${encodeURIComponent('""')}/${encodeURIComponent('"x"')}`, damage);
    await turn();
    expect(await rpc(server, 'SendMessage', { message: message('hi') })).toHaveProperty('task');
    expect((await rpc(server, 'ListTasks', {})).totalSize).toBe(4);
  });

  it.each([
    [{}],
    [null],
    ['text'],
    [{ owner: '', task: {}, events: 1, bytes: 1 }],
    [{ owner: '', task: { id: 'T', status: { state: 'TASK_STATE_WORKING' }, history: 5 }, events: 1, bytes: 1 }],
    [{ owner: '', task: { id: 'T', status: { state: 'TASK_STATE_WORKING' } }, events: 'many', bytes: 1 }],
    [{ owner: 'eve', task: { id: 'T', status: { state: 'TASK_STATE_WORKING' } }, events: 1, bytes: 1 }],
  ])('a damaged task is as good as none, and the others are there: %j', async (damage) => {
    const store = memoryStore();
    const server = serverOf({ tasks: storedTaskStore(store) });
    const { task } = await rpc(server, 'SendMessage', { message: message('ask') });
    await rpc(server, 'SendMessage', { message: message('hi') });
    await turn();
    const key = (await store.keys()).find((name) => name.startsWith('a2a/task/') && name.includes(task.id)) as string;
    await store.set(key, JSON.parse(JSON.stringify(damage).replace('"T"', JSON.stringify(task.id))));
    for (const method of ['GetTask', 'CancelTask', 'SubscribeToTask']) {
      expect((await rpc(server, method, { id: task.id })).code).toBe(-32001);
    }
    const further = { message: message('hi', { taskId: task.id }) };
    expect((await rpc(server, 'SendMessage', further)).code).toBe(-32001);
    expect((await rpc(server, 'ListTasks', {})).tasks).toHaveLength(1);
  });

  it('damaged configurations of push notifications are left out', async () => {
    const store = memoryStore();
    const configs = storedPushConfigStore(store);
    await configs.put('', { id: 'a', taskId: 't', url: 'https://hooks.example/' });
    const [key] = await store.keys();
    await store.set(key as string, [null, 'text', { id: 1 }, ...(await configs.list('', 't'))]);
    expect((await configs.list('', 't')).map(({ id }) => id)).toEqual(['a']);
    await store.set(key as string, 'text');
    expect(await configs.list('', 't')).toEqual([]);
  });
});
