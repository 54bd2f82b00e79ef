// Signed documents: JWS over Ed25519 and P-256, the keys to verify them with, and where to find those.

export type { VerifySignatureOptions } from '../curves/verifier.js';
export { DEFAULT_ALGORITHMS, type JwsAlgorithm, type KeyCurve } from './algorithms.js';
export type { PublicJwk, PublishedJwk } from './jwk.js';
export {
  type JwkEntry,
  type JwkSet,
  type KeySearch,
  type KeySource,
  keySet,
  oneKey,
  parseJwks,
} from './jwks.js';
export { decodeProtectedHeader, type ProtectedHeader } from './protected-header.js';
export { type RemoteJwksOptions, remoteJwks } from './remote-jwks.js';
export { type DetachedSignature, signCompact, signDetached } from './sign.js';
export { type JwsSigner, signerFromCryptoKey, signerFromIdentity, signerFromJwk } from './signer.js';
export { keyFromPem } from './spki.js';
export { jwkThumbprint } from './thumbprint.js';
export {
  keyFromBytes,
  keyFromCryptoKey,
  keyFromDid,
  keyFromJwk,
  keyToJwk,
  type VerificationKey,
} from './verification-key.js';
export type { Verified } from './verified.js';
export { type VerifiedJws, type VerifyOptions, verifyCompact, verifyDetached } from './verify.js';
