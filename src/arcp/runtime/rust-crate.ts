// What the Rust crate cannot take, in version 0.1.0 as in 2.0.0: it ends the connection at the first message it cannot
// decode.

import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { isArcpCode } from '../errors.js';
import type { ClientIdentity } from '../wire/session.js';

/** Whether a client says that it is built on the Rust crate: by the crate's own name, or with the first version's number. */
export function isRustCrate({ kind, version }: ClientIdentity): boolean {
  return kind === 'arcp-rs' || (version === '0.1.0' && /^arcp(?:-|$)/.test(kind));
}

/** A payload whose error code is one of the canonical 21; another goes into `details.code`. */
export function canonicalError<P extends object>(payload: P): P {
  const { code, details } = payload as { readonly code?: unknown; readonly details?: JsonValue };
  if (typeof code !== 'string' || isArcpCode(code)) return payload;
  const facts: JsonObject =
    typeof details === 'object' && details !== null && !Array.isArray(details) ? (details as JsonObject) : {};
  return { ...payload, code: 'UNKNOWN', details: { ...facts, code } };
}
