// Nonces and challenges: 16 random bytes, 22 characters of base64url (section 2.1).

import { decodeBase64url, encodeBase64url } from '../codec/base64url.js';
import { drawBytes, type RandomSource } from './random.js';

/** Length of a nonce. */
export const NONCE_BYTES = 16;

/** Makes a fresh nonce. @returns 22 characters. */
export function newNonce(random?: RandomSource): string {
  return encodeBase64url(drawBytes(NONCE_BYTES, random));
}

/** The bytes of a nonce, fresh; `undefined` for anything that is not one, strictly. */
export function decodeNonce(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string' || value.length !== 22) return undefined;
  try {
    return decodeBase64url(value);
  } catch {
    return undefined;
  }
}

/** Whether a value is a nonce: 22 characters that decode strictly to 16 bytes. */
export function isNonce(value: unknown): value is string {
  return decodeNonce(value) !== undefined;
}
