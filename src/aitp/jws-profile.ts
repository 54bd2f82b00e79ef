// The compact JWS profile (section 2.9): a header of `alg` and `typ` and nothing else, the algorithm derived from the name
// of the signer, the signature checked over the characters received. What claims mean is left to each kind of token.

import { encodeUtf8, encodeUtf8Into } from '../bytes/utf8.js';
import { encodeBase64url } from '../codec/base64url.js';
import { decodeBase64urlInto } from '../codec/base64url-table.js';
import { parseJsonStrict } from '../codec/json.js';
import type { JsonObject, JsonValue } from '../codec/json-value.js';
import { type Verified, verified } from '../documents/verified.js';
import { parseAid } from './aid.js';
import { hasUnsafeNumber, unknownMember } from './closed.js';
import {
  AITP_VERSION,
  type AitpTokenTyp,
  DELEGATION_TYP,
  MAX_TOKEN_CHARACTERS,
  TCT_TYP,
  VOUCHER_TYP,
} from './constants.js';
import { AitpError, type AitpWireCode } from './errors.js';
import { assertReadable, canonicalBytes } from './jcs-profile.js';
import type { AitpSigner } from './signer.js';

/** A compact token, taken apart. Nothing in it is verified. */
export interface ParsedJws {
  /** The text as received: what is embedded elsewhere, and never written anew. */
  readonly token: string;
  readonly alg: string;
  readonly typ: string;
  readonly claims: JsonObject;
  /** What the signature is over: header and claims as received, a byte for each character. */
  readonly covered: Uint8Array;
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
 * @throws {RangeError} the token is longer than the 65,536 characters that are read.
 * @throws as `canonicalBytes`.
 */
export async function signJws(claims: JsonObject, typ: AitpTokenTyp, signer: AitpSigner): Promise<string> {
  if (claims.iss !== signer.aid) throw new TypeError('iss must be the AID of the signer');
  const covered = `${headerSegment({ alg: signer.alg, typ })}.${encodeBase64url(canonicalBytes(claims))}`;
  const token = `${covered}.${encodeBase64url(await signer.sign(encodeUtf8(covered)))}`;
  assertReadable(token, MAX_TOKEN_CHARACTERS, 'the token');
  return token;
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
  const units = new Uint8Array(token.length);
  if (encodeUtf8Into(token, units) < 0) throw malformed(code, 'not ASCII');
  const covered = units.subarray(0, headerText.length + 1 + claimsText.length);
  minted ??= mintedHeaders();
  const { alg, typ } = minted.get(headerText) ?? decodeHeader(units.subarray(0, headerText.length), code);
  const claims = decodeObject(covered.subarray(headerText.length + 1), code, 'claims');
  const signature = decode(units.subarray(covered.length + 1), code, 'signature');
  if (typ !== wantedTyp) throw new AitpError('TOKEN_TYP_MISMATCH', `a token of another type than ${wantedTyp}`);
  return { token, alg, typ, claims, covered, signature };
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
  if (await key.verify(jws.covered, jws.signature, { requireLowS: true })) return;
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

interface TokenHeader {
  readonly alg: string;
  readonly typ: string;
}

/** A header by the minting convention: `alg`, `typ`, no blanks. */
function headerSegment({ alg, typ }: TokenHeader): string {
  return encodeBase64url(encodeUtf8(`{"alg":"${alg}","typ":"${typ}"}`));
}

let minted: ReadonlyMap<string, TokenHeader> | undefined;

/** The six headers the minting convention knows, by their segments: nearly every token has one of them. */
function mintedHeaders(): ReadonlyMap<string, TokenHeader> {
  const typs = [TCT_TYP, VOUCHER_TYP, DELEGATION_TYP];
  const headers = ['EdDSA', 'ES256'].flatMap((alg) => typs.map((typ) => ({ alg, typ })));
  return new Map(headers.map((header) => [headerSegment(header), header]));
}

/** Any other header: the same two members, however they are written. */
function decodeHeader(segment: Uint8Array, code: AitpWireCode): TokenHeader {
  const header = decodeObject(segment, code, 'header');
  const { alg, typ } = header;
  const names = Object.keys(header).length;
  if (names !== 2 || typeof alg !== 'string' || typeof typ !== 'string') throw malformed(code, 'header');
  return { alg, typ };
}

/** Room for the bytes of a header or of claims, which are read at once and never handed out. */
let scratch = new Uint8Array(0);

function decodeObject(segment: Uint8Array, code: AitpWireCode, what: string): JsonObject {
  if (scratch.length < segment.length) scratch = new Uint8Array(segment.length);
  const bytes = decode(segment, code, what, scratch);
  let value: JsonValue;
  try {
    value = parseJsonStrict(bytes);
  } catch (cause) {
    throw malformed(code, `${what} not strict JSON`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(code, `${what} no object`);
  if (hasUnsafeNumber(value)) throw malformed(code, `${what} with a number that is no safe integer`);
  return value as JsonObject;
}

function decode(
  segment: Uint8Array,
  code: AitpWireCode,
  what: string,
  target = new Uint8Array(Math.floor((segment.length * 3) / 4)),
): Uint8Array {
  const length = decodeBase64urlInto(segment, target);
  if (length < 0) throw malformed(code, `${what} not base64url`);
  return target.subarray(0, length);
}

function malformed(code: AitpWireCode, what: string, options?: ErrorOptions): AitpError {
  return new AitpError(code, `not a valid token: ${what}`, options);
}
