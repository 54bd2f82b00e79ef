// All tasks of a server: those at work, and those at rest in the store. What an operation does to a task goes through
// here, and never touches one of another owner.

import { A2aOperationError } from '../wire/errors.js';
import type { Message, Task } from '../wire/objects.js';
import type { ListTasksRequest, ListTasksResponse } from '../wire/requests.js';
import { isInterrupted, isTerminal } from '../wire/states.js';
import { EventFeed, type FeedEvent, type Follower, feedEvent } from './event-feed.js';
import { Execution, type ExecutionHost } from './execution.js';
import type { ExecutionContext, Executor } from './executor.js';
import { KeyedLock } from './keyed-lock.js';
import { pageOf } from './list-tasks.js';
import type { PushQueues } from './push-queue.js';
import { RunSlots } from './run-slots.js';
import type { TaskHead, TaskRecord } from './task-store.js';

/** What a desk works with. */
export interface DeskOptions extends ExecutionHost {
  readonly executor: Executor;
  /** Where the events of a task also go; absent where there are no push notifications. */
  readonly push?: Pick<PushQueues, 'add' | 'idle'>;
  /** Told of a task that was deleted to make room. */
  readonly onDeleted?: (owner: string, taskId: string) => Promise<void>;
}

/** A message on its way to the executor. */
export interface Dispatch {
  readonly owner: string;
  readonly message: Message;
  /** Completes what the executor is told. */
  readonly contextFor: (
    base: Pick<ExecutionContext, 'message' | 'taskId' | 'contextId' | 'task' | 'signal'>,
  ) => ExecutionContext;
  /** Whether the caller wants every event. */
  readonly stream: boolean;
  /** Called before the task is first told of, with its id. */
  readonly prepare?: (taskId: string) => Promise<void>;
  /** Keeps the host at work until the promise settles. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** A message that the executor works on. */
export interface Dispatched {
  readonly execution: Execution;
  /** Follows the task from its first event on, where the caller wants that. */
  readonly follower?: Follower;
}

/** The tasks of one server. */
export class TaskDesk {
  readonly #options: DeskOptions;
  readonly #slots: RunSlots;
  readonly #tasks = new KeyedLock();
  readonly #owners = new KeyedLock();
  readonly #running = new Map<string, Execution>();
  #closed = false;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#slots = new RunSlots(options.limits);
  }

  /** A task of the owner's as it stands. @throws {A2aOperationError} ERR_A2A_TASK_NOT_FOUND: it has none of that id. */
  async find(owner: string, taskId: string): Promise<TaskRecord> {
    const record = this.#running.get(keyOf(owner, taskId))?.record ?? (await this.#options.store.get(owner, taskId));
    if (record === undefined) throw new A2aOperationError('ERR_A2A_TASK_NOT_FOUND');
    return record;
  }

  /**
   * Hands a message to the executor.
   *
   * @throws {A2aOperationError} ERR_A2A_TASK_NOT_FOUND. ERR_A2A_INVALID_PARAMS: the ids do not belong together.
   *   ERR_A2A_UNSUPPORTED_OPERATION: the task is over, or at work. ERR_A2A_RATE_LIMITED: too much is at work.
   */
  async dispatch(dispatch: Dispatch): Promise<Dispatched> {
    const { owner, message } = dispatch;
    const { taskId } = message;
    if (taskId === undefined) {
      return this.#start(dispatch, crypto.randomUUID(), message.contextId ?? crypto.randomUUID());
    }
    const key = keyOf(owner, taskId);
    return this.#tasks.run(key, async () => {
      let record = await this.find(owner, taskId);
      const { contextId = '', status } = record.task;
      if (message.contextId !== undefined && message.contextId !== contextId) {
        throw new A2aOperationError('ERR_A2A_INVALID_PARAMS', 'message.contextId is not that of the task');
      }
      if (isTerminal(status.state)) {
        throw new A2aOperationError('ERR_A2A_UNSUPPORTED_OPERATION', 'the task is over: start another one');
      }
      const before = this.#running.get(key);
      if (before?.live) {
        if (!before.waiting) throw new A2aOperationError('ERR_A2A_UNSUPPORTED_OPERATION', 'the task is at work');
        await before.retire();
        record = before.record ?? record;
      }
      return this.#start(dispatch, taskId, contextId, record);
    });
  }

  #start(dispatch: Dispatch, taskId: string, contextId: string, record?: TaskRecord): Dispatched {
    const { owner, contextFor, stream, prepare, waitUntil } = dispatch;
    // It may have come to this since the request came.
    if (this.#closed) throw new A2aOperationError('ERR_A2A_UNAVAILABLE');
    const release = this.#slots.take(owner);
    const message = { ...dispatch.message, taskId, contextId };
    const execution = new Execution(this.#options, {
      owner,
      taskId,
      contextId,
      message,
      ...(record !== undefined && { record }),
      notify: (event) => this.#options.push?.add(owner, taskId, event),
      admit: async (bytes, write) => {
        const add = async () => {
          await prepare?.(taskId);
          await write();
        };
        if (record !== undefined) await add();
        // One after another, or two new tasks would take the same place.
        else await this.#owners.run(owner, () => this.#makeRoom(owner, bytes).then(add));
      },
    });
    const key = keyOf(owner, taskId);
    this.#running.set(key, execution);
    // Before the run, whose first event may come at once.
    const following = stream ? { follower: execution.follow(false) } : {};
    const { signal } = execution;
    const task = record === undefined ? {} : { task: record.task };
    const run = execution.run(this.#options.executor, contextFor({ message, taskId, contextId, signal, ...task }));
    const settled = run.then(async () => {
      release();
      if (this.#running.get(key) === execution) this.#running.delete(key);
      await this.#options.push?.idle(owner, taskId);
    });
    waitUntil(settled);
    return { execution, ...following };
  }

  /** Deletes tasks until there is room for one more, those that matter least first. */
  async #makeRoom(owner: string, bytes: number): Promise<void> {
    const { store, limits, onDeleted } = this.#options;
    const heads = await store.heads(owner);
    let tooMany = heads.length + 1 - limits.maxTasksPerOwner;
    let tooLarge = heads.reduce((sum, head) => sum + head.bytes, bytes) - limits.maxBytesPerOwner;
    const victims: TaskHead[] = [];
    const idle = heads.filter(({ id }) => !this.#running.has(keyOf(owner, id))).sort(expendableFirst);
    for (const head of idle) {
      if (tooMany <= 0 && tooLarge <= 0) break;
      victims.push(head);
      tooMany--;
      tooLarge -= head.bytes;
    }
    // Nothing is deleted in vain.
    if (tooMany > 0 || tooLarge > 0) {
      throw new A2aOperationError('ERR_A2A_RATE_LIMITED', 'your tasks leave no room for another one');
    }
    for (const { id } of victims) {
      await store.delete(owner, id);
      await onDeleted?.(owner, id);
    }
  }

  /**
   * Cancels a task. One that was cancelled before stays as it is.
   *
   * @throws {A2aOperationError} ERR_A2A_TASK_NOT_FOUND, ERR_A2A_TASK_NOT_CANCELABLE.
   */
  cancel(owner: string, taskId: string, waitUntil: Dispatch['waitUntil']): Promise<Task> {
    const key = keyOf(owner, taskId);
    return this.#tasks.run(key, async () => {
      const running = this.#running.get(key);
      if (running?.record !== undefined) return running.cancel();
      const record = await this.find(owner, taskId);
      const { contextId = '' } = record.task;
      const { push } = this.#options;
      const notify = (event: FeedEvent) => push?.add(owner, taskId, event);
      const task = await new Execution(this.#options, { owner, taskId, contextId, record, notify }).cancel();
      if (push !== undefined) waitUntil(push.idle(owner, taskId));
      return task;
    });
  }

  /**
   * Follows a task: it as it stands first, then its events for as long as something works on it here.
   *
   * @throws {A2aOperationError} ERR_A2A_TASK_NOT_FOUND. ERR_A2A_UNSUPPORTED_OPERATION: it is over.
   *   ERR_A2A_RATE_LIMITED: too many follow it.
   */
  async follow(owner: string, taskId: string): Promise<Follower> {
    const found = await this.find(owner, taskId);
    // Looked at after the wait: nothing happens any more between this and following.
    const running = this.#running.get(keyOf(owner, taskId));
    const { task } = running?.record ?? found;
    const { state } = task.status;
    if (isTerminal(state)) throw new A2aOperationError('ERR_A2A_UNSUPPORTED_OPERATION', 'the task is over');
    // A run that has not begun will tell of the task itself.
    if (running?.live && !running.hasBegun) return running.follow(false);
    const keepsOpen = this.#options.keepOpenOnAuthRequired && state === 'TASK_STATE_AUTH_REQUIRED';
    if (running?.live && (!isInterrupted(state) || keepsOpen)) return running.follow(true);
    const follower = new EventFeed(this.#options.limits).follow(feedEvent({ task }));
    follower.end();
    return follower;
  }

  /** One page of the owner's tasks, whole. @throws {A2aOperationError} ERR_A2A_INVALID_PARAMS: the page token. */
  async list(owner: string, request: ListTasksRequest): Promise<ListTasksResponse> {
    const { store, limits } = this.#options;
    const page = pageOf(await store.heads(owner), request, limits.maxPageBytes);
    if (page === undefined) throw new A2aOperationError('ERR_A2A_INVALID_PARAMS', 'pageToken is not one of ours');
    const { heads, ...rest } = page;
    const found = await Promise.all(heads.map(({ id }) => this.find(owner, id).catch(unlessDeleted)));
    return { ...rest, tasks: found.flatMap((record) => record?.task ?? []) };
  }

  /** Ends all runs. Settles when what became of their tasks is stored. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(Array.from(this.#running.values(), (execution) => execution.shutDown()));
  }
}

function keyOf(owner: string, taskId: string): string {
  return JSON.stringify([owner, taskId]);
}

/** Finished tasks before those that wait, and of each the oldest first. */
function expendableFirst(a: TaskHead, b: TaskHead): number {
  const finished = Number(isTerminal(b.state)) - Number(isTerminal(a.state));
  return finished === 0 ? a.statusAtMs - b.statusAtMs : finished;
}

/** A task may go between the look at the heads and the look at itself. */
function unlessDeleted(error: unknown): undefined {
  if (error instanceof A2aOperationError && error.code === 'ERR_A2A_TASK_NOT_FOUND') return undefined;
  throw error;
}
