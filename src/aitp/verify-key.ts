// The key behind a name. AIDs are parsed and their keys imported once, and kept in a bounded memory (aid.ts).

import type { VerificationKey } from '../documents/verification-key.js';
import { parseAid } from './aid.js';
import type { AitpWireCode } from './errors.js';

/**
 * The key an AID names.
 *
 * @param code Code of the refusal.
 * @throws {AitpError} `code`: not an AID of a usable key.
 */
export function keyOfAid(aid: string, code?: AitpWireCode): VerificationKey {
  return parseAid(aid, code).key;
}

/**
 * Whether a signature over a message holds under an AID, by the strict rules of section 2.7: canonical points, none of
 * small order, S below the order, and for P-256 at most half of it.
 *
 * @param signature Anything but 64 bytes is no signature.
 * @throws {AitpError} `code`: not an AID of a usable key.
 */
export function holdsUnder(
  aid: string,
  message: Uint8Array,
  signature: Uint8Array,
  code?: AitpWireCode,
): Promise<boolean> {
  return keyOfAid(aid, code).verify(message, signature, { requireLowS: true });
}
