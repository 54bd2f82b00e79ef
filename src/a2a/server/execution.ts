// One run of an executor: from the client's message until the executor has settled. Everybody who changes its task goes
// through here, one after another: the executor, a cancel, time, and the closing server.

import { deferred } from '../../deferred.js';
import { LimitError } from '../../errors.js';
import { publicError } from '../wire/error-json.js';
import { A2aOperationError } from '../wire/errors.js';
import type { Message, Task } from '../wire/objects.js';
import { isInterrupted, isTerminal } from '../wire/states.js';
import type { Follower } from './event-feed.js';
import type { ExecutionContext, Executor } from './executor.js';
import { LiveTask, type LiveTaskHost, type LiveTaskSubject } from './live-task.js';
import { asAgentResponse, readAgentEvent } from './read-agent-event.js';
import { runExecutor } from './run-executor.js';
import type { TaskRecord } from './task-store.js';

/** What the server does for its executions. */
export interface ExecutionHost extends LiveTaskHost {
  /** Whether streams stay open while a task waits for credentials. */
  readonly keepOpenOnAuthRequired: boolean;
}

/** What an execution is about. */
export interface ExecutionSubject extends LiveTaskSubject {
  /** The client's message; absent for a task that nothing runs for, which can only be cancelled. */
  readonly message?: Message;
}

/** How an execution begins: the task is there, or a message has answered instead. */
export type Beginning = { readonly message: Message } | { readonly task: Task };

/** A task at work. */
export class Execution {
  readonly #host: ExecutionHost;
  readonly #subject: ExecutionSubject;
  readonly #task: LiveTask;
  readonly #controller = new AbortController();
  readonly #begun = deferred<Beginning>();
  readonly #rested = deferred<void>();
  readonly #timers = new Set<() => void>();
  /** The last change asked for: the next one waits for it. */
  #change: Promise<unknown> = Promise.resolve();
  #hasBegun: boolean;
  /** Whether the executor has said anything of the task. */
  #hasSpoken = false;
  /** Nothing the executor says counts any more. */
  #over = false;
  #stopExecutor: () => void = () => {};

  constructor(host: ExecutionHost, subject: ExecutionSubject) {
    this.#host = host;
    this.#subject = subject;
    this.#task = new LiveTask(host, subject);
    this.#hasBegun = subject.message === undefined;
  }

  /** The task as it was last told; `undefined` while there is none. */
  get record(): TaskRecord | undefined {
    return this.#task.record;
  }

  /** Aborts when the run is to end early. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the run may still change the task. */
  get live(): boolean {
    return !this.#over;
  }

  /** Whether the run has had its first event. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Whether the run has brought the task to where it waits for its client. */
  get waiting(): boolean {
    const { record } = this;
    return this.#hasBegun && record !== undefined && isInterrupted(record.task.status.state);
  }

  /** The first event, or the task after `firstEventTimeoutMs`. @throws {A2aOperationError} the run failed before that. */
  get begun(): Promise<Beginning> {
    return this.#begun.promise;
  }

  /** Settles when the task is over or waits for its client. @throws {A2aOperationError} the server lost it. */
  get rested(): Promise<void> {
    return this.#rested.promise;
  }

  /** Follows the task from here on. @throws as {@link LiveTask.follow}. */
  follow(snapshot: boolean): Follower {
    return this.#task.follow(snapshot);
  }

  /**
   * Runs the executor.
   *
   * @returns Settles when it has, whatever became of the task before. Never rejects.
   */
  async run(executor: Executor, context: ExecutionContext): Promise<void> {
    const { firstEventTimeoutMs, maxRunMs } = this.#host.limits;
    this.#after(firstEventTimeoutMs, () => this.#changing(() => this.#begin()));
    this.#after(maxRunMs, () => Promise.reject(new LimitError('maxRunMs', maxRunMs, maxRunMs)));
    const run = runExecutor(executor, context, {
      take: (event) => this.#changing(() => this.#take(event)),
      wanted: () => !this.#over,
    });
    this.#stopExecutor = run.stop;
    try {
      await run.ended;
      await this.#changing(() => this.#conclude());
    } catch (error) {
      await this.#fail(error);
    }
    await run.settled;
    this.#finish();
    await this.#task.idle();
  }

  /**
   * Cancels the task, whatever its executor is about. One that was cancelled before stays as it is.
   *
   * @throws {A2aOperationError} ERR_A2A_TASK_NOT_CANCELABLE: it is over in another way.
   */
  cancel(): Promise<Task> {
    return this.#changing(async () => {
      await this.#begin();
      const state = this.record?.task.status.state;
      if (state !== 'TASK_STATE_CANCELED') {
        if (state === undefined || isTerminal(state)) throw new A2aOperationError('ERR_A2A_TASK_NOT_CANCELABLE');
        await this.#task.updateState('TASK_STATE_CANCELED');
      }
      this.#abort(new DOMException('the task was canceled', 'AbortError'));
      return (this.record as TaskRecord).task;
    });
  }

  /** Lets another run go on with the task: this one may say nothing more. Settles when all it said is stored. */
  async retire(): Promise<void> {
    await this.#changing(async () => this.#finish());
    this.#abort(new DOMException('the client went on with another message', 'AbortError'));
    await this.#task.idle();
  }

  /** Ends the run because the server closes: a task at work fails. Settles when that is stored. */
  async shutDown(): Promise<void> {
    if (this.waiting) await this.retire();
    else await this.#fail(new A2aOperationError('ERR_A2A_UNAVAILABLE', 'the agent was shut down'));
  }

  /** Runs a change once those before it are done. */
  #changing<T>(change: () => Promise<T>): Promise<T> {
    const changed = this.#change.then(change);
    this.#change = changed.catch(() => {});
    return changed;
  }

  async #take(value: unknown): Promise<void> {
    if (this.#over) return;
    const { taskId, contextId } = this.#subject;
    const { timestamp } = this.#task;
    const event = asAgentResponse(() => {
      const read = readAgentEvent(value, { taskId, contextId, timestamp });
      if (read.message === undefined) return read;
      if (this.#hasSpoken) throw new TypeError('a message is the one event of a run');
      if (!this.#hasBegun) return read;
      // The server had to make the task in the meantime: the answer comes as its end.
      const message = { ...read.message, taskId, contextId };
      return {
        statusUpdate: { taskId, contextId, status: { state: 'TASK_STATE_COMPLETED' as const, timestamp, message } },
      };
    });
    if (event.message !== undefined) {
      this.#answer(event.message);
      return;
    }
    this.#hasSpoken = true;
    await this.#begin();
    await this.#task.update(event);
    if (event.statusUpdate !== undefined) this.#rest();
  }

  /** The answer is a message: no task is made, and one that there is stays as it is. */
  #answer(message: Message): void {
    asAgentResponse(() => this.#task.answer(message));
    this.#hasBegun = true;
    this.#begun.resolve({ message });
    this.#finish();
  }

  /** The task exists from here on, and the message is part of it. */
  async #begin(): Promise<void> {
    const { message } = this.#subject;
    if (this.#hasBegun || this.#over || message === undefined) return;
    const task = await this.#task.begin(message);
    this.#hasBegun = true;
    this.#begun.resolve({ task });
  }

  /** The task has a new status, which may end or interrupt the wait for it. */
  #rest(): void {
    const { state } = (this.record as TaskRecord).task.status;
    if (isTerminal(state)) {
      this.#finish();
    } else if (isInterrupted(state)) {
      this.#rested.resolve();
      if (state !== 'TASK_STATE_AUTH_REQUIRED' || !this.#host.keepOpenOnAuthRequired) this.#task.release();
    }
  }

  /** The executor has ended by itself. */
  async #conclude(): Promise<void> {
    if (this.#over) return;
    await this.#begin();
    if (!this.waiting) await this.#task.updateState('TASK_STATE_COMPLETED');
  }

  /** The run has failed. Never rejects. */
  async #fail(error: unknown): Promise<void> {
    await this.#changing(async () => {
      if (this.#over) return;
      this.#host.onError(error);
      if (!this.#hasBegun) return this.#lose(error);
      const { code, message } = publicError(error);
      try {
        await this.#task.updateState('TASK_STATE_FAILED', code === 'ERR_A2A_INTERNAL' ? 'The agent failed.' : message);
      } catch (storeError) {
        this.#host.onError(storeError);
        this.#lose(storeError);
      }
    });
    this.#abort(error);
  }

  /** This is the last that anybody hears of the task from here. */
  #lose(error: unknown): void {
    const shown = publicError(error);
    this.#begun.reject(shown);
    this.#rested.reject(shown);
    this.#task.fail(shown);
    this.#finish();
  }

  /** Nothing the executor says counts any more. Idempotent. */
  #finish(): void {
    this.#over = true;
    for (const cancelTimer of this.#timers) cancelTimer();
    this.#timers.clear();
    this.#rested.resolve();
    this.#task.release();
    this.#stopExecutor();
  }

  #abort(reason: unknown): void {
    this.#finish();
    this.#controller.abort(reason);
  }

  /** @param work A rejection fails the run. */
  #after(delayMs: number, work: () => Promise<void>): void {
    const cancel = this.#host.clock.setTimer(() => {
      this.#timers.delete(cancel);
      work().catch((error) => this.#fail(error));
    }, delayMs);
    this.#timers.add(cancel);
  }
}
