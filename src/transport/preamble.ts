// Who calls, and which protocol, on connections that have no URL: the initiator's first message, as text.
// The agent-phone specification, section 2. That the DID is one, and whose it is, the handshake above proves.

import { assertString } from '../bytes/assert.js';
import { ChannelError } from '../errors.js';
import type { Message } from './contract.js';

/** Longest preamble. It is ASCII, so bytes and characters are the same. */
export const MAX_PREAMBLE_BYTES = 300;

// Printable ASCII without the space: what both a WebSocket subprotocol and a DID are made of.
const WORD = /^[!-~]+$/;

/**
 * Writes a preamble: `<subprotocol> <did>`.
 *
 * @throws {TypeError} not strings.
 * @throws {RangeError} empty, something else than printable ASCII without spaces, or over 300 bytes together.
 */
export function encodePreamble(subprotocol: string, callerDid: string): string {
  assertWord(subprotocol, 'subprotocol');
  assertWord(callerDid, 'callerDid');
  const preamble = `${subprotocol} ${callerDid}`;
  if (preamble.length > MAX_PREAMBLE_BYTES) {
    throw new RangeError(`subprotocol and callerDid must take ${MAX_PREAMBLE_BYTES - 1} bytes at most`);
  }
  return preamble;
}

/**
 * Reads a preamble: exactly two words with one space between, as text.
 *
 * @param subprotocol The only one accepted, compared exactly.
 * @returns The DID the caller claims; not checked further.
 * @throws {ChannelError} ERR_CHANNEL_PROTOCOL: anything else.
 */
export function parsePreamble(message: Message, subprotocol: string): string {
  if (typeof message === 'string' && message.length <= MAX_PREAMBLE_BYTES) {
    const space = message.indexOf(' ');
    const did = message.slice(space + 1);
    if (space > 0 && message.slice(0, space) === subprotocol && WORD.test(did)) return did;
  }
  throw new ChannelError('ERR_CHANNEL_PROTOCOL', `the peer did not open with "${subprotocol} <DID>"`);
}

function assertWord(value: unknown, name: string): void {
  assertString(value, name);
  if (!WORD.test(value)) throw new RangeError(`${name} must be printable ASCII without spaces`);
}
