// Public keys as SubjectPublicKeyInfo in PEM (RFC 5280, section 4.1; RFC 7468, section 13), read without ASN.1: each of
// the two kinds we know has one DER prefix (RFC 8410, section 4; RFC 5480, section 2.1.1), and then comes the key.

import { decodeBase64url } from '../codec/base64url.js';
import type { KeyCurve } from './algorithms.js';
import { unusableKey } from './jwk.js';
import { assertKid, keyFromBytes, type VerificationKey } from './verification-key.js';

// SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING { key } }
const ED25519_PREFIX = [0x30, 42, 0x30, 5, 6, 3, 43, 101, 112, 3, 33, 0];

// SEQUENCE { SEQUENCE { OID ecPublicKey, OID prime256v1 }, BIT STRING { 04 | x | y } }
const P256_PREFIX = [
  0x30, 89, 0x30, 19, 6, 7, 42, 0x86, 0x48, 0xce, 61, 2, 1, 6, 8, 42, 0x86, 0x48, 0xce, 61, 3, 1, 7, 3, 66, 0,
];

// The longest we know has 178 characters with its two lines; some room for line ends.
const MAX_CHARACTERS = 512;

const PEM = /^\s*-----BEGIN PUBLIC KEY-----\s([A-Za-z0-9+/\s]+)(={0,2})\s*-----END PUBLIC KEY-----\s*$/;

/**
 * Takes a key from PEM text, `-----BEGIN PUBLIC KEY-----`.
 *
 * @param pem At most 512 characters, from anywhere.
 * @param kid Name a header may call the key by.
 * @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: no such text, neither Ed25519 nor P-256 (uncompressed), or not on its
 *   curve.
 * @throws {TypeError} a `kid` without content.
 */
export function keyFromPem(pem: unknown, kid?: string): VerificationKey {
  assertKid(kid);
  const der = typeof pem === 'string' && pem.length <= MAX_CHARACTERS ? decodePem(pem) : undefined;
  const found = der && (rest('Ed25519', der, ED25519_PREFIX, 32) ?? rest('P-256', der, P256_PREFIX, 65));
  if (found === undefined) throw unusableKey('not PEM of an Ed25519 or P-256 public key');
  return keyFromBytes(found.curve, found.publicKey, kid);
}

function decodePem(pem: string): Uint8Array | undefined {
  const match = PEM.exec(pem);
  if (match === null) return undefined;
  const digits = (match[1] as string).replaceAll(/\s/g, '');
  // The padding must be the one that belongs there; then the strict decoder of the other alphabet takes over.
  if ((digits.length + (match[2] as string).length) % 4 !== 0) return undefined;
  try {
    return decodeBase64url(digits.replaceAll('+', '-').replaceAll('/', '_'));
  } catch {
    return undefined;
  }
}

function rest(
  curve: KeyCurve,
  der: Uint8Array,
  prefix: readonly number[],
  keyBytes: number,
): { curve: KeyCurve; publicKey: Uint8Array } | undefined {
  const fits = der.length === prefix.length + keyBytes && prefix.every((byte, i) => der[i] === byte);
  return fits ? { curve, publicKey: der.subarray(prefix.length) } : undefined;
}
