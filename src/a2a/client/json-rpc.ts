// The JSON-RPC binding of a client (A2A v1.0, section 9): one address, one POST for each operation.

import { isObject } from '../../codec/is-object.js';
import { readErrorMember, readHttpError, readRpcError } from '../wire/error-json.js';
import type { Operation } from '../wire/operations.js';
import { type Binding, invalidAnswer, isSuccess, type WireAnswer, type WireRequest } from './binding.js';

/** Asks an interface over JSON-RPC. Ids count up from 1, over all interfaces of a client. */
export class JsonRpcBinding implements Binding {
  readonly #url: string;
  readonly #nextId: () => number;

  constructor(url: string, nextId: () => number) {
    this.#url = url;
    this.#nextId = nextId;
  }

  encode({ name, streaming }: Operation, params: object): WireRequest {
    const id = this.#nextId();
    return {
      method: 'POST',
      url: this.#url,
      accept: streaming ? 'text/event-stream' : 'application/json',
      body: JSON.stringify({ jsonrpc: '2.0', id, method: name, params }),
      id,
    };
  }

  resultOf(operation: Operation, sent: WireRequest, { status, body }: WireAnswer): unknown {
    // Servers disagree on the status of an error, so the body speaks first.
    if (isObject(body)) {
      if (isObject(body.error)) throw errorOf(body, sent, status);
      if (isSuccess(status) && 'result' in body) return resultOf(body, sent);
    }
    if (!isSuccess(status)) throw readHttpError(status, body);
    if (operation.name === 'DeleteTaskPushNotificationConfig') return undefined;
    throw invalidAnswer('the answer is no JSON-RPC response');
  }

  eventOf(sent: WireRequest, event: unknown, name: string): unknown {
    if (isObject(event)) {
      if (isObject(event.error)) throw errorOf(event, sent);
      if ('result' in event) return resultOf(event, sent);
      if (name === 'error') throw readErrorMember(event);
    }
    throw invalidAnswer('an event is no JSON-RPC response');
  }
}

/** The error of a response. One that names no request is an answer too: the agent could not read which one it was. */
function errorOf({ id, error }: Record<string, unknown>, sent: WireRequest, status?: number): Error {
  if (id !== undefined && id !== null && id !== sent.id) return wrongId();
  // Servers that have one body for both bindings say what HTTP+JSON says.
  return isObject(error) && typeof error.status === 'string'
    ? readErrorMember(error, status)
    : readRpcError(error, status);
}

function resultOf({ id, result }: Record<string, unknown>, sent: WireRequest): unknown {
  if (id !== sent.id) throw wrongId();
  return result;
}

function wrongId(): Error {
  return invalidAnswer('the answer is one to another request: its id differs');
}
