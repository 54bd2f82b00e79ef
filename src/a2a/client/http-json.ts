// The HTTP+JSON binding of a client (A2A v1.0, section 11): a route and a verb for each operation.

import { readErrorMember, readHttpError } from '../wire/error-json.js';
import type { Operation } from '../wire/operations.js';
import { buildRestRequest } from '../wire/rest-routes.js';
import { type Binding, invalidAnswer, isObject, isSuccess, type WireAnswer, type WireRequest } from './binding.js';

/** Asks an interface over HTTP+JSON. */
export class HttpJsonBinding implements Binding {
  readonly #base: string;
  readonly #query: string;

  /** @param url Address of the interface; a query of its own goes behind every route. */
  constructor(url: string) {
    const [address, query = ''] = url.split('#', 1)[0]?.split('?') ?? [];
    this.#base = (address as string).replace(/\/+$/, '');
    this.#query = query;
  }

  encode(operation: Operation, request: object, verb?: Operation['verbs'][number]): WireRequest {
    const built = buildRestRequest(operation, request, verb);
    const query = [this.#query, built.query].filter((part) => part !== '').join('&');
    return {
      method: built.verb,
      url: `${this.#base}${built.path}${query === '' ? '' : `?${query}`}`,
      accept: operation.streaming ? 'text/event-stream' : 'application/a2a+json, application/json',
      ...(built.body !== undefined && { body: JSON.stringify(built.body) }),
    };
  }

  resultOf(operation: Operation, _sent: WireRequest, { status, body }: WireAnswer): unknown {
    if (!isSuccess(status)) throw readHttpError(status, body);
    if (isObject(body) && isObject(body.error)) throw readErrorMember(body.error);
    if (body === undefined && operation.name !== 'DeleteTaskPushNotificationConfig') {
      throw invalidAnswer('the answer is empty');
    }
    return body;
  }

  eventOf(_sent: WireRequest, event: unknown, name: string): unknown {
    if (isObject(event) && isObject(event.error)) throw readErrorMember(event.error);
    if (name === 'error') throw isObject(event) ? readErrorMember(event) : invalidAnswer('an error that is none');
    return event;
  }
}
