// SHA-256 (FIPS 180-4, section 6.2) over WebCrypto, or noble where there is none.

import { loadNobleP256 } from './signature-backends.js';

/**
 * Hashes bytes.
 *
 * @param bytes Any length. Borrowed until the promise settles.
 * @returns 32 bytes, fresh.
 */
export async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  // Undefined on a page that is not a secure context, whatever the types say.
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (subtle !== undefined) return new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  return (await loadNobleP256()).sha256Of(bytes);
}
