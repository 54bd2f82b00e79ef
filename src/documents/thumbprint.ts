// The name a key gives itself: a hash of the members that make it (RFC 7638).

import { encodeUtf8 } from '../bytes/utf8.js';
import { encodeBase64url } from '../codec/base64url.js';
import { sha256 } from '../curves/sha256.js';
import { type PublicJwk, readJwkPoint } from './jwk.js';

/**
 * Computes the thumbprint of a public key with SHA-256.
 *
 * @param jwk What else it holds, a private part for instance, makes no difference.
 * @returns 43 characters of base64url.
 * @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: neither Ed25519 nor P-256, or not on its curve.
 * @see RFC 7638, section 3; RFC 8037, appendix A.3
 */
export async function jwkThumbprint(jwk: PublicJwk): Promise<string> {
  readJwkPoint(jwk);
  const { crv, kty, x, y } = jwk;
  // Sorted by name and without blanks. Nothing that names a key or a coordinate of one needs an escape.
  const last = kty === 'EC' ? `,"y":"${y}"` : '';
  return encodeBase64url(await sha256(encodeUtf8(`{"crv":"${crv}","kty":"${kty}","x":"${x}"${last}}`)));
}
