// ChaCha20-Poly1305 in place (RFC 8439, section 2.8). Part of the fast suite: not audited, held to noble by differential
// tests, the vectors of RFC 8439 and Wycheproof.

import { assertKey, assertLayout, liveKey, roomFor } from '../aead-checks.js';
import { type AeadKey, HEADROOM_BYTES, TAG_BYTES } from '../suite.js';
import { xorKeyStream } from './chacha20.js';
import { assertLittleEndian } from './little-endian.js';
import { poly1305 } from './poly1305.js';

const BLOCK_WORDS = 16;
const BLOCK_BYTES = 64;
const DATA_WORD = HEADROOM_BYTES / 4;

/** One block of key stream; sealing and opening are synchronous, so it is never in use twice. Zero between uses. */
const block = /* @__PURE__ */ new Int32Array(BLOCK_WORDS);

/** The tag that was computed, as words and as bytes, and the tag that came with the message. */
const tagWords = /* @__PURE__ */ new Int32Array(TAG_BYTES / 4);
const tagBytes = /* @__PURE__ */ new Uint8Array(tagWords.buffer);
const claimed = /* @__PURE__ */ new Uint8Array(TAG_BYTES);

/** A key of {@link sealInPlace} and {@link openInPlace}, for the nonces of Noise. */
export class FastAead implements AeadKey {
  #key: Int32Array | undefined;
  readonly #nonce = new Int32Array(3);
  // The words of the buffer seen last. Sessions share two buffers, one for sealing and one for opening, so that this
  // nearly always saves making a view.
  #words: Int32Array | undefined;

  /** @throws {TypeError | RangeError} `key` is not 32 bytes. */
  constructor(key: Uint8Array) {
    assertKey(key);
    assertLittleEndian();
    this.#key = new Int32Array(new Uint8Array(key).buffer);
  }

  seal(counter: number, ad: Uint8Array, buffer: Uint8Array, dataBytes: number): void {
    assertLayout(buffer, dataBytes);
    const key = liveKey(this.#key);
    const words = this.#wordsOf(buffer);
    if (words === undefined) realigned(buffer, dataBytes, (copy) => this.seal(counter, ad, copy, dataBytes));
    else sealInPlace(key, this.#nonceOf(counter), ad, buffer, words, dataBytes);
  }

  open(counter: number, ad: Uint8Array, buffer: Uint8Array, dataBytes: number): boolean {
    assertLayout(buffer, dataBytes);
    const key = liveKey(this.#key);
    const words = this.#wordsOf(buffer);
    if (words === undefined) return realigned(buffer, dataBytes, (copy) => this.open(counter, ad, copy, dataBytes));
    return openInPlace(key, this.#nonceOf(counter), ad, buffer, words, dataBytes);
  }

  wipe(): void {
    this.#key?.fill(0);
    this.#key = undefined;
    this.#words = undefined;
  }

  /** A zero word, then the counter in two (Noise rev 34, section 12.3). */
  #nonceOf(counter: number): Int32Array {
    this.#nonce[1] = counter;
    this.#nonce[2] = counter / 2 ** 32;
    return this.#nonce;
  }

  /** The buffer as words; undefined when it does not start on one. */
  #wordsOf(buffer: Uint8Array): Int32Array | undefined {
    const words = this.#words;
    const length = buffer.length >> 2;
    if (words?.buffer === buffer.buffer && words.byteOffset === buffer.byteOffset && words.length === length) {
      return words;
    }
    if (buffer.byteOffset % 4 !== 0) return undefined;
    this.#words = new Int32Array(buffer.buffer, buffer.byteOffset, length);
    return this.#words;
  }
}

/**
 * Seals under any nonce; see {@link AeadKey.seal} for the rest.
 *
 * @param key 8 words.
 * @param nonce 3 words.
 * @param words The words of `buffer`.
 */
export function sealInPlace(
  key: Int32Array,
  nonce: Int32Array,
  ad: Uint8Array,
  buffer: Uint8Array,
  words: Int32Array,
  dataBytes: number,
): void {
  const end = HEADROOM_BYTES + dataBytes;
  xorData(key, nonce, words, dataBytes);
  computeTag(key, nonce, ad, buffer, words, dataBytes);
  for (let i = 0; i < TAG_BYTES; i++) buffer[end + i] = tagBytes[i] as number;
}

/** Opens under any nonce; parameters as {@link sealInPlace}, the rest as {@link AeadKey.open}. */
export function openInPlace(
  key: Int32Array,
  nonce: Int32Array,
  ad: Uint8Array,
  buffer: Uint8Array,
  words: Int32Array,
  dataBytes: number,
): boolean {
  const end = HEADROOM_BYTES + dataBytes;
  for (let i = 0; i < TAG_BYTES; i++) claimed[i] = buffer[end + i] as number;
  computeTag(key, nonce, ad, buffer, words, dataBytes);
  let difference = 0;
  for (let i = 0; i < TAG_BYTES; i++) difference |= (claimed[i] as number) ^ (tagBytes[i] as number);
  // The tag that would have been right is nobody's business.
  tagWords.fill(0);
  const genuine = difference === 0;
  if (genuine) xorData(key, nonce, words, dataBytes);
  else buffer.fill(0);
  return genuine;
}

/** Runs a step on an aligned copy of a buffer; not on a slice, which on a Node Buffer is a view. */
function realigned<T>(buffer: Uint8Array, dataBytes: number, step: (copy: Uint8Array) => T): T {
  const copy = new Uint8Array(buffer.subarray(0, roomFor(dataBytes)));
  const result = step(copy);
  buffer.set(copy);
  copy.fill(0);
  return result;
}

/** The data begins at block 1 of the key stream. What spills over its end, up to 3 bytes, is tailroom. */
function xorData(key: Int32Array, nonce: Int32Array, words: Int32Array, dataBytes: number): void {
  const whole = dataBytes >>> 6;
  const rest = dataBytes % BLOCK_BYTES;
  const restAt = DATA_WORD + whole * BLOCK_WORDS;
  xorKeyStream(key, nonce, 1, words, DATA_WORD, restAt);
  if (rest === 0) return;
  xorKeyStream(key, nonce, 1 + whole, block, 0, BLOCK_WORDS);
  for (let i = 0; 4 * i < rest; i++) (words[restAt + i] as number) ^= block[i] as number;
  block.fill(0);
}

/** Poly1305 over `ad | pad | data | pad | lengths`, the second padding and the lengths laid down in the tailroom. */
function computeTag(
  key: Int32Array,
  nonce: Int32Array,
  ad: Uint8Array,
  buffer: Uint8Array,
  words: Int32Array,
  dataBytes: number,
): void {
  const end = HEADROOM_BYTES + dataBytes;
  const paddedEnd = (end + 15) & ~15;
  for (let i = end; i < paddedEnd; i++) buffer[i] = 0;
  const lengthsAt = paddedEnd / 4;
  words[lengthsAt] = ad.length;
  words[lengthsAt + 1] = 0;
  words[lengthsAt + 2] = dataBytes;
  words[lengthsAt + 3] = 0;
  // Block 0 of the key stream is the key of the tag (2.6).
  xorKeyStream(key, nonce, 0, block, 0, BLOCK_WORDS);
  if (ad.length === 0) poly1305(block, words, DATA_WORD, lengthsAt + 4, tagWords);
  else {
    const joined = prepend(ad, words.subarray(DATA_WORD, lengthsAt + 4));
    poly1305(block, joined, 0, joined.length, tagWords);
  }
  block.fill(0);
}

/** `ad | pad | words`, fresh. Only a handshake has associated data, so a copy does no harm. */
function prepend(ad: Uint8Array, words: Int32Array): Int32Array {
  const adWords = ((ad.length + 15) & ~15) / 4;
  const joined = new Int32Array(adWords + words.length);
  new Uint8Array(joined.buffer).set(ad);
  joined.set(words, adWords);
  return joined;
}
