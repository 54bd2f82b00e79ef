// base58 with the Bitcoin alphabet, as did:key uses it (multibase `z`, without the prefix). Our own, since the library's
// weighs five times as much; held to it by tests. For public data: the time it takes depends on the values.
// The work grows with the square of the length, so lengths are bounded before any of it is done.

import { assertBytes, assertInteger, assertString } from '../bytes/assert.js';
import { CodecError } from '../errors.js';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

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
  let text = '';
  for (const digit of convert(bytes, 256, 58)) text += ALPHABET[digit];
  return text;
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
  const digits: number[] = [];
  for (const character of text) digits.push(ALPHABET.indexOf(character));
  if (digits.includes(-1)) throw new CodecError('ERR_CODEC_BASE58', `not base58btc (${text.length} characters)`);
  return new Uint8Array(convert(digits, 58, 256));
}

/**
 * Writes a number in another base, digit by digit. Zeros in front stand for themselves, one for one.
 *
 * @param digits Most significant first. Borrowed.
 * @returns Most significant first. Fresh.
 */
function convert(digits: ArrayLike<number>, from: number, to: number): number[] {
  // Least significant first until the end, so that it grows at its cheap side.
  const converted: number[] = [];
  let zeros = 0;
  while (digits[zeros] === 0) zeros++;
  for (let i = zeros; i < digits.length; i++) {
    let carry = digits[i] as number;
    for (let j = 0; j < converted.length; j++) {
      carry += (converted[j] as number) * from;
      converted[j] = carry % to;
      carry = (carry / to) | 0;
    }
    for (; carry > 0; carry = (carry / to) | 0) converted.push(carry % to);
  }
  for (; zeros > 0; zeros--) converted.push(0);
  return converted.reverse();
}
