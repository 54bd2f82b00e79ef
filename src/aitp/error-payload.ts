// The payload of an `error` message (section 3.1): a registered code, a neutral reason, and whether to try again.

import type { JsonObject } from '../codec/json-value.js';
import { closedObject, readClosed, text, that } from './closed.js';
import { type AitpWireCode, isAitpWireCode, isRetryable } from './errors.js';

/** What an error message says. */
export interface ErrorPayload {
  /** Registered or not: a peer may know more codes. */
  readonly code: string;
  readonly reason: string;
  /** False for a code we do not know, whatever the peer says. */
  readonly retryable: boolean;
}

/** The payload of an `error` message: a registered code and a neutral reason, for a peer's eyes. */
export function errorPayload(code: AitpWireCode, reason: string): JsonObject {
  return { code, reason, retryable: isRetryable(code) };
}

/**
 * Reads the payload of an `error` message. A hint: it may end an exchange, and never changes trust.
 *
 * @throws {AitpError} INVALID_ENVELOPE, UNKNOWN_FIELD.
 */
export function readErrorPayload(payload: JsonObject): ErrorPayload {
  const { code, reason, retryable } = readClosed(ERROR_PAYLOAD, payload, 'INVALID_ENVELOPE', 'error payload');
  return { code, reason, retryable: isAitpWireCode(code) && retryable };
}

const ERROR_PAYLOAD = /* @__PURE__ */ (() =>
  closedObject({
    code: text,
    reason: text,
    retryable: that<boolean>('a boolean', (value) => typeof value === 'boolean'),
  }))();
