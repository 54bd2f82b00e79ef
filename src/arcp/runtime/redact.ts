// Credentials stay out of the log: whoever reads it, or observes a session, must not be able to become its client.

import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import type { RawEnvelope } from '../wire/envelope.js';

/** What stands in the log for a credential. */
export const REDACTED = '[redacted]';

/** A handshake message without its credential; any other as it is. */
export function withoutCredentials(envelope: RawEnvelope): RawEnvelope {
  const { type, payload } = envelope;
  if (type === 'session.authenticate') return { ...envelope, payload: replace(payload, 'response', REDACTED) };
  if (type !== 'session.open' || !isObject(payload.auth) || payload.auth.token === undefined) return envelope;
  return { ...envelope, payload: replace(payload, 'auth', replace(payload.auth, 'token', REDACTED)) };
}

/** Whether a type carries a credential. */
export function hasCredentials(type: string): boolean {
  return type === 'session.open' || type === 'session.authenticate';
}

function replace(object: JsonObject, name: string, value: JsonValue): JsonObject {
  return { ...object, [name]: value };
}
