// An identity from two keys that WebCrypto holds and nobody can read: what a vault stores where keys survive storage.

import { wipe } from '../bytes/wipe.js';
import { importEd25519, signEd25519, x25519SecretOfSeed } from '../curves/ed25519.js';
import { edwardsToMontgomery } from '../curves/field25519.js';
import { importX25519, x25519FromKey } from '../curves/x25519.js';
import { decodeDidKey } from './did-key.js';
import type { Did, Identity } from './identity.js';

/** The same secret twice, once for each curve, not extractable. */
export interface IdentityKeys {
  /** Ed25519, private, usage `sign`. */
  readonly signing: CryptoKey;
  /** X25519, private, usage `deriveBits`. */
  readonly agreement: CryptoKey;
}

/**
 * Imports a seed into WebCrypto as two keys that cannot be exported.
 *
 * @param seed 32 bytes. Borrowed until the promise settles; the caller wipes it then.
 * @throws {DOMException} the runtime lacks one of the curves.
 */
export async function importIdentityKeys(seed: Uint8Array): Promise<IdentityKeys> {
  const secret = await x25519SecretOfSeed(seed, 'webcrypto');
  try {
    const [signing, agreement] = await Promise.all([importEd25519(seed), importX25519(secret)]);
    return { signing, agreement };
  } finally {
    wipe(secret);
  }
}

/**
 * Makes an identity of two keys.
 *
 * @param did The name the keys go by. Not checked against them: use {@link proveIdentity}.
 * @throws {IdentityError} ERR_IDENTITY_DID, ERR_IDENTITY_KEY: the DID.
 */
export function identityFromKeys(did: Did, keys: IdentityKeys): Identity {
  const agreement = x25519FromKey(keys.agreement, edwardsToMontgomery(decodeDidKey(did).publicKey));
  return {
    did,
    sign: (message) => signEd25519(keys.signing, message),
    agree: (publicKey) => agreement.agree(publicKey),
  };
}
