// The HTTP+JSON binding of a client (A2A v1.0, section 11): a route and a verb for each operation.

import { parseUrl } from '../../bytes/parse-url.js';
import { isObject } from '../../codec/is-object.js';
import { trimEnd } from '../../http/trim-end.js';
import { readErrorMember, readHttpError } from '../wire/error-json.js';
import type { Operation } from '../wire/operations.js';
import { buildRestRequest } from '../wire/rest-routes.js';
import { type Binding, invalidAnswer, isSuccess, type WireAnswer, type WireRequest } from './binding.js';

/** Asks an interface over HTTP+JSON. */
export class HttpJsonBinding implements Binding {
  readonly #base: string;
  readonly #query: string;

  /**
   * @param url Address of the interface; a query of its own goes behind every route.
   * @throws {TypeError} not absolute: a route below it would lead anywhere.
   */
  constructor(url: string) {
    // As the parser has it: of `https://`, all that is left without its slashes would take the next segment for its host.
    const base = parseUrl(url);
    if (base === undefined) throw new TypeError('url must be absolute');
    this.#query = base.search.slice(1);
    base.hash = '';
    base.search = '';
    this.#base = trimEnd(base.href, '/');
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
