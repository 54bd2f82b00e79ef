// HTTP+JSON (A2A v1.0, section 11): the operation is in verb and path, the answer is the bare object, and errors have the
// HTTP status they deserve.

import { writeRestError } from '../wire/error-json.js';
import { A2aOperationError } from '../wire/errors.js';
import { type RestMatch, requestOfBody, requestOfQuery } from '../wire/rest-routes.js';
import type { ServerBinding } from './server-binding.js';

const CONTENT_TYPE = 'application/a2a+json';

/** Answers of this binding, whatever the request. */
export const restBinding: ServerBinding = {
  result(operation, result) {
    if (result === undefined) return { status: 204 };
    // As the official server has it; the protocol leaves it open.
    const status = operation.name === 'CreateTaskPushNotificationConfig' ? 201 : 200;
    return { status, contentType: CONTENT_TYPE, body: JSON.stringify(result) };
  },
  error(error) {
    const { httpStatus, body } = writeRestError(error);
    return { status: httpStatus, contentType: CONTENT_TYPE, body: JSON.stringify(body) };
  },
  event: (json) => ({ data: json }),
  errorEvent: (error) => ({ event: 'error', data: JSON.stringify(writeRestError(error).body) }),
};

/**
 * What the operation of a path is asked with.
 *
 * @param body Parsed; `undefined` where there was none.
 * @throws {A2aOperationError} ERR_A2A_INVALID_REQUEST: the body is no object.
 */
export function restParams(match: RestMatch, verb: string, query: URLSearchParams, body: unknown): unknown {
  if (verb !== 'POST') {
    const asked = new URLSearchParams(query);
    asked.delete('A2A-Version');
    return requestOfQuery(match, asked);
  }
  const given = body ?? {};
  if (typeof given !== 'object' || Array.isArray(given)) {
    throw new A2aOperationError('ERR_A2A_INVALID_REQUEST', 'the body must be an object');
  }
  return requestOfBody(match, given);
}
