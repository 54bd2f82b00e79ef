// base64url without padding (RFC 4648, section 5; RFC 7515, section 2), one text for each sequence of bytes. Over the
// runtime's own `atob` and `btoa`, which every one has; what they forgive is refused here.

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
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
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
  if (/^[\w-]*$/.test(text) && text.length % 4 !== 1) {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
    // Unused bits that are not zero do not come out again. Only characters that do not make a whole group have any.
    const tail = text.slice(text.length - (text.length % 4));
    if (tail === '' || encodeBase64url(bytes.subarray(bytes.length - tail.length + 1)) === tail) return bytes;
  }
  throw new CodecError('ERR_CODEC_BASE64URL', `not base64url without padding (${text.length} characters)`);
}
