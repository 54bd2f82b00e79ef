// ChaCha20-Poly1305 in place, from noble's chacha20 and poly1305, joined as RFC 8439, section 2.8, joins them. noble's
// own AEAD wrapper is left out because it costs more than the cipher does on a small frame.

import { poly1305 } from '@noble/ciphers/_poly1305.js';
import { chacha20 } from '@noble/ciphers/chacha.js';
import { concatBytes } from '../bytes/concat.js';
import { equalBytes } from '../bytes/equal.js';
import { wipe } from '../bytes/wipe.js';
import { assertKey, assertLayout, liveKey } from './aead-checks.js';
import { type AeadKey, HEADROOM_BYTES, TAG_BYTES } from './suite.js';

/** Length of a Poly1305 key, the front of block 0 of the key stream. */
const TAG_KEY_BYTES = 32;

/**
 * noble copies what it authenticates. Engines make a copy of so few bytes in place, where a longer one has to be asked
 * for: a small frame goes in by pieces of this length, a long one, for which the asking is nothing, at once.
 */
const FEW_BYTES = 64;
const MANY_BYTES = 1_024;

/** A key of {@link sealInPlace} and {@link openInPlace}, for the nonces of Noise. */
export class NobleAead implements AeadKey {
  #key: Uint8Array | undefined;
  readonly #nonce = new Uint8Array(12);
  readonly #nonceView = new DataView(this.#nonce.buffer);

  /** @throws {TypeError | RangeError} `key` is not 32 bytes. */
  constructor(key: Uint8Array) {
    assertKey(key);
    this.#key = new Uint8Array(key);
  }

  seal(counter: number, ad: Uint8Array, buffer: Uint8Array, dataBytes: number): void {
    assertLayout(buffer, dataBytes);
    sealInPlace(liveKey(this.#key), this.#nonceOf(counter), ad, buffer, dataBytes);
  }

  open(counter: number, ad: Uint8Array, buffer: Uint8Array, dataBytes: number): boolean {
    assertLayout(buffer, dataBytes);
    return openInPlace(liveKey(this.#key), this.#nonceOf(counter), ad, buffer, dataBytes);
  }

  wipe(): void {
    wipe(this.#key);
    this.#key = undefined;
  }

  /** Four zero bytes, then the counter (Noise rev 34, section 12.3). */
  #nonceOf(counter: number): Uint8Array {
    this.#nonceView.setUint32(4, counter, true);
    this.#nonceView.setUint32(8, counter / 2 ** 32, true);
    return this.#nonce;
  }
}

/** Seals under any nonce of 12 bytes; see {@link AeadKey.seal} for the rest. */
export function sealInPlace(
  key: Uint8Array,
  nonce: Uint8Array,
  ad: Uint8Array,
  buffer: Uint8Array,
  dataBytes: number,
): void {
  const end = HEADROOM_BYTES + dataBytes;
  // Block 0 of the key stream is the tag's key, and the data starts at block 1: with a block of zeros in front, one
  // call makes both.
  const stream = buffer.fill(0, 0, HEADROOM_BYTES).subarray(0, end);
  chacha20(key, nonce, stream, stream);
  const tag = authenticate(buffer.subarray(0, TAG_KEY_BYTES), ad, buffer, dataBytes);
  buffer.set(tag, end);
  buffer.fill(0, 0, HEADROOM_BYTES);
}

/** Opens under any nonce of 12 bytes; see {@link AeadKey.open} for the rest. */
export function openInPlace(
  key: Uint8Array,
  nonce: Uint8Array,
  ad: Uint8Array,
  buffer: Uint8Array,
  dataBytes: number,
): boolean {
  const end = HEADROOM_BYTES + dataBytes;
  // A copy, not a slice: on a Node Buffer that is a view, and the lengths are about to overwrite it.
  const tag = new Uint8Array(buffer.subarray(end, end + TAG_BYTES));
  // One call here too, into a scratch of our own: the tag is over the ciphertext, which must still be there. The
  // plaintext leaves the scratch only when the tag is right.
  const plain = scratch(end);
  chacha20(key, nonce, buffer.fill(0, 0, HEADROOM_BYTES).subarray(0, end), plain);
  const genuine = equalBytes(tag, authenticate(plain.subarray(0, TAG_KEY_BYTES), ad, buffer, dataBytes));
  if (genuine) buffer.set(plain.subarray(HEADROOM_BYTES), HEADROOM_BYTES);
  else buffer.fill(0);
  plain.fill(0);
  return genuine;
}

/** Poly1305 over `ad | pad | data | pad | lengths`, the second padding and the lengths laid down in the tailroom. */
function authenticate(key: Uint8Array, ad: Uint8Array, buffer: Uint8Array, dataBytes: number): Uint8Array {
  const mac = poly1305.create(key);
  if (ad.length > 0) mac.update(concatBytes(ad, new Uint8Array(-ad.length & 15)));
  const end = HEADROOM_BYTES + dataBytes;
  const lengthsAt = end + (-dataBytes & 15);
  buffer.fill(0, end, lengthsAt + TAG_BYTES);
  writeLength(buffer, lengthsAt, ad.length);
  writeLength(buffer, lengthsAt + 8, dataBytes);
  const stop = lengthsAt + TAG_BYTES;
  const stepBytes = stop - HEADROOM_BYTES > MANY_BYTES ? stop : FEW_BYTES;
  for (let at = HEADROOM_BYTES; at < stop; at += stepBytes) {
    mac.update(buffer.subarray(at, Math.min(at + stepBytes, stop)));
  }
  return mac.digest();
}

/** The low half of a 64-bit little-endian length, onto zeros: no array here is 2^32 bytes long. */
function writeLength(target: Uint8Array, at: number, bytes: number): void {
  for (let i = 0; i < 4; i++) target[at + i] = bytes >>> (8 * i);
}

let shared = /* @__PURE__ */ new Uint8Array(0);

/** The one scratch of all keys: opening is synchronous, so it is never in use twice. Zero between uses. */
function scratch(bytes: number): Uint8Array {
  if (shared.length < bytes) shared = new Uint8Array(Math.max(bytes, 2 * shared.length));
  return shared.subarray(0, bytes);
}
