// A task while something works on it: what it has become, its place in the store, and everybody who is told of it. Changes
// come one at a time; execution.ts sees to that.

import type { Clock } from '../../clock.js';
import { LimitError } from '../../errors.js';
import { A2aOperationError } from '../wire/errors.js';
import type { Message, Task, TaskState } from '../wire/objects.js';
import { agentMessage } from '../wire/parts.js';
import { isTerminal } from '../wire/states.js';
import { EventFeed, type FeedEvent, type Follower, feedEvent } from './event-feed.js';
import type { A2aServerLimits } from './limits.js';
import { type AgentUpdate, asAgentResponse } from './read-agent-event.js';
import { nextTask, resumedTask, submittedTask } from './task-machine.js';
import type { TaskRecord, TaskStore } from './task-store.js';
import { TaskWriter } from './task-writer.js';

/** What the server does for tasks at work. */
export interface LiveTaskHost {
  readonly limits: A2aServerLimits;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly store: TaskStore;
  /** Told of faults whose detail nobody else gets to see. Does not throw. */
  onError(error: unknown): void;
}

/** Which task, and what is to happen with it beyond the store and those who follow it. */
export interface LiveTaskSubject {
  readonly owner: string;
  readonly tenant?: string;
  readonly taskId: string;
  readonly contextId: string;
  /** The task so far, where there is one. */
  readonly record?: TaskRecord;
  /**
   * Called once, when the message is to be written: makes room for a task of so many bytes, then writes. A rejection is
   * the answer to the message.
   */
  readonly admit?: (bytes: number, write: () => Promise<void>) => Promise<void>;
  /** Told of each event of the task. Does not throw. */
  readonly notify?: (event: FeedEvent) => void;
}

/** One task and its listeners. */
export class LiveTask {
  readonly #host: LiveTaskHost;
  readonly #subject: LiveTaskSubject;
  readonly #feed: EventFeed;
  readonly #writer: TaskWriter;
  #record: TaskRecord | undefined;
  /** The task as one who comes later is told of it, for as long as it stays like that. */
  #snapshot: { readonly task: Task; readonly event: FeedEvent } | undefined;

  constructor(host: LiveTaskHost, subject: LiveTaskSubject) {
    this.#host = host;
    this.#subject = subject;
    this.#record = subject.record;
    this.#feed = new EventFeed(host.limits);
    this.#writer = new TaskWriter(host.store, (error) => host.onError(error));
  }

  /** The task as it was last told, and what it has grown to; `undefined` while there is none. */
  get record(): TaskRecord | undefined {
    return this.#record;
  }

  /** Time of what happens now. */
  get timestamp(): string {
    return new Date(this.#host.now()).toISOString();
  }

  /**
   * Follows the task from here on.
   *
   * @param snapshot Whether the task as it stands comes first.
   * @throws as {@link EventFeed.follow}.
   */
  follow(snapshot: boolean): Follower {
    const task = this.#record?.task;
    if (!snapshot || task === undefined) return this.#feed.follow();
    if (this.#snapshot?.task !== task) this.#snapshot = { task, event: feedEvent({ task }) };
    return this.#feed.follow(this.#snapshot.event);
  }

  /**
   * Takes a client's message into the task, which exists from here on.
   *
   * @throws {A2aOperationError} ERR_A2A_UNSUPPORTED_OPERATION: it has grown too large for another message.
   * @throws what `admit` and the store reject with.
   */
  async begin(message: Message): Promise<Task> {
    const { taskId, contextId, admit } = this.#subject;
    const before = this.#record?.task;
    const task =
      before === undefined
        ? submittedTask(message, taskId, contextId, this.timestamp)
        : resumedTask(before, message, this.timestamp);
    const next = this.#grown(task, feedEvent({ message }).bytes);
    if (this.#excess(next) !== undefined) {
      throw new A2aOperationError('ERR_A2A_UNSUPPORTED_OPERATION', 'the task has no room for another message');
    }
    const write = () => this.#writer.write(next);
    await (admit === undefined ? write() : admit(next.bytes, write));
    this.#record = next;
    this.#tell(feedEvent({ task }));
    return task;
  }

  /**
   * Applies an event.
   *
   * What a task waits for, or how it ended, is stored before anybody is told; pieces of artifacts are stored behind.
   *
   * @throws {A2aOperationError} ERR_A2A_INVALID_AGENT_RESPONSE: the task cannot have this event.
   * @throws {LimitError} it would grow too large; an event that ends it always has room.
   * @throws what the store rejects with.
   */
  async update(event: AgentUpdate): Promise<void> {
    const before = this.#record as TaskRecord;
    const task = asAgentResponse(() => nextTask(before.task, event.statusUpdate ?? event.artifactUpdate));
    const told = asAgentResponse(() => feedEvent(event));
    const next = this.#grown(task, told.bytes);
    const excess = this.#excess(next);
    if (excess !== undefined && !isTerminal(task.status.state)) throw excess;
    if (event.statusUpdate === undefined) this.#writer.writeBehind(next);
    else await this.#writer.write(next);
    this.#record = next;
    this.#tell(told);
  }

  /** Applies a change of status by the server itself. @throws as {@link update}. */
  async updateState(state: TaskState, text?: string): Promise<void> {
    const { taskId, contextId } = this.#subject;
    const said = text === undefined ? {} : { message: agentMessage(text, { taskId, contextId }) };
    const status = { state, timestamp: this.timestamp, ...said };
    await this.update({ statusUpdate: { taskId, contextId, status } });
  }

  /** Tells those who follow of a message that answers instead of a task. */
  answer(message: Message): void {
    this.#feed.publish(feedEvent({ message }));
  }

  /** Lets go of those who follow, once they have had what they are owed. */
  release(): void {
    this.#feed.end();
  }

  /** As {@link release}, and then the error. */
  fail(error: unknown): void {
    this.#feed.fail(error);
  }

  /** Settles when nothing is being written. Never rejects. */
  idle(): Promise<void> {
    return this.#writer.idle();
  }

  #tell(event: FeedEvent): void {
    this.#feed.publish(event);
    this.#subject.notify?.(event);
  }

  #grown(task: Task, moreBytes: number): TaskRecord {
    const { events = 0, bytes = 0 } = this.#record ?? {};
    const { owner, tenant } = this.#subject;
    // No tenant and an empty one are the same.
    return { owner, ...(tenant && { tenant }), task, events: events + 1, bytes: bytes + moreBytes };
  }

  #excess({ events, bytes }: TaskRecord): LimitError | undefined {
    const { maxEventsPerTask, maxTaskBytes } = this.#host.limits;
    if (events > maxEventsPerTask) return new LimitError('maxEventsPerTask', maxEventsPerTask, events);
    if (bytes > maxTaskBytes) return new LimitError('maxTaskBytes', maxTaskBytes, bytes);
    return undefined;
  }
}
