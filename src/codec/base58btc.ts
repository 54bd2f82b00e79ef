// base58 with the Bitcoin alphabet, as did:key uses it (multibase `z`, without the prefix).
// The work grows with the square of the length, so lengths are bounded before any of it is done.

import { base58 } from '@scure/base';
import { assertBytes, assertInteger, assertString } from '../bytes/assert.js';
import { CodecError } from '../errors.js';

const MAX_BYTES = 2_048;
const MAX_CHARACTERS = 4_096;

/**
 * Encodes bytes as base58btc.
 *
 * @param bytes At most 2,048 bytes. Borrowed.
 * @returns About 1.37 characters per byte; each leading zero byte is one `1`.
 * @throws {TypeError} not a `Uint8Array`.
 * @throws {RangeError} longer than that.
 */
export function encodeBase58btc(bytes: Uint8Array): string {
  assertBytes(bytes, 'bytes');
  if (bytes.length > MAX_BYTES) throw new RangeError(`bytes must be at most ${MAX_BYTES} long, not ${bytes.length}`);
  return base58.encode(bytes);
}

/**
 * Decodes base58btc strictly: what it accepts is what {@link encodeBase58btc} writes, and nothing else.
 *
 * @param text Borrowed.
 * @param maxCharacters Longest text to look at, 1 to 4,096; default 128, the longest `did:key` we read.
 * @returns Fresh bytes.
 * @throws {TypeError} `text` is not a string, or `maxCharacters` not a number.
 * @throws {RangeError} `maxCharacters` is out of its range.
 * @throws {CodecError} ERR_CODEC_BASE58: too long, or a character of another alphabet.
 */
export function decodeBase58btc(text: string, maxCharacters = 128): Uint8Array<ArrayBuffer> {
  assertString(text, 'text');
  assertInteger(maxCharacters, 'maxCharacters', 1, MAX_CHARACTERS);
  if (text.length > maxCharacters) {
    throw new CodecError('ERR_CODEC_BASE58', `base58 text of ${text.length} characters, at most ${maxCharacters} read`);
  }
  try {
    // Always its own ArrayBuffer, which its types leave open.
    return base58.decode(text) as Uint8Array<ArrayBuffer>;
  } catch {
    throw new CodecError('ERR_CODEC_BASE58', `not base58btc (${text.length} characters)`);
  }
}
