// Notifications of all tasks: those of one task in the order of its events, while the task goes on.

import type { Clock } from '../../clock.js';
import { LimitError } from '../../errors.js';
import { isInterrupted, isTerminal } from '../wire/states.js';
import type { FeedEvent } from './event-feed.js';
import { deliver, type PushOptions } from './push-sender.js';

/** What the queues work with. */
export interface PushQueueHost {
  readonly push: PushOptions;
  readonly clock: Clock;
  /** Notifications of one task that may wait; beyond it only those are added that say what it waits for, or its end. */
  readonly maxQueued: number;
  /** Ends all deliveries. */
  readonly signal: AbortSignal;
  /** Told of what was not delivered. Does not throw. */
  onError(error: unknown): void;
}

interface Queue {
  readonly waiting: FeedEvent[];
  readonly drained: Promise<void>;
}

/** Delivers the events of tasks to those who asked for them. */
export class PushQueues {
  readonly #host: PushQueueHost;
  /** Only of tasks that have something to deliver. */
  readonly #queues = new Map<string, Queue>();

  constructor(host: PushQueueHost) {
    this.#host = host;
  }

  /** Adds an event of a task. Never throws. */
  add(owner: string, taskId: string, event: FeedEvent): void {
    const { maxQueued, onError } = this.#host;
    const key = keyOf(owner, taskId);
    const queue = this.#queues.get(key);
    if (queue === undefined) {
      const waiting = [event];
      this.#queues.set(key, { waiting, drained: this.#drain(owner, taskId, waiting) });
    } else if (queue.waiting.length < maxQueued || matters(event)) {
      queue.waiting.push(event);
    } else {
      onError(new LimitError('maxQueuedEvents', maxQueued, queue.waiting.length + 1));
    }
  }

  /** Settles when everything of a task was delivered, or given up. Never rejects. */
  async idle(owner: string, taskId: string): Promise<void> {
    await this.#queues.get(keyOf(owner, taskId))?.drained;
  }

  async #drain(owner: string, taskId: string, waiting: FeedEvent[]): Promise<void> {
    // Later, so that whoever adds an event goes on first.
    await Promise.resolve();
    for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
      await this.#tell(owner, taskId, event);
    }
    this.#queues.delete(keyOf(owner, taskId));
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

function keyOf(owner: string, taskId: string): string {
  return JSON.stringify([owner, taskId]);
}

function matters({ event }: FeedEvent): boolean {
  const state = event.statusUpdate?.status.state;
  return state !== undefined && (isTerminal(state) || isInterrupted(state));
}
