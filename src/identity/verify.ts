// Signatures under a DID. Throws rather than answers, so that no verdict is left unread.

import { assertBytes } from '../bytes/assert.js';
import { verifyEd25519 } from '../curves/ed25519.js';
import { VerifyError } from '../errors.js';
import { decodeDidKey } from './did-key.js';

/**
 * Checks that the owner of a DID signed a message.
 *
 * Strict, and the same in every runtime: small-order and non-canonical points and S >= L are refused.
 *
 * @param did Whose signature it has to be.
 * @param message Any length. Borrowed until the promise settles.
 * @param signature Borrowed until the promise settles; anything but 64 bytes is no signature.
 * @throws {VerifyError} ERR_VERIFY_SIGNATURE: it does not hold, for whatever reason.
 * @throws {IdentityError} ERR_IDENTITY_DID, ERR_IDENTITY_KEY: the DID.
 * @throws {TypeError} an argument of the wrong kind.
 * @see RFC 8032, section 5.1.7
 */
export async function verifyWithDid(did: string, message: Uint8Array, signature: Uint8Array): Promise<void> {
  assertBytes(message, 'message');
  assertBytes(signature, 'signature');
  const { publicKey } = decodeDidKey(did);
  if (!(await verifyEd25519(publicKey, message, signature))) {
    throw new VerifyError('ERR_VERIFY_SIGNATURE', 'the signature does not hold');
  }
}
