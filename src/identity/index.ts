// Identities: an Ed25519 key, its name, and what it can do.

export { type DidKey, decodeDidKey, didToX25519, encodeDidKey } from './did-key.js';
export type { Did, Identity } from './identity.js';
export { type ProvenIdentity, proveIdentity } from './prove.js';
export { createIdentity, identityFromSeed } from './seed-identity.js';
export { verifyWithDid } from './verify.js';
