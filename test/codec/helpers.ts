// What the codec tests share: reading outcomes, making values, making broken ones.

import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';

export { codeOfCall as codeOf } from '../support/code-of.js';
export { runs } from '../support/runs.js';

/**
 * Expects the same value to the bit: -0 is not 0, prototypes count, and members named `__proto__` or `constructor` are
 * members. Vitest's own comparison asks members of that name for an opinion.
 */
export const same: (actual: unknown, expected: unknown) => void = deepStrictEqual;

/** The double with these 64 bits, in hexadecimal. */
export function doubleOf(bits: string): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${bits}`));
  return view.getFloat64(0);
}

/** An object with just these own data properties, in this order where names are not integers. */
export function objectOf(members: Iterable<readonly [string, unknown]>): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [name, value] of members) {
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  }
  return object;
}

/** Arrays inside one another, built without recursion. */
export function nestedArrays(depth: number): unknown[] {
  let array: unknown[] = [];
  for (let i = 1; i < depth; i++) array = [array];
  return array;
}

/** Objects inside one another. */
export function nestedObjects(depth: number): object {
  let object = {};
  for (let i = 1; i < depth; i++) object = { a: object };
  return object;
}

// Any well-formed text, and names that objects or engines treat in their own way.
const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }));
const name = fc.oneof(
  text,
  fc.nat(20).map(String),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'toJSON', 'rawJSON', 'length', '01', '-1', '4294967295'),
);
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 5e-324, 1e21, 1e-7, 2 ** 53 - 1, 1.7976931348623157e308),
);

/** Members of an object, each name once. */
export function members(value: fc.Arbitrary<unknown>): fc.Arbitrary<[string, unknown][]> {
  return fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 6 });
}

/** Any JSON value, at most six levels deep. */
export const jsonValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 5, withCrossShrink: true }, tie('leaf'), tie('array'), tie('object')),
  leaf: fc.oneof(text, number, fc.boolean(), fc.constant(null)),
  array: fc.array(tie('value'), { maxLength: 6 }),
  object: members(tie('value')).map(objectOf),
})).value;

/** The value with the members of every object in another order. */
export function reversed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(reversed);
  const entries = Object.entries(value).map(([key, member]) => [key, reversed(member)] as const);
  return objectOf(entries.reverse());
}
