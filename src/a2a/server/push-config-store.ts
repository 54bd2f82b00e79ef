// Where push notification configurations are kept, by owner and task. They hold credentials of a client's receiver.

import type { Store } from '../../storage/contract.js';
import type { TaskPushNotificationConfig } from '../wire/objects.js';
import { KeyedLock } from './keyed-lock.js';
import { recordKey } from './stored-keys.js';

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
 * Keeps configurations in a store, beside what else is in it: its keys begin with `a2a/`. Those of a task are one record,
 * since they are asked for with each event.
 *
 * @param store Shared. Whoever can read it can read the credentials in it.
 */
export function storedPushConfigStore(store: Store): PushConfigStore {
  const lock = new KeyedLock();

  async function read(key: string): Promise<readonly StoredPushConfig[]> {
    const configs = await store.get(key);
    return Array.isArray(configs) ? configs.filter(isConfig) : [];
  }

  return {
    list: (owner, taskId) => read(recordKey(CONFIGS, owner, taskId)),
    put(owner, config) {
      const key = recordKey(CONFIGS, owner, config.taskId);
      return lock.run(key, async () => {
        const others = (await read(key)).filter(({ id }) => id !== config.id);
        await store.set(key, [...others, config]);
      });
    },
    delete(owner, taskId, id) {
      const key = recordKey(CONFIGS, owner, taskId);
      return lock.run(key, async () => {
        const left = (await read(key)).filter((config) => config.id !== id);
        await (left.length === 0 ? store.delete(key) : store.set(key, left));
      });
    },
  };
}

function isConfig(value: StoredPushConfig | null): value is StoredPushConfig {
  return typeof value?.id === 'string' && typeof value.url === 'string';
}
