// An envelope inside a header: base64url of its JSON, as long as headers may be (AITP 0.2, sections 9.2 and 9.3).

import { encodeUtf8 } from '../../bytes/utf8.js';
import { decodeBase64url, encodeBase64url } from '../../codec/base64url.js';
import { AitpError, type AitpWireCode } from '../errors.js';

/** Longest header that is read, in characters. */
export const MAX_HEADER_CHARACTERS = 16_384;

/** Writes an envelope into a header. */
export function toHeader(envelope: string): string {
  return encodeBase64url(encodeUtf8(envelope));
}

/** Reads the bytes of an envelope out of a header. @throws {AitpError} `code`: too long, or no base64url. */
export function fromHeader(value: string, code: AitpWireCode): Uint8Array {
  if (value.length > MAX_HEADER_CHARACTERS) throw new AitpError(code, 'a header that is too long');
  try {
    return decodeBase64url(value);
  } catch (cause) {
    throw new AitpError(code, 'a header that is no base64url', { cause });
  }
}
