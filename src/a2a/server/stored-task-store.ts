// Tasks in a `Store` (storage/contract.ts), so that they outlive the program: in IndexedDB for a service worker, or in
// whatever an adapter of one's own keeps. Two records a task: the task, and a small one for lists to read.

import type { Store } from '../../storage/contract.js';
import { prefixOf, recordKey } from './stored-keys.js';
import { headOf, type TaskHead, type TaskRecord, type TaskStore } from './task-store.js';

const TASKS = 'a2a/task';
const HEADS = 'a2a/head';

/**
 * Keeps tasks in a store, beside what else is in it: its keys begin with `a2a/`.
 *
 * A list, and a new task, read the heads of all tasks of their owner, of which `maxTasksPerOwner` is the bound. One server
 * at a time may work on a task: the store has no lock that reaches across processes.
 *
 * @param store Shared; nothing is read from it before the first request.
 *
 * @example
 * ```ts
 * const tasks = storedTaskStore(indexedDb('my-agent'))
 * ```
 */
export function storedTaskStore(store: Store): TaskStore {
  return {
    async get(owner, taskId) {
      return (await store.get(recordKey(TASKS, owner, taskId))) as TaskRecord | undefined;
    },
    async put(record) {
      const { owner, task } = record;
      // The task first: a head always has one, even when the program ends between the two.
      await store.set(recordKey(TASKS, owner, task.id), record);
      await store.set(recordKey(HEADS, owner, task.id), headOf(record));
    },
    async delete(owner, taskId) {
      await store.delete(recordKey(HEADS, owner, taskId));
      await store.delete(recordKey(TASKS, owner, taskId));
    },
    async heads(owner) {
      const prefix = prefixOf(HEADS, owner);
      const keys = (await store.keys()).filter((key) => key.startsWith(prefix));
      const heads = await Promise.all(keys.map((key) => store.get(key)));
      return heads.filter((head) => head !== undefined) as TaskHead[];
    },
  };
}
