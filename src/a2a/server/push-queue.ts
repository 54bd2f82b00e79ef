// Notifications of all tasks: those of one task in the order of its events, while the task goes on.

import type { Clock } from '../../clock.js';
import { LimitError } from '../../errors.js';
import { isInterrupted, isTerminal } from '../wire/states.js';
import type { FeedEvent } from './event-feed.js';
import type { A2aServerLimits } from './limits.js';
import { deliver, type PushOptions } from './push-sender.js';

/** What the queues work with. */
export interface PushQueueHost {
  readonly push: PushOptions;
  readonly clock: Clock;
  /**
   * What may wait. Beyond what one task may have in events and bytes, only those are added that say what it waits for, or
   * its end; of an owner, at most as many tasks and bytes wait as it may keep.
   */
  readonly limits: Pick<
    A2aServerLimits,
    'maxQueuedEvents' | 'maxQueuedBytes' | 'maxTasksPerOwner' | 'maxBytesPerOwner'
  >;
  /** Ends all deliveries. */
  readonly signal: AbortSignal;
  /** Told of what was not delivered. Does not throw. */
  onError(error: unknown): void;
}

interface Queue {
  readonly waiting: FeedEvent[];
  bytes: number;
  drained: Promise<void>;
}

/** What waits for the receivers of one owner. */
interface Backlog {
  /** By task; only of tasks that have something to deliver. */
  readonly queues: Map<string, Queue>;
  bytes: number;
}

/** Delivers the events of tasks to those who asked for them. */
export class PushQueues {
  readonly #host: PushQueueHost;
  readonly #backlogs = new Map<string, Backlog>();

  constructor(host: PushQueueHost) {
    this.#host = host;
  }

  /** Adds an event of a task. Never throws. */
  add(owner: string, taskId: string, event: FeedEvent): void {
    const backlog = this.#backlogs.get(owner) ?? { queues: new Map<string, Queue>(), bytes: 0 };
    const known = backlog.queues.get(taskId);
    const excess = this.#excess(backlog, known, event);
    if (excess !== undefined) {
      this.#host.onError(excess);
      return;
    }
    const queue = known ?? { waiting: [], bytes: 0, drained: Promise.resolve() };
    queue.waiting.push(event);
    queue.bytes += event.bytes;
    backlog.bytes += event.bytes;
    if (known !== undefined) return;
    this.#backlogs.set(owner, backlog);
    backlog.queues.set(taskId, queue);
    queue.drained = this.#drain(owner, taskId, backlog, queue);
  }

  #excess(backlog: Backlog, queue: Queue | undefined, event: FeedEvent): LimitError | undefined {
    const { limits } = this.#host;
    const over = (limit: keyof typeof limits, seen: number) =>
      seen > limits[limit] ? new LimitError(limit, limits[limit], seen) : undefined;
    const ownerBytes = () => over('maxBytesPerOwner', backlog.bytes + event.bytes);
    if (queue === undefined) return over('maxTasksPerOwner', backlog.queues.size + 1) ?? ownerBytes();
    if (matters(event)) return undefined;
    const { waiting, bytes } = queue;
    // One may always wait, however large.
    const tooLarge = waiting.length === 0 ? undefined : over('maxQueuedBytes', bytes + event.bytes);
    return over('maxQueuedEvents', waiting.length + 1) ?? tooLarge ?? ownerBytes();
  }

  /** Settles when everything of a task was delivered, or given up. Never rejects. */
  async idle(owner: string, taskId: string): Promise<void> {
    await this.#backlogs.get(owner)?.queues.get(taskId)?.drained;
  }

  async #drain(owner: string, taskId: string, backlog: Backlog, queue: Queue): Promise<void> {
    // Later, so that whoever adds an event goes on first.
    await Promise.resolve();
    for (let event = queue.waiting.shift(); event !== undefined; event = queue.waiting.shift()) {
      queue.bytes -= event.bytes;
      backlog.bytes -= event.bytes;
      await this.#tell(owner, taskId, event);
    }
    backlog.queues.delete(taskId);
    if (backlog.queues.size === 0) this.#backlogs.delete(owner);
  }

  /** All receivers at once; the next event waits for the slowest. They belong to one owner. */
  async #tell(owner: string, taskId: string, { json }: FeedEvent): Promise<void> {
    const { push, clock, signal, onError } = this.#host;
    try {
      const configs = await push.store.list(owner, taskId);
      await Promise.all(configs.map((config) => deliver(json, config, push, clock, signal).catch(onError)));
    } catch (error) {
      onError(error);
    }
  }
}

function matters({ event }: FeedEvent): boolean {
  const state = event.statusUpdate?.status.state;
  return state !== undefined && (isTerminal(state) || isInterrupted(state));
}
