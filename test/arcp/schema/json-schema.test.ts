// Schemas and values of strangers, and the meaning of the keywords that are taken (JSON Schema, draft 2020-12).

import { describe, expect, test } from 'vitest';
import { compileSchema, type SchemaOptions } from '../../../src/arcp/schema/json-schema.js';
import type { JsonObject, JsonValue } from '../../../src/codec/json-value.js';

const nested = (levels: number, inner: JsonValue, wrap: (inner: JsonValue) => JsonValue): JsonValue => {
  let value = inner;
  for (let i = 0; i < levels; i++) value = wrap(value);
  return value;
};

/** Members of a map made of numbers below a count. */
const numbered = (count: number, name: (i: number) => string, value: (i: number) => JsonValue): JsonObject =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [name(i), value(i)]));

const fits = async (schema: JsonValue, value: JsonValue, options?: SchemaOptions) =>
  (await compileSchema(schema, options)).check(value) === undefined;

describe('schemas that are refused', () => {
  const doubling = (count: number, keyword: string): JsonValue => ({
    $ref: '#/$defs/a0',
    $defs: {
      ...numbered(
        count,
        (i) => `a${i}`,
        (i) => ({ [keyword]: [{ $ref: `#/$defs/a${i + 1}` }, { $ref: `#/$defs/a${i + 1}` }] }),
      ),
      [`a${count}`]: { type: 'string' },
    },
  });
  const chain = (count: number): JsonValue => ({
    $ref: '#/$defs/a0',
    $defs: {
      ...numbered(
        count,
        (i) => `a${i}`,
        (i) => ({ $ref: `#/$defs/a${i + 1}` }),
      ),
      [`a${count}`]: true,
    },
  });

  const table: readonly (readonly [what: string, schema: JsonValue])[] = [
    ['that is no schema', 7],
    ['that is a list', []],
    ['that is null', null],
    ['with a $ref to another place', { $ref: 'https://attacker.example/schema.json' }],
    ['with a $ref to a file', { $ref: 'other.json#/a' }],
    ['with a $ref that is no text', { $ref: { a: 1 } }],
    ['with a $ref to nothing', { $ref: '#/$defs/nothing' }],
    ['with a $ref to an inherited member', { $ref: '#/constructor' }],
    ['with a $ref to an anchor that is not there', { $ref: '#nowhere' }],
    [
      'with a $ref to an anchor that is there twice',
      { $ref: '#a', $defs: { x: { $anchor: 'a' }, y: { $anchor: 'a' } } },
    ],
    ['with a $ref into data', { $ref: '#/enum/0', enum: ['a'] }],
    ['with a $ref of bad percent encoding', { $ref: '#%' }],
    ['with a $ref to itself', { $ref: '#' }],
    [
      'with two $refs to each other',
      { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } },
    ],
    ['with a cycle through allOf', { allOf: [{ $ref: '#' }] }],
    ['with a cycle through not and if', { if: { not: { $ref: '#' } } }],
    ['with a cycle through dependentSchemas', { dependentSchemas: { a: { $ref: '#' } } }],
    ['with a $dynamicRef', { $dynamicRef: '#node' }],
    ['with a $dynamicAnchor', { $dynamicAnchor: 'node' }],
    ['with a $recursiveRef', { $recursiveRef: '#' }],
    ['with an $id inside', { properties: { a: { $id: 'https://attacker.example/' } } }],
    ['with a pattern', { pattern: '^(a+)+$' }],
    ['with patternProperties', { patternProperties: { '^(a+)+$': true } }],
    ['with a pattern deep inside', { properties: { a: { items: { anyOf: [{ pattern: 'a' }] } } } }],
    ['with the items of an older draft', { items: [{ type: 'string' }] }],
    ['with additionalItems', { items: true, additionalItems: false }],
    ['with dependencies', { dependencies: { a: ['b'] } }],
    ['with the exclusiveMinimum of an older draft', { minimum: 1, exclusiveMinimum: true }],
    ['with an unknown type', { type: 'any' }],
    ['with an inherited name for a type', { type: 'constructor' }],
    ['with no type at all', { type: [] }],
    ['with required that is no list', { required: 'a' }],
    ['with required that holds no texts', { required: [1] }],
    ['with enum that is no list', { enum: { length: 1 } }],
    ['with a negative length', { minLength: -1 }],
    ['with a length that is no integer', { maxLength: 1.5 }],
    ['with multipleOf 0', { multipleOf: 0 }],
    ['with properties that are a list', { properties: [true] }],
    ['with properties that are no schemas', { properties: { a: 1 } }],
    ['with an empty anyOf', { anyOf: [] }],
    ['with dependentRequired that holds no lists', { dependentRequired: { a: 'b' } }],
    ['with a name that is not well formed', { properties: { '\ud800': true } }],
    [
      'with unevaluatedProperties beside what judges the same value',
      { $ref: '#/$defs/a', allOf: [{ unevaluatedProperties: false }], $defs: { a: {} } },
    ],
    ['with unevaluatedItems under then', JSON.parse('{"if":true,"then":{"unevaluatedItems":false}}')],
    ['that is 33 levels deep', nested(33, {}, (not) => ({ not }))],
    ['that is longer than 64 KiB', { description: 'a'.repeat(65_536) }],
    ['that is a long chain of references', chain(12)],
    ['that doubles with each anyOf, twenty times', doubling(20, 'anyOf')],
    ['of very many schemas', { anyOf: Array.from({ length: 2_000 }, () => ({})) }],
    [
      'that would redirect the validator by its own marks',
      { $ref: '#/$defs/strict', __absolute_ref__: '#/x', $defs: {} },
    ],
  ];
  test.each(table)('R5: a schema %s is refused', async (_what, schema) => {
    await expect(compileSchema(schema)).rejects.toMatchObject({
      code: 'ERR_ARCP_INVALID_ARGUMENT',
      details: { path: expect.any(String), issue: expect.any(String) },
    });
  });

  test.each([
    ['length', { maxBytes: 17 }, { maxBytes: 16 }, { type: 'string' }],
    ['depth', { maxDepth: 2 }, { maxDepth: 1 }, { not: {} }],
  ])('the bound on %s stands exactly where it was set', async (_what, at, below, schema) => {
    await expect(compileSchema(schema, at)).resolves.toBeDefined();
    await expect(compileSchema(schema, below)).rejects.toMatchObject({ code: 'ERR_ARCP_INVALID_ARGUMENT' });
  });

  test.each<[string, JsonValue]>([
    [
      'nine hundred references by anchor',
      {
        allOf: Array.from({ length: 900 }, (_, i) => ({ $ref: `#a${i}` })),
        $defs: numbered(
          900,
          (i) => `a${i}`,
          (i) => ({ $anchor: `a${i}` }),
        ),
      },
    ],
    [
      'an anchor that is sought through all of it',
      { allOf: [{ $ref: '#a' }], examples: Array.from({ length: 30_000 }, () => 0) },
    ],
    ['very many names', { required: Array.from({ length: 9_000 }, (_, i) => `a${i}`) }],
  ])('R5: %s are read, or refused, soon', async (_what, schema) => {
    const startMs = performance.now();
    await compileSchema(schema).catch((error: unknown) =>
      expect(error).toMatchObject({ code: 'ERR_ARCP_INVALID_ARGUMENT' }),
    );
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });

  test('a pattern that is none is refused also where patterns are allowed', async () => {
    for (const schema of [{ pattern: '(' }, { patternProperties: { '(': true } }]) {
      await expect(compileSchema(schema, { allowPatterns: true })).rejects.toMatchObject({
        code: 'ERR_ARCP_INVALID_ARGUMENT',
      });
    }
  });

  test('limits that are none are a mistake of the caller', async () => {
    await expect(compileSchema({}, { maxDepth: 65 })).rejects.toThrow(RangeError);
    await expect(compileSchema({}, { maxBytes: 0 })).rejects.toThrow(RangeError);
  });
});

describe('values that would take too long', () => {
  const fan = (keyword: string): JsonValue => ({
    $ref: '#/$defs/a0',
    $defs: {
      ...numbered(
        5,
        (i) => `a${i}`,
        (i) => ({ [keyword]: Array.from({ length: 12 }, () => ({ $ref: `#/$defs/a${i + 1}` })) }),
      ),
      a5: { type: 'string' },
    },
  });
  const branching: JsonValue = {
    anyOf: [
      { type: 'string' },
      { properties: { a: { $ref: '#' } } },
      { properties: { a: { $ref: '#' } }, required: ['a', 'b'] },
    ],
  };
  const table: readonly (readonly [what: string, schema: JsonValue, value: JsonValue])[] = [
    ['anyOf that grows twelvefold, five times', fan('anyOf'), 1],
    ['oneOf that grows twelvefold, five times', fan('oneOf'), 'a'],
    ['a tree that branches three ways at each level', branching, nested(31, 1, (a) => ({ a }))],
    ['uniqueItems of a long list', { uniqueItems: true }, Array.from({ length: 5_000 }, (_, i) => i)],
    [
      'uniqueItems of objects that differ only at their ends',
      { uniqueItems: true },
      Array.from({ length: 300 }, (_, i) => ({ a: Array.from({ length: 100 }, () => 1), b: i })),
    ],
    [
      'a thousand branches over a wide object',
      { anyOf: Array.from({ length: 1_000 }, () => ({ minProperties: 5_001 })) },
      numbered(
        5_000,
        (i) => `a${i}`,
        () => 1,
      ),
    ],
    [
      'a thousand branches over a long text',
      { anyOf: Array.from({ length: 1_000 }, () => ({ minLength: 1_000_001 })) },
      'a'.repeat(1_000_000),
    ],
    [
      'a large enum over a long list',
      { contains: { enum: Array.from({ length: 5_000 }, (_, i) => [i]) } },
      Array.from({ length: 90_000 }, () => [-1]),
    ],
    [
      'a list of errors longer than the stack takes',
      { items: { not: { required: Array.from({ length: 3_000 }, (_, i) => `${i}`) } }, contains: { required: ['a'] } },
      Array.from({ length: 99_000 }, () => ({})),
    ],
    ['more values than are taken', true, Array.from({ length: 100_001 }, () => 0)],
    ['deeper values than are taken', true, nested(33, 1, (a) => [a])],
    ['a longer name than is taken', true, { ['a'.repeat(1_025)]: 1 }],
    ['a name that is not well formed', { additionalProperties: true }, { '\ud800': 1 }],
  ];
  test.each(table)('R5: %s does not fit, soon', async (_what, schema, value) => {
    const startMs = performance.now();
    expect((await compileSchema(schema)).check(value)).toMatchObject({ path: '#' });
    expect(performance.now() - startMs).toBeLessThan(4_000);
  });

  test('a schema through the longest chain, and a value as deep as is taken, do not exhaust the stack', async () => {
    const schema: JsonValue = {
      $ref: '#/$defs/a0',
      $defs: {
        ...numbered(
          9,
          (i) => `a${i}`,
          (i) => ({ $ref: `#/$defs/a${i + 1}` }),
        ),
        a9: { items: { $ref: '#/$defs/a0' } },
      },
    };
    const compiled = await compileSchema(schema);
    expect(compiled.check(nested(32, 1, (a) => [a]))).toBeUndefined();
  });

  test('what was too much for one value says nothing about the next', async () => {
    const compiled = await compileSchema({ uniqueItems: true });
    expect(compiled.check(Array.from({ length: 5_000 }, (_, i) => i))).toBeDefined();
    expect(compiled.check([1, 2])).toBeUndefined();
  });

  test('honest values of some size are judged', async () => {
    const people = Array.from({ length: 500 }, (_, i) => ({ name: `name ${i}`, age: i % 100, tags: ['a', 'b'] }));
    const schema = {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: { type: 'string', maxLength: 64 },
          age: { type: 'integer', minimum: 0 },
          tags: { type: 'array', items: { enum: ['a', 'b'] }, uniqueItems: true },
        },
        required: ['name', 'age'],
        additionalProperties: false,
      },
    };
    expect(await fits(schema, people)).toBe(true);
    expect(await fits(schema, [...people, { name: 'x' }])).toBe(false);
    expect(await fits({ type: 'string', minLength: 1 }, 'a'.repeat(1_000_000))).toBe(true);
  });
});

describe('what a schema means', () => {
  const table: readonly (readonly [
    what: string,
    schema: JsonValue,
    good: readonly JsonValue[],
    bad: readonly JsonValue[],
  ])[] = [
    ['true takes everything', true, [null, 1, {}], []],
    ['false takes nothing', false, [], [null, 1, {}]],
    ['a type', { type: 'integer' }, [3, 0, -1, 1e21], ['x', 1.5, null, true, []]],
    ['types', { type: ['string', 'null'] }, ['', null], [0, {}]],
    ['const and enum compare by value', { enum: [{ a: [1] }, null] }, [{ a: [1] }, null], [{ a: [1, 2] }, {}, 0]],
    [
      'prefixItems, then items',
      { prefixItems: [{ type: 'string' }], items: { type: 'number' } },
      [[], ['a', 1]],
      [[1], ['a', 'b']],
    ],
    [
      'contains with bounds',
      { contains: { const: 1 }, minContains: 2, maxContains: 3 },
      [
        [1, 1],
        [1, 0, 1, 1],
      ],
      [[1], [1, 1, 1, 1]],
    ],
    ['oneOf takes exactly one', { oneOf: [{ minimum: 1 }, { maximum: 1 }] }, [0, 2], [1]],
    [
      'if, then, else',
      JSON.parse('{"if":{"type":"string"},"then":{"minLength":1},"else":{"type":"null"}}'),
      ['a', null],
      ['', 1],
    ],
    ['dependentRequired', { dependentRequired: { a: ['b'] } }, [{}, { a: 1, b: 1 }], [{ a: 1 }]],
    ['dependentSchemas', { dependentSchemas: { a: { required: ['b'] } } }, [{}, { a: 1, b: 1 }], [{ a: 1 }]],
    ['propertyNames', { propertyNames: { maxLength: 1 } }, [{ a: 1 }], [{ ab: 1 }]],
    [
      'a reference through $defs, with what stands beside it',
      { $ref: '#/$defs/a', minimum: 2, $defs: { a: { type: 'integer' } } },
      [2],
      [1, '2'],
    ],
    ['a reference by anchor', { $ref: '#here', $defs: { a: { $anchor: 'here', type: 'null' } } }, [null], [0]],
    ['a reference with escapes', { $ref: '#/$defs/a~1b%25', $defs: { 'a/b%': { type: 'null' } } }, [null], [0]],
    [
      'an anchor named in data is none',
      { $ref: '#a', examples: [{ $anchor: 'a' }], $defs: { x: { $anchor: 'a', const: 1 } } },
      [1],
      [2],
    ],
    [
      'a tree',
      { type: 'object', properties: { kids: { items: { $ref: '#' } } } },
      [{ kids: [{ kids: [] }] }],
      [{ kids: [1] }],
    ],
    [
      'unevaluatedProperties sees through allOf, anyOf and if',
      {
        allOf: [{ properties: { a: true } }],
        anyOf: [{ properties: { b: { type: 'string' } }, required: ['b'] }, true],
        unevaluatedProperties: false,
      },
      [{ a: 1 }, { a: 1, b: '' }],
      [{ c: 1 }, { b: 1 }],
    ],
    [
      'unevaluatedProperties behind a reference alone',
      { $ref: '#/$defs/a', $defs: { a: { properties: { a: true }, unevaluatedProperties: false } } },
      [{ a: 1 }],
      [{ b: 1 }],
    ],
    [
      'unevaluatedItems',
      { prefixItems: [true], contains: { type: 'string' }, unevaluatedItems: false },
      [
        ['a', 'b'],
        [1, 'a'],
      ],
      [['a', 1]],
    ],
    ['formats that are quick to judge', { format: 'date-time' }, ['2026-03-02T08:15:42Z', 1], ['yesterday']],
    [
      'formats that are not are passed over, as are unknown ones',
      { anyOf: [{ format: 'regex' }, { format: '__proto__' }] },
      ['('],
      [],
    ],
    ['a format named like an inherited member is none', { format: 'toString' }, ['a'], []],
    ['unknown keywords say nothing', { 'x-hint': { $id: 1, required: 1 }, id: 'a', $schema: 'b', $id: 'c' }, [1], []],
    [
      'a member named __proto__ is a member',
      JSON.parse(
        '{"properties":{"__proto__":{"type":"string"}},"required":["__proto__"],"additionalProperties":false}',
      ),
      [JSON.parse('{"__proto__":"a"}')],
      [JSON.parse('{"__proto__":{"admin":true}}'), {}],
    ],
    ['inherited members are none', { required: ['constructor'] }, [{ constructor: 1 }], [{}]],
    [
      'toString as a property',
      { properties: { toString: { type: 'string' } } },
      [{}, { toString: 'a' }],
      [{ toString: 1 }],
    ],
  ];
  test.each(table)('%s', async (_what, schema, good, bad) => {
    for (const value of good) expect(await fits(schema, value), JSON.stringify(value)).toBe(true);
    for (const value of bad) expect(await fits(schema, value), JSON.stringify(value)).toBe(false);
  });

  test('patterns judge where they are allowed', async () => {
    expect(await fits({ pattern: '^a+$' }, 'aa', { allowPatterns: true })).toBe(true);
    expect(await fits({ pattern: '^a+$' }, 'ab', { allowPatterns: true })).toBe(false);
    expect(await fits({ patternProperties: { '^a': { type: 'null' } } }, { ab: 1 }, { allowPatterns: true })).toBe(
      false,
    );
  });

  test('neither schema nor value is changed, and both may be frozen', async () => {
    const schema = deepFreeze({
      $ref: '#/$defs/a',
      $defs: { a: { type: 'object', properties: { a: { enum: [[1]] } } } },
    });
    const value = deepFreeze({ a: [1] });
    const compiled = await compileSchema(schema);
    expect(compiled.check(value)).toBeUndefined();
    expect(Reflect.ownKeys(schema as object)).toEqual(['$ref', '$defs']);
    expect(Object.prototype).not.toHaveProperty('admin');
  });

  test('an issue says where, and quotes neither names of keywords it does not know nor values', async () => {
    const compiled = await compileSchema({ properties: { a: { items: { type: 'integer' } } } });
    expect(compiled.check({ a: [1, 'secret \u001b[31m'] })).toEqual({ path: '#/a/1', issue: 'does not fit type' });
    const wide = await compileSchema({ additionalProperties: { type: 'integer' } });
    const issue = wide.check({ ['\u001b'.repeat(500)]: 'x' });
    expect(issue?.path.length).toBeLessThanOrEqual(256);
    expect(issue?.path).toMatch(/^[\x20-\x7e]*$/);
  });
});

function deepFreeze(value: JsonValue): JsonValue {
  if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value) as JsonValue;
}
