// Driving an executor: its events one by one, its `finally` once, and never more of it than is wanted.

import { yieldToEventLoop } from '../../yield.js';
import type { ExecutionContext, Executor } from './executor.js';

/** Events after which an executor lets the runtime do its other work. */
const EVENTS_PER_TURN = 64;

/** Where events go. */
export interface EventSink {
  /** Takes one; the next is asked for when it has been taken. */
  take(event: unknown): Promise<void>;
  /** Whether there is any use in another one. */
  wanted(): boolean;
}

/** An executor that runs. */
export interface ExecutorRun {
  /** Settles when it has no more to say, or nobody wants to hear it. Rejects with its fault, or with that of `take`. */
  readonly ended: Promise<void>;
  /** Settles when its `finally` has run. Never rejects. */
  readonly settled: Promise<void>;
  /** Asks it to go: its `finally` runs as soon as it gives way. Idempotent. */
  stop(): void;
}

/** Runs an executor. Its own code has started when this returns. */
export function runExecutor(executor: Executor, context: ExecutionContext, sink: EventSink): ExecutorRun {
  let iterator: AsyncIterator<unknown> | undefined;
  let returned: Promise<void> | undefined;

  async function produce(): Promise<void> {
    const outcome: unknown = await executor(context);
    if (!isAsyncIterable(outcome)) {
      await sink.take(outcome);
      return;
    }
    iterator = outcome[Symbol.asyncIterator]();
    for (let events = 1; sink.wanted(); events++) {
      const step = await iterator.next();
      if (step.done === true) return;
      await sink.take(step.value);
      if (events % EVENTS_PER_TURN === 0) await yieldToEventLoop();
    }
  }

  function finishIterator(): Promise<void> {
    if (iterator === undefined) return Promise.resolve();
    returned ??= finishQuietly(iterator);
    return returned;
  }

  const ended = produce();
  return { ended, settled: ended.then(finishIterator, finishIterator), stop: () => void finishIterator() };
}

async function finishQuietly(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // Nobody waits for what it has to say.
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
