// base64url without padding (RFC 4648, section 5; RFC 7515, section 2), one text for each sequence of bytes.

import { base64urlnopad } from '@scure/base';
import { assertBytes, assertString } from '../bytes/assert.js';
import { CodecError } from '../errors.js';

/**
 * Encodes bytes as base64url without padding.
 *
 * @param bytes Any length. Borrowed.
 * @returns Four characters for three bytes; two or three for the one or two left over.
 * @throws {TypeError} not a `Uint8Array`.
 */
export function encodeBase64url(bytes: Uint8Array): string {
  assertBytes(bytes, 'bytes');
  return base64urlnopad.encode(bytes);
}

/**
 * Decodes base64url strictly: what it accepts is what {@link encodeBase64url} writes, and nothing else.
 *
 * Linear in the length of the text, which the caller bounds.
 *
 * @param text Borrowed.
 * @returns Fresh bytes.
 * @throws {TypeError} not a string.
 * @throws {CodecError} ERR_CODEC_BASE64URL: padding, whitespace, a character of another alphabet, a length that leaves
 *   one character over, or unused bits that are not zero.
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> {
  assertString(text, 'text');
  try {
    // Always its own ArrayBuffer, which its types leave open.
    return base64urlnopad.decode(text) as Uint8Array<ArrayBuffer>;
  } catch {
    // Not as cause: its message quotes the text, which may be a secret.
    throw new CodecError('ERR_CODEC_BASE64URL', `not base64url without padding (${text.length} characters)`);
  }
}
