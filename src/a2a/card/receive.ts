// A card as it came in, as text or as a value, made into plain JSON that nobody else holds: strictly, since what two
// parsers could read differently must not be signed for (threats J1 to J3).

import { assertInteger } from '../../bytes/assert.js';
import { decodeUtf8 } from '../../bytes/utf8.js';
import { parseJsonStrict } from '../../codec/json.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { CodecError } from '../../errors.js';
import { A2aError } from '../errors.js';
import { canonicalText, withinDepth } from './canonical-text.js';
import { isObject } from './members.js';
import { invalidCard } from './project.js';

/** Longest card that is read, as UTF-8. Fetching has a lower limit of its own. */
export const MAX_CARD_BYTES = 1_048_576;

const MAX_CARD_MEMBERS = 100_000;

/** Failures of the parser that concern what a text can say in canonical form, rather than whether it is JSON. */
const NOT_CANONICAL = ['ERR_CODEC_JSON_SURROGATE', 'ERR_CODEC_JSON_NUMBER', 'ERR_CODEC_JSON_DEPTH'];

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
  const copy = JSON.parse(canonicalText(unsigned)) as Record<string, JsonValue>;
  if (signatures !== undefined) copy.signatures = signatures;
  return copy;
}

function parseText(input: string | Uint8Array, maxBytes: number): JsonValue {
  const parse = (text: string | Uint8Array) =>
    withinDepth(undefined, (maxDepth) => parseJsonStrict(text, { maxBytes, maxDepth, maxKeys: MAX_CARD_MEMBERS }));
  try {
    try {
      return parse(input);
    } catch (error) {
      if (codeOf(error) !== 'ERR_CODEC_JSON_NUMBER') throw error;
      const text = typeof input === 'string' ? input : decodeUtf8(input);
      parse(withoutExactIntegers(text));
      return JSON.parse(text) as JsonValue;
    }
  } catch (cause) {
    if (!NOT_CANONICAL.includes(codeOf(cause) ?? '')) throw invalidCard('', 'is not strict JSON', { cause });
    throw new A2aError('ERR_A2A_CANONICALIZATION_FAILED', 'the card has no canonical form', { cause });
  }
}

/**
 * A text to check in place of another: large integers that stand in it as their canonical form would are 0. The strict
 * parser refuses all of them, since some parsers round; about these nobody can differ, and signers do sign them.
 */
function withoutExactIntegers(text: string): string {
  return text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
    /^-?\d{16,}$/.test(token) && `${Number(token)}` === token ? '0' : token,
  );
}

function codeOf(error: unknown): string | undefined {
  return error instanceof CodecError ? error.code : undefined;
}
