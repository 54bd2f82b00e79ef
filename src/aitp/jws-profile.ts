// The compact JWS profile (section 2.9): a header of `alg` and `typ` and nothing else, the algorithm derived from the name
// of the signer, the signature checked over the characters received. What claims mean is left to each kind of token.

import { encodeUtf8 } from '../bytes/utf8.js';
import { decodeBase64url, encodeBase64url } from '../codec/base64url.js';
import { parseJsonStrict } from '../codec/json.js';
import type { JsonObject, JsonValue } from '../codec/json-value.js';
import { type Verified, verified } from '../documents/verified.js';
import { parseAid } from './aid.js';
import { unknownMember, unsafeNumber } from './closed.js';
import { AITP_VERSION, type AitpTokenTyp, MAX_TOKEN_CHARACTERS } from './constants.js';
import { AitpError, type AitpWireCode } from './errors.js';
import { canonicalBytes } from './jcs-profile.js';
import type { AitpSigner } from './signer.js';

/** A compact token, taken apart. Nothing in it is verified. */
export interface ParsedJws {
  /** The text as received: what is embedded elsewhere, and never written anew. */
  readonly token: string;
  readonly alg: string;
  readonly typ: string;
  readonly claims: JsonObject;
  readonly signature: Uint8Array;
}

/** How a token is taken apart. */
export interface ParseJwsOptions {
  /** The type wanted, compared exactly. */
  readonly typ: AitpTokenTyp;
  /** Structural code of this kind of token. */
  readonly code: AitpWireCode;
  /** Longest token, in characters. Default 65,536. */
  readonly maxCharacters?: number;
}

/** How a token is verified. */
export interface VerifyJwsOptions extends ParseJwsOptions {
  /** Claims of this kind of token, `ext` included. */
  readonly claimNames: readonly string[];
  /** Look for unknown claims before `alg` (the rule of the TCT) rather than after the signature. Default false. */
  readonly claimsFirst?: boolean;
  /** AID whose token it has to be. Default: whatever `iss` says, for callers that look at the issuer afterwards. */
  readonly issuer?: string;
}

/**
 * Signs claims as a compact token: header `{"alg":...,"typ":...}` in that order, payload in canonical form.
 *
 * @param claims Plain data; `iss` is the signer's AID. Borrowed.
 * @throws {TypeError} `iss` is another.
 * @throws as `canonicalBytes`.
 */
export async function signJws(claims: JsonObject, typ: AitpTokenTyp, signer: AitpSigner): Promise<string> {
  if (claims.iss !== signer.aid) throw new TypeError('iss must be the AID of the signer');
  const header = encodeBase64url(encodeUtf8(`{"alg":"${signer.alg}","typ":"${typ}"}`));
  const covered = `${header}.${encodeBase64url(canonicalBytes(claims))}`;
  return `${covered}.${encodeBase64url(await signer.sign(encodeUtf8(covered)))}`;
}

/**
 * Takes a token apart and checks its type; verifies nothing.
 *
 * @param token From anywhere.
 * @throws {AitpError} `code`: not three segments of strict base64url with content, another header than `alg` and `typ`,
 *   claims that are no object in strict JSON, too long. TOKEN_TYP_MISMATCH: another `typ`.
 */
export function parseJws(token: unknown, options: ParseJwsOptions): ParsedJws {
  const { typ: wantedTyp, code, maxCharacters = MAX_TOKEN_CHARACTERS } = options;
  if (typeof token !== 'string' || token.length > maxCharacters) throw malformed(code, 'no text, or too long');
  const [headerText, claimsText, signatureText, rest] = token.split('.', 4);
  if (!headerText || !claimsText || !signatureText || rest !== undefined) throw malformed(code, 'not three segments');
  const header = decodeObject(headerText, code, 'header');
  const { alg, typ } = header;
  const names = Object.keys(header).length;
  if (names !== 2 || typeof alg !== 'string' || typeof typ !== 'string') throw malformed(code, 'header');
  const claims = decodeObject(claimsText, code, 'claims');
  const signature = decode(signatureText, code, 'signature');
  if (typ !== wantedTyp) throw new AitpError('TOKEN_TYP_MISMATCH', `a token of another type than ${wantedTyp}`);
  return { token, alg, typ, claims, signature };
}

/**
 * Checks that the algorithm is the one of an issuer, and then the signature under the issuer's key.
 *
 * @throws {AitpError} `code`: the issuer is no AID, `iss` is another, or the signature does not hold.
 *   TOKEN_ALG_MISMATCH: another algorithm, which is found out before any signature work.
 */
export async function checkJwsSignature(jws: ParsedJws, issuer: unknown, code: AitpWireCode): Promise<void> {
  const { aid, suite, key } = parseAid(issuer, code);
  if (jws.alg !== (suite === 'p256' ? 'ES256' : 'EdDSA')) {
    throw new AitpError('TOKEN_ALG_MISMATCH', 'the algorithm is not that of the issuer');
  }
  if (jws.claims.iss !== aid) throw malformed(code, 'it is of another issuer');
  const covered = encodeUtf8(jws.token.slice(0, jws.token.lastIndexOf('.')));
  if (await key.verify(covered, jws.signature, { requireLowS: true })) return;
  throw new AitpError(code, 'the signature does not hold');
}

/**
 * Verifies a token up to its version: structure, `typ`, unknown claims where they come first, `alg`, signature, unknown
 * claims otherwise, `ver`. The claims themselves are the caller's.
 *
 * @throws {AitpError} as {@link parseJws} and {@link checkJwsSignature}. UNKNOWN_FIELD: a claim outside the set.
 *   UNKNOWN_VERSION: `ver` is a text, and another. A `ver` that is missing or no text is left to the caller, who reads
 *   the claims next.
 */
export async function verifyJws(token: unknown, options: VerifyJwsOptions): Promise<Verified<ParsedJws>> {
  const { code, claimNames, claimsFirst = false } = options;
  const jws = parseJws(token, options);
  if (claimsFirst) checkClaimNames(jws, claimNames);
  await checkJwsSignature(jws, options.issuer ?? jws.claims.iss, code);
  if (!claimsFirst) checkClaimNames(jws, claimNames);
  checkJwsVersion(jws);
  return verified(jws);
}

/** @throws {AitpError} UNKNOWN_FIELD: a claim outside the set. */
export function checkClaimNames(jws: ParsedJws, claimNames: readonly string[]): void {
  if (unknownMember(jws.claims, claimNames) === undefined) return;
  throw new AitpError('UNKNOWN_FIELD', 'a claim outside the set of this kind of token');
}

/** @throws {AitpError} UNKNOWN_VERSION: `ver` is a text, and not the version spoken here. */
export function checkJwsVersion({ claims }: ParsedJws): void {
  if (typeof claims.ver === 'string' && claims.ver !== AITP_VERSION) {
    throw new AitpError('UNKNOWN_VERSION', 'a token of another version');
  }
}

function decodeObject(segment: string, code: AitpWireCode, what: string): JsonObject {
  const bytes = decode(segment, code, what);
  let value: JsonValue;
  try {
    value = parseJsonStrict(bytes);
  } catch (cause) {
    throw malformed(code, `${what} not strict JSON`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(code, `${what} no object`);
  if (unsafeNumber(value) !== undefined) throw malformed(code, `${what} with a number that is no safe integer`);
  return value as JsonObject;
}

function decode(segment: string, code: AitpWireCode, what: string): Uint8Array {
  try {
    return decodeBase64url(segment);
  } catch (cause) {
    throw malformed(code, `${what} not base64url`, { cause });
  }
}

function malformed(code: AitpWireCode, what: string, options?: ErrorOptions): AitpError {
  return new AitpError(code, `not a valid token: ${what}`, options);
}
