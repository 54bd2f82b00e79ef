// Another runtime, to hand a task to: what is needed of a session with it, and following what comes of the task there.
// Nothing that comes from there is trusted: not that it ends, nor that it stops when it is told to.

import { onAbort } from '../../../abort.js';
import { isObject } from '../../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../../codec/json-value.js';
import { unlessAborted } from '../../../unless-aborted.js';
import { yieldToEventLoop } from '../../../yield.js';
import { ArcpError } from '../../errors.js';
import type { ArtifactRef } from '../../wire/artifact.js';
import type { EnvelopeFields } from '../../wire/envelope.js';
import type { DelegationContext } from '../../wire/execution.js';
import type { RuntimePort } from '../service.js';

/** Something that happens to a task elsewhere. */
export interface PeerEvent {
  readonly type: string;
  readonly payload?: unknown;
}

/** What came of a task. */
export interface DelegationResult {
  readonly value?: JsonValue | undefined;
  /** An artifact of the other runtime. */
  readonly ref?: ArtifactRef | undefined;
}

/** How a task is handed over. */
export interface SendOptions {
  /** Cancels the job there. */
  readonly signal: AbortSignal;
  readonly traceId: string;
  readonly priority: EnvelopeFields['priority'];
  readonly extensions: JsonObject;
}

/**
 * A session with another runtime, as delegation uses it: a `ClientSession` is one. The other runtime sees the principal of
 * that session, whoever the task is of.
 */
export interface DelegationPeer {
  delegate(
    target: string,
    task: string,
    context: DelegationContext,
    options: SendOptions,
  ): { readonly result: Promise<DelegationResult>; readonly events?: AsyncIterable<PeerEvent> };
}

/** Events that are looked at before others get a turn. */
const EVENTS_PER_TURN = 64;

/**
 * Hands a task over, and waits for what comes of it.
 *
 * @param signal Takes the task back. Whatever the other side does then, the wait is over.
 * @param send Hands it over.
 * @param onProgress Told of its progress, as often as the other side likes.
 * @throws What the task failed with; the signal's reason.
 */
export async function followTask(
  runtime: Pick<RuntimePort, 'report'>,
  signal: AbortSignal,
  send: () => ReturnType<DelegationPeer['delegate']>,
  onProgress: ((percent: unknown, message: unknown) => void) | undefined,
): Promise<DelegationResult> {
  const { result, events } = send();
  const over = new AbortController();
  const following =
    onProgress === undefined || events === undefined
      ? undefined
      : followEvents(events, over.signal, onProgress).catch((error: unknown) => runtime.report(error, 'delegation'));
  try {
    const { value, ref } = await unlessAborted(signal, result);
    return { value, ref };
  } finally {
    // What was said before the end is told before the end.
    if (following !== undefined && !signal.aborted) await Promise.race([following, yieldToEventLoop()]);
    over.abort();
  }
}

/** Tells progress on until there is no more, or it is over. Where the other side says nothing any more, it never ends. */
async function followEvents(
  events: AsyncIterable<PeerEvent>,
  over: AbortSignal,
  onProgress: (percent: unknown, message: unknown) => void,
): Promise<void> {
  const iterator = events[Symbol.asyncIterator]();
  const stopListening = onAbort(over, () => {
    iterator.return?.()?.catch(() => {});
  });
  for (let count = 1; ; count++) {
    const next = await iterator.next();
    if (over.aborted) return;
    if (next.done === true) return stopListening();
    const { type, payload } = next.value;
    if (type === 'job.progress' && isObject(payload)) onProgress(payload.percent, payload.message);
    if (count % EVENTS_PER_TURN === 0) await yieldToEventLoop();
  }
}

/**
 * A signal that aborts with the first of some, or when the time is over.
 *
 * @param timeoutMs After which its reason is ERR_ARCP_DEADLINE_EXCEEDED.
 * @returns It, and what lets go of the others and of the timer.
 */
export function boundedSignal(
  { clock }: Pick<RuntimePort, 'clock'>,
  signals: readonly (AbortSignal | undefined)[],
  timeoutMs: number,
): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const stops = signals.map((one) => onAbort(one, (reason) => controller.abort(reason)));
  const aborted = signals.find((one) => one?.aborted === true);
  if (aborted !== undefined) controller.abort(aborted.reason);
  const late = () => controller.abort(new ArcpError('DEADLINE_EXCEEDED', 'the other runtime took too long'));
  stops.push(clock.setTimer(late, timeoutMs));
  const release = () => {
    for (const stop of stops) stop();
  };
  return { signal: controller.signal, release };
}
