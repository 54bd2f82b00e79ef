// How a refusal travels over HTTP (AITP 0.2, section 9.1): as a small JSON object that nobody signed, or as an `error`
// envelope. What is read of either is a hint: it ends an exchange, and never changes trust.

import { isObject } from '../../codec/is-object.js';
import { parseJsonStrict } from '../../codec/json.js';
import type { JsonValue } from '../../codec/json-value.js';
import { HttpError } from '../../errors.js';
import type { BoundedResponse } from '../../http/bounded-fetch.js';
import type { AitpWireCode } from '../errors.js';
import { isRetryable } from '../errors.js';
import { AitpPeerError } from '../peer-error.js';

/** Text of a refusal that is not signed. It says no more than the code does. */
export function errorBody(code: AitpWireCode): string {
  return JSON.stringify({ error: { code, message: 'the exchange was refused' } });
}

/** Whether an answer is an envelope, in which case its signature has the say, whatever the status. */
export function isEnvelope({ body }: BoundedResponse): boolean {
  const value = parsed(body);
  return isObject(value) && typeof value.message_type === 'string';
}

/**
 * The error an answer other than 2xx comes to, where it is no envelope.
 *
 * @returns AitpPeerError where it names a code; otherwise an HttpError with the status.
 */
export function errorOfResponse(response: BoundedResponse): AitpPeerError | HttpError {
  const value = parsed(response.body);
  const error = isObject(value) ? value.error : undefined;
  if (isObject(error) && typeof error.code === 'string') {
    const reason = typeof error.message === 'string' ? error.message : '';
    return new AitpPeerError({ code: error.code, reason, retryable: isRetryable(error.code) });
  }
  const { status, url } = response;
  return new HttpError('ERR_HTTP_STATUS', `status ${status}`, { url, status });
}

function parsed(body: Uint8Array): JsonValue | undefined {
  try {
    return parseJsonStrict(body);
  } catch {
    return undefined;
  }
}
