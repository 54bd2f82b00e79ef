// Who signs and verifies: WebCrypto where it does what we ask of it, which is tried out once for each curve, with a key of
// its own; noble elsewhere.

import { backendChooser } from './backend.js';

/** Ed25519 in WebCrypto, wherever a name of it is wanted. */
export const ED25519 = 'Ed25519';

/** ECDSA over P-256 in WebCrypto, where a key is made or imported. */
export const P256_KEY = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** ECDSA over P-256 in WebCrypto, where a key is used. */
export const P256_SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** The backend that verifies Ed25519. */
export const chooseEd25519 = /* @__PURE__ */ backendChooser(() => tryOut(ED25519, ED25519));

/** The backend that signs and verifies on P-256. */
export const chooseP256 = /* @__PURE__ */ backendChooser(() => tryOut(P256_KEY, P256_SIGNATURE));

/** Loads P-256 and SHA-256 of noble: a chunk of its own, fetched on the first call. */
export function loadNobleP256(): Promise<typeof import('./noble-p256.js')> {
  return import('./noble-p256.js');
}

/** Resolves if WebCrypto verifies what it signed. */
async function tryOut(
  keyAlgorithm: AlgorithmIdentifier | EcKeyGenParams,
  algorithm: AlgorithmIdentifier | EcdsaParams,
): Promise<void> {
  const { subtle } = crypto;
  const pair = (await subtle.generateKey(keyAlgorithm, false, ['sign', 'verify'])) as CryptoKeyPair;
  const message = new Uint8Array(32);
  const signature = await subtle.sign(algorithm, pair.privateKey, message);
  if (!(await subtle.verify(algorithm, pair.publicKey, signature, message))) {
    throw new Error('WebCrypto does not verify what it signed');
  }
}
