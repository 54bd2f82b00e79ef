// Plain JSON objects, handled so that a member named `__proto__` is a member like any other.

import { isObject } from '../../codec/is-object.js';
import { addMember } from '../../codec/json.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { shorten } from './shown.js';

/** Whether a value is an object that is nothing but its members: no Date, no Map, no instance of a class. */
export function isPlain(value: unknown): value is JsonObject {
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Of any realm, such as an iframe's: no other prototype ends the chain.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** An own member, never one of the prototype; `undefined` where there is none. */
export function memberOf(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/**
 * Copies plain JSON with its members in canonical order, which `canonicalize` then need not bring about.
 *
 * @param levels Of nesting to copy. What is deeper, and what is not plain, stays as it is: to be refused when it is
 *   written.
 */
export function sortedCopy(value: JsonValue, levels: number): JsonValue {
  if (levels < 0) return value;
  if (Array.isArray(value)) return Array.from(value, (item) => sortedCopy(item, levels - 1));
  if (!isPlain(value)) return value;
  const copy: Record<string, JsonValue> = {};
  for (const name of Object.keys(value).sort()) {
    addMember(copy, name, sortedCopy(value[name] as JsonValue, levels - 1));
  }
  return copy;
}

/** Longest name in a pointer, in UTF-16 units. */
const NAME_CHARACTERS = 256;

/**
 * Writes a JSON pointer (RFC 6901), but for names longer than 256 characters: of them it has the first 253, and `...`.
 *
 * @returns `''` for the whole document.
 */
export function jsonPointer(path: readonly (string | number)[]): string {
  return path
    .map((step) => `/${shorten(`${step}`, NAME_CHARACTERS).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}
