// One key and its counter: one direction of a session, in order (Noise rev 34, section 5.1).
// Spec names: `k` is the key inside the AeadKey, `n` the counter. What the bytes mean is the caller's matter.

import { assertBytes, assertInteger } from '../bytes/assert.js';
import { wipe } from '../bytes/wipe.js';
import { NoiseError } from '../errors.js';
import { roomFor } from './aead-checks.js';
import { type AeadKey, HEADROOM_BYTES, MAX_MESSAGE_BYTES, TAG_BYTES } from './suite.js';

/** Messages one key may carry. The specification allows 2^64 - 1; a safe integer is exact far below that. */
export const MAX_MESSAGES = 2 ** 48;

/** For tests of the ceiling only: starting a key anywhere but at 0 repeats nonces. Not exported from the room. */
export const unsafeFirstCounter: unique symbol = /* @__PURE__ */ Symbol('unsafeFirstCounter');

const NO_AD = /* @__PURE__ */ new Uint8Array(0);

/**
 * Seals, or opens, one message after another under one key.
 *
 * Terminal states: a message that does not open, and a used-up counter, forget the key; later calls throw
 * ERR_NOISE_DEAD. A rejected argument changes nothing.
 */
export class CipherState {
  #aead: AeadKey | undefined;
  #counter: number;

  /** @param aead The key. Taken over: wiped together with this state. */
  constructor(aead: AeadKey, options: { readonly [unsafeFirstCounter]?: number } = {}) {
    this.#aead = aead;
    this.#counter = options[unsafeFirstCounter] ?? 0;
  }

  /** Messages sealed or opened so far. */
  get messages(): number {
    return this.#counter;
  }

  /**
   * Encrypts one message in place, with empty associated data.
   *
   * @param buffer `HEADROOM_BYTES | data | TAILROOM_BYTES`; the message is at HEADROOM_BYTES afterwards.
   * @param dataBytes 0 to 65,519.
   * @returns Length of the sealed message: `dataBytes` + 16.
   * @throws {NoiseError} ERR_NOISE_EXHAUSTED: the key has carried all it may; nothing was sealed. ERR_NOISE_DEAD.
   * @throws {RangeError} a length out of range, or a buffer too short for it.
   * @see Noise rev 34, section 5.1 (EncryptWithAd)
   */
  seal(buffer: Uint8Array, dataBytes: number): number {
    return this.#seal(NO_AD, buffer, dataBytes);
  }

  /**
   * Opens one message in place, with empty associated data. Messages must come in the order they were sealed.
   *
   * @param buffer The sealed message at HEADROOM_BYTES, with 16 more bytes of room behind it. On failure it is wiped.
   * @param sealedBytes Length of the message with its tag. Under 16 or over 65,535 nothing can be genuine.
   * @returns Length of the plaintext, which is at HEADROOM_BYTES afterwards: `sealedBytes` - 16.
   * @throws {NoiseError} ERR_NOISE_DECRYPT: not genuine, or out of order. ERR_NOISE_EXHAUSTED. ERR_NOISE_DEAD.
   * @throws {RangeError} `sealedBytes` is not a length, or the buffer is too short for it.
   * @see Noise rev 34, section 5.1 (DecryptWithAd)
   */
  open(buffer: Uint8Array, sealedBytes: number): number {
    return this.#open(NO_AD, buffer, sealedBytes);
  }

  /**
   * Encrypts one message of a handshake.
   *
   * @param ad Associated data. Borrowed.
   * @param plaintext 0 to 65,519 bytes. Borrowed.
   * @returns Ciphertext and tag, 16 bytes longer. Fresh.
   * @throws As {@link seal}.
   */
  encryptWithAd(ad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const buffer = new Uint8Array(roomFor(plaintext.length));
    buffer.set(plaintext, HEADROOM_BYTES);
    const sealedBytes = this.#seal(ad, buffer, plaintext.length);
    return buffer.slice(HEADROOM_BYTES, HEADROOM_BYTES + sealedBytes);
  }

  /**
   * Opens one message of a handshake.
   *
   * @param ad Associated data. Borrowed.
   * @param ciphertext With its tag. Borrowed.
   * @returns Plaintext, 16 bytes shorter. Fresh.
   * @throws As {@link open}.
   */
  decryptWithAd(ad: Uint8Array, ciphertext: Uint8Array): Uint8Array {
    const buffer = new Uint8Array(roomFor(ciphertext.length));
    buffer.set(ciphertext, HEADROOM_BYTES);
    const plaintextBytes = this.#open(ad, buffer, ciphertext.length);
    const plaintext = buffer.slice(HEADROOM_BYTES, HEADROOM_BYTES + plaintextBytes);
    wipe(buffer);
    return plaintext;
  }

  /** Forgets the key. Later calls throw ERR_NOISE_DEAD. Idempotent. */
  wipe(): void {
    this.#aead?.wipe();
    this.#aead = undefined;
  }

  #seal(ad: Uint8Array, buffer: Uint8Array, dataBytes: number): number {
    const aead = this.#live();
    assertInteger(dataBytes, 'dataBytes', 0, MAX_MESSAGE_BYTES - TAG_BYTES);
    // The counter moves after success: an attempt that threw has released nothing under its nonce.
    aead.seal(this.#counter, ad, buffer, dataBytes);
    this.#counter += 1;
    return dataBytes + TAG_BYTES;
  }

  #open(ad: Uint8Array, buffer: Uint8Array, sealedBytes: number): number {
    const aead = this.#live();
    assertBytes(buffer, 'buffer');
    assertInteger(sealedBytes, 'sealedBytes', 0);
    const dataBytes = sealedBytes - TAG_BYTES;
    const possible = dataBytes >= 0 && sealedBytes <= MAX_MESSAGE_BYTES;
    if (!(possible && aead.open(this.#counter, ad, buffer, dataBytes))) {
      this.wipe();
      throw new NoiseError('ERR_NOISE_DECRYPT', 'a message did not open; the session cannot go on');
    }
    this.#counter += 1;
    return dataBytes;
  }

  /** The key, checked before use: the counter never reaches its ceiling inside a nonce. */
  #live(): AeadKey {
    if (this.#aead === undefined) throw new NoiseError('ERR_NOISE_DEAD', 'this cipher state has ended');
    if (this.#counter >= MAX_MESSAGES) {
      this.wipe();
      throw new NoiseError('ERR_NOISE_EXHAUSTED', `a key carries at most ${MAX_MESSAGES} messages; connect again`);
    }
    return this.#aead;
  }
}
