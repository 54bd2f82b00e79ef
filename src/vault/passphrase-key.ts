// A key from a passphrase: PBKDF2-HMAC-SHA256 (RFC 8018, section 5.2) in WebCrypto, or in noble where the host caps the
// iterations, as hosted Workers do at 100,000. Same bytes either way.

import { assertString } from '../bytes/assert.js';
import { encodeUtf8 } from '../bytes/utf8.js';
import { wipe } from '../bytes/wipe.js';

/** Iterations of a new backup, and the fewest accepted in an old one (OWASP's figure for PBKDF2-HMAC-SHA256). */
export const MIN_ITERATIONS = 600_000;

/** The most that a file may ask for: some seconds of work, not an afternoon. */
export const MAX_ITERATIONS = 10_000_000;

/** Length of the salt. */
export const SALT_BYTES = 16;

/**
 * Asserts that a value can be a passphrase.
 *
 * @throws {TypeError} not a string.
 * @throws {RangeError} empty.
 */
export function assertPassphrase(value: unknown): asserts value is string {
  assertString(value, 'passphrase');
  if (value === '') throw new RangeError('passphrase must not be empty');
}

/**
 * Derives 32 bytes from a passphrase.
 *
 * The passphrase is normalised to NFKD first, as BIP-39 does: what looks alike on two keyboards is one passphrase.
 * Spaces and case count.
 *
 * @param salt 16 bytes. Borrowed until the promise settles.
 * @returns 32 bytes, fresh; the caller wipes them.
 */
export async function derivePassphraseKey(
  passphrase: string,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const password = encodeUtf8(passphrase.normalize('NFKD'));
  try {
    return await deriveNatively(password, salt, iterations);
  } catch {
    // Whatever kept WebCrypto from it, the slow way gives the same answer.
    const { slowPbkdf2 } = await import('./slow-pbkdf2.js');
    return await slowPbkdf2(password, salt, iterations);
  } finally {
    wipe(password);
  }
}

async function deriveNatively(
  password: Uint8Array<ArrayBuffer>,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { subtle } = crypto;
  const key = await subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits']);
  return new Uint8Array(await subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, key, 256));
}
