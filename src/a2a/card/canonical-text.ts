// RFC 8785 as signatures of cards use it: with a limit of its own on nesting, and failures under the codes of this room.

import { canonicalize } from '../../codec/jcs.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { A2aError } from '../errors.js';

/** Deepest place of a value in a card, the card itself being at 0. Newer Python peers refuse what is deeper, too. */
export const MAX_CARD_DEPTH = 128;

/**
 * Writes a card, or what is to be signed of one, in canonical form.
 *
 * @param value Borrowed, not modified.
 * @throws {A2aError} ERR_A2A_CANONICALIZATION_FAILED: something JSON cannot say, a lone surrogate, or nested too deep.
 */
export function canonicalText(value: JsonObject): string {
  try {
    return withinDepth(value, (levels) => canonicalize(value, levels));
  } catch (cause) {
    throw new A2aError('ERR_A2A_CANONICALIZATION_FAILED', 'the card has no canonical form', { cause });
  }
}

/**
 * Runs something whose limit counts arrays and objects, so that it ends up with ours, which counts values.
 *
 * What stands in an array is one deeper than the array, so 128 levels are always fine; a 129th may be there, but empty.
 * That is looked into only where the first try fails.
 *
 * @param run Throws when there are more levels than it is given.
 */
export function withinDepth<T extends JsonValue | string>(value: JsonValue | undefined, run: (levels: number) => T): T {
  try {
    return run(MAX_CARD_DEPTH);
  } catch (error) {
    if (value !== undefined && !isWithinDepth(value)) throw error;
    const result = run(MAX_CARD_DEPTH + 1);
    if (value === undefined && !isWithinDepth(result)) throw error;
    return result;
  }
}

/** Whether no value stands deeper than {@link MAX_CARD_DEPTH}. Stops at the first that does. */
function isWithinDepth(value: JsonValue, depth = 0): boolean {
  if (depth > MAX_CARD_DEPTH) return false;
  if (typeof value !== 'object' || value === null) return true;
  const items = Array.isArray(value) ? value : Object.values(value);
  return items.every((item) => isWithinDepth(item, depth + 1));
}
