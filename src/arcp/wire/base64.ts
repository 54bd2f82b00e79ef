// Base64 of the standard alphabet with padding (RFC 4648, section 4), one text for each sequence of bytes: artifacts of
// ARCP v1.0 take nothing else. What `atob` forgives is refused here.

import { decodeBase64, encodeBase64 } from '../../codec/base64.js';
import { ArcpError } from '../errors.js';

/** Most bytes an artifact has. */
export const MAX_ARTIFACT_BYTES = 4_194_304;

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
    const bytes = decodeBase64(text);
    // Unused bits that are not zero do not come out again. Only a padded group has any.
    const lastGroup = padding === 0 ? '' : text.slice(-4);
    if (lastGroup === '' || encodeBase64(bytes.subarray(bytes.length - 3 + padding)) === lastGroup) return bytes;
  }
  throw new ArcpError('INVALID_ARGUMENT', 'not base64 with padding');
}
