// The one ASN.1 shape WebCrypto takes raw Curve25519 secrets in: PKCS#8, RFC 8410 section 7, version 1, no attributes.

/** Last byte of the algorithm identifier 1.3.101.x (RFC 8410, section 3). */
export const OID_X25519 = 110;

/** Last byte of the algorithm identifier 1.3.101.x (RFC 8410, section 3). */
export const OID_ED25519 = 112;

/**
 * Wraps a secret for `importKey('pkcs8', ...)`.
 *
 * @param oid {@link OID_X25519} or {@link OID_ED25519}.
 * @param secret 32 bytes. Borrowed.
 * @returns 48 bytes, fresh; holds the secret, so the caller wipes it.
 */
export function encodePkcs8(oid: number, secret: Uint8Array): Uint8Array<ArrayBuffer> {
  const der = new Uint8Array(48);
  // SEQUENCE { INTEGER 0, SEQUENCE { OID 1.3.101.x }, OCTET STRING { OCTET STRING { secret } } }
  der.set([0x30, 46, 2, 1, 0, 0x30, 5, 6, 3, 43, 101, oid, 4, 34, 4, 32]);
  der.set(secret, 16);
  return der;
}
