// Noise XK for a peer that breaks the rules on purpose (Noise rev 34, section 5): no state machine, no lengths, nothing
// wiped, and no refusal. It is no code for anything but tests; the real one is noise/handshake-xk.ts.

import { encodeUtf8 } from '../bytes/utf8.js';
import { type AeadKey, HEADROOM_BYTES, type NoiseSuite, TAG_BYTES, TAILROOM_BYTES } from '../noise/suite.js';
import { PROTOCOL_NAME } from '../noise/symmetric-state.js';

const NOTHING = /* @__PURE__ */ new Uint8Array(0);

/** One key and its counter, which its owner may set as it likes. */
export class PlainKey {
  readonly #aead: AeadKey;
  /** Counter of the next message. */
  counter = 0;

  constructor(aead: AeadKey) {
    this.#aead = aead;
  }

  /** Seals a message of any length that the suite takes. @returns Fresh. */
  seal(plaintext: Uint8Array, ad: Uint8Array = NOTHING): Uint8Array<ArrayBuffer> {
    const buffer = new Uint8Array(HEADROOM_BYTES + plaintext.length + TAILROOM_BYTES);
    buffer.set(plaintext, HEADROOM_BYTES);
    this.#aead.seal(this.counter++, ad, buffer, plaintext.length);
    return buffer.slice(HEADROOM_BYTES, HEADROOM_BYTES + plaintext.length + TAG_BYTES);
  }

  /** Opens a message. @returns Fresh; nothing when it does not open, and then the counter stays. */
  open(sealed: Uint8Array, ad: Uint8Array = NOTHING): Uint8Array<ArrayBuffer> | undefined {
    const bytes = sealed.length - TAG_BYTES;
    if (bytes < 0) return undefined;
    const buffer = new Uint8Array(HEADROOM_BYTES + bytes + TAILROOM_BYTES);
    buffer.set(sealed, HEADROOM_BYTES);
    if (!this.#aead.open(this.counter, ad, buffer, bytes)) return undefined;
    this.counter++;
    return buffer.slice(HEADROOM_BYTES, HEADROOM_BYTES + bytes);
  }
}

/** What both sides have said so far: SymmetricState (section 5.2), in the open. */
export class PlainTranscript {
  readonly #suite: NoiseSuite;
  #ck: Uint8Array;
  #key: PlainKey | undefined;
  /** `h`, 32 bytes. */
  h: Uint8Array;

  /** @param responderKey The pre-message: the responder's static public key. */
  constructor(suite: NoiseSuite, prologue: Uint8Array, responderKey: Uint8Array) {
    this.#suite = suite;
    this.h = suite.hash(encodeUtf8(PROTOCOL_NAME));
    this.#ck = this.h;
    this.mixHash(prologue);
    this.mixHash(responderKey);
  }

  mixHash(data: Uint8Array): void {
    this.h = this.#suite.hash(this.h, data);
  }

  mixKey(secret: Uint8Array): void {
    const [ck, key] = this.#suite.hkdf(this.#ck, secret);
    this.#ck = ck;
    this.#key = new PlainKey(this.#suite.aead(key));
  }

  /** EncryptAndHash, after the first `mixKey`. */
  encrypt(plaintext: Uint8Array): Uint8Array {
    const sealed = (this.#key as PlainKey).seal(plaintext, this.h);
    this.mixHash(sealed);
    return sealed;
  }

  /** DecryptAndHash, after the first `mixKey`. What does not open gives nothing, and the handshake goes on. */
  decrypt(sealed: Uint8Array): Uint8Array | undefined {
    const plaintext = (this.#key as PlainKey).open(sealed, this.h);
    this.mixHash(sealed);
    return plaintext;
  }

  /** Split. @returns The initiator's sending key, then the responder's. */
  split(): [initiator: PlainKey, responder: PlainKey] {
    const [first, second] = this.#suite.hkdf(this.#ck, NOTHING);
    return [new PlainKey(this.#suite.aead(first)), new PlainKey(this.#suite.aead(second))];
  }
}
