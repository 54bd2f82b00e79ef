// The protected header of a JWS (RFC 7515, section 4), read strictly. It says how a signature was made; it never says
// whom to trust: keys and addresses of keys in it are kept as data, and nothing here follows them.

import { decodeBase64url } from '../codec/base64url.js';
import { isObject } from '../codec/is-object.js';
import { parseJsonStrict } from '../codec/json.js';
import type { JsonObject, JsonValue } from '../codec/json-value.js';
import { VerifyError } from '../errors.js';

/** Longest protected header that is read, in bytes of JSON. */
export const MAX_HEADER_BYTES = 16_384;

/** {@link MAX_HEADER_BYTES} as base64url. */
const MAX_SEGMENT_CHARACTERS = Math.ceil((MAX_HEADER_BYTES * 4) / 3);

/** What a protected header says. Every value is the signer's claim. */
export interface ProtectedHeader {
  /** Name of the algorithm, as written; not yet one we know. */
  readonly alg: string;
  /** Which of the verifier's keys to try. Selects, and grants nothing. */
  readonly kid?: string;
  /** Kind of the object that is signed. */
  readonly typ?: string;
  /** Where the signer says its keys are. Never fetched here. */
  readonly jku?: string;
  /** Every other parameter, without a prototype: any name is safe to look up. */
  readonly extra: JsonObject;
  /** The header as transmitted, which is what the signature covers. */
  readonly segment: string;
}

/**
 * Reads a protected header.
 *
 * A missing `kid` is left to the caller, who knows whether one is needed. `null` as `typ` or `jku` counts as absent,
 * since some signers write it.
 *
 * @param segment base64url without padding.
 * @throws {VerifyError} ERR_VERIFY_HEADER_ENCODING: empty, or not strict base64url. ERR_VERIFY_HEADER: longer than
 *   16,384 bytes, not an object in strict JSON (member names twice, for instance), or a parameter of the wrong kind.
 *   ERR_VERIFY_CRITICAL: it demands an extension by `crit`, or sets `b64`; none is supported.
 * @throws {TypeError} not a string.
 * @see RFC 7515, sections 4 and 5.2 (steps 2 to 5); RFC 7797, section 6
 */
export function decodeProtectedHeader(segment: string): ProtectedHeader {
  const { alg, kid, typ, jku, ...rest } = decodeObject(segment);
  if (typeof alg !== 'string' || alg === '') throw badHeader('alg must be a string with content');
  if (kid !== undefined && (typeof kid !== 'string' || kid === ''))
    throw badHeader('kid must be a string with content');
  checkCritical(rest);
  const header: { -readonly [Name in keyof ProtectedHeader]: ProtectedHeader[Name] } = {
    alg,
    extra: Object.assign(Object.create(null), rest),
    segment,
  };
  if (kid !== undefined) header.kid = kid;
  const [type, keysUrl] = [optionalText(typ, 'typ'), optionalText(jku, 'jku')];
  if (type !== undefined) header.typ = type;
  if (keysUrl !== undefined) header.jku = keysUrl;
  return header;
}

/**
 * Checks the unprotected header beside a signature. Nothing covers it, so that it is never used; it must not look as if
 * it were.
 *
 * @param header As received; `undefined` where there is none.
 * @throws {VerifyError} ERR_VERIFY_HEADER: not an object, or it repeats a parameter of the protected header.
 *   ERR_VERIFY_CRITICAL: it holds `crit` or `b64`.
 * @see RFC 7515, sections 4.1.11 and 7.2.1
 */
export function checkUnprotectedHeader(header: unknown, protectedHeader: ProtectedHeader): void {
  if (header === undefined) return;
  if (!isObject(header)) throw badHeader('the unprotected header must be an object');
  const { alg, kid, typ, jku, extra } = protectedHeader;
  const taken: Record<string, unknown> = { alg, kid, typ, jku };
  for (const name of Object.keys(header)) {
    const repeated = Object.hasOwn(extra, name) || (Object.hasOwn(taken, name) && taken[name] !== undefined);
    if (repeated) throw badHeader('the unprotected header repeats a protected parameter');
  }
  checkCritical(header);
}

function decodeObject(segment: string): JsonObject {
  // Length first: all that follows takes time that grows with it.
  if (segment.length > MAX_SEGMENT_CHARACTERS) throw badHeader(`longer than ${MAX_HEADER_BYTES} bytes`);
  let bytes: Uint8Array;
  try {
    bytes = decodeBase64url(segment);
  } catch (cause) {
    if (cause instanceof TypeError) throw cause;
    throw new VerifyError('ERR_VERIFY_HEADER_ENCODING', 'the protected header is not base64url', { cause });
  }
  if (bytes.length === 0) throw new VerifyError('ERR_VERIFY_HEADER_ENCODING', 'the protected header is empty');
  let value: JsonValue;
  try {
    value = parseJsonStrict(bytes, { maxBytes: MAX_HEADER_BYTES });
  } catch (cause) {
    throw badHeader('not strict JSON', { cause });
  }
  if (!isObject(value)) throw badHeader('not an object');
  return value;
}

/** We support no extension, so that whatever `crit` lists is one too many. `b64` is refused without it, too. */
function checkCritical(parameters: JsonObject): void {
  if (Object.hasOwn(parameters, 'crit')) {
    const { crit } = parameters;
    const wellFormed = Array.isArray(crit) && crit.length > 0 && crit.every((name) => typeof name === 'string');
    if (!wellFormed) throw badHeader('crit must be a list of names');
    throw new VerifyError('ERR_VERIFY_CRITICAL', 'the header demands an extension that is not supported');
  }
  if (Object.hasOwn(parameters, 'b64')) {
    throw new VerifyError('ERR_VERIFY_CRITICAL', 'the header sets b64, which is not supported');
  }
}

function optionalText(value: JsonValue | undefined, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw badHeader(`${name} must be a string`);
  return value;
}

function badHeader(what: string, options?: ErrorOptions): VerifyError {
  return new VerifyError('ERR_VERIFY_HEADER', `the header cannot be used: ${what}`, options);
}
