// Strict UTF-8: what is not well formed is refused, never replaced by U+FFFD, and a byte order mark is content.

import { CodecError } from '../errors.js';

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Encodes text as UTF-8.
 *
 * Lone surrogates become U+FFFD, as `TextEncoder` has it: check for them before, where it matters.
 *
 * @returns Fresh bytes.
 */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/**
 * Encodes text as UTF-8 into a buffer of the caller's.
 *
 * @returns Bytes written, or -1 when the buffer is too short.
 */
export function encodeUtf8Into(text: string, target: Uint8Array): number {
  const { read, written } = encoder.encodeInto(text, target);
  return read === text.length ? written : -1;
}

/**
 * Decodes UTF-8 strictly.
 *
 * @param bytes Borrowed.
 * @returns The text; a leading byte order mark stays in it.
 * @throws {CodecError} ERR_CODEC_UTF8: not well-formed UTF-8.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new CodecError('ERR_CODEC_UTF8', 'not well-formed UTF-8', { cause });
  }
}
