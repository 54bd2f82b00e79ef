import { describe, expect, it } from 'vitest';
import { planForm, readAnswer } from '../../demo/page/work/schema-form.js';
import { compileSchema } from '../../src/arcp/schema/json-schema.js';
import type { JsonValue } from '../../src/codec/json-value.js';

const WISHES = {
  type: 'object',
  properties: {
    host: { title: 'In whose name?', type: 'string', minLength: 1, maxLength: 40 },
    guests: { type: 'integer', minimum: 1, maximum: 12 },
    kitchen: { enum: ['Garden', 'Sea'] },
    wine: { type: 'boolean' },
    note: { type: 'string' },
    budget: { type: 'number' },
  },
  required: ['host', 'guests', 'kitchen', 'wine'],
  additionalProperties: false,
} satisfies JsonValue;

const plan = (schema: JsonValue, initial?: JsonValue) => {
  const made = planForm(schema, initial);
  if (made === undefined) throw new Error('no form');
  return made;
};

describe('a form made of a schema', () => {
  it('has a field of the right kind for each member, with its bounds and what counts where nobody answers', () => {
    const { fields, isObject } = plan(WISHES, { host: 'Ann', guests: 6, kitchen: 'Sea', wine: true });
    expect(isObject).toBe(true);
    expect(fields.map(({ kind, label, required }) => [kind, label, required])).toEqual([
      ['text', 'In whose name?', true],
      ['number', 'guests', true],
      ['one-of', 'kitchen', true],
      ['flag', 'wine', true],
      ['text', 'note', false],
      ['number', 'budget', false],
    ]);
    expect(fields[0]).toMatchObject({ initial: 'Ann', minCharacters: 1, maxCharacters: 40 });
    expect(fields[1]).toMatchObject({ initial: 6, min: 1, max: 12, whole: true });
    expect(fields[2]).toMatchObject({ initial: 1, values: ['Garden', 'Sea'] });
    expect(fields[3]).toMatchObject({ initial: true });
    expect(fields[5]).toMatchObject({ initial: undefined, whole: false });
  });

  it('gives an answer that the runtime takes: numbers as numbers, and nothing for what was left empty', async () => {
    const answer = readAnswer(plan(WISHES), ['Ann', '4', 1, false, '', '']);
    expect(answer).toEqual({ host: 'Ann', guests: 4, kitchen: 'Sea', wine: false });
    const { check } = await compileSchema(WISHES, { maxBytes: 65_536, maxDepth: 32 });
    expect(check(answer)).toBeUndefined();
    expect(check(readAnswer(plan(WISHES), ['Ann', '40', 1, false, '', '']))).toBeDefined();
  });

  it('asks for a bare value, too', () => {
    const yes = plan({ type: 'boolean', title: 'Go on?' }, true);
    expect([yes.isObject, yes.fields[0]?.label, readAnswer(yes, [true])]).toEqual([false, 'Go on?', true]);
    expect(readAnswer(plan({ enum: [1, 'two', null] }), [2])).toBeNull();
    expect(readAnswer(plan({ type: 'number' }), ['1.5'])).toBe(1.5);
  });

  it.each<[string, JsonValue]>([
    ['true', true],
    ['no object', [1]],
    ['an object of nothing', { type: 'object' }],
    ['a member of a member', { type: 'object', properties: { a: { type: 'object', properties: {} } } }],
    ['a list', { type: 'array', items: { type: 'string' } }],
    ['a reference', { $ref: '#/$defs/a' }],
    ['an enum of objects', { enum: [{}] }],
    ['an enum of nothing', { enum: [] }],
    ['an enum without end', { enum: Array.from({ length: 1_000 }, (_, at) => at) }],
    [
      'members without end',
      {
        type: 'object',
        properties: Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`${at}`, { type: 'string' }])),
      },
    ],
  ])('is none where the schema is %s', (_name, schema) => {
    expect(planForm(schema)).toBeUndefined();
  });

  it('shows a label without what would turn the text around it, and cut', () => {
    const title = `Pay \u202e now\u0000 ${'x'.repeat(500)}`;
    const [field] = plan({ type: 'string', title }).fields;
    expect(field?.label).toMatch(/^Pay {3}now {2}x+\u2026$/);
    expect(field?.label.length).toBe(81);
  });

  it('takes a member named __proto__ for a member', () => {
    const schema = JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}}}') as JsonValue;
    const answer = readAnswer(plan(schema), ['x']);
    expect(JSON.stringify(answer)).toBe('{"__proto__":"x"}');
    expect(Object.getPrototypeOf(answer)).toBe(Object.prototype);
  });

  it('has bounds of its own where the schema has absurd ones', () => {
    const [field] = plan({ type: 'string', minLength: -3, maxLength: 1e9 }).fields;
    expect(field).toMatchObject({ minCharacters: 0, maxCharacters: 2_000 });
  });
});
