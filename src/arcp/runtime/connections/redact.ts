// Credentials stay out of the log: whoever reads it, or observes a session, must not be able to become its client.

import { isObject } from '../../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../../codec/json-value.js';
import type { RawEnvelope } from '../../wire/envelope.js';

/** What stands in the log for a credential. */
export const REDACTED = '[redacted]';

/** A handshake message without its credential, whatever shape that has; any other as it is. */
export function withoutCredentials(envelope: RawEnvelope): RawEnvelope {
  const { type, payload } = envelope;
  if (type === 'session.authenticate') return { ...envelope, payload: replace(payload, 'response', REDACTED) };
  if (type !== 'session.open' || payload.auth === undefined) return envelope;
  return { ...envelope, payload: replace(payload, 'auth', isObject(payload.auth) ? bare(payload.auth) : REDACTED) };
}

/** The scheme alone: what else stands there may be a credential of a version to come. */
function bare({ scheme, token }: JsonObject): JsonObject {
  return { ...(scheme !== undefined && { scheme }), ...(token !== undefined && { token: REDACTED }) };
}

function replace(object: JsonObject, name: string, value: JsonValue): JsonObject {
  return { ...object, [name]: value };
}
