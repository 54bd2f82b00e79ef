// What both sides of a handshake agree on so far (Noise rev 34, section 5.2). Which secrets go in, and when, is the
// handshake's matter. Spec names: `ck` chaining key, `h` hash of everything said, `k` and `n` the CipherState between.

import { encodeUtf8 } from '../bytes/utf8.js';
import { wipe } from '../bytes/wipe.js';
import { NoiseError } from '../errors.js';
import { CipherState } from './cipher-state.js';
import type { NoiseSuite } from './suite.js';

/** The one protocol we speak. 33 bytes, so one more than a hash: InitializeSymmetric hashes it. */
export const PROTOCOL_NAME = 'Noise_XK_25519_ChaChaPoly_BLAKE2s';

const NO_KEY_MATERIAL = /* @__PURE__ */ new Uint8Array(0);

/** The running secrets of one handshake. After {@link split} or {@link wipe} every call throws ERR_NOISE_DEAD. */
export class SymmetricState {
  readonly #suite: NoiseSuite;
  #ck: Uint8Array | undefined;
  #h: Uint8Array;
  #cipher: CipherState | undefined;

  /** InitializeSymmetric: `h` is the hash of the protocol name, and `ck` starts as `h`. */
  constructor(suite: NoiseSuite) {
    this.#suite = suite;
    this.#h = suite.hash(encodeUtf8(PROTOCOL_NAME));
    this.#ck = this.#h.slice();
  }

  /** `h`, 32 bytes: after the last message the same on both sides and unique to this handshake. Fresh. */
  get handshakeHash(): Uint8Array {
    return this.#h.slice();
  }

  /** MixKey. @param inputKeyMaterial 32 bytes, a shared secret. Borrowed; the caller wipes it. */
  mixKey(inputKeyMaterial: Uint8Array): void {
    const before = this.#chainingKey();
    const [ck, key] = this.#suite.hkdf(before, inputKeyMaterial);
    this.#cipher?.wipe();
    this.#cipher = new CipherState(this.#suite.aead(key));
    this.#ck = ck;
    wipe(before, key);
  }

  /** MixHash. @param data Any length. Borrowed. */
  mixHash(data: Uint8Array): void {
    this.#chainingKey();
    this.#h = this.#suite.hash(this.#h, data);
  }

  /** EncryptAndHash. @param plaintext Borrowed. @returns Fresh; 16 bytes longer, or as it was before the first MixKey. */
  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    this.#chainingKey();
    const ciphertext = this.#cipher?.encryptWithAd(this.#h, plaintext) ?? new Uint8Array(plaintext);
    this.mixHash(ciphertext);
    return ciphertext;
  }

  /**
   * DecryptAndHash.
   *
   * @param ciphertext Borrowed.
   * @returns Fresh; 16 bytes shorter, or as it was before the first MixKey.
   * @throws {NoiseError} ERR_NOISE_DECRYPT: not genuine, or another transcript than ours.
   */
  decryptAndHash(ciphertext: Uint8Array): Uint8Array {
    this.#chainingKey();
    const plaintext = this.#cipher?.decryptWithAd(this.#h, ciphertext) ?? new Uint8Array(ciphertext);
    this.mixHash(ciphertext);
    return plaintext;
  }

  /** Split. @returns The initiator's sending state, then the responder's. This state is wiped. */
  split(): readonly [CipherState, CipherState] {
    const [first, second] = this.#suite.hkdf(this.#chainingKey(), NO_KEY_MATERIAL);
    const states = [new CipherState(this.#suite.aead(first)), new CipherState(this.#suite.aead(second))] as const;
    wipe(first, second);
    this.wipe();
    return states;
  }

  /** Forgets the secrets; `h`, which is public, stays. Idempotent. */
  wipe(): void {
    wipe(this.#ck);
    this.#ck = undefined;
    this.#cipher?.wipe();
  }

  #chainingKey(): Uint8Array {
    if (this.#ck === undefined) throw new NoiseError('ERR_NOISE_DEAD', 'this handshake has ended');
    return this.#ck;
  }
}
