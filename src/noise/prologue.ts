// The prologue of agent-phone v1: both names enter the transcript, so that a handshake meant for somebody else fails
// (Noise rev 34, section 6). The names themselves are checked by the identity room.

import { assertString } from '../bytes/assert.js';
import { concatBytes } from '../bytes/concat.js';
import { encodeUtf8 } from '../bytes/utf8.js';

const LABEL = 'agent-phone/1';
const MAX_DID_BYTES = 255;

/**
 * Builds the prologue: `agent-phone/1`, then each DID behind its byte length as an unsigned 16-bit big-endian integer.
 *
 * @param initiatorDid DID of the side that dialled, at most 255 bytes in UTF-8.
 * @param responderDid DID of the side that was dialled, at most 255 bytes in UTF-8.
 * @returns Fresh bytes.
 * @throws {TypeError} not a string.
 * @throws {RangeError} a DID over 255 bytes: two bytes of length must never be too few, or two prologues could be equal.
 */
export function buildPrologue(initiatorDid: string, responderDid: string): Uint8Array<ArrayBuffer> {
  return concatBytes(
    encodeUtf8(LABEL),
    ...lengthPrefixed(initiatorDid, 'initiatorDid'),
    ...lengthPrefixed(responderDid, 'responderDid'),
  );
}

function lengthPrefixed(did: string, name: string): [Uint8Array, Uint8Array] {
  assertString(did, name);
  const bytes = encodeUtf8(did);
  if (bytes.length > MAX_DID_BYTES) throw new RangeError(`${name} must be at most ${MAX_DID_BYTES} bytes long`);
  return [Uint8Array.of(0, bytes.length), bytes];
}
