// Proof of possession (section 2.5): a signature over the SHA-256 of 16 bytes somebody else chose. The same construction
// for Manifests, handshakes, presented tokens and renewal; only the code of the refusal differs.

import { AitpError, type AitpWireCode } from './errors.js';
import { type JcsOptions, signHashed, verifyHashed } from './jcs-profile.js';
import { decodeNonce } from './nonce.js';
import type { AitpSigner } from './signer.js';

/**
 * Proves possession of a key to whoever chose a nonce.
 *
 * @param nonce 22 characters; the decoded bytes are signed, not the text.
 * @throws {TypeError} no nonce.
 */
export async function signPop(nonce: string, signer: AitpSigner): Promise<string> {
  const bytes = decodeNonce(nonce);
  if (bytes === undefined) throw new TypeError('nonce must be 16 bytes in base64url');
  return signHashed(bytes, signer);
}

/**
 * Checks a proof of possession.
 *
 * @param nonce What the verifier chose; from anywhere.
 * @param signature The proof, from anywhere.
 * @param aid Whose key it has to be.
 * @param code Code of the refusal: MANIFEST_POP_FAILED, POP_VERIFICATION_FAILED, POP_RESPONSE_INVALID and so on.
 * @throws {AitpError} `code`: no nonce, or the signature does not hold.
 */
export async function verifyPop(
  nonce: unknown,
  signature: unknown,
  aid: string,
  code: AitpWireCode,
  options?: JcsOptions,
): Promise<void> {
  const bytes = decodeNonce(nonce);
  if (bytes === undefined) throw new AitpError(code, 'the nonce is not 16 bytes in base64url');
  await verifyHashed(bytes, signature, aid, code, options);
}
