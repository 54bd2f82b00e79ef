// The one ASN.1 shape every WebCrypto takes raw P-256 secrets in: PKCS#8 around an ECPrivateKey that carries the public
// key (RFC 5915, section 3; RFC 5480, section 2.1.1). Some runtimes refuse one without it.

// SEQUENCE { INTEGER 0, SEQUENCE { OID ecPublicKey, OID prime256v1 }, OCTET STRING { SEQUENCE { INTEGER 1, OCTET STRING
// { secret }, [1] { BIT STRING { point } } } } }: the bytes before the secret, and those between it and the point.
const BEFORE_SECRET = [
  0x30, 0x81, 0x87, 2, 1, 0, 0x30, 19, 6, 7, 42, 0x86, 0x48, 0xce, 61, 2, 1, 6, 8, 42, 0x86, 0x48, 0xce, 61, 3, 1, 7, 4,
  0x6d, 0x30, 0x6b, 2, 1, 1, 4, 32,
];
const BEFORE_POINT = [0xa1, 68, 3, 66, 0];

/**
 * Wraps a secret and its public key for `importKey('pkcs8', ...)`.
 *
 * @param secret 32 bytes. Borrowed.
 * @param publicKey 65 bytes, `04 | x | y`. Borrowed.
 * @returns 138 bytes, fresh; holds the secret, so the caller wipes it.
 */
export function encodeP256Pkcs8(secret: Uint8Array, publicKey: Uint8Array): Uint8Array<ArrayBuffer> {
  const der = new Uint8Array(138);
  der.set(BEFORE_SECRET);
  der.set(secret, 36);
  der.set(BEFORE_POINT, 68);
  der.set(publicKey, 73);
  return der;
}
