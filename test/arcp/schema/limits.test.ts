// Each limit of schemas and of values at its edge: the last that is taken, and the first that is not.

import { describe, expect, test } from 'vitest';
import { compileSchema } from '../../../src/arcp/schema/json-schema.js';
import type { JsonValue } from '../../../src/codec/json-value.js';

/** Wraps a value in itself so many times. */
function nested(levels: number, inmost: JsonValue, wrap: (inner: JsonValue) => JsonValue): JsonValue {
  let value = inmost;
  for (let i = 0; i < levels; i++) value = wrap(value);
  return value;
}

/** Whether a schema is taken: its code where it is not. */
const taken = (schema: JsonValue, options = {}) =>
  compileSchema(schema, options).then(
    () => 'taken',
    (error: { readonly code: string }) => error.code,
  );
const REFUSED = 'ERR_ARCP_INVALID_ARGUMENT';

/** A schema of so many characters of JSON, all of one byte but the last ones. */
const ofLength = (length: number, end = '') => {
  const empty = JSON.stringify({ description: end }).length;
  return { description: 'x'.repeat(length - empty) + end };
};

/** So many lists, one inside the other. */
const lists = (levels: number) => nested(levels - 1, [], (inner) => [inner]);

/** So many schemas that judge one value, one inside the other. */
const chain = (schemas: number) => nested(schemas - 1, {}, (inner) => ({ allOf: [inner] }));

describe('a schema', () => {
  test.each<[string, JsonValue, JsonValue]>([
    ['65,536 bytes, and not one more', ofLength(65_536), ofLength(65_537)],
    // One character of three bytes: 65,534 characters in all.
    ['65,536 bytes as UTF-8, however few characters', ofLength(65_534, '\u20ac'), ofLength(65_535, '\u20ac')],
    ['32 levels, and not 33', { const: lists(31) }, { const: lists(32) }],
    ['2,000 schemas in all, and not 2,001', { properties: many(1_999) }, { properties: many(2_000) }],
    ['12 that judge one value, one inside the other, and not 13', chain(12), chain(13)],
  ])('may have %s', async (_what, last, first) => {
    expect([await taken(last), await taken(first)]).toEqual(['taken', REFUSED]);
  });

  test('may have as much as its reader says', async () => {
    expect(await taken(ofLength(100), { maxBytes: 100 })).toBe('taken');
    expect(await taken(ofLength(101), { maxBytes: 100 })).toBe(REFUSED);
    expect(await taken({ not: {} }, { maxDepth: 2 })).toBe('taken');
    expect(await taken({ not: { not: {} } }, { maxDepth: 2 })).toBe(REFUSED);
  });

  test('that is refused is refused with a path that nothing can hide in', async () => {
    const name = `\u001b[2J\u202e${'x'.repeat(1_000)}`;
    const error = await compileSchema({ properties: { [name]: { $dynamicRef: '#' } } }).catch((one: unknown) => one);
    const { path } = (error as { readonly details: { readonly path: string } }).details;
    expect(path).toContain('\\u001b[2J\\u202e');
    expect(path.length).toBeLessThan(300);
  });
});

describe('a value', () => {
  test.each<[string, JsonValue, JsonValue]>([
    ['32 levels, and not 33', nested(32, 1, (inner) => [inner]), nested(33, 1, (inner) => [inner])],
    ['100,000 values in all, and not one more', Array(99_999).fill(0), Array(100_000).fill(0)],
    ['names of 1,024 characters, and not 1,025', { ['x'.repeat(1_024)]: 0 }, { ['x'.repeat(1_025)]: 0 }],
  ])('may have %s', async (_what, last, first) => {
    const { check } = await compileSchema(true);
    expect(check(last)).toBeUndefined();
    expect(check(first)).toMatchObject({ path: '#' });
  });
});

function many(count: number): JsonValue {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`n${n}`, {}]));
}
