// The default suite: noble's audited chacha20, poly1305, blake2s and hmac, joined as RFC 8439, section 2.8, joins them.
// noble's own AEAD wrapper is left out because it costs more than the cipher on a small frame.

import { poly1305 } from '@noble/ciphers/_poly1305.js';
import { chacha20 } from '@noble/ciphers/chacha.js';
import { blake2s } from '@noble/hashes/blake2.js';
import { hmac } from '@noble/hashes/hmac.js';
import { concatBytes } from '../bytes/concat.js';
import { equalBytes } from '../bytes/equal.js';
import { wipe } from '../bytes/wipe.js';
import { generateX25519 } from '../curves/x25519.js';
import { assertKey, assertLayout, liveKey } from './aead-checks.js';
import { type AeadKey, HEADROOM_BYTES, type NoiseSuite, TAG_BYTES } from './suite.js';

/** Length of a Poly1305 key, the front of block 0 of the key stream. */
const TAG_KEY_BYTES = 32;

/** `25519_ChaChaPoly_BLAKE2s` over noble, with WebCrypto's X25519 where the runtime has it. */
export const nobleSuite: NoiseSuite = {
  name: 'noble',
  hash,
  hkdf,
  aead: (key) => new NobleAead(key),
  generateKeyPair: () => generateX25519(),
};

function hash(...parts: readonly Uint8Array[]): Uint8Array {
  return blake2s(parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(...parts));
}

/** Noise rev 34, section 4.3, with two outputs. */
function hkdf(chainingKey: Uint8Array, inputKeyMaterial: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const tempKey = hmac(blake2s, chainingKey, inputKeyMaterial);
  const first = hmac(blake2s, tempKey, Uint8Array.of(1));
  const second = hmac(blake2s, tempKey, concatBytes(first, Uint8Array.of(2)));
  wipe(tempKey);
  return [first, second];
}

class NobleAead implements AeadKey {
  #key: Uint8Array | undefined;
  readonly #nonce = new Uint8Array(12);
  readonly #nonceView = new DataView(this.#nonce.buffer);

  constructor(key: Uint8Array) {
    assertKey(key);
    this.#key = key.slice();
  }

  seal(counter: number, ad: Uint8Array, buffer: Uint8Array, dataBytes: number): void {
    assertLayout(buffer, dataBytes);
    const key = this.#begin(counter);
    const end = HEADROOM_BYTES + dataBytes;
    // Block 0 of the key stream is the tag's key, the data starts at block 1 (2.8): with a block of zeros in front, one
    // call makes both.
    const stream = buffer.fill(0, 0, HEADROOM_BYTES).subarray(0, end);
    chacha20(key, this.#nonce, stream, stream);
    const tag = authenticate(buffer.subarray(0, TAG_KEY_BYTES), ad, buffer, dataBytes);
    buffer.set(tag, end);
    buffer.fill(0, 0, HEADROOM_BYTES);
  }

  open(counter: number, ad: Uint8Array, buffer: Uint8Array, dataBytes: number): boolean {
    assertLayout(buffer, dataBytes);
    const key = this.#begin(counter);
    const end = HEADROOM_BYTES + dataBytes;
    const tag = buffer.slice(end, end + TAG_BYTES);
    // One call here too, into a scratch of our own: the tag is over the ciphertext, which must still be there. The
    // plaintext leaves the scratch only when the tag is right.
    const plain = scratch(end);
    chacha20(key, this.#nonce, buffer.fill(0, 0, HEADROOM_BYTES).subarray(0, end), plain);
    const genuine = equalBytes(tag, authenticate(plain.subarray(0, TAG_KEY_BYTES), ad, buffer, dataBytes));
    if (genuine) buffer.set(plain.subarray(HEADROOM_BYTES), HEADROOM_BYTES);
    else buffer.fill(0);
    plain.fill(0);
    return genuine;
  }

  wipe(): void {
    wipe(this.#key);
    this.#key = undefined;
  }

  /** The key, with the nonce set: four zero bytes, then the counter (Noise rev 34, section 12.3). */
  #begin(counter: number): Uint8Array {
    const key = liveKey(this.#key);
    this.#nonceView.setUint32(4, counter, true);
    this.#nonceView.setUint32(8, counter / 2 ** 32, true);
    return key;
  }
}

/** Poly1305 over `ad | pad | data | pad | lengths` (2.8). The tag overwrites nothing: what is behind the data does not last. */
function authenticate(key: Uint8Array, ad: Uint8Array, buffer: Uint8Array, dataBytes: number): Uint8Array {
  const mac = poly1305.create(key);
  if (ad.length > 0) mac.update(concatBytes(ad, new Uint8Array(-ad.length & 15)));
  const end = HEADROOM_BYTES + dataBytes;
  const lengthsAt = end + (-dataBytes & 15);
  buffer.fill(0, end, lengthsAt + TAG_BYTES);
  writeLength(buffer, lengthsAt, ad.length);
  writeLength(buffer, lengthsAt + 8, dataBytes);
  return mac.update(buffer.subarray(HEADROOM_BYTES, lengthsAt + TAG_BYTES)).digest();
}

/** The low half of a 64-bit little-endian length, onto zeros: no array is longer than 2^32 here. */
function writeLength(target: Uint8Array, at: number, bytes: number): void {
  for (let i = 0; i < 4; i++) target[at + i] = bytes >>> (8 * i);
}

let shared = /* @__PURE__ */ new Uint8Array(0);

/** The one scratch of all keys: opening is synchronous, so it is never in use twice. Zero between uses. */
function scratch(bytes: number): Uint8Array {
  if (shared.length < bytes) shared = new Uint8Array(Math.max(bytes, 2 * shared.length));
  return shared.subarray(0, bytes);
}
