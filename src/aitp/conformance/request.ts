// Requests to a conformance adapter and their answers (section 13.1): one JSON object a line, each way.

import { isObject } from '../../codec/is-object.js';
import { parseJsonStrict } from '../../codec/json.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';

/** One request. */
export interface AdapterRequest {
  /** Echoed in the answer. */
  readonly id: string;
  readonly op: string;
  readonly params: JsonObject;
}

/** One answer. */
export type AdapterResponse =
  | { readonly id: string; readonly ok: true; readonly result?: JsonObject }
  | {
      readonly id: string;
      readonly ok: false;
      /** A registered code, or one of the adapter's own. */
      readonly error_code: string;
      readonly message: string;
      /** What the request did before it failed, where somebody watches that. */
      readonly side_effects?: JsonObject;
    };

/** Codes that only adapters and runners have among themselves. */
export type AdapterCode =
  | 'MALFORMED_REQUEST'
  | 'OP_NOT_SUPPORTED'
  | 'INVALID_REQUEST'
  | 'INVALID_STATE'
  | 'INTERNAL_ERROR'
  | 'HANDSHAKE_FAILED'
  | 'JCS_ERROR';

/** A request that cannot be done, and not because of what it asks about. */
export class AdapterFault extends Error {
  override readonly name = 'AdapterFault';
  readonly code: AdapterCode;

  constructor(code: AdapterCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Name of a request that has none. */
export const UNKNOWN_ID = 'unknown';

/** Longest line, in bytes: room for the longest object of the protocol and what stands around it. */
export const MAX_LINE_BYTES = 1_048_576;

/**
 * Reads a line.
 *
 * @param line Without its end.
 * @returns The request, or the answer to a line that is none.
 */
export function readRequest(line: string | Uint8Array): AdapterRequest | AdapterResponse {
  let value: JsonValue;
  try {
    value = parseJsonStrict(line, { maxBytes: MAX_LINE_BYTES });
  } catch {
    return refusal(UNKNOWN_ID, 'MALFORMED_REQUEST', 'a line that is not strict JSON');
  }
  if (!isObject(value)) return refusal(UNKNOWN_ID, 'MALFORMED_REQUEST', 'a line that is no object');
  const { id, op, params = {} } = value;
  if (typeof id !== 'string') return refusal(UNKNOWN_ID, 'MALFORMED_REQUEST', 'a request without an id');
  if (typeof op !== 'string') return refusal(id, 'INVALID_REQUEST', 'a request without an op');
  if (!isObject(params)) return refusal(id, 'INVALID_REQUEST', 'params must be an object');
  return { id, op, params };
}

/** A failed answer. */
export function refusal(id: string, code: string, message: string, sideEffects?: JsonObject): AdapterResponse {
  const effects = sideEffects === undefined ? {} : { side_effects: sideEffects };
  return { id, ok: false, error_code: code, message, ...effects };
}
