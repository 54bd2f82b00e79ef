// P-256 and SHA-256 over noble: what signed documents need where there is no WebCrypto. Loaded only there, as a chunk of
// its own; secrets stay with the caller.

import { p256 } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';

/** SHA-256. @param bytes Borrowed. @returns 32 bytes, fresh. */
export function sha256Of(bytes: Uint8Array): Uint8Array {
  return sha256(bytes);
}

/** A fresh secret, from the runtime's random generator. @returns 32 bytes; the caller wipes it. */
export function p256Secret(): Uint8Array {
  return p256.utils.randomSecretKey();
}

/** @param secret 32 bytes. Borrowed. @returns 65 bytes, fresh. @throws {Error} not from 1 to n - 1. */
export function p256Public(secret: Uint8Array): Uint8Array {
  return p256.getPublicKey(secret, false);
}

/** Signs the SHA-256 of a message, deterministically (RFC 6979), with a low s. @returns 64 bytes, fresh. */
export function p256Sign(secret: Uint8Array, message: Uint8Array): Uint8Array {
  return p256.sign(message, secret);
}

/**
 * Checks a signature over the SHA-256 of a message.
 *
 * @param publicKey 65 bytes, on the curve. Borrowed.
 * @param signature 64 bytes. Borrowed.
 */
export function p256Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    // noble wants a low s unless told otherwise; WebCrypto makes and takes both.
    return p256.verify(signature, message, publicKey, { lowS: false });
  } catch {
    return false;
  }
}
