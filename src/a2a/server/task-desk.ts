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
import { makeRoom, type RoomHost } from './task-room.js';
import type { TaskRecord } from './task-store.js';

/** What a desk works with. */
export interface DeskOptions extends ExecutionHost, RoomHost {
  readonly executor: Executor;
  /** Where the events of a task also go; absent where there are no push notifications. */
  readonly push?: Pick<PushQueues, 'add' | 'idle'>;
}

/** For whom the desk looks: an owner never sees tasks of another, nor those it has with another tenant. */
export interface DeskCaller {
  readonly owner: string;
  readonly tenant?: string;
}

/** A message on its way to the executor. */
export interface Dispatch {
  readonly caller: DeskCaller;
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

  /** A task of the caller's as it stands. @throws {A2aOperationError} ERR_A2A_TASK_NOT_FOUND: it has none of that id. */
  async find({ owner, tenant }: DeskCaller, taskId: string): Promise<TaskRecord> {
    const record = this.#running.get(keyOf(owner, taskId))?.record ?? (await this.#options.store.get(owner, taskId));
    if (record === undefined || !isSameTenant(record.tenant, tenant))
      throw new A2aOperationError('ERR_A2A_TASK_NOT_FOUND');
    return record;
  }

  /**
   * Hands a message to the executor.
   *
   * @throws {A2aOperationError} ERR_A2A_TASK_NOT_FOUND. ERR_A2A_INVALID_PARAMS: the ids do not belong together.
   *   ERR_A2A_UNSUPPORTED_OPERATION: the task is over, or at work. ERR_A2A_RATE_LIMITED: too much is at work.
   */
  async dispatch(dispatch: Dispatch): Promise<Dispatched> {
    const { caller, message } = dispatch;
    const { owner } = caller;
    const { taskId } = message;
    if (taskId === undefined) {
      const contextId = message.contextId ?? crypto.randomUUID();
      return this.#start(dispatch, this.#takePlace(owner), crypto.randomUUID(), contextId);
    }
    const key = keyOf(owner, taskId);
    return this.#tasks.run(key, async () => {
      let record = await this.find(caller, taskId);
      const { contextId = '', status } = record.task;
      if (message.contextId !== undefined && message.contextId !== contextId) {
        throw new A2aOperationError('ERR_A2A_INVALID_PARAMS', 'message.contextId is not that of the task');
      }
      if (isTerminal(status.state)) throw taskIsOver();
      const before = this.#running.get(key);
      if (before?.live && !before.waiting) {
        throw new A2aOperationError('ERR_A2A_UNSUPPORTED_OPERATION', 'the task is at work');
      }
      // First of all: a message that finds no place must not end the run that is there.
      const release = this.#takePlace(owner);
      if (before?.live) {
        await before.retire();
        record = before.record ?? record;
        // Its last word may have been on its way to the store, and the server may have closed.
        const refusal = this.#closed ? new A2aOperationError('ERR_A2A_UNAVAILABLE') : undefined;
        if (refusal !== undefined || isTerminal(record.task.status.state)) {
          release();
          throw refusal ?? taskIsOver();
        }
      }
      return this.#start(dispatch, release, taskId, contextId, record);
    });
  }

  /** A place for a run. @returns Gives it back. @throws {A2aOperationError} ERR_A2A_UNAVAILABLE, ERR_A2A_RATE_LIMITED. */
  #takePlace(owner: string): () => void {
    // It may have come to this since the request came.
    if (this.#closed) throw new A2aOperationError('ERR_A2A_UNAVAILABLE');
    return this.#slots.take(owner);
  }

  #start(dispatch: Dispatch, release: () => void, taskId: string, contextId: string, record?: TaskRecord): Dispatched {
    const { caller, contextFor, stream, prepare, waitUntil } = dispatch;
    const { owner, tenant } = caller;
    const message = { ...dispatch.message, taskId, contextId };
    const execution = new Execution(this.#options, {
      owner,
      taskId,
      contextId,
      message,
      ...(tenant !== undefined && { tenant }),
      ...(record !== undefined && { record }),
      notify: (event) => this.#options.push?.add(owner, taskId, event),
      admit: async (bytes, write) => {
        // One after another, or two tasks would take the same place.
        await this.#owners.run(owner, async () => {
          await makeRoom(this.#options, { owner, taskId, bytes }, (id) => this.#running.has(keyOf(owner, id)));
          await prepare?.(taskId);
          await write();
        });
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

  /**
   * Cancels a task. One that was cancelled before stays as it is.
   *
   * @throws {A2aOperationError} ERR_A2A_TASK_NOT_FOUND, ERR_A2A_TASK_NOT_CANCELABLE.
   */
  cancel(caller: DeskCaller, taskId: string, waitUntil: Dispatch['waitUntil']): Promise<Task> {
    const { owner, tenant } = caller;
    const key = keyOf(owner, taskId);
    return this.#tasks.run(key, async () => {
      const record = await this.find(caller, taskId);
      const running = this.#running.get(key);
      // One that is about to begin may be in the store already.
      if (running?.record !== undefined || running?.live) return running.cancel();
      const { contextId = '' } = record.task;
      const { push } = this.#options;
      const notify = (event: FeedEvent) => push?.add(owner, taskId, event);
      const subject = { owner, ...(tenant !== undefined && { tenant }), taskId, contextId, record, notify };
      const task = await new Execution(this.#options, subject).cancel();
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
  async follow(caller: DeskCaller, taskId: string): Promise<Follower> {
    const found = await this.find(caller, taskId);
    // Looked at after the wait: nothing happens any more between this and following.
    const running = this.#running.get(keyOf(caller.owner, taskId));
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

  /** One page of the caller's tasks, whole. @throws {A2aOperationError} ERR_A2A_INVALID_PARAMS: the page token. */
  async list(caller: DeskCaller, request: ListTasksRequest): Promise<ListTasksResponse> {
    const { store, limits } = this.#options;
    const own = (await store.heads(caller.owner)).filter(({ tenant }) => isSameTenant(tenant, caller.tenant));
    const page = pageOf(own, request, limits.maxPageBytes);
    if (page === undefined) throw new A2aOperationError('ERR_A2A_INVALID_PARAMS', 'pageToken is not one of ours');
    const { heads, ...rest } = page;
    const found = await Promise.all(heads.map(({ id }) => this.find(caller, id).catch(unlessDeleted)));
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

/** No tenant and an empty one are the same. */
function isSameTenant(one = '', other = ''): boolean {
  return one === other;
}

function taskIsOver(): A2aOperationError {
  return new A2aOperationError('ERR_A2A_UNSUPPORTED_OPERATION', 'the task is over: start another one');
}

/** A task may go between the look at the heads and the look at itself. */
function unlessDeleted(error: unknown): undefined {
  if (error instanceof A2aOperationError && error.code === 'ERR_A2A_TASK_NOT_FOUND') return undefined;
  throw error;
}
