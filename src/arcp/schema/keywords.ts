// The keywords of JSON Schema (draft 2020-12) that a peer's schema may use, and what each must hold. What stands in none
// of these tables says nothing about a value, and is left out.

import { isObject } from '../../codec/is-object.js';
import { isUint } from '../wire/fields.js';

/** What the value of a keyword must be. */
export interface Shape {
  readonly accepts: (value: unknown) => boolean;
  readonly issue: string;
}

const TYPES = ['null', 'boolean', 'object', 'array', 'number', 'string', 'integer'];

const isType = (value: unknown): boolean => TYPES.includes(value as string);
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === 'string');

const COUNT: Shape = { accepts: isUint, issue: 'must be an integer from 0 to 2^53 - 1' };
const NUMBER: Shape = { accepts: Number.isFinite, issue: 'must be a finite number' };
const TEXT: Shape = { accepts: (value) => typeof value === 'string', issue: 'must be a string' };

/** Keywords that judge a value by themselves. */
export const ASSERTIONS: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  [
    'type',
    {
      accepts: (value) => isType(value) || (Array.isArray(value) && value.length > 0 && value.every(isType)),
      issue: 'must be a type, or a list of types',
    },
  ],
  ['const', { accepts: () => true, issue: '' }],
  ['enum', { accepts: Array.isArray, issue: 'must be a list' }],
  ['required', { accepts: isTextList, issue: 'must be a list of strings' }],
  [
    'dependentRequired',
    {
      accepts: (value) => isObject(value) && Object.values(value).every(isTextList),
      issue: 'must be an object of lists of strings',
    },
  ],
  ['minProperties', COUNT],
  ['maxProperties', COUNT],
  ['minItems', COUNT],
  ['maxItems', COUNT],
  ['uniqueItems', { accepts: (value) => typeof value === 'boolean', issue: 'must be true or false' }],
  ['minContains', COUNT],
  ['maxContains', COUNT],
  ['minLength', COUNT],
  ['maxLength', COUNT],
  ['minimum', NUMBER],
  ['maximum', NUMBER],
  ['exclusiveMinimum', NUMBER],
  ['exclusiveMaximum', NUMBER],
  ['multipleOf', { accepts: (value) => Number.isFinite(value) && (value as number) > 0, issue: 'must be above 0' }],
  ['pattern', TEXT],
  ['format', TEXT],
]);

/** How a keyword holds its subschemas. */
export type Holding = 'schema' | 'list' | 'map';

/** Keywords whose subschemas judge the value itself. */
export const IN_PLACE: ReadonlyMap<string, Holding> = new Map<string, Holding>([
  ['allOf', 'list'],
  ['anyOf', 'list'],
  ['oneOf', 'list'],
  ['not', 'schema'],
  ['if', 'schema'],
  ['then', 'schema'],
  ['else', 'schema'],
  ['dependentSchemas', 'map'],
]);

/** Keywords whose subschemas judge what is inside the value. */
export const INSIDE: ReadonlyMap<string, Holding> = new Map<string, Holding>([
  ['properties', 'map'],
  ['patternProperties', 'map'],
  ['additionalProperties', 'schema'],
  ['unevaluatedProperties', 'schema'],
  ['propertyNames', 'schema'],
  ['prefixItems', 'list'],
  ['items', 'schema'],
  ['unevaluatedItems', 'schema'],
  ['contains', 'schema'],
]);

/** Keywords that would judge in another draft, or that the validator does not know: passing over them would be too mild. */
export const REFUSED: ReadonlySet<string> = new Set([
  '$dynamicRef',
  '$dynamicAnchor',
  '$recursiveRef',
  '$recursiveAnchor',
  'additionalItems',
  'dependencies',
]);

/** Keywords whose values are no schemas, however they look. */
export const DATA: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples']);

/** Keywords that carry a regular expression. */
export const PATTERNS: ReadonlySet<string> = new Set(['pattern', 'patternProperties']);

/**
 * Formats that are judged: those of draft 2020-12 whose tests take time in proportion to the text. The others remain what
 * the draft makes of all: notes for people.
 */
export const FORMATS: ReadonlySet<string> = new Set([
  'date',
  'time',
  'date-time',
  'duration',
  'uuid',
  'ipv4',
  'ipv6',
  'hostname',
  'email',
  'json-pointer',
  'relative-json-pointer',
]);
