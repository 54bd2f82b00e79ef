// Server-sent events over streams of bytes, both ways: the body of an answer into events, and events into such a body.

import { onAbort } from '../abort.js';
import { assertInteger, assertSignal } from '../bytes/assert.js';
import { encodeUtf8 } from '../bytes/utf8.js';
import { type Clock, systemClock } from '../clock.js';
import { type SseEvent, SseParser, type SseParserOptions } from './sse-parser.js';

/** How a stream of events is read. */
export interface ReadSseOptions extends SseParserOptions {
  readonly signal?: AbortSignal;
  /**
   * Longest silence, comments counting as sound, in milliseconds: 1 to 2,147,483,647, or 0 for as long as it takes.
   * Default 0.
   */
  readonly idleTimeoutMs?: number;
  /** Error to fail with after such a silence. Default: a `TimeoutError`, as `AbortSignal.timeout` has it. */
  readonly onIdle?: () => unknown;
  readonly clock?: Clock;
}

/**
 * Reads events as they come.
 *
 * The body is locked from the first step on, and cancelled however the iteration ends. An event that the end of the body
 * cuts off comes last, marked `unfinished`.
 *
 * @throws {LimitError} `maxEventBytes`.
 * @throws `signal.reason`, untouched; and what the body itself fails with.
 * @throws {TypeError | RangeError} an option out of range.
 */
export async function* readSse(
  body: ReadableStream<Uint8Array>,
  options: ReadSseOptions = {},
): AsyncGenerator<SseEvent, void, undefined> {
  const { signal, idleTimeoutMs = 0, clock = systemClock } = options;
  assertSignal(signal);
  assertInteger(idleTimeoutMs, 'idleTimeoutMs', 0, 2_147_483_647);
  const parser = new SseParser(options);
  const reader = body.getReader();
  // Cancelling settles a read under way, as the end of the stream.
  const cancel = (reason?: unknown) => void reader.cancel(reason).catch(() => {});
  const removeAbort = onAbort(signal, cancel);
  let idle: { readonly reason: unknown } | undefined;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const stopTimer =
        idleTimeoutMs === 0
          ? undefined
          : clock.setTimer(() => {
              idle = { reason: options.onIdle?.() ?? new DOMException('the stream fell silent', 'TimeoutError') };
              cancel(idle.reason);
            }, idleTimeoutMs);
      const { done, value } = await reader.read().finally(stopTimer);
      signal?.throwIfAborted();
      if (idle !== undefined) throw idle.reason;
      if (done) break;
      yield* parser.push(value);
    }
    const last = parser.end();
    if (last !== undefined) yield last;
  } finally {
    removeAbort();
    cancel();
  }
}

/** An event to send. */
export interface OutgoingSseEvent {
  /** Absent: `message`. */
  readonly event?: string;
  readonly data: string;
}

/** Comment that keeps a connection open; readers ignore it. */
export const SSE_KEEP_ALIVE = ': keep-alive\n\n';

/**
 * Writes one event, line ends included.
 *
 * @throws {RangeError} a name with a line end in it.
 */
export function encodeSseEvent({ event, data }: OutgoingSseEvent): string {
  if (event !== undefined && /[\r\n]/.test(event)) throw new RangeError('event must be one line');
  const name = event === undefined ? '' : `event: ${event}\n`;
  return `${name}data: ${data.replaceAll(/\r\n|\r|\n/g, '\ndata: ')}\n\n`;
}

/** How a stream of events is written. */
export interface WriteSseOptions {
  /** Silence after which a comment goes out, in milliseconds: 1 to 2,147,483,647, or 0 for none. Default 15,000. */
  readonly keepAliveMs?: number;
  readonly clock?: Clock;
}

/**
 * Turns events into the body of an answer, asking for each only when the reader wants more.
 *
 * @param events Left early (`return()`) when the reader goes away; an error of theirs breaks the body off.
 * @throws {TypeError | RangeError} an option out of range.
 */
export function writeSse(
  events: AsyncIterable<OutgoingSseEvent>,
  options: WriteSseOptions = {},
): ReadableStream<Uint8Array> {
  const { keepAliveMs = 15_000, clock = systemClock } = options;
  assertInteger(keepAliveMs, 'keepAliveMs', 0, 2_147_483_647);
  const iterator = events[Symbol.asyncIterator]();
  let stopTimer: (() => void) | undefined;
  let over = false;
  const keepAlive = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    stopTimer?.();
    if (keepAliveMs === 0 || over) return;
    stopTimer = clock.setTimer(() => {
      // A reader that does not read needs no comment, and none may pile up for it.
      if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encodeUtf8(SSE_KEEP_ALIVE));
      keepAlive(controller);
    }, keepAliveMs);
  };
  const stop = () => {
    over = true;
    stopTimer?.();
  };
  return new ReadableStream<Uint8Array>({
    start: keepAlive,
    async pull(controller) {
      try {
        const { done, value } = await iterator.next();
        if (over) return;
        if (!done) {
          controller.enqueue(encodeUtf8(encodeSseEvent(value)));
          keepAlive(controller);
          return;
        }
        stop();
        controller.close();
      } catch (error) {
        stop();
        throw error;
      }
    },
    async cancel() {
      stop();
      await iterator.return?.();
    },
  });
}
