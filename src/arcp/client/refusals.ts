// Saying no to a message of the runtime's (ARCP v1.0, sections 2.6 and 5.14). Loaded with the first that is to be refused.

import type { JsonValue } from '../../codec/json-value.js';
import { classify } from '../wire/classify.js';
import { type Decoded, isSpokenVersion, type RawEnvelope } from '../wire/envelope.js';
import type { MessageId } from '../wire/ids.js';
import type { CallFields } from './compose.js';
import type { Core } from './core.js';

/** After so much that the connection has not taken, a stranger's faults are not answered any more. */
const MAX_BUFFERED_BYTES = 1_048_576;

/** Whether the connection takes less than is said on it: what a stranger brings about is not said then. */
export function isChoked(core: Core): boolean {
  return (core.transport?.bufferedBytes ?? 0) > MAX_BUFFERED_BYTES;
}

/** Refuses a message. @param to Its id, where it has one. */
export function nack(
  core: Core,
  to: MessageId | undefined,
  code: string,
  message: string,
  details?: JsonValue,
  fields?: CallFields,
): void {
  if (!isChoked(core)) core.post('nack', { code, message, details }, { ...fields, correlation_id: to });
}

/** Refuses what nothing can be done with: no envelope, one of another version, or of a type nobody knows. */
export function refuse(core: Core, decoded: Exclude<Decoded, { readonly kind: 'garbage' }>): void {
  if (decoded.kind === 'envelope') return refuseType(core, decoded.envelope);
  const { id, path, issue } = decoded;
  nack(core, id, 'INVALID_ARGUMENT', `${path} ${issue}`, { path, issue });
}

function refuseType(core: Core, { id, arcp, type, extensions }: RawEnvelope): void {
  if (!isSpokenVersion(arcp)) return nack(core, id, 'UNIMPLEMENTED', 'unknown version');
  switch (classify(type)) {
    case 'experimental':
      return;
    case 'malformed':
      return nack(core, id, 'INVALID_ARGUMENT', 'the type is no name');
    case 'unknown-extension':
      if (extensions?.optional === true) return;
  }
  nack(core, id, 'UNIMPLEMENTED', 'unknown type');
}
