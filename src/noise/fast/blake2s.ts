// BLAKE2s-256 (RFC 7693) and Noise's HKDF over it (Noise rev 34, section 4.3). Part of the fast suite: not audited, held
// to noble by differential tests.

import { assertLittleEndian } from './little-endian.js';

// biome-ignore format: section 2.6
const IV = /* @__PURE__ */ Int32Array.of(
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
);

// biome-ignore format: section 2.7, a round a line
const SIGMA = /* @__PURE__ */ Uint8Array.of(
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
  14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
  11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4,
  7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8,
  9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13,
  2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9,
  12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11,
  13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10,
  6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5,
  10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
);

const BLOCK_BYTES = 64;
const HASH_BYTES = 32;
const HASH_WORDS = 8;

/** Parameter block (2.5): 32 bytes of digest, no key, fan-out and depth 1. */
const PARAMETERS = 0x01010020;

/** The block being filled, and the state; a hash is synchronous, so never in use twice. Zero between uses. */
const block = /* @__PURE__ */ new Int32Array(BLOCK_BYTES / 4);
const blockBytes = /* @__PURE__ */ new Uint8Array(block.buffer);
const state = /* @__PURE__ */ new Int32Array(HASH_WORDS);
const stateBytes = /* @__PURE__ */ new Uint8Array(state.buffer);

/**
 * BLAKE2s-256 of the parts, as if joined.
 *
 * @param parts Borrowed.
 * @returns 32 bytes, fresh.
 */
export function blake2s(...parts: readonly Uint8Array[]): Uint8Array {
  assertLittleEndian();
  begin();
  let hashed = 0;
  let filled = 0;
  for (const part of parts) {
    for (let from = 0; from < part.length; ) {
      // Only when more is to come: the last block is compressed as such, also when it is full.
      if (filled === BLOCK_BYTES) {
        hashed += BLOCK_BYTES;
        compress(hashed, false);
        block.fill(0);
        filled = 0;
      }
      const to = Math.min(from + BLOCK_BYTES - filled, part.length);
      blockBytes.set(to - from === part.length ? part : part.subarray(from, to), filled);
      filled += to - from;
      from = to;
    }
  }
  compress(hashed + filled, true);
  const digest = stateBytes.slice();
  forget();
  return digest;
}

/**
 * Noise HKDF with two outputs.
 *
 * @param chainingKey 32 bytes. Borrowed.
 * @param inputKeyMaterial 0 or 32 bytes. Borrowed.
 * @returns Two fresh 32-byte keys.
 */
export function hkdf2(chainingKey: Uint8Array, inputKeyMaterial: Uint8Array): readonly [Uint8Array, Uint8Array] {
  assertLittleEndian();
  const extract = new Hmac(toWords(chainingKey));
  const tempKey = extract.digest(toWords(inputKeyMaterial), inputKeyMaterial.length);
  const expand = new Hmac(tempKey);
  const message = new Int32Array(HASH_WORDS + 1);
  message[0] = 0x01;
  const first = expand.digest(message, 1);
  message.set(first);
  message[HASH_WORDS] = 0x02;
  const second = expand.digest(message, HASH_BYTES + 1);
  message.fill(0);
  extract.wipe();
  expand.wipe();
  forget();
  return [asBytes(first), asBytes(second)];
}

/** HMAC (RFC 2104) under a key of one hash: the two key blocks are compressed once, as midstates. */
class Hmac {
  readonly #key: Int32Array;
  readonly #inner: Int32Array;
  readonly #outer: Int32Array;

  /** @param key 8 words. Taken over: wiped with this. */
  constructor(key: Int32Array) {
    this.#key = key;
    this.#inner = this.#midstate(0x36363636);
    this.#outer = this.#midstate(0x5c5c5c5c);
  }

  /** @param message Words, zero behind the end, at most one block. @param bytes Its length. @returns 8 words, fresh. */
  digest(message: Int32Array, bytes: number): Int32Array {
    if (bytes > 0) {
      state.set(this.#inner);
      block.fill(0).set(message);
      compress(BLOCK_BYTES + bytes, true);
    } else {
      // No message: the key block is the last one, and the midstate, which took it for a middle one, does not hold.
      this.#keyBlock(0x36363636);
      compress(BLOCK_BYTES, true);
    }
    block.fill(0).set(state);
    state.set(this.#outer);
    compress(BLOCK_BYTES + HASH_BYTES, true);
    return state.slice();
  }

  wipe(): void {
    for (const secret of [this.#key, this.#inner, this.#outer]) secret.fill(0);
  }

  #midstate(padding: number): Int32Array {
    this.#keyBlock(padding);
    compress(BLOCK_BYTES, false);
    return state.slice();
  }

  #keyBlock(padding: number): void {
    begin();
    block.fill(padding);
    for (let i = 0; i < HASH_WORDS; i++) block[i] = (this.#key[i] as number) ^ padding;
  }
}

function begin(): void {
  block.fill(0);
  state.set(IV);
  (state[0] as number) ^= PARAMETERS;
}

function forget(): void {
  block.fill(0);
  state.fill(0);
}

/** Words of whole words' bytes. Fresh. */
function toWords(bytes: Uint8Array): Int32Array {
  return new Int32Array(new Uint8Array(bytes).buffer);
}

function asBytes(words: Int32Array): Uint8Array {
  return new Uint8Array(words.buffer);
}

/**
 * The compression function F (3.2), of `block` into `state`. A round is written out, the ten are a loop: unrolled too,
 * the hash takes half the time on V8, twice on JavaScriptCore, and three times the code.
 *
 * @param bytes Bytes hashed so far, this block included; below 2^32.
 * @param last Whether this is the last block.
 */
function compress(bytes: number, last: boolean): void {
  const m = block;
  const s = SIGMA;
  // biome-ignore format: the rows of the matrix
  let v0 = state[0] as number, v1 = state[1] as number, v2 = state[2] as number, v3 = state[3] as number,
      v4 = state[4] as number, v5 = state[5] as number, v6 = state[6] as number, v7 = state[7] as number,
      v8 = IV[0] as number, v9 = IV[1] as number, v10 = IV[2] as number, v11 = IV[3] as number,
      v12 = (IV[4] as number) ^ bytes, v13 = IV[5] as number,
      v14 = last ? ~(IV[6] as number) : (IV[6] as number), v15 = IV[7] as number;
  for (let r = 0; r < 160; r += 16) {
    v0 = (v0 + v4 + (m[s[r] as number] as number)) | 0;
    v12 ^= v0;
    v12 = (v12 >>> 16) | (v12 << 16);
    v1 = (v1 + v5 + (m[s[r + 2] as number] as number)) | 0;
    v13 ^= v1;
    v13 = (v13 >>> 16) | (v13 << 16);
    v2 = (v2 + v6 + (m[s[r + 4] as number] as number)) | 0;
    v14 ^= v2;
    v14 = (v14 >>> 16) | (v14 << 16);
    v3 = (v3 + v7 + (m[s[r + 6] as number] as number)) | 0;
    v15 ^= v3;
    v15 = (v15 >>> 16) | (v15 << 16);
    v8 = (v8 + v12) | 0;
    v4 ^= v8;
    v4 = (v4 >>> 12) | (v4 << 20);
    v9 = (v9 + v13) | 0;
    v5 ^= v9;
    v5 = (v5 >>> 12) | (v5 << 20);
    v10 = (v10 + v14) | 0;
    v6 ^= v10;
    v6 = (v6 >>> 12) | (v6 << 20);
    v11 = (v11 + v15) | 0;
    v7 ^= v11;
    v7 = (v7 >>> 12) | (v7 << 20);
    v0 = (v0 + v4 + (m[s[r + 1] as number] as number)) | 0;
    v12 ^= v0;
    v12 = (v12 >>> 8) | (v12 << 24);
    v1 = (v1 + v5 + (m[s[r + 3] as number] as number)) | 0;
    v13 ^= v1;
    v13 = (v13 >>> 8) | (v13 << 24);
    v2 = (v2 + v6 + (m[s[r + 5] as number] as number)) | 0;
    v14 ^= v2;
    v14 = (v14 >>> 8) | (v14 << 24);
    v3 = (v3 + v7 + (m[s[r + 7] as number] as number)) | 0;
    v15 ^= v3;
    v15 = (v15 >>> 8) | (v15 << 24);
    v8 = (v8 + v12) | 0;
    v4 ^= v8;
    v4 = (v4 >>> 7) | (v4 << 25);
    v9 = (v9 + v13) | 0;
    v5 ^= v9;
    v5 = (v5 >>> 7) | (v5 << 25);
    v10 = (v10 + v14) | 0;
    v6 ^= v10;
    v6 = (v6 >>> 7) | (v6 << 25);
    v11 = (v11 + v15) | 0;
    v7 ^= v11;
    v7 = (v7 >>> 7) | (v7 << 25);
    v0 = (v0 + v5 + (m[s[r + 8] as number] as number)) | 0;
    v15 ^= v0;
    v15 = (v15 >>> 16) | (v15 << 16);
    v1 = (v1 + v6 + (m[s[r + 10] as number] as number)) | 0;
    v12 ^= v1;
    v12 = (v12 >>> 16) | (v12 << 16);
    v2 = (v2 + v7 + (m[s[r + 12] as number] as number)) | 0;
    v13 ^= v2;
    v13 = (v13 >>> 16) | (v13 << 16);
    v3 = (v3 + v4 + (m[s[r + 14] as number] as number)) | 0;
    v14 ^= v3;
    v14 = (v14 >>> 16) | (v14 << 16);
    v10 = (v10 + v15) | 0;
    v5 ^= v10;
    v5 = (v5 >>> 12) | (v5 << 20);
    v11 = (v11 + v12) | 0;
    v6 ^= v11;
    v6 = (v6 >>> 12) | (v6 << 20);
    v8 = (v8 + v13) | 0;
    v7 ^= v8;
    v7 = (v7 >>> 12) | (v7 << 20);
    v9 = (v9 + v14) | 0;
    v4 ^= v9;
    v4 = (v4 >>> 12) | (v4 << 20);
    v0 = (v0 + v5 + (m[s[r + 9] as number] as number)) | 0;
    v15 ^= v0;
    v15 = (v15 >>> 8) | (v15 << 24);
    v1 = (v1 + v6 + (m[s[r + 11] as number] as number)) | 0;
    v12 ^= v1;
    v12 = (v12 >>> 8) | (v12 << 24);
    v2 = (v2 + v7 + (m[s[r + 13] as number] as number)) | 0;
    v13 ^= v2;
    v13 = (v13 >>> 8) | (v13 << 24);
    v3 = (v3 + v4 + (m[s[r + 15] as number] as number)) | 0;
    v14 ^= v3;
    v14 = (v14 >>> 8) | (v14 << 24);
    v10 = (v10 + v15) | 0;
    v5 ^= v10;
    v5 = (v5 >>> 7) | (v5 << 25);
    v11 = (v11 + v12) | 0;
    v6 ^= v11;
    v6 = (v6 >>> 7) | (v6 << 25);
    v8 = (v8 + v13) | 0;
    v7 ^= v8;
    v7 = (v7 >>> 7) | (v7 << 25);
    v9 = (v9 + v14) | 0;
    v4 ^= v9;
    v4 = (v4 >>> 7) | (v4 << 25);
  }
  (state[0] as number) ^= v0 ^ v8;
  (state[1] as number) ^= v1 ^ v9;
  (state[2] as number) ^= v2 ^ v10;
  (state[3] as number) ^= v3 ^ v11;
  (state[4] as number) ^= v4 ^ v12;
  (state[5] as number) ^= v5 ^ v13;
  (state[6] as number) ^= v6 ^ v14;
  (state[7] as number) ^= v7 ^ v15;
}
