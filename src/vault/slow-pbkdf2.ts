// PBKDF2-HMAC-SHA256 in noble. A chunk of its own: loaded only where WebCrypto refuses so many iterations.

import { pbkdf2Async } from '@noble/hashes/pbkdf2.js';
import { sha256 } from '@noble/hashes/sha2.js';

/** 32 bytes, fresh, from a password and a salt, both borrowed until the promise settles. */
export async function slowPbkdf2(
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
): Promise<Uint8Array<ArrayBuffer>> {
  return (await pbkdf2Async(sha256, password, salt, { c: iterations, dkLen: 32 })) as Uint8Array<ArrayBuffer>;
}
