// A task's events to their end, over as many streams as that takes (A2A v1.0, section 3.1.6). Missed events are not sent
// again: a new stream begins with the task as it stands.

import { onAbort } from '../../abort.js';
import type { Clock } from '../../clock.js';
import { HttpError } from '../../errors.js';
import { A2aRemoteError, A2aStreamError } from '../wire/errors.js';
import type { StreamResponse, Task } from '../wire/objects.js';
import { isInterrupted, isTerminal } from '../wire/states.js';
import { LostStream } from './event-source.js';
import type { ResolvedResubscribe } from './options.js';

/** What following asks of the client. */
export interface FollowSource {
  /** The stream that the caller asked for. */
  readonly open: () => AsyncIterable<StreamResponse>;
  /** A stream of SubscribeToTask. */
  readonly subscribe: (taskId: string) => AsyncIterable<StreamResponse>;
  readonly getTask: (taskId: string) => Promise<Task>;
  /** Absent: the first stream is the only one. */
  readonly resubscribe: ResolvedResubscribe | undefined;
  readonly signal: AbortSignal;
}

/**
 * Follows a task until it is over, waits for its client, or is answered by a message.
 *
 * @throws {A2aStreamError} the streams ended before that.
 * @throws what opening the first stream fails with, and what an agent says in any of them.
 */
export async function* follow(source: FollowSource): AsyncGenerator<StreamResponse, void, undefined> {
  const { resubscribe, signal } = source;
  const known = new Known();
  let open = source.open;
  for (let attempts = 0; ; ) {
    let cause: unknown;
    try {
      let events = 0;
      for await (const event of open()) {
        known.note(event);
        // The first event of another stream is the task as it stands, which need not be news.
        if (++events > 1) attempts = 0;
        yield event;
      }
    } catch (error) {
      if (attempts > 0 && isOver(error)) return yield* lastWord(source, known);
      if (!(error instanceof LostStream || (attempts > 0 && isTransient(error)))) throw error;
      cause = error instanceof LostStream ? error.cause : error;
    }
    if (known.isSettled) return;
    const { taskId } = known;
    if (resubscribe === undefined || taskId === undefined || attempts >= resubscribe.maxAttempts) {
      throw endedEarly(known, cause);
    }
    const { clock, initialDelayMs, maxDelayMs } = resubscribe;
    await pause(clock, Math.min(maxDelayMs, initialDelayMs * 2 ** attempts), signal);
    attempts++;
    open = () => source.subscribe(taskId);
  }
}

/** What the events have said so far. */
class Known {
  taskId: string | undefined;
  isSettled = false;

  note(event: StreamResponse): void {
    if (event.message !== undefined) {
      this.isSettled = true;
      return;
    }
    const update = event.statusUpdate ?? event.artifactUpdate;
    this.taskId = event.task?.id ?? update?.taskId;
    const state = (event.task ?? event.statusUpdate)?.status.state;
    if (state !== undefined) this.isSettled = isTerminal(state) || isInterrupted(state);
  }
}

/** The task cannot be subscribed to: it is over, and how is told by the task itself. */
async function* lastWord({ getTask }: FollowSource, known: Known): AsyncGenerator<StreamResponse, void, undefined> {
  const event = { task: await getTask(known.taskId as string) };
  known.note(event);
  yield event;
  if (!known.isSettled) throw endedEarly(known, undefined);
}

function isOver(error: unknown): boolean {
  return error instanceof A2aRemoteError && error.code === 'ERR_A2A_UNSUPPORTED_OPERATION';
}

function isTransient(error: unknown): boolean {
  if (error instanceof HttpError) return error.code === 'ERR_HTTP_NETWORK';
  const { code } = error instanceof A2aRemoteError ? error : { code: undefined };
  return code === 'ERR_A2A_UNAVAILABLE' || code === 'ERR_A2A_RATE_LIMITED';
}

function endedEarly({ taskId }: Known, cause: unknown): A2aStreamError {
  const options = { ...(taskId !== undefined && { taskId }), ...(cause !== undefined && { cause }) };
  return new A2aStreamError('the stream ended before its task did', options);
}

function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stopTimer = clock.setTimer(() => {
      removeAbort();
      resolve();
    }, delayMs);
    const removeAbort = onAbort(signal, (reason) => {
      stopTimer();
      reject(reason);
    });
  });
}
