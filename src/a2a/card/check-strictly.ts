// What we sign has to be v1.0 to the letter: what a verifier might read otherwise, or not at all, is refused before it is
// signed rather than reported after.

import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { A2aError } from '../errors.js';
import { jsonPointer, memberOf } from './members.js';
import { invalidCard, NORMALIZED, projectCard } from './project.js';
import { shown } from './shown.js';

/**
 * Checks a card that is to be signed.
 *
 * @param card Plain JSON. `signatures` is not looked at.
 * @param allowUnknown Whether members v1.0 does not know may be there.
 * @throws {A2aError} ERR_A2A_INVALID_CARD: not v1.0. ERR_A2A_CANONICALIZATION_FAILED: an integer that a double cannot
 *   hold for sure. Both with `pointer`.
 */
export function checkStrictly(card: JsonObject, allowUnknown: boolean): void {
  const { signatures: _, ...unsigned } = card;
  const unknown = allowUnknown ? 'keep' : 'drop';
  const read = projectCard(unsigned, { ...NORMALIZED, unknown, missing: 'reject' });
  // Whatever had to be read into another shape, or was not read at all, is not v1.0.
  const odd = firstDifference(unsigned, read, []);
  if (odd !== undefined) throw invalidCard(odd, 'is null, or nothing that v1.0 knows in this spelling');
  const found = firstUnsafe(unsigned, []);
  if (found === undefined) return;
  const unsafe = shown(found);
  throw new A2aError('ERR_A2A_CANONICALIZATION_FAILED', `${unsafe} is an integer beyond 2^53 - 1`, { pointer: unsafe });
}

type Path = readonly (string | number)[];

/** Pointer to the first value that is not the same in its reading. */
function firstDifference(value: JsonValue, read: JsonValue | undefined, path: Path): string | undefined {
  if (value === read) return undefined;
  const sameKind = isObject(value) ? isObject(read) : Array.isArray(value) && Array.isArray(read);
  if (!sameKind) return jsonPointer(path);
  for (const [name, member] of Object.entries(value as JsonObject)) {
    const difference = firstDifference(member, memberOf(read as JsonObject, name), [...path, name]);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/** Our own parser, like others, refuses such a number when it reads the card again. */
function firstUnsafe(value: JsonValue, path: Path): string | undefined {
  if (typeof value === 'number') {
    const isPlain = Number.isInteger(value) && Math.abs(value) < 1e21;
    return isPlain && !Number.isSafeInteger(value) ? jsonPointer(path) : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, member] of Object.entries(value as JsonObject)) {
    const unsafe = firstUnsafe(member, [...path, name]);
    if (unsafe !== undefined) return unsafe;
  }
  return undefined;
}
