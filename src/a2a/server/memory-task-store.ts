// Tasks that live as long as the program.

import { headOf, type TaskRecord, type TaskStore } from './task-store.js';

/**
 * Makes an empty task store in memory. It holds what the server's limits let it have of each owner.
 *
 * @example
 * ```ts
 * const server = createA2aServer({ card, executor, tasks: memoryTaskStore() })
 * ```
 */
export function memoryTaskStore(): TaskStore {
  const owners = new Map<string, Map<string, TaskRecord>>();
  return {
    async get(owner, taskId) {
      return owners.get(owner)?.get(taskId);
    },
    async put(record) {
      const tasks = owners.get(record.owner);
      if (tasks === undefined) owners.set(record.owner, new Map([[record.task.id, record]]));
      else tasks.set(record.task.id, record);
    },
    async delete(owner, taskId) {
      const tasks = owners.get(owner);
      if (tasks?.delete(taskId) && tasks.size === 0) owners.delete(owner);
    },
    async heads(owner) {
      return Array.from(owners.get(owner)?.values() ?? [], headOf);
    },
  };
}
