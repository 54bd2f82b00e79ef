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
 * A list, and each message, read the heads of all tasks of their owner, of which `maxTasksPerOwner` is the bound. One server
 * at a time may work on a task: the store has no lock that reaches across processes. A record that is damaged counts as
 * none.
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
      const record = await store.get(recordKey(TASKS, owner, taskId));
      return isRecord(record, owner, taskId) ? record : undefined;
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
      return heads.filter((head, index): head is TaskHead => isHead(head) && keys[index] === keyOfHead(owner, head));
    },
  };
}

function keyOfHead(owner: string, { id }: TaskHead): string {
  return recordKey(HEADS, owner, id);
}

/** A store outlives versions of a program, and others write to it. What a sum or an order is made of has to be sound. */
function isHead(value: unknown): value is TaskHead {
  if (!isObject(value)) return false;
  const { id, contextId, tenant, state, statusAtMs, bytes } = value;
  return (
    [id, contextId, state, tenant ?? ''].every((text) => typeof text === 'string') &&
    Number.isFinite(statusAtMs) &&
    isCount(bytes)
  );
}

function isRecord(value: unknown, owner: string, taskId: string): value is TaskRecord {
  if (!isObject(value) || !isObject(value.task) || !isObject(value.task.status)) return false;
  const { history = [], artifacts = [] } = value.task;
  return (
    value.owner === owner &&
    value.task.id === taskId &&
    typeof value.task.status.state === 'string' &&
    Array.isArray(history) &&
    Array.isArray(artifacts) &&
    isCount(value.events) &&
    isCount(value.bytes)
  );
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
