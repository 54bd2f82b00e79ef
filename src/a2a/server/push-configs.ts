// Push notification configurations of tasks: made, found, listed page by page, and deleted.

import { A2aOperationError } from '../wire/errors.js';
import type { TaskPushNotificationConfig } from '../wire/objects.js';
import type {
  ListTaskPushNotificationConfigsRequest,
  ListTaskPushNotificationConfigsResponse,
} from '../wire/requests.js';
import { KeyedLock } from './keyed-lock.js';
import { decodePageToken, encodePageToken } from './page-token.js';
import type { StoredPushConfig } from './push-config-store.js';
import { checkPushConfig, type PushOptions } from './push-sender.js';

/** The configurations of one server. Whoever calls has made sure that the task is the owner's. */
export class PushConfigs {
  readonly #push: PushOptions;
  readonly #maxPerTask: number;
  readonly #lock = new KeyedLock();

  constructor(push: PushOptions, maxPerTask: number) {
    this.#push = push;
    this.#maxPerTask = maxPerTask;
  }

  /** @throws as {@link checkPushConfig}. */
  check(config: TaskPushNotificationConfig): void {
    checkPushConfig(config, this.#push);
  }

  /**
   * Keeps a configuration; one of the same id is replaced.
   *
   * @throws {A2aOperationError} ERR_A2A_RATE_LIMITED: the task has as many as it may.
   */
  create(owner: string, config: TaskPushNotificationConfig & { readonly taskId: string }): Promise<StoredPushConfig> {
    const { taskId } = config;
    return this.#lock.run(JSON.stringify([owner, taskId]), async () => {
      const stored = { ...config, id: config.id ?? crypto.randomUUID() };
      const others = (await this.#push.store.list(owner, taskId)).filter(({ id }) => id !== stored.id);
      if (others.length >= this.#maxPerTask) {
        throw new A2aOperationError('ERR_A2A_RATE_LIMITED', `a task has at most ${this.#maxPerTask} configurations`);
      }
      await this.#push.store.put(owner, stored);
      return stored;
    });
  }

  /** @throws {A2aOperationError} ERR_A2A_TASK_NOT_FOUND: the task has none of that id. */
  async get(owner: string, taskId: string, id: string): Promise<StoredPushConfig> {
    const found = (await this.#push.store.list(owner, taskId)).find((config) => config.id === id);
    if (found === undefined) {
      throw new A2aOperationError('ERR_A2A_TASK_NOT_FOUND', 'Push notification configuration not found');
    }
    return found;
  }

  /** One page, by id. @throws {A2aOperationError} ERR_A2A_INVALID_PARAMS: the page token. */
  async list(
    owner: string,
    { taskId, pageSize = this.#maxPerTask, pageToken }: ListTaskPushNotificationConfigsRequest,
  ): Promise<ListTaskPushNotificationConfigsResponse> {
    const behind = pageToken === undefined ? undefined : decodePageToken(pageToken);
    if (pageToken !== undefined && typeof behind !== 'string') {
      throw new A2aOperationError('ERR_A2A_INVALID_PARAMS', 'pageToken is not one of ours');
    }
    const configs = [...(await this.#push.store.list(owner, taskId))]
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .filter(({ id }) => typeof behind !== 'string' || id > behind);
    const page = configs.slice(0, pageSize);
    const last = page.at(-1);
    const nextPageToken = last === undefined || configs.length <= pageSize ? undefined : encodePageToken(last.id);
    return { configs: page, ...(nextPageToken !== undefined && { nextPageToken }) };
  }

  /** Removes one; removing nothing is no error. */
  async delete(owner: string, taskId: string, id: string): Promise<void> {
    await this.#push.store.delete(owner, taskId, id);
  }

  /** Removes all of a task that is no more. */
  async clear(owner: string, taskId: string): Promise<void> {
    for (const { id } of await this.#push.store.list(owner, taskId)) await this.delete(owner, taskId, id);
  }
}
