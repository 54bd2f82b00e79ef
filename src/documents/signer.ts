// Keys that sign, wherever they are: an identity, a JWK, or a CryptoKey nobody can read.

import { equalBytes } from '../bytes/equal.js';
import { wipe } from '../bytes/wipe.js';
import { decodeBase64url } from '../codec/base64url.js';
import { ed25519FromSeed, signEd25519 } from '../curves/ed25519.js';
import { p256FromPair, signP256 } from '../curves/p256.js';
import { IdentityError } from '../errors.js';
import { decodeDidKey } from '../identity/did-key.js';
import type { Identity } from '../identity/identity.js';
import { assertIdentity } from '../identity/prove.js';
import type { JwsAlgorithm, KeyCurve } from './algorithms.js';
import { checkJwkPurpose, jwkMembers, type PublicJwk, readJwkPoint } from './jwk.js';
import { assertKid, curveOfCryptoKey, keyFromCryptoKey, keyFromJwk } from './verification-key.js';

/** A key that signs. Anything of this shape will do, a hardware token for instance: every signature is checked. */
export interface JwsSigner {
  readonly alg: JwsAlgorithm;
  readonly curve: KeyCurve;
  /** Name verifiers know the key by. */
  readonly kid?: string;
  /** Ed25519: 32 bytes. P-256: 65, `04 | x | y`. Owned by the signer: read, never write. */
  readonly publicKey: Uint8Array;

  /**
   * @param message Any length. Borrowed until the promise settles.
   * @returns 64 bytes, fresh. Not necessarily the same each time.
   */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/**
 * Signs as an identity does, with `EdDSA`.
 *
 * @param kid Name verifiers know the key by. Default: the DID, which names the key itself.
 * @throws {IdentityError} ERR_IDENTITY_DID, ERR_IDENTITY_KEY: the identity's DID.
 * @throws {TypeError} no identity, or a `kid` without content.
 */
export function signerFromIdentity(identity: Identity, kid: string = identity?.did): JwsSigner {
  assertIdentity(identity);
  const { publicKey } = decodeDidKey(identity.did);
  return makeSigner('Ed25519', publicKey, kid, (message) => identity.sign(message));
}

/**
 * Takes a private key from a JWK, in WebCrypto for good. The text of the JWK cannot be wiped: that is the caller's risk.
 *
 * @param jwk Parsed JSON with `d`, public members included.
 * @param kid Name verifiers know the key by. Default: the `kid` of the JWK, if any.
 * @throws {IdentityError} ERR_IDENTITY_KEY: no private part, malformed, not meant to sign, or its parts do not belong
 *   together.
 * @throws {TypeError} a `kid` without content.
 */
export async function signerFromJwk(jwk: unknown, kid?: string): Promise<JwsSigner> {
  assertKid(kid);
  const { curve, publicKey, secret, ownKid } = readPrivateJwk(jwk);
  try {
    const pair = await (curve === 'Ed25519' ? ed25519FromSeed(secret) : p256FromPair(secret, publicKey));
    if (!equalBytes(pair.publicKey, publicKey)) throw badKey('its public part belongs to another');
    return makeSigner(curve, publicKey, kid ?? ownKid, (message) => pair.sign(message));
  } finally {
    wipe(secret);
  }
}

/**
 * Signs with a key that WebCrypto holds, extractable or not.
 *
 * @param privateKey `Ed25519`, or `ECDSA` over P-256, with usage `sign`.
 * @param publicKey Its public key. That they belong together shows with the first signature.
 * @param kid Name verifiers know the key by. Default: the `kid` of a JWK, if any.
 * @throws {IdentityError} ERR_IDENTITY_KEY: a public key, one that must not sign, or two of different curves.
 * @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: the public key.
 * @throws {TypeError} no keys, or a `kid` without content.
 */
export async function signerFromCryptoKey(
  privateKey: CryptoKey,
  publicKey: CryptoKey | PublicJwk,
  kid?: string,
): Promise<JwsSigner> {
  assertKid(kid);
  if (typeof privateKey !== 'object' || typeof privateKey?.type !== 'string') {
    throw new TypeError('privateKey must be a CryptoKey');
  }
  if (typeof publicKey !== 'object' || publicKey === null)
    throw new TypeError('publicKey must be a CryptoKey or a JWK');
  const known = 'kty' in publicKey ? keyFromJwk(publicKey) : await keyFromCryptoKey(publicKey);
  if (privateKey.type !== 'private' || !privateKey.usages.includes('sign')) throw badKey('it cannot sign');
  if (curveOfCryptoKey(privateKey) !== known.curve) throw badKey('it is of another kind than its public key');
  const sign = known.curve === 'Ed25519' ? signEd25519 : signP256;
  return makeSigner(known.curve, known.publicKey, kid ?? known.kid, (message) => sign(privateKey, message));
}

/** @returns `secret`: 32 bytes, fresh; the caller wipes it. @throws {IdentityError} ERR_IDENTITY_KEY. */
function readPrivateJwk(jwk: unknown) {
  try {
    const { curve, publicKey } = readJwkPoint(jwk);
    checkJwkPurpose(jwk, curve, 'sign');
    const { d, kid } = jwkMembers(jwk) as { d?: unknown; kid?: string };
    if (typeof d !== 'string' || d.length !== 43) throw badKey('it has no private part of 32 bytes');
    return { curve, publicKey, secret: decodeBase64url(d), ownKid: kid };
  } catch (cause) {
    throw cause instanceof IdentityError ? cause : badKey('it is no private JWK that may sign', { cause });
  }
}

function makeSigner(
  curve: KeyCurve,
  publicKey: Uint8Array,
  kid: string | undefined,
  sign: JwsSigner['sign'],
): JwsSigner {
  assertKid(kid);
  const alg = curve === 'Ed25519' ? 'EdDSA' : 'ES256';
  return { alg, curve, publicKey, ...(kid === undefined ? {} : { kid }), sign };
}

function badKey(what: string, options?: ErrorOptions): IdentityError {
  return new IdentityError('ERR_IDENTITY_KEY', `the key cannot sign: ${what}`, options);
}
