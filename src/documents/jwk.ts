// Public keys as JSON Web Keys (RFC 7517, section 4; RFC 7518, section 6.2; RFC 8037, section 2): the two kinds we
// verify with, and no other. A secret key (`oct`) is not even looked at, so that a public key can never become one.

import { concatBytes } from '../bytes/concat.js';
import { decodeBase64url, encodeBase64url } from '../codec/base64url.js';
import { assertP256PublicKey } from '../curves/field-p256.js';
import { assertEd25519PublicKey } from '../curves/field25519.js';
import { VerifyError } from '../errors.js';
import { curveOf, isJwsAlgorithm, type JwsAlgorithm, type KeyCurve } from './algorithms.js';

/** A public key of either kind as a JWK. Other members may stand beside these, and are ignored. */
export interface PublicJwk {
  /** `OKP` for Ed25519, `EC` for P-256. */
  readonly kty: string;
  /** `Ed25519` or `P-256`. */
  readonly crv: string;
  /** 32 bytes, base64url. */
  readonly x: string;
  /** 32 bytes, base64url: P-256 only. */
  readonly y?: string | undefined;
  /** Name a header may call the key by. */
  readonly kid?: string | undefined;
  /** Algorithm the key is meant for. */
  readonly alg?: string | undefined;
  /** `sig`, if anything. */
  readonly use?: string | undefined;
  /** Holds `verify`, if it is there. */
  readonly key_ops?: readonly string[] | undefined;
}

/** A public key as we write it: a {@link PublicJwk} that says what it is for. */
export interface PublishedJwk {
  readonly kty: 'OKP' | 'EC';
  readonly crv: KeyCurve;
  readonly x: string;
  /** P-256 only. */
  readonly y?: string;
  readonly kid?: string;
  readonly alg: JwsAlgorithm;
  readonly use: 'sig';
}

/** The point a JWK describes. */
export interface JwkPoint {
  readonly curve: KeyCurve;
  /** Ed25519: 32 bytes. P-256: 65, `04 | x | y`. Fresh; a point of its curve. */
  readonly publicKey: Uint8Array;
}

/**
 * Reads the members of a JWK that make the key, and none of those that say what it is for.
 *
 * @param jwk Anything.
 * @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: no object, another `kty` or `crv`, a coordinate that is not 32 bytes
 *   of strict base64url, not a point of the curve, or an Ed25519 point of small order.
 */
export function readJwkPoint(jwk: unknown): JwkPoint {
  const { kty, crv, x, y } = jwkMembers(jwk);
  const curve = curveOfType(kty, crv);
  const publicKey = curve === 'Ed25519' ? coordinate(x) : concatBytes(Uint8Array.of(4), coordinate(x), coordinate(y));
  assertPoint(curve, publicKey);
  return { curve, publicKey };
}

/**
 * Asserts that bytes are a public key of a curve.
 *
 * @param publicKey Ed25519: 32 bytes. P-256: 65. Borrowed.
 * @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: not a point of the curve, or of small order.
 */
export function assertPoint(curve: KeyCurve, publicKey: Uint8Array): void {
  try {
    if (curve === 'Ed25519') assertEd25519PublicKey(publicKey);
    else assertP256PublicKey(publicKey);
  } catch (cause) {
    throw unusableKey('not a public key of its curve', { cause });
  }
}

/**
 * Checks that a JWK may be used for one side of a signature.
 *
 * @param operation `verify` for a public key, `sign` for a private one.
 * @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: `use`, `key_ops` or `alg` says otherwise, or `kid` is no text.
 * @see RFC 7517, sections 4.2 to 4.5
 */
export function checkJwkPurpose(jwk: unknown, curve: KeyCurve, operation: 'sign' | 'verify'): void {
  const { use, key_ops: operations, alg, kid } = jwkMembers(jwk);
  if (use !== undefined && use !== 'sig') throw unusableKey('its use is not to sign');
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes(operation))) {
    throw unusableKey(`its key_ops do not hold ${operation}`);
  }
  // EdDSA and Ed25519 are two names of one algorithm, so that the curve decides.
  if (alg !== undefined && !(isJwsAlgorithm(alg) && curveOf(alg) === curve)) throw unusableKey('alg does not fit it');
  if (kid !== undefined && (typeof kid !== 'string' || kid === ''))
    throw unusableKey('kid must be a string with content');
}

/** Whether a JWK came with a private part. */
export function hasPrivatePart(jwk: unknown): boolean {
  return Object.hasOwn(jwkMembers(jwk), 'd');
}

/**
 * Writes a public key as a JWK.
 *
 * @param publicKey 32 bytes, or 65 for P-256. Borrowed.
 * @param kid Left out where there is none.
 */
export function writeJwk(curve: KeyCurve, publicKey: Uint8Array, kid?: string): PublishedJwk {
  const name = kid === undefined ? {} : { kid };
  if (curve === 'Ed25519')
    return { kty: 'OKP', crv: curve, x: encodeBase64url(publicKey), ...name, alg: 'EdDSA', use: 'sig' };
  const [x, y] = [encodeBase64url(publicKey.subarray(1, 33)), encodeBase64url(publicKey.subarray(33))];
  return { kty: 'EC', crv: curve, x, y, ...name, alg: 'ES256', use: 'sig' };
}

/** @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: no object. */
export function jwkMembers(jwk: unknown): Readonly<Record<string, unknown>> {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) throw unusableKey('not an object');
  return jwk as Record<string, unknown>;
}

/** The error of every key that cannot be used, whatever the reason. */
export function unusableKey(what: string, options?: ErrorOptions): VerifyError {
  return new VerifyError('ERR_VERIFY_KEY_UNUSABLE', `the key cannot be used: ${what}`, options);
}

function curveOfType(kty: unknown, crv: unknown): KeyCurve {
  if (kty === 'OKP' && crv === 'Ed25519') return crv;
  if (kty === 'EC' && crv === 'P-256') return crv;
  throw unusableKey('neither Ed25519 nor P-256');
}

function coordinate(text: unknown): Uint8Array {
  // 43 characters make 32 bytes; a longer text is not even decoded.
  if (typeof text !== 'string' || text.length !== 43) throw unusableKey('a coordinate must be 32 bytes in base64url');
  try {
    return decodeBase64url(text);
  } catch (cause) {
    throw unusableKey('a coordinate must be 32 bytes in base64url', { cause });
  }
}
