// Keeping a seed under a key: AES-256-GCM with a random nonce and everything else that matters as associated data.

import { randomBytes } from '../bytes/random.js';

/** Length of the nonce. */
export const IV_BYTES = 12;

/** Length of a sealed seed: 32 bytes and the tag. */
export const SEALED_BYTES = 48;

const NAME = 'AES-GCM';

/** A seed nobody can read without the key. */
export interface Sealed {
  /** 12 bytes, never used twice under one key. */
  readonly iv: Uint8Array<ArrayBuffer>;
  /** 48 bytes, tag last. */
  readonly sealed: Uint8Array<ArrayBuffer>;
}

/** Makes a fresh key for this runtime alone: usable, never readable. @throws {DOMException} the runtime cannot. */
export function generateSealingKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: NAME, length: 256 }, false, ['encrypt', 'decrypt']);
}

/** Imports 32 bytes as such a key. @param raw Borrowed until the promise settles; the caller wipes it then. */
export function importSealingKey(raw: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', raw, NAME, false, ['encrypt', 'decrypt']);
}

/**
 * Seals a seed.
 *
 * @param seed 32 bytes. Borrowed until the promise settles.
 * @param describe Everything the seal has to cover, given the nonce. Called once, at once.
 */
export async function sealSeed(
  key: CryptoKey,
  seed: Uint8Array,
  describe: (iv: Uint8Array) => Uint8Array<ArrayBuffer>,
): Promise<Sealed> {
  const iv = randomBytes(IV_BYTES);
  const parameters = { name: NAME, iv, additionalData: describe(iv) };
  const sealed = await crypto.subtle.encrypt(parameters, key, seed as Uint8Array<ArrayBuffer>);
  return { iv, sealed: new Uint8Array(sealed) };
}

/**
 * Opens a sealed seed.
 *
 * @param additionalData What {@link sealSeed} was told to cover.
 * @returns 32 bytes, fresh; the caller wipes them.
 * @throws {DOMException} OperationError: another key, or any bit of seed, nonce or data changed.
 */
export async function openSeed(
  key: CryptoKey,
  { iv, sealed }: Sealed,
  additionalData: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.decrypt({ name: NAME, iv, additionalData }, key, sealed));
}
