// Noise XK written straight from the specification over noble alone: the baseline of the handshake benchmarks. Runs in
// Node and in a page.

import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { blake2s } from '@noble/hashes/blake2.js';
import { hmac } from '@noble/hashes/hmac.js';
import { concatBytes } from '@noble/hashes/utils.js';

const EMPTY = new Uint8Array(0);

/** @typedef {{ secret: Uint8Array, publicKey: Uint8Array }} Pair */

/** @param {Uint8Array} key @param {Uint8Array} data */
const mac = (key, data) => hmac(blake2s, key, data);

/** Noise's symmetric state, as the specification has it. */
class Symmetric {
  /** @param {Uint8Array} prologue @param {Uint8Array} remoteStatic */
  constructor(prologue, remoteStatic) {
    this.h = blake2s(new TextEncoder().encode('Noise_XK_25519_ChaChaPoly_BLAKE2s'));
    this.ck = this.h;
    this.k = EMPTY;
    this.n = 0n;
    this.mixHash(prologue);
    this.mixHash(remoteStatic);
  }

  /** @param {Uint8Array} data */
  mixHash(data) {
    this.h = blake2s(concatBytes(this.h, data));
  }

  /** @param {Uint8Array} input @returns {[Uint8Array, Uint8Array]} */
  hkdf(input) {
    const temp = mac(this.ck, input);
    const first = mac(temp, new Uint8Array([1]));
    return [first, mac(temp, concatBytes(first, new Uint8Array([2])))];
  }

  /** @param {Uint8Array} input */
  mixKey(input) {
    [this.ck, this.k] = this.hkdf(input);
    this.n = 0n;
  }

  cipher() {
    const nonce = new Uint8Array(12);
    new DataView(nonce.buffer).setBigUint64(4, this.n++, true);
    return chacha20poly1305(this.k, nonce, this.h);
  }

  /** @param {Uint8Array} plain */
  encrypt(plain) {
    const sealed = this.cipher().encrypt(plain);
    this.mixHash(sealed);
    return sealed;
  }

  /** @param {Uint8Array} sealed */
  decrypt(sealed) {
    const plain = this.cipher().decrypt(sealed);
    this.mixHash(sealed);
    return plain;
  }
}

/** @returns {Pair} */
const freshPair = () => {
  const secret = x25519.utils.randomSecretKey();
  return { secret, publicKey: x25519.getPublicKey(secret) };
};

/** @param {Pair} own @param {Uint8Array} other */
const dh = (own, other) => x25519.getSharedSecret(own.secret, other);

/** The initiator. */
export class NobleInitiator {
  /** @param {Pair} own @param {Uint8Array} remoteStatic @param {Uint8Array} prologue */
  constructor(own, remoteStatic, prologue) {
    this.own = own;
    this.remoteStatic = remoteStatic;
    this.state = new Symmetric(prologue, remoteStatic);
    this.e = freshPair();
    this.re = EMPTY;
  }

  writeMessage1() {
    this.state.mixHash(this.e.publicKey);
    this.state.mixKey(dh(this.e, this.remoteStatic));
    return concatBytes(this.e.publicKey, this.state.encrypt(EMPTY));
  }

  /** @param {Uint8Array} message */
  readMessage2(message) {
    this.re = message.subarray(0, 32);
    this.state.mixHash(this.re);
    this.state.mixKey(dh(this.e, this.re));
    this.state.decrypt(message.subarray(32));
  }

  writeMessage3() {
    const s = this.state.encrypt(this.own.publicKey);
    this.state.mixKey(dh(this.own, this.re));
    return concatBytes(s, this.state.encrypt(EMPTY));
  }

  split() {
    return this.state.hkdf(EMPTY);
  }
}

/** The responder. */
export class NobleResponder {
  /** @param {Pair} own @param {Uint8Array} prologue */
  constructor(own, prologue) {
    this.own = own;
    this.state = new Symmetric(prologue, own.publicKey);
    this.e = freshPair();
    this.re = EMPTY;
  }

  /** @param {Uint8Array} message */
  readMessage1(message) {
    this.re = message.subarray(0, 32);
    this.state.mixHash(this.re);
    this.state.mixKey(dh(this.own, this.re));
    this.state.decrypt(message.subarray(32));
  }

  writeMessage2() {
    this.state.mixHash(this.e.publicKey);
    this.state.mixKey(dh(this.e, this.re));
    return concatBytes(this.e.publicKey, this.state.encrypt(EMPTY));
  }

  /** @param {Uint8Array} message */
  readMessage3(message) {
    const rs = this.state.decrypt(message.subarray(0, 48));
    this.state.mixKey(dh(this.e, rs));
    this.state.decrypt(message.subarray(48));
  }

  split() {
    return this.state.hkdf(EMPTY);
  }
}

/** Both sides, in memory. @param {Pair} alice @param {Pair} bob @param {Uint8Array} prologue */
export function nobleOnly(alice, bob, prologue) {
  const initiator = new NobleInitiator(alice, bob.publicKey, prologue);
  const responder = new NobleResponder(bob, prologue);
  responder.readMessage1(initiator.writeMessage1());
  initiator.readMessage2(responder.writeMessage2());
  responder.readMessage3(initiator.writeMessage3());
  return [initiator.split(), responder.split()];
}
