// RSA keys of identity providers (RFC 7518, sections 3.3 and 6.3): read from a JWK, and used for RS256 alone. Nothing of
// AITP is signed with RSA; only the token a provider vouches with may be.

import { decodeBase64url } from '../codec/base64url.js';
import { jwkMembers, unusableKey } from '../documents/jwk.js';

const MIN_MODULUS_BITS = 2048;
const MAX_MODULUS_BITS = 8192;
const MAX_EXPONENT_BITS = 33;

/** Room for the longest modulus in base64url, with the zero byte some providers put in front. */
const MAX_MODULUS_CHARACTERS = Math.ceil(((MAX_MODULUS_BITS / 8 + 1) * 4) / 3);

const RS256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };

/** An RSA public key to verify RS256 with. */
export interface RsaKey {
  /**
   * @param message Any length. Borrowed until the promise settles.
   * @param signature As long as the modulus, or it is none. Borrowed until the promise settles.
   */
  verify(message: Uint8Array, signature: Uint8Array): Promise<boolean>;
}

/**
 * Takes an RSA key from a JWK, in WebCrypto.
 *
 * @param jwk Parsed JSON, from anywhere. A private part is ignored.
 * @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: no RSA key, not meant to verify with RS256, a modulus outside 2048 to
 *   8192 bits, an exponent longer than 33 bits, even or below 3, or WebCrypto refuses it.
 */
export async function rsaKeyFromJwk(jwk: unknown): Promise<RsaKey> {
  const { kty, n, e, use, alg, key_ops: operations } = jwkMembers(jwk);
  if (kty !== 'RSA') throw unusableKey('not RSA');
  if (use !== undefined && use !== 'sig') throw unusableKey('its use is not to sign');
  if (alg !== undefined && alg !== 'RS256') throw unusableKey('alg is not RS256');
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    throw unusableKey('its key_ops do not hold verify');
  }
  checkSizes(n, e);
  let key: CryptoKey;
  try {
    const members = { kty: 'RSA', n: n as string, e: e as string };
    key = await crypto.subtle.importKey('jwk', members, RS256, false, ['verify']);
  } catch (cause) {
    throw unusableKey('WebCrypto refused it', { cause });
  }
  return {
    verify: (message, signature) =>
      crypto.subtle.verify(RS256, key, signature as Uint8Array<ArrayBuffer>, message as Uint8Array<ArrayBuffer>),
  };
}

function checkSizes(n: unknown, e: unknown): void {
  const modulusBits = bitLength(integerBytes(n));
  if (modulusBits < MIN_MODULUS_BITS || modulusBits > MAX_MODULUS_BITS) {
    throw unusableKey(`its modulus must have ${MIN_MODULUS_BITS} to ${MAX_MODULUS_BITS} bits`);
  }
  const exponent = integerBytes(e);
  const odd = ((exponent.at(-1) ?? 0) & 1) === 1;
  const exponentBits = bitLength(exponent);
  if (!odd || exponentBits < 2 || exponentBits > MAX_EXPONENT_BITS) {
    throw unusableKey(`its exponent must be odd, 3 or more, and have at most ${MAX_EXPONENT_BITS} bits`);
  }
}

function integerBytes(text: unknown): Uint8Array {
  if (typeof text !== 'string' || text.length > MAX_MODULUS_CHARACTERS)
    throw unusableKey('a number is missing or long');
  try {
    return decodeBase64url(text);
  } catch (cause) {
    throw unusableKey('a number is not base64url', { cause });
  }
}

/** Significant bits of a big-endian number. */
function bitLength(bytes: Uint8Array): number {
  const first = bytes.findIndex((byte) => byte !== 0);
  if (first < 0) return 0;
  return (bytes.length - first) * 8 - (Math.clz32(bytes[first] as number) - 24);
}
