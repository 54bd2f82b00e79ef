// The JCS profile (sections 2.4 to 2.7): what is signed is the SHA-256 of some bytes, mostly the canonical form of an
// object. The text of a signature may name its suite; without a name it is Ed25519. On P-256, ECDSA hashes once more.

import { assertBytes, assertString } from '../bytes/assert.js';
import { encodeUtf8 } from '../bytes/utf8.js';
import { decodeBase64url, encodeBase64url } from '../codec/base64url.js';
import { isObject } from '../codec/is-object.js';
import { canonicalize } from '../codec/jcs.js';
import type { JsonObject } from '../codec/json-value.js';
import { sha256 } from '../curves/sha256.js';
import { type Verified, verified } from '../documents/verified.js';
import { type AitpSuite, parseAid } from './aid.js';
import { hasUnsafeNumber } from './closed.js';
import { AitpError, type AitpWireCode } from './errors.js';
import type { AitpSigner } from './signer.js';

/** How signatures of the JCS profile are judged. */
export interface JcsOptions {
  /**
   * Also take the P-256 form that hashes once only, which another implementation makes. Default false: two forms of one
   * signature are one too many.
   */
  readonly acceptSingleHashP256?: boolean;
}

const SIGNATURE = /^(?:(ed25519|p256)\.)?([\w-]{86})$/;

/**
 * The canonical bytes of an object that is signed.
 *
 * @param value Plain data. Borrowed.
 * @returns Fresh bytes.
 * @throws {CodecError} ERR_CODEC_JCS_VALUE: not plain JSON data, or nested deeper than 64 levels.
 * @throws {RangeError} it holds a number that is not a safe integer.
 */
export function canonicalBytes(value: JsonObject | readonly string[]): Uint8Array<ArrayBuffer> {
  const bytes = encodeUtf8(canonicalize(value));
  if (hasUnsafeNumber(value)) throw new RangeError('a number that is no safe integer');
  return bytes;
}

/**
 * Asserts that what a caller hands over can stand in something signed.
 *
 * @throws {TypeError} not an object. @throws as {@link canonicalBytes}.
 */
export function assertSignable(value: JsonObject, name: string): void {
  if (!isObject(value)) throw new TypeError(`${name} must be an object`);
  canonicalBytes(value);
}

/**
 * Asserts that a text that was made is not longer than readers take.
 *
 * @throws {RangeError} it is.
 */
export function assertReadable(text: string, maxBytes: number, what: string): void {
  // A unit of UTF-16 is one to three bytes of UTF-8, so most texts need no counting.
  if (text.length * 3 <= maxBytes || encodeUtf8(text).length <= maxBytes) return;
  throw new RangeError(`${what} must be at most ${maxBytes} bytes long`);
}

/**
 * Signs the SHA-256 of bytes.
 *
 * @param preimage What is hashed. Borrowed until the promise settles.
 * @returns 86 characters for Ed25519; `p256.` and 86 characters for P-256.
 */
export async function signHashed(preimage: Uint8Array, signer: AitpSigner): Promise<string> {
  assertBytes(preimage, 'preimage');
  const signature = encodeBase64url(await signer.sign(await sha256(preimage)));
  return signer.suite === 'p256' ? `p256.${signature}` : signature;
}

/**
 * Verifies a signature over the SHA-256 of bytes.
 *
 * @param preimage What is hashed. Borrowed until the promise settles.
 * @param signature Text, from anywhere: its form is part of the verdict.
 * @param aid Whose signature it has to be.
 * @param code Code of the refusal.
 * @throws {AitpError} `code`: the text is malformed, names another suite than the AID, does not verify, or is a P-256
 *   signature with a high S; or the AID cannot be used.
 */
export async function verifyHashed(
  preimage: Uint8Array,
  signature: unknown,
  aid: string,
  code: AitpWireCode,
  { acceptSingleHashP256 = false }: JcsOptions = {},
): Promise<void> {
  const { suite, key } = parseAid(aid, code);
  const bytes = decodeSignatureText(signature, suite);
  if (bytes !== undefined) {
    const strict = { requireLowS: true };
    if (await key.verify(await sha256(preimage), bytes, strict)) return;
    if (acceptSingleHashP256 && suite === 'p256' && (await key.verify(preimage, bytes, strict))) return;
  }
  throw new AitpError(code, 'the signature does not hold');
}

/**
 * Signs an object: the SHA-256 of its canonical form.
 *
 * @param body The object without any signature of it. Borrowed.
 * @throws as {@link canonicalBytes}.
 */
export async function signJcs(body: JsonObject, signer: AitpSigner): Promise<string> {
  return signHashed(canonicalBytes(body), signer);
}

/**
 * Verifies the signature of an object.
 *
 * @param body The object as it came out of a strict parse, without the signature. Never a copy that was typed again.
 * @param signature Its text, from anywhere.
 * @param aid Whose signature it has to be.
 * @param code Code of the refusal.
 * @returns The same object.
 * @throws {AitpError} `code`, as {@link verifyHashed}; also an object that has no canonical form.
 */
export async function verifyJcs(
  body: JsonObject,
  signature: unknown,
  aid: string,
  code: AitpWireCode,
  options?: JcsOptions,
): Promise<Verified<JsonObject>> {
  let bytes: Uint8Array;
  try {
    bytes = canonicalBytes(body);
  } catch (cause) {
    throw new AitpError(code, 'an object without a canonical form', { cause });
  }
  await verifyHashed(bytes, signature, aid, code, options);
  return verified(body);
}

/** An object without one of its members, the others untouched: what a signature inside an object covers. */
export function withoutMember(object: JsonObject, name: string): JsonObject {
  assertString(name, 'name');
  // Entries, since assigning to `__proto__` would not make a member.
  return Object.fromEntries(Object.entries(object).filter(([member]) => member !== name));
}

/** The bytes of a signature text that fits a suite; `undefined` where it does not. */
function decodeSignatureText(value: unknown, suite: AitpSuite): Uint8Array | undefined {
  const [, tag = 'ed25519', digits] = (typeof value === 'string' && SIGNATURE.exec(value)) || [];
  if (digits === undefined || tag !== suite) return undefined;
  try {
    return decodeBase64url(digits);
  } catch {
    return undefined;
  }
}
