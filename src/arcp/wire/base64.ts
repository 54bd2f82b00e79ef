// Base64 of the standard alphabet with padding (RFC 4648, section 4), one text for each sequence of bytes: artifacts of
// ARCP v1.0 take nothing else. Over the runtime's own `atob` and `btoa`; what they forgive is refused here.

import { ArcpError } from '../errors.js';

/** Most bytes an artifact has. */
export const MAX_ARTIFACT_BYTES = 4_194_304;

/** Bytes turned to text at a time: an argument list holds no more on every engine. */
const CHUNK_BYTES = 8_190;

/**
 * Encodes bytes.
 *
 * @param bytes Any length. Borrowed.
 */
export function encodeBase64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  // A multiple of three, so that only the last piece has padding.
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    // Spread, an iterator would step through each byte: ten times the time.
    const binary: string = Reflect.apply(String.fromCharCode, null, bytes.subarray(at, at + CHUNK_BYTES));
    pieces.push(btoa(binary));
  }
  return pieces.join('');
}

/**
 * Decodes what {@link encodeBase64} writes, and nothing else.
 *
 * @param maxBytes Most bytes it may say. Default 4,194,304. Judged before anything is decoded.
 * @returns Fresh bytes.
 * @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT: too many bytes, another alphabet, whitespace, padding that is missing or
 *   out of place, unused bits that are not zero.
 */
export function decodeBase64Strict(text: string, maxBytes = MAX_ARTIFACT_BYTES): Uint8Array<ArrayBuffer> {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const length = (text.length / 4) * 3 - padding;
  if (length > maxBytes) throw new ArcpError('INVALID_ARGUMENT', `more than ${maxBytes} bytes of base64`);
  if (text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
    // Unused bits that are not zero do not come out again. Only a padded group has any.
    const lastGroup = padding === 0 ? '' : text.slice(-4);
    if (lastGroup === '' || encodeBase64(bytes.subarray(bytes.length - 3 + padding)) === lastGroup) return bytes;
  }
  throw new ArcpError('INVALID_ARGUMENT', 'not base64 with padding');
}
