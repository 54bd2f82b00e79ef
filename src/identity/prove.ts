// Does an Identity really hold the keys of its DID? A wallet or a hand-made object may be misconfigured; then nobody
// could call us, or we would sign for another (threat N7). Asked once for each object.

import { concatBytes } from '../bytes/concat.js';
import { equalBytes } from '../bytes/equal.js';
import { randomBytes } from '../bytes/random.js';
import { encodeUtf8 } from '../bytes/utf8.js';
import { wipe } from '../bytes/wipe.js';
import { verifyEd25519 } from '../curves/ed25519.js';
import { edwardsToMontgomery } from '../curves/field25519.js';
import { generateX25519 } from '../curves/x25519.js';
import { IdentityError } from '../errors.js';
import { decodeDidKey } from './did-key.js';
import type { Did, Identity } from './identity.js';

/** An identity that was put to the test. */
export interface ProvenIdentity {
  /** The DID it answers for. */
  readonly did: Did;
  /** Its X25519 public key, 32 bytes. Shared: read, never write. */
  readonly x25519PublicKey: Uint8Array;
}

const proofs = /* @__PURE__ */ new WeakMap<Identity, Promise<ProvenIdentity>>();

/**
 * Proves that an identity holds both keys of its DID: it signs a nonce, and agrees with a fresh key pair.
 *
 * Remembered for each object; a failure is not, so that a wallet that was locked may be asked again.
 *
 * @throws {IdentityError} ERR_IDENTITY_MISMATCH: it holds others. ERR_IDENTITY_DID, ERR_IDENTITY_KEY: its DID.
 * @throws {TypeError} at once: no identity at all.
 * @throws whatever its own `sign` or `agree` rejects with.
 */
export function proveIdentity(identity: Identity): Promise<ProvenIdentity> {
  assertIdentity(identity);
  let proof = proofs.get(identity);
  if (proof === undefined) {
    proof = prove(identity);
    proofs.set(identity, proof);
    proof.catch(() => proofs.delete(identity));
  }
  return proof;
}

/**
 * Asserts that a value looks like an identity.
 *
 * @throws {TypeError} it does not.
 */
export function assertIdentity(value: unknown, name = 'identity'): asserts value is Identity {
  const { did, sign, agree } = (value ?? {}) as Partial<Identity>;
  if (typeof did !== 'string' || typeof sign !== 'function' || typeof agree !== 'function') {
    throw new TypeError(`${name} must be an Identity: did, sign and agree`);
  }
}

async function prove(identity: Identity): Promise<ProvenIdentity> {
  const { did, publicKey } = decodeDidKey(identity.did);
  const x25519PublicKey = edwardsToMontgomery(publicKey);
  // Words in front of the nonce, so that the signature is worth nothing anywhere else.
  const message = concatBytes(encodeUtf8('ringline: prove identity\n'), randomBytes(32));
  const fresh = await generateX25519();
  const [signature, ours, theirs] = await Promise.all([
    identity.sign(message),
    identity.agree(fresh.publicKey),
    fresh.agree(x25519PublicKey),
  ]);
  const signs = await verifyEd25519(publicKey, message, signature);
  const agrees = equalBytes(ours, theirs);
  wipe(ours, theirs);
  if (!signs || !agrees) {
    const key = signs ? 'X25519' : 'Ed25519';
    throw new IdentityError('ERR_IDENTITY_MISMATCH', `the identity does not hold the ${key} key of its DID`);
  }
  return { did, x25519PublicKey };
}
