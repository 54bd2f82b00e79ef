// The events of one answer: a stream of them, or the one that a plain answer amounts to.

import { HttpError, LimitError } from '../../errors.js';
import { readSse } from '../../http/sse-stream.js';
import type { StreamResponse } from '../wire/objects.js';
import type { Operation } from '../wire/operations.js';
import { type Binding, invalidAnswer, isSuccess, type WireRequest } from './binding.js';
import { type Exchange, parseJson } from './exchange.js';
import type { ResolvedOptions } from './options.js';
import { readEvent } from './result.js';

/** The connection under a stream went away, or fell silent; the agent did not say anything about it. */
export class LostStream extends Error {
  override readonly name = 'LostStream';
}

/** What the events of an answer are read with. */
export interface EventSource {
  readonly exchange: Exchange;
  readonly options: ResolvedOptions;
  readonly binding: Binding;
  readonly operation: Operation;
  readonly sent: WireRequest;
  readonly response: Response;
  readonly signal: AbortSignal;
}

/**
 * Reads an answer event by event.
 *
 * @throws {LostStream} with what happened as its cause.
 * @throws {A2aRemoteError} the agent says no, at once or in the middle.
 * @throws {A2aOperationError} ERR_A2A_INVALID_AGENT_RESPONSE. @throws {LimitError} `maxEventBytes`.
 */
export async function* eventsOf(source: EventSource): AsyncGenerator<StreamResponse, void, undefined> {
  const { response, operation, sent, binding, exchange, options, signal } = source;
  const isStream = /^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '');
  if (!isSuccess(response.status) || !isStream || response.body === null) {
    const answer = await exchange.read(response, sent, signal);
    const event = readEvent(binding.resultOf(operation, sent, answer), options.onWarning);
    if (event !== undefined) yield event;
    return;
  }
  for await (const { event: name, data, unfinished } of sseOf(source, response.body)) {
    // Nothing to read: a way to keep the connection open.
    if (data === '') continue;
    let json: unknown;
    try {
      json = parseJson(data);
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
      if (unfinished) throw new LostStream('the stream broke off inside an event', { cause });
      throw invalidAnswer('an event is no JSON', cause);
    }
    const event = readEvent(binding.eventOf(sent, json, name), options.onWarning);
    if (event !== undefined) yield event;
  }
}

/** The framing, with what the connection fails with told from what our own limits say. */
async function* sseOf({ options, sent, signal }: EventSource, body: ReadableStream<Uint8Array>) {
  const { maxEventBytes, idleTimeoutMs, clock } = options;
  const onIdle = () => new HttpError('ERR_HTTP_TIMEOUT', `no sound for ${idleTimeoutMs} ms`, { url: sent.url });
  try {
    yield* readSse(body, { maxEventBytes, idleTimeoutMs, clock, signal, onIdle });
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof LimitError) throw cause;
    throw new LostStream('the stream was lost', { cause });
  }
}
