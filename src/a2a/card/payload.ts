// The parts of a card's signature one by one, for those who check it by their own means.

import { assertInteger } from '../../bytes/assert.js';
import { encodeUtf8 } from '../../bytes/utf8.js';
import { isObject } from '../../codec/is-object.js';
import type { JsonObject } from '../../codec/json-value.js';
import type { ProtectedHeader } from '../../documents/protected-header.js';
import { signingInput } from '../../documents/verify.js';
import type { AgentCard, AgentCardSignature } from './agent-card.js';
import type { VerificationInput } from './attempts.js';
import { entriesOf, type HeaderRules, readHeader, readSignature, unprotectedOf } from './entry.js';
import { type CanonicalProfile, spec } from './profiles.js';
import { invalidCard } from './project.js';
import { receiveCard } from './receive.js';

/** What is signed of a card. */
export interface SigningPayload {
  /** Canonical JSON. */
  readonly text: string;
  /** The same in UTF-8. */
  readonly bytes: Uint8Array;
}

/**
 * A copy of a card without its signatures.
 *
 * @param card JSON as received. Borrowed, not modified.
 * @returns Fresh at every depth. Members inside that are called `signatures` stay.
 * @throws {A2aError} ERR_A2A_INVALID_CARD: not an object. ERR_A2A_CANONICALIZATION_FAILED: not JSON.
 */
export function unsignedClone<Card extends AgentCard | JsonObject>(card: Card): Omit<Card, 'signatures'> {
  const { signatures: _, ...unsigned } = receiveCard(card);
  return unsigned as unknown as Omit<Card, 'signatures'>;
}

/**
 * What a signature of a card is over.
 *
 * @param card JSON as received. Borrowed, not modified.
 * @param profile How it becomes text. Default: the specification's way.
 * @throws {A2aError} ERR_A2A_INVALID_CARD: a known member of the wrong kind, or in two spellings.
 *   ERR_A2A_CANONICALIZATION_FAILED: a lone surrogate, nested too deep, or not JSON.
 * @see A2A v1.0, section 8.4.1
 */
export function canonicalSigningPayload(
  card: AgentCard | JsonObject,
  profile: CanonicalProfile = spec,
): SigningPayload {
  if (!isObject(card)) throw invalidCard('', 'must be an object');
  const text = profile.canonicalize(card);
  return { text, bytes: encodeUtf8(text) };
}

/**
 * Decodes the protected header of a signature.
 *
 * @throws {A2aError} ERR_A2A_INVALID_ENTRY, ERR_A2A_INVALID_PROTECTED_ENCODING, ERR_A2A_INVALID_PROTECTED_HEADER,
 *   ERR_A2A_UNSUPPORTED_CRITICAL_HEADER.
 */
export function protectedHeader(signature: AgentCardSignature, rules?: HeaderRules): ProtectedHeader {
  return readHeader(signature, rules);
}

/**
 * Decodes the signature itself.
 *
 * @returns Fresh bytes: 64 for the algorithms we know.
 * @throws {A2aError} ERR_A2A_INVALID_ENTRY, ERR_A2A_INVALID_SIGNATURE_ENCODING.
 */
export function signatureBytes(signature: AgentCardSignature): Uint8Array {
  return readSignature(signature);
}

/**
 * Everything that checking one signature of a card takes.
 *
 * @param card JSON text, its UTF-8 bytes, or a parsed value. Borrowed, not modified.
 * @param index Which of its signatures. Default: the first.
 * @param profile How the card becomes text. Default: the specification's way.
 * @throws {A2aError} ERR_A2A_MISSING_SIGNATURES, and as the functions above.
 * @throws {RangeError} there is no such signature.
 */
export function verificationInput(card: unknown, index = 0, profile: CanonicalProfile = spec): VerificationInput {
  const received = receiveCard(card);
  const entries = entriesOf(received);
  assertInteger(index, 'index', 0, entries.length - 1);
  const entry = entries[index];
  const header = readHeader(entry);
  const unprotected = unprotectedOf(entry);
  return {
    header,
    protected: header.segment,
    signature: readSignature(entry),
    signingInput: signingInput(header.segment, encodeUtf8(profile.canonicalize(received))),
    ...(unprotected === undefined ? {} : { unprotected }),
    profile: profile.name,
  };
}
