// What every AeadKey checks first. The in-place layout is `HEADROOM | data | TAILROOM`: a typed array silently drops
// what is written past its end, and a tag that was never stored would look like an attack on the other side.

import { assertBytes } from '../bytes/assert.js';
import { NoiseError } from '../errors.js';
import { HEADROOM_BYTES, TAILROOM_BYTES } from './suite.js';

/** Length of a ChaCha20-Poly1305 key. */
const KEY_BYTES = 32;

/**
 * Asserts that bytes can be a key.
 *
 * @throws {TypeError | RangeError} not 32 bytes.
 */
export function assertKey(key: unknown): asserts key is Uint8Array {
  assertBytes(key, 'key', KEY_BYTES);
}

/**
 * The key, unless it has been wiped.
 *
 * @throws {NoiseError} ERR_NOISE_DEAD.
 */
export function liveKey<Key>(key: Key | undefined): Key {
  if (key === undefined) throw new NoiseError('ERR_NOISE_DEAD', 'this key has been wiped');
  return key;
}

/**
 * Asserts that a buffer has room for the data and for the scratch around it.
 *
 * @param buffer Laid out as {@link AeadKey} says.
 * @param dataBytes Length of the data, without tag.
 * @throws {TypeError} `buffer` is not a `Uint8Array`.
 * @throws {RangeError} `dataBytes` is not a length, or the buffer is too short for it.
 */
export function assertLayout(buffer: unknown, dataBytes: number): asserts buffer is Uint8Array {
  assertBytes(buffer, 'buffer');
  if (!(Number.isInteger(dataBytes) && dataBytes >= 0 && roomFor(dataBytes) <= buffer.length)) {
    throw new RangeError(`dataBytes must be an integer from 0 to ${buffer.length - roomFor(0)}, not ${dataBytes}`);
  }
}

/** Length of a buffer for so much data. */
export function roomFor(dataBytes: number): number {
  return HEADROOM_BYTES + dataBytes + TAILROOM_BYTES;
}
