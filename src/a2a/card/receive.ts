// A card as it came in, as text or as a value, made into plain JSON that nobody else holds: strictly, since what two
// parsers could read differently must not be signed for (threats J1 to J3).

import { assertInteger } from '../../bytes/assert.js';
import { isObject } from '../../codec/is-object.js';
import { parseJsonStrict } from '../../codec/json.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { CodecError } from '../../errors.js';
import { A2aError } from '../errors.js';
import { canonicalText, withinDepth } from './canonical-text.js';
import { invalidCard } from './project.js';

/** Longest card that is read, as UTF-8. Fetching has a lower limit of its own. */
export const MAX_CARD_BYTES = 1_048_576;

const MAX_CARD_MEMBERS = 100_000;

/** Failures of the parser that concern what a text can say in canonical form, rather than whether it is JSON. */
const NOT_CANONICAL = /_(SURROGATE|NUMBER|DEPTH)$/;

/**
 * Takes a card in.
 *
 * @param input JSON text or its UTF-8 bytes, read strictly; or a value, of which a copy is taken through its canonical
 *   form, so that getters, shared parts and odd prototypes do not come along.
 * @param maxBytes Longest text, in bytes of UTF-8.
 * @returns Fresh plain JSON.
 * @throws {A2aError} ERR_A2A_INVALID_CARD: not strict JSON, too long, or not an object. ERR_A2A_CANONICALIZATION_FAILED:
 *   a lone surrogate, a number that a double does not hold as it is written, nested deeper than 128, or a value JSON cannot say.
 */
export function receiveCard(input: unknown, maxBytes = MAX_CARD_BYTES): JsonObject {
  assertInteger(maxBytes, 'maxBytes', 1);
  const isText = typeof input === 'string' || input instanceof Uint8Array;
  const value = isText ? parseText(input, maxBytes) : input;
  if (!isObject(value)) throw invalidCard('', 'must be an object');
  return isText ? value : copyOf(value);
}

/** A copy of plain JSON: sorted, and made of nothing but data. */
function copyOf(value: JsonObject): JsonObject {
  // Entries of `signatures` are judged one by one, so that a strange one spoils no other.
  const { signatures, ...unsigned } = value;
  return {
    ...(JSON.parse(canonicalText(unsigned)) as JsonObject),
    ...(signatures === undefined ? {} : { signatures }),
  };
}

function parseText(input: string | Uint8Array, maxBytes: number): JsonValue {
  // About a large integer in its canonical form no two parsers differ, and signers do sign them.
  const exactIntegers = true;
  try {
    return withinDepth(undefined, (maxDepth) =>
      parseJsonStrict(input, { maxBytes, maxDepth, maxKeys: MAX_CARD_MEMBERS, exactIntegers }),
    );
  } catch (cause) {
    if (!(cause instanceof CodecError && NOT_CANONICAL.test(cause.code))) {
      throw invalidCard('', 'is not strict JSON', { cause });
    }
    throw new A2aError('ERR_A2A_CANONICALIZATION_FAILED', 'the card has no canonical form', { cause });
  }
}
