// How deep and how wide a peer's JSON may be, checked on the value `JSON.parse` made of it, before anybody walks it.
// V8 and JavaScriptCore parse without recursion (20,000 levels were tried); the code that walks the result often does not.

import { assertInteger } from '../bytes/assert.js';
import { LimitError } from '../errors.js';

/** Deepest nesting any function of this room can be asked for: far below what exhausts a stack. */
export const MAX_DEPTH_CEILING = 1_000;

/** The two bounds, named as the options that set them. */
export interface JsonBounds {
  /** Arrays and objects inside one another, the outermost counted: 1 to 1,000. */
  readonly maxJsonDepth: number;
  /** Object members in the whole value, those of nested objects included: an integer from 0. */
  readonly maxJsonKeys: number;
}

/**
 * Checks that a value that came out of `JSON.parse` is neither too deep nor too wide.
 *
 * Stops at the first excess; recurses no deeper than `maxJsonDepth`.
 *
 * @param value Borrowed. A cyclic one counts as too deep.
 * @throws {LimitError} ERR_LIMIT_EXCEEDED with `limit` `maxJsonDepth` or `maxJsonKeys`.
 * @throws {TypeError} a bound is no number.
 * @throws {RangeError} a bound is out of its range.
 */
export function checkJsonBounds(value: unknown, bounds: JsonBounds): void {
  assertInteger(bounds.maxJsonDepth, 'maxJsonDepth', 1, MAX_DEPTH_CEILING);
  assertInteger(bounds.maxJsonKeys, 'maxJsonKeys', 0);
  if (typeof value === 'object' && value !== null) countKeys(value, bounds.maxJsonDepth, 0, bounds);
}

/** Adds the members below `container` to `keys`, with `levels` of nesting left, `container`'s own included. */
function countKeys(container: object, levels: number, keys: number, bounds: JsonBounds): number {
  if (levels === 0) throw new LimitError('maxJsonDepth', bounds.maxJsonDepth, bounds.maxJsonDepth + 1);
  let total = keys;
  if (Array.isArray(container)) {
    for (let i = 0; i < container.length; i++) {
      const item: unknown = container[i];
      if (typeof item === 'object' && item !== null) total = countKeys(item, levels - 1, total, bounds);
    }
    return total;
  }
  for (const key in container) {
    if (!Object.hasOwn(container, key)) continue;
    if (++total > bounds.maxJsonKeys) throw new LimitError('maxJsonKeys', bounds.maxJsonKeys, total);
    const member = (container as Record<string, unknown>)[key];
    if (typeof member === 'object' && member !== null) total = countKeys(member, levels - 1, total, bounds);
  }
  return total;
}
