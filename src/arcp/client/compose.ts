// A message of ours before it is written.

import type { JsonObject } from '../../codec/json-value.js';
import { ARCP_VERSION, type EnvelopeFields, type RawEnvelope } from '../wire/envelope.js';
import type { SessionId } from '../wire/ids.js';
import type { CoreType, Payloads } from '../wire/payloads.js';
import { timestampOf } from '../wire/timestamp.js';
import type { ResolvedOptions } from './options.js';

/** Fields of an envelope that a caller may set. */
export type CallFields = Partial<Omit<EnvelopeFields, 'arcp' | 'id' | 'timestamp' | 'session_id'>>;

/** Makes a message, with an id and a time of its own. */
export function compose<T extends CoreType>(
  { ids, now }: ResolvedOptions,
  sessionId: SessionId | undefined,
  type: T,
  payload: Payloads[T],
  fields?: CallFields,
): RawEnvelope {
  return {
    arcp: ARCP_VERSION,
    id: ids.message(),
    timestamp: timestampOf(now()),
    session_id: sessionId,
    ...fields,
    type,
    // Each is an object of JSON; interfaces do not say so.
    payload: payload as unknown as JsonObject,
  };
}
