// Public keys a verifier holds. Whatever a key came from, it is checked once, here, and imported once, when it is first
// needed; after that it is only asked.

import { assertBytes } from '../bytes/assert.js';
import { decompressP256 } from '../curves/field-p256.js';
import { ed25519Verifier, p256Verifier, type VerifySignatureOptions } from '../curves/verifier.js';
import { decodeDidKey, encodeDidKey } from '../identity/did-key.js';
import type { KeyCurve } from './algorithms.js';
import {
  assertPoint,
  checkJwkPurpose,
  hasPrivatePart,
  jwkMembers,
  type PublishedJwk,
  readJwkPoint,
  unusableKey,
  writeJwk,
} from './jwk.js';

/** A public key to verify with. */
export interface VerificationKey {
  readonly curve: KeyCurve;
  /** Name a header may call it by. */
  readonly kid?: string;
  /** Ed25519: 32 bytes. P-256: 65, `04 | x | y`. Owned by the key: read, never write. */
  readonly publicKey: Uint8Array;
  /** did:key of an Ed25519 key. */
  readonly did?: string;
  /** The JWK it came from held a private part, which was ignored: whoever published that has lost the key. */
  readonly hadPrivate?: boolean;

  /**
   * Checks one signature. The key is imported at the first call and kept.
   *
   * @param message Any length. Borrowed until the promise settles.
   * @param signature Anything but 64 bytes is no signature. Borrowed until the promise settles.
   * @param options `requireLowS`: refuse the twin of a P-256 signature.
   * @throws {TypeError} not bytes.
   */
  verify(message: Uint8Array, signature: Uint8Array, options?: VerifySignatureOptions): Promise<boolean>;
}

/**
 * Takes a key from a JWK.
 *
 * A private member is ignored and flagged. Members that are not part of the key (`x5c`, `x5u` and others) are not read.
 *
 * @param jwk Parsed JSON, from anywhere.
 * @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: not an Ed25519 or P-256 key, not on its curve, or not meant to verify
 *   (`use`, `key_ops`, `alg`).
 */
export function keyFromJwk(jwk: unknown): VerificationKey {
  const { curve, publicKey } = readJwkPoint(jwk);
  checkJwkPurpose(jwk, curve, 'verify');
  const { kid } = jwkMembers(jwk) as { kid?: string };
  return makeKey(curve, publicKey, { kid, hadPrivate: hasPrivatePart(jwk) });
}

/**
 * Takes the key a did:key names. Its `kid` is the DID.
 *
 * @throws {IdentityError} ERR_IDENTITY_DID, ERR_IDENTITY_KEY: the DID.
 * @throws {TypeError} not a string.
 */
export function keyFromDid(did: string): VerificationKey {
  return makeKey('Ed25519', decodeDidKey(did).publicKey, { kid: did, did });
}

/**
 * Takes a key from its bytes.
 *
 * @param publicKey Ed25519: 32 bytes. P-256: 65 (`04 | x | y`), or 33 in compressed form. Copied.
 * @param kid Name a header may call it by.
 * @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: not a point of the curve, or of small order.
 * @throws {TypeError | RangeError} another curve or length, or a `kid` without content.
 */
export function keyFromBytes(curve: KeyCurve, publicKey: Uint8Array, kid?: string): VerificationKey {
  if (curve !== 'Ed25519' && curve !== 'P-256') throw new RangeError('curve must be Ed25519 or P-256');
  assertKid(kid);
  const wholeBytes = curve === 'P-256' ? 65 : 32;
  const compressed = curve === 'P-256' && publicKey instanceof Uint8Array && publicKey.length === 33;
  assertBytes(publicKey, 'publicKey', compressed ? 33 : wholeBytes);
  const whole = compressed ? decompress(publicKey) : new Uint8Array(publicKey);
  assertPoint(curve, whole);
  return makeKey(curve, whole, { kid });
}

/**
 * Takes a public key that WebCrypto holds.
 *
 * @param key `Ed25519`, or `ECDSA` over P-256; usage `verify`; extractable, since the strict rules look at its bytes.
 *   Nothing about a public key is secret.
 * @param kid Name a header may call it by.
 * @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: another kind of key, or one that does not fit the above.
 * @throws {TypeError} not a public CryptoKey, or a `kid` without content.
 */
export async function keyFromCryptoKey(key: CryptoKey, kid?: string): Promise<VerificationKey> {
  assertKid(kid);
  // Duck-typed: a key may come from another realm, such as an iframe.
  if (typeof key !== 'object' || key?.type !== 'public') throw new TypeError('key must be a public CryptoKey');
  const curve = curveOfCryptoKey(key);
  if (curve === undefined) throw unusableKey('neither Ed25519 nor ECDSA over P-256');
  if (!key.usages.includes('verify')) throw unusableKey('its usages do not hold verify');
  if (!key.extractable) throw unusableKey('a public key must be extractable');
  return keyFromBytes(curve, new Uint8Array(await crypto.subtle.exportKey('raw', key)), kid);
}

/** The curve of a CryptoKey that signs or verifies on one we know; `undefined` for every other. */
export function curveOfCryptoKey(key: CryptoKey): KeyCurve | undefined {
  const { name, namedCurve } = key.algorithm as { name: string; namedCurve?: string };
  if (name === 'Ed25519') return name;
  return name === 'ECDSA' && namedCurve === 'P-256' ? namedCurve : undefined;
}

/** Writes a key as a public JWK, with its `kid` if it has one. */
export function keyToJwk(key: VerificationKey): PublishedJwk {
  return writeJwk(key.curve, key.publicKey, key.kid);
}

/** @throws {TypeError} given, but not a string with content. */
export function assertKid(kid: unknown): asserts kid is string | undefined {
  if (kid !== undefined && (typeof kid !== 'string' || kid === '')) {
    throw new TypeError('kid must be a string with content');
  }
}

function decompress(publicKey: Uint8Array): Uint8Array {
  try {
    return decompressP256(publicKey);
  } catch (cause) {
    throw unusableKey('not a point of P-256', { cause });
  }
}

interface Origin {
  readonly kid?: string | undefined;
  readonly did?: string;
  readonly hadPrivate?: boolean;
}

/** @param publicKey Checked. Kept. */
function makeKey(curve: KeyCurve, publicKey: Uint8Array, { kid, did, hadPrivate }: Origin): VerificationKey {
  const verifier = curve === 'Ed25519' ? ed25519Verifier(publicKey) : p256Verifier(publicKey);
  return {
    curve,
    publicKey,
    ...(kid === undefined ? {} : { kid }),
    ...(curve === 'Ed25519' ? { did: did ?? encodeDidKey(publicKey) } : {}),
    ...(hadPrivate ? { hadPrivate } : {}),
    verify: (message, signature, options) => verifier.verify(message, signature, options),
  };
}
