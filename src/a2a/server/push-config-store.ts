// Where push notification configurations are kept, by owner and task. They hold credentials of a client's receiver.

import type { Store } from '../../storage/contract.js';
import type { TaskPushNotificationConfig } from '../wire/objects.js';
import { prefixOf, recordKey } from './stored-keys.js';

/** A configuration as it is kept. */
export interface StoredPushConfig extends TaskPushNotificationConfig {
  readonly id: string;
  readonly taskId: string;
}

/** A place for push notification configurations. */
export interface PushConfigStore {
  /** All configurations of a task, in no particular order. */
  list(owner: string, taskId: string): Promise<readonly StoredPushConfig[]>;
  /** Writes one, replacing that of the same task and id. */
  put(owner: string, config: StoredPushConfig): Promise<void>;
  /** Removes one; removing nothing is no error. */
  delete(owner: string, taskId: string, id: string): Promise<void>;
}

/** Makes an empty place in memory. */
export function memoryPushConfigStore(): PushConfigStore {
  const tasks = new Map<string, Map<string, StoredPushConfig>>();
  const keyOf = (owner: string, taskId: string) => recordKey('', owner, taskId);
  return {
    async list(owner, taskId) {
      return [...(tasks.get(keyOf(owner, taskId))?.values() ?? [])];
    },
    async put(owner, config) {
      const key = keyOf(owner, config.taskId);
      const configs = tasks.get(key);
      if (configs === undefined) tasks.set(key, new Map([[config.id, config]]));
      else configs.set(config.id, config);
    },
    async delete(owner, taskId, id) {
      const key = keyOf(owner, taskId);
      const configs = tasks.get(key);
      if (configs?.delete(id) && configs.size === 0) tasks.delete(key);
    },
  };
}

const CONFIGS = 'a2a/push';

/**
 * Keeps configurations in a store, beside what else is in it: its keys begin with `a2a/`.
 *
 * @param store Shared. Whoever can read it can read the credentials in it.
 */
export function storedPushConfigStore(store: Store): PushConfigStore {
  return {
    async list(owner, taskId) {
      const prefix = prefixOf(CONFIGS, owner, taskId);
      const keys = (await store.keys()).filter((key) => key.startsWith(prefix));
      const configs = await Promise.all(keys.map((key) => store.get(key)));
      return configs.filter((config) => config !== undefined) as StoredPushConfig[];
    },
    put: (owner, config) => store.set(recordKey(CONFIGS, owner, config.taskId, config.id), config),
    delete: (owner, taskId, id) => store.delete(recordKey(CONFIGS, owner, taskId, id)),
  };
}
