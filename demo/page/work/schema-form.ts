// A form out of the schema of an answer. The schema is a stranger's: what is not simple, or too much, makes no form, and
// whoever judges the answer is the runtime.

import type { JsonValue } from 'ringline/codec';
import { plain } from './plain.js';

/** One thing to fill in. */
export type Field = {
  /** Name of the member; empty where the answer is the value itself. */
  readonly name: string;
  readonly label: string;
  readonly required: boolean;
} & (
  | {
      readonly kind: 'text';
      readonly initial: string;
      readonly minCharacters: number;
      readonly maxCharacters: number;
    }
  | {
      readonly kind: 'number';
      readonly initial: number | undefined;
      readonly min: number | undefined;
      readonly max: number | undefined;
      readonly whole: boolean;
    }
  | { readonly kind: 'flag'; readonly initial: boolean }
  | { readonly kind: 'one-of'; readonly initial: number; readonly values: readonly JsonValue[] }
);

/** What to ask for. */
export interface FormPlan {
  readonly fields: readonly Field[];
  /** Whether the answer is an object of the fields, or the one field's value. */
  readonly isObject: boolean;
}

/** What a person filled in, by the place of the field: a text, whether a box is ticked, or which value was picked. */
export type Filled = readonly (string | boolean | number)[];

const MAX_FIELDS = 12;
const MAX_VALUES = 24;
const MAX_LABEL = 80;
const MAX_TEXT = 2_000;

type Schema = { readonly [name: string]: JsonValue };

/**
 * Plans a form.
 *
 * @param initial The answer that counts where nobody gives one: what the form begins with.
 * @returns Nothing where the schema is more than a form can ask.
 */
export function planForm(schema: JsonValue, initial?: JsonValue): FormPlan | undefined {
  if (!isObject(schema)) return undefined;
  if (own(schema, 'type') !== 'object') {
    const field = planField('', own(schema, 'title') ?? 'Your answer', schema, true, initial);
    return field === undefined ? undefined : { fields: [field], isObject: false };
  }
  const properties = own(schema, 'properties');
  const required = own(schema, 'required');
  if (!isObject(properties)) return undefined;
  const entries = Object.entries(properties);
  if (entries.length === 0 || entries.length > MAX_FIELDS) return undefined;
  const fields: Field[] = [];
  for (const [name, property] of entries) {
    if (!isObject(property)) return undefined;
    const begin = isObject(initial) ? own(initial, name) : undefined;
    const isRequired = Array.isArray(required) && required.includes(name);
    const field = planField(
      name,
      own(property, 'title') ?? name,
      property,
      isRequired,
      begin ?? own(property, 'default'),
    );
    if (field === undefined) return undefined;
    fields.push(field);
  }
  return { fields, isObject: true };
}

/** The answer that was filled in. What was left empty and need not be there is left out. */
export function readAnswer({ fields, isObject: asObject }: FormPlan, filled: Filled): JsonValue {
  const values = fields.map((field, at) => [field.name, filledValue(field, filled[at])] as const);
  if (!asObject) return values[0]?.[1] ?? null;
  return Object.fromEntries(values.filter((entry): entry is [string, JsonValue] => entry[1] !== undefined));
}

function planField(name: string, label: JsonValue, schema: Schema, required: boolean, initial?: JsonValue) {
  const base = { name, label: plain(label, MAX_LABEL), required };
  const values = own(schema, 'enum');
  if (Array.isArray(values)) {
    if (
      values.length === 0 ||
      values.length > MAX_VALUES ||
      values.some((value) => value !== null && typeof value === 'object')
    )
      return undefined;
    return { ...base, kind: 'one-of', values, initial: Math.max(0, values.indexOf(initial ?? null)) } satisfies Field;
  }
  switch (own(schema, 'type')) {
    case 'string':
      return {
        ...base,
        kind: 'text',
        initial: typeof initial === 'string' ? initial.slice(0, MAX_TEXT) : '',
        minCharacters: Math.max(0, number(schema, 'minLength') ?? 0),
        maxCharacters: Math.min(MAX_TEXT, number(schema, 'maxLength') ?? MAX_TEXT),
      } satisfies Field;
    case 'integer':
    case 'number':
      return {
        ...base,
        kind: 'number',
        initial: typeof initial === 'number' ? initial : undefined,
        min: number(schema, 'minimum'),
        max: number(schema, 'maximum'),
        whole: own(schema, 'type') === 'integer',
      } satisfies Field;
    case 'boolean':
      return { ...base, kind: 'flag', initial: initial === true } satisfies Field;
    default:
      return undefined;
  }
}

function filledValue(field: Field, filled: string | boolean | number | undefined): JsonValue | undefined {
  switch (field.kind) {
    case 'flag':
      return filled === true;
    case 'one-of':
      return field.values[Number(filled)];
    case 'number':
      return filled === '' || filled === undefined ? undefined : Number(filled);
    default:
      return filled === '' && !field.required ? undefined : String(filled ?? '');
  }
}

function isObject(value: JsonValue | undefined): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(object: Schema, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function number(schema: Schema, name: string): number | undefined {
  const value = own(schema, name);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
