// What both curves need, over noble. Loaded only where the runtime lacks one of them, as a chunk of its
// own; secrets stay with the caller.

import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { bytesToNumberLE } from '@noble/curves/utils.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes } from '../bytes/concat.js';
import { equalBytes } from '../bytes/equal.js';

/** Public key of an X25519 secret. @param secret 32 bytes. Borrowed. @returns 32 bytes, fresh. */
export function x25519Public(secret: Uint8Array): Uint8Array {
  return x25519.getPublicKey(secret);
}

/** Shared secret, fresh. @throws {Error} it would be all zero. */
export function x25519Shared(secret: Uint8Array, remotePublicKey: Uint8Array): Uint8Array {
  return x25519.getSharedSecret(secret, remotePublicKey);
}

/** Public key of an Ed25519 seed. @param seed 32 bytes. Borrowed. @returns 32 bytes, fresh. */
export function ed25519Public(seed: Uint8Array): Uint8Array {
  return ed25519.getPublicKey(seed);
}

/** X25519 secret of an Ed25519 seed. @param seed 32 bytes. Borrowed. @returns 32 bytes, fresh; the caller wipes it. */
export function x25519SecretOf(seed: Uint8Array): Uint8Array {
  return ed25519.utils.toMontgomerySecret(seed);
}

/** Signs as RFC 8032 has it. @param seed 32 bytes. Borrowed. @returns 64 bytes, fresh. */
export function ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return ed25519.sign(message, seed);
}

/**
 * Checks a signature without the cofactor: R' = S B - k A, then the bytes of R' against those of R.
 *
 * That is what the WebCrypto runtimes compute. noble's own `verify` multiplies by the cofactor and so accepts keys and
 * signatures with a part of small order that those refuse; two backends must not disagree.
 *
 * @param publicKey 32 bytes. Borrowed.
 * @param signature 64 bytes, S below the order. Borrowed.
 * @see RFC 8032, section 5.1.7 (the check that is called sufficient, but not required)
 */
export function ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const { Fn } = ed25519.Point;
  try {
    const a = ed25519.Point.fromBytes(publicKey);
    const r = signature.subarray(0, 32);
    const k = Fn.create(bytesToNumberLE(sha512(concatBytes(r, publicKey, message))));
    const s = Fn.create(bytesToNumberLE(signature.subarray(32)));
    const expected = ed25519.Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k));
    return equalBytes(expected.toBytes(), r);
  } catch {
    // No point of the curve.
    return false;
  }
}
