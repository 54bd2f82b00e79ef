// Verifying a JWS (RFC 7515, section 5.2) by the rules of RFC 8725: the verifier names the algorithms and holds the keys;
// the header chooses among them, and nothing more. The signature is checked over the bytes received.

import { assertBytes, assertInteger, assertSignal, assertString } from '../bytes/assert.js';
import { encodeUtf8 } from '../bytes/utf8.js';
import { decodeBase64url, encodeBase64url } from '../codec/base64url.js';
import { LimitError, VerifyError } from '../errors.js';
import { unlessAborted } from '../unless-aborted.js';
import { curveOf, DEFAULT_ALGORITHMS, isJwsAlgorithm, type JwsAlgorithm } from './algorithms.js';
import { unusableKey } from './jwk.js';
import { type KeySource, MAX_CANDIDATES } from './jwks.js';
import { checkUnprotectedHeader, decodeProtectedHeader, type ProtectedHeader } from './protected-header.js';
import type { DetachedSignature } from './sign.js';
import type { VerificationKey } from './verification-key.js';
import { type Verified, verified } from './verified.js';

const DEFAULT_MAX_BYTES = 262_144;

/** Room for signatures of any algorithm there is. */
const MAX_SIGNATURE_CHARACTERS = 1_024;

/** What a verifier asks for. */
export interface VerifyOptions {
  /** Keys the verifier trusts. */
  readonly keys: KeySource;
  /** Names allowed as `alg`, compared exactly. Default: `EdDSA`, `Ed25519` and `ES256`. An empty list allows nothing. */
  readonly algorithms?: readonly string[];
  /** Refuse the twin that anybody can make of an ES256 signature. Default false: most signers make either. */
  readonly requireLowS?: boolean;
  /** Whether the header must have a `kid`. Default true; otherwise every key that fits is tried, up to four. */
  readonly requireKid?: boolean;
  /** The `typ` wanted, compared exactly. Default: any, or none. */
  readonly typ?: string;
  /** Longest token or payload, in bytes. Default 262,144. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

/** A JWS whose signature holds. */
export interface VerifiedJws {
  /** What was signed. */
  readonly payload: Uint8Array;
  /** Covered by the signature: still only the signer's words. */
  readonly header: ProtectedHeader;
  /** The key it holds under. */
  readonly key: VerificationKey;
}

/**
 * Verifies a JWS in compact form, `header.payload.signature`.
 *
 * @param token From anywhere.
 * @returns The payload, fresh, the header and the key.
 * @throws {VerifyError} ERR_VERIFY_ENTRY: not three parts, or the payload is not strict base64url.
 *   ERR_VERIFY_HEADER_ENCODING, ERR_VERIFY_HEADER, ERR_VERIFY_CRITICAL: see `decodeProtectedHeader`; also
 *   ERR_VERIFY_HEADER without a `kid`. ERR_VERIFY_ALGORITHM. ERR_VERIFY_TYPE. ERR_VERIFY_SIGNATURE_ENCODING.
 *   ERR_VERIFY_KEY_NOT_FOUND, ERR_VERIFY_KEY_UNUSABLE, ERR_VERIFY_KEY_RETRIEVAL: see {@link KeySource}.
 *   ERR_VERIFY_SIGNATURE: it does not hold under any of the keys.
 * @throws {LimitError} ERR_LIMIT_EXCEEDED: longer than `maxBytes`.
 * @throws {TypeError | RangeError} an argument of the wrong kind or range.
 * @throws `signal.reason`, untouched.
 *
 * @example
 * ```ts
 * const keys = keySet([keyFromDid(alice.did)]);
 * const { payload } = await verifyCompact(token, { keys, typ: 'greeting+jws' });
 * ```
 */
export async function verifyCompact(token: string, options: VerifyOptions): Promise<Verified<VerifiedJws>> {
  assertString(token, 'token');
  const maxBytes = assertOptions(options);
  // Nothing but ASCII gets through below, so that characters are bytes.
  if (token.length > maxBytes) throw new LimitError('maxBytes', maxBytes, token.length);
  const parts = token.split('.', 4);
  const [segment, payloadText, signatureText] = parts;
  if (parts.length !== 3 || segment === undefined || payloadText === undefined || signatureText === undefined) {
    throw badEntry('not three parts');
  }
  const header = decodeProtectedHeader(segment);
  const alg = checkHeader(header, options);
  let payload: Uint8Array;
  try {
    payload = decodeBase64url(payloadText);
  } catch (cause) {
    throw badEntry('its payload is not base64url', { cause });
  }
  const signature = decodeSignature(signatureText);
  // The characters received, never an encoding of our own.
  const covered = encodeUtf8(token.slice(0, token.lastIndexOf('.')));
  return verified({ payload, header, key: await findKey(header, alg, covered, signature, options) });
}

/**
 * Verifies a signature over a payload that came by another way.
 *
 * The unprotected header is checked for form, and otherwise ignored.
 *
 * @param entry From anywhere: `protected`, `signature` and perhaps `header`.
 * @param payload What has to be signed. Copied before the first wait.
 * @returns A copy of the payload, the header and the key.
 * @throws {VerifyError} as {@link verifyCompact}. ERR_VERIFY_ENTRY here: no object, or its members are not texts.
 * @throws {LimitError} ERR_LIMIT_EXCEEDED: the payload is longer than `maxBytes`.
 * @throws {TypeError | RangeError} an argument of the wrong kind or range.
 * @throws `signal.reason`, untouched.
 */
export async function verifyDetached(
  entry: DetachedSignature,
  payload: Uint8Array,
  options: VerifyOptions,
): Promise<Verified<VerifiedJws>> {
  assertBytes(payload, 'payload');
  const maxBytes = assertOptions(options);
  if (payload.length > maxBytes) throw new LimitError('maxBytes', maxBytes, payload.length);
  const { protected: segment, signature: signatureText, header: unprotected } = (entry ?? {}) as Partial<typeof entry>;
  if (typeof segment !== 'string' || typeof signatureText !== 'string') {
    throw badEntry('protected and signature must be texts');
  }
  const header = decodeProtectedHeader(segment);
  checkUnprotectedHeader(unprotected, header);
  const alg = checkHeader(header, options);
  const signature = decodeSignature(signatureText);
  const own = new Uint8Array(payload);
  const key = await findKey(header, alg, signingInput(segment, own), signature, options);
  return verified({ payload: own, header, key });
}

/**
 * The bytes a signature is made over: the header as transmitted, a dot, the payload in base64url.
 *
 * @param segment Protected header, base64url; never encoded again.
 * @param payload Any length. Borrowed.
 * @returns Fresh bytes.
 * @see RFC 7515, section 5.1, step 8
 */
export function signingInput(segment: string, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  assertString(segment, 'segment');
  return encodeUtf8(`${segment}.${encodeBase64url(payload)}`);
}

/**
 * Decodes the text of a signature.
 *
 * @returns Fresh bytes. Whether they are as many as the algorithm wants is left to the check of the signature.
 * @throws {VerifyError} ERR_VERIFY_SIGNATURE_ENCODING: empty, longer than 1,024 characters, or not strict base64url.
 * @throws {TypeError} not a string.
 */
export function decodeSignature(text: string): Uint8Array<ArrayBuffer> {
  assertString(text, 'text');
  const message = 'the signature is not base64url, empty or too long';
  if (text === '' || text.length > MAX_SIGNATURE_CHARACTERS) {
    throw new VerifyError('ERR_VERIFY_SIGNATURE_ENCODING', message);
  }
  try {
    return decodeBase64url(text);
  } catch (cause) {
    throw new VerifyError('ERR_VERIFY_SIGNATURE_ENCODING', message, { cause });
  }
}

/**
 * Checks the algorithm a header names against what the verifier allows.
 *
 * Names are compared exactly: `ES256` says nothing about `es256`. What we do not know is refused even where it is
 * listed, and so are `none` and the `HS` family, which would make a public key a shared secret.
 *
 * @param alg The `alg` of a header.
 * @param allowed The verifier's list.
 * @throws {VerifyError} ERR_VERIFY_ALGORITHM: not listed, or unknown.
 * @throws {TypeError} `allowed` is not a list.
 * @see RFC 8725, sections 3.1 and 3.2
 */
export function checkAlgorithm(alg: string, allowed: readonly string[] = DEFAULT_ALGORITHMS): JwsAlgorithm {
  // A string has `includes` too, and finds its own parts.
  if (!Array.isArray(allowed)) throw new TypeError('algorithms must be an array of names');
  if (isJwsAlgorithm(alg) && allowed.includes(alg)) return alg;
  throw new VerifyError('ERR_VERIFY_ALGORITHM', 'the algorithm is not allowed');
}

/** What the verifier asks of the header itself. */
function checkHeader(header: ProtectedHeader, { algorithms, requireKid = true, typ }: VerifyOptions): JwsAlgorithm {
  if (requireKid && header.kid === undefined) throw new VerifyError('ERR_VERIFY_HEADER', 'the header has no kid');
  const alg = checkAlgorithm(header.alg, algorithms);
  if (typ !== undefined && header.typ !== typ) {
    throw new VerifyError('ERR_VERIFY_TYPE', 'the header is of another type than was asked for');
  }
  return alg;
}

/** The first of the keys the header may mean under which the signature holds. */
async function findKey(
  header: ProtectedHeader,
  alg: JwsAlgorithm,
  covered: Uint8Array,
  signature: Uint8Array,
  { keys, signal, requireLowS = false }: VerifyOptions,
): Promise<VerificationKey> {
  signal?.throwIfAborted();
  const found = await unlessAborted(signal, keys.find(header, { signal }));
  if (found.length === 0) throw new VerifyError('ERR_VERIFY_KEY_NOT_FOUND', 'no key was found');
  // A source may be anybody's: what it says about itself is checked again.
  const fitting = found.filter((key) => key.curve === curveOf(alg));
  if (fitting.length === 0) throw unusableKey('it does not fit the algorithm');
  for (const key of fitting.slice(0, MAX_CANDIDATES)) {
    if (await key.verify(covered, signature, { requireLowS })) return key;
    signal?.throwIfAborted();
  }
  throw new VerifyError('ERR_VERIFY_SIGNATURE', 'the signature does not hold');
}

/** @returns `maxBytes`. @throws {TypeError | RangeError} */
function assertOptions(options: VerifyOptions): number {
  const { keys, typ, maxBytes = DEFAULT_MAX_BYTES, signal } = (options ?? {}) as Partial<VerifyOptions>;
  if (typeof keys?.find !== 'function') throw new TypeError('keys must be a KeySource');
  if (typ !== undefined) assertString(typ, 'typ');
  assertInteger(maxBytes, 'maxBytes', 1);
  assertSignal(signal);
  return maxBytes;
}

function badEntry(what: string, options?: ErrorOptions): VerifyError {
  return new VerifyError('ERR_VERIFY_ENTRY', `not a signed document: ${what}`, options);
}
