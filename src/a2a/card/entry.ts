// One entry of `signatures`, taken apart (A2A v1.0, section 8.4.2; RFC 7515), and the names this room gives to what can be
// wrong with it.

import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import {
  checkUnprotectedHeader,
  decodeProtectedHeader,
  type ProtectedHeader,
} from '../../documents/protected-header.js';
import { decodeSignature } from '../../documents/verify.js';
import { VerifyError, type VerifyErrorCode } from '../../errors.js';
import { A2aError, type A2aErrorCode } from '../errors.js';
import { invalidCard } from './project.js';

const CODES: Readonly<Record<VerifyErrorCode, A2aErrorCode>> = {
  ERR_VERIFY_SIGNATURE: 'ERR_A2A_VERIFICATION_FAILED',
  ERR_VERIFY_ENTRY: 'ERR_A2A_INVALID_ENTRY',
  ERR_VERIFY_HEADER_ENCODING: 'ERR_A2A_INVALID_PROTECTED_ENCODING',
  ERR_VERIFY_HEADER: 'ERR_A2A_INVALID_PROTECTED_HEADER',
  ERR_VERIFY_CRITICAL: 'ERR_A2A_UNSUPPORTED_CRITICAL_HEADER',
  ERR_VERIFY_ALGORITHM: 'ERR_A2A_UNSUPPORTED_ALGORITHM',
  ERR_VERIFY_TYPE: 'ERR_A2A_INVALID_PROTECTED_HEADER',
  ERR_VERIFY_SIGNATURE_ENCODING: 'ERR_A2A_INVALID_SIGNATURE_ENCODING',
  ERR_VERIFY_KEY_NOT_FOUND: 'ERR_A2A_KEY_NOT_FOUND',
  ERR_VERIFY_KEY_UNUSABLE: 'ERR_A2A_KEY_UNUSABLE',
  ERR_VERIFY_KEY_RETRIEVAL: 'ERR_A2A_KEY_RETRIEVAL_FAILED',
};

/** What signers of cards write as `typ`: the specification's name, or Python's. */
const CARD_TYPE = /^([Jj][Oo][Ss][Ee]|JWT)$/;

/** What is asked of a protected header beyond its form. */
export interface HeaderRules {
  /** Whether a `kid` has to be there. Default true, as the specification has it. */
  readonly requireKid?: boolean | undefined;
  /**
   * The `typ` wanted, compared exactly. Default: none, `JOSE` in any case, or `JWT`, as signers of cards write it: what a
   * key signed as anything else is no card, whatever it says.
   */
  readonly typ?: string | undefined;
}

/** The entries of a card's `signatures`. @throws {A2aError} ERR_A2A_MISSING_SIGNATURES, ERR_A2A_INVALID_CARD. */
export function entriesOf({ signatures = null }: JsonObject): readonly JsonValue[] {
  if (signatures !== null && !Array.isArray(signatures)) throw invalidCard('/signatures', 'must be an array');
  if (signatures !== null && signatures.length > 0) return signatures;
  throw new A2aError('ERR_A2A_MISSING_SIGNATURES', 'the card is not signed');
}

/** The texts of an entry. @throws {A2aError} ERR_A2A_INVALID_ENTRY: no object, or `protected` or `signature` no text. */
export function entryTexts(entry: unknown): { readonly segment: string; readonly signature: string } {
  const { protected: segment, signature } = isObject(entry) ? entry : ({} as JsonObject);
  if (typeof segment === 'string' && typeof signature === 'string') return { segment, signature };
  throw new A2aError('ERR_A2A_INVALID_ENTRY', 'an entry of signatures must hold the texts protected and signature');
}

/**
 * Decodes the protected header of an entry, and holds the unprotected one against it.
 *
 * @throws {A2aError} ERR_A2A_INVALID_ENTRY, ERR_A2A_INVALID_PROTECTED_ENCODING, ERR_A2A_INVALID_PROTECTED_HEADER,
 *   ERR_A2A_UNSUPPORTED_CRITICAL_HEADER.
 */
export function readHeader(entry: unknown, { requireKid = true, typ }: HeaderRules = {}): ProtectedHeader {
  const { segment } = entryTexts(entry);
  return inOurWords(() => {
    const header = decodeProtectedHeader(segment);
    checkUnprotectedHeader(unprotectedOf(entry), header);
    if (requireKid && header.kid === undefined) throw new VerifyError('ERR_VERIFY_HEADER', 'the header has no kid');
    if (typ === undefined ? !CARD_TYPE.test(header.typ ?? 'JOSE') : header.typ !== typ)
      throw new VerifyError('ERR_VERIFY_TYPE', 'the header has another typ');
    return header;
  });
}

/** The bytes of the signature of an entry. @throws {A2aError} ERR_A2A_INVALID_ENTRY, ERR_A2A_INVALID_SIGNATURE_ENCODING. */
export function readSignature(entry: unknown): Uint8Array {
  const { signature } = entryTexts(entry);
  return inOurWords(() => decodeSignature(signature));
}

/** The unprotected header; `undefined` when there is none, which peers may write as `null`. */
export function unprotectedOf(entry: unknown): JsonObject | undefined {
  return ((entry as JsonObject).header ?? undefined) as JsonObject | undefined;
}

/**
 * An error as one of this room.
 *
 * @param fallback For errors that are nobody's we know, such as what a callback threw.
 */
export function toA2aError(error: unknown, fallback: A2aErrorCode = 'ERR_A2A_VERIFICATION_FAILED'): A2aError {
  if (error instanceof A2aError) return error;
  const code = error instanceof VerifyError ? CODES[error.code] : fallback;
  const message = error instanceof VerifyError ? error.message : 'checking the signature failed';
  return new A2aError(code, message, { cause: error });
}

function inOurWords<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw toA2aError(error);
  }
}
