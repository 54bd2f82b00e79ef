// The signature algorithms of JOSE we know, and the kind of key each is bound to (RFC 7518, section 3.1; RFC 8037,
// section 3.1; RFC 9864, section 2.2).

/** `EdDSA` and its newer name `Ed25519`, both over Ed25519; `ES256` is ECDSA over P-256 with SHA-256. */
export type JwsAlgorithm = 'EdDSA' | 'Ed25519' | 'ES256';

/** The curve of a key, as the `crv` of a JWK spells it. */
export type KeyCurve = 'Ed25519' | 'P-256';

/** What a verifier allows when it is not told: every algorithm we know. An empty list allows nothing. */
export const DEFAULT_ALGORITHMS: readonly JwsAlgorithm[] = /* @__PURE__ */ Object.freeze([
  'EdDSA',
  'Ed25519',
  'ES256',
] as const);

/** The curve an algorithm computes on: a key of the other one never fits it. */
export function curveOf(alg: JwsAlgorithm): KeyCurve {
  return alg === 'ES256' ? 'P-256' : 'Ed25519';
}

/** Whether a name is that of an algorithm we know, in exactly this spelling. */
export function isJwsAlgorithm(alg: unknown): alg is JwsAlgorithm {
  return DEFAULT_ALGORITHMS.includes(alg as JwsAlgorithm);
}
