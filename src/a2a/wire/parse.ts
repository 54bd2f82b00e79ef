// Reading in the three roles there are: what a client asks (a fault is its own), what an agent answers (a fault is the
// agent's), and what our caller wants sent (a fault is a TypeError).

import { A2aOperationError } from './errors.js';
import type * as Objects from './objects.js';
import { type Reader, WireFault } from './proto-json.js';
import * as readers from './readers.js';

/**
 * Reads a request, as a server.
 *
 * @returns Fresh value; free-form JSON inside (`metadata`, `data`) is shared with the input.
 * @throws {A2aOperationError} ERR_A2A_INVALID_PARAMS, whose BadRequest detail names the member at fault.
 */
export function parseParams<T>(read: Reader<T>, value: unknown): T {
  return readWith(read, value, ({ path, what, message }) => {
    const violation = { field: path, description: what };
    const details = [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [violation] }];
    return new A2aOperationError('ERR_A2A_INVALID_PARAMS', message, { details });
  });
}

/**
 * Reads an answer or an event, as a client.
 *
 * @returns Fresh value; free-form JSON inside is shared with the input.
 * @throws {A2aOperationError} ERR_A2A_INVALID_AGENT_RESPONSE, with the JSON path at fault in the message.
 */
export function parseAnswer<T>(read: Reader<T>, value: unknown): T {
  return readWith(read, value, ({ message }) => new A2aOperationError('ERR_A2A_INVALID_AGENT_RESPONSE', message));
}

/**
 * Brings a value of our own caller's into the form that is sent: no `undefined`, no `null`, no defaults.
 *
 * @param name Of the argument, for the message.
 * @returns Fresh value; free-form JSON inside is shared with the input.
 * @throws {TypeError} it is not what its type says; the message names the member at fault.
 */
export function emit<T>(read: Reader<T>, value: T, name = 'value'): T {
  return readWith(read, value, ({ path, what }) => {
    const separator = path === '' || path.startsWith('[') ? '' : '.';
    return new TypeError(`${name}${separator}${path} ${what}`);
  });
}

function readWith<T>(read: Reader<T>, value: unknown, toError: (fault: WireFault) => Error): T {
  try {
    return read(value, '');
  } catch (fault) {
    if (fault instanceof WireFault) throw toError(fault);
    throw fault;
  }
}

/** Reads a task. @throws {A2aOperationError} as for {@link parseAnswer}. */
export function parseTask(value: unknown): Objects.Task {
  return parseAnswer(readers.task, value);
}

/** Reads a message of an agent's. @throws {A2aOperationError} as for {@link parseAnswer}. */
export function parseMessage(value: unknown): Objects.Message {
  return parseAnswer(readers.message, value);
}

/** Reads one event of a stream, or the body of a push notification. @throws {A2aOperationError} as for {@link parseAnswer}. */
export function parseStreamResponse(value: unknown): Objects.StreamResponse {
  return parseAnswer(readers.streamResponse, value);
}

/** Brings an event into the form that is sent. @throws {TypeError} as for {@link emit}. */
export function emitStreamResponse(event: Objects.StreamResponse): Objects.StreamResponse {
  return emit(readers.streamResponse, event, 'event');
}
