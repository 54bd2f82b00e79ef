// The guard before the validator: reads a schema of draft 2020-12 that may be a stranger's, refuses what could harm, and
// writes an own copy that holds only what was understood. The validator of `@cfworker/json-schema` never sees the original:
// it would write into it, take keywords of other drafts, follow a `$ref` for ever, and compile any regular expression.

import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { loneSurrogateIndex } from '../../codec/well-formed.js';
import { ASSERTIONS, FORMATS, type Holding, IN_PLACE, INSIDE, PATTERNS, REFUSED } from './keywords.js';
import type { Meter } from './meter.js';
import { LocalRefs } from './refs.js';
import { refuse } from './refusal.js';
import { chainOf, charging, type Node, type SafeSchema } from './safe-schema.js';
import { checkSize } from './schema-size.js';

/** What is taken of a schema. */
export interface SchemaLimits {
  /** Length of its JSON as UTF-8. */
  readonly maxBytes: number;
  /** Arrays and objects inside one another. */
  readonly maxDepth: number;
  /** Whether `pattern` and `patternProperties` are: a regular expression may take for ever. */
  readonly allowPatterns: boolean;
}

/** Schemas inside a schema, those that are referred to from elsewhere counted again. */
const MAX_SUBSCHEMAS = 2_000;

/** What entering any schema costs, in steps: about a microsecond. */
const BASE_STEPS = 8;

/** Characters of a schema's own JSON that cost as much to handle as one step. */
const CHARS_PER_STEP = 32;

const TEXT_KEYWORDS = ['minLength', 'maxLength', 'pattern', 'format'];

/** Where a schema stands among those that judge the same value. */
interface Place {
  /** For the error. */
  readonly path: string;
  /** Whether the validator would let it see what its neighbours looked at, which `unevaluated*` must not. */
  readonly isMixed: boolean;
}

/**
 * Reads a schema and writes the copy for the validator.
 *
 * @param schema Borrowed; not changed.
 * @param meter Charged by the copy whenever the validator enters one of its schemas.
 * @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT, `details` naming `path` and `issue`.
 */
export function guardSchema(schema: JsonValue, limits: SchemaLimits, meter: Meter): SafeSchema {
  checkSize(schema, limits);
  return new Guard(schema, limits, meter).copy();
}

class Guard {
  readonly #root: JsonValue;
  readonly #limits: SchemaLimits;
  readonly #meter: Meter;
  readonly #refs: LocalRefs;
  /** Targets of references, by what they are and where they are seen from. */
  readonly #targets = new Map<JsonValue, Map<boolean, Node>>();
  readonly #definitions: SafeSchema = Object.create(null);
  readonly #waiting: (() => void)[] = [];
  #count = 0;

  constructor(root: JsonValue, limits: SchemaLimits, meter: Meter) {
    this.#root = root;
    this.#refs = new LocalRefs(root);
    this.#limits = limits;
    this.#meter = meter;
  }

  copy(): SafeSchema {
    const root = this.#read(this.#root, { path: '#', isMixed: false });
    for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) next();
    chainOf(root);
    for (const byPlace of this.#targets.values()) for (const node of byPlace.values()) chainOf(node);
    root.copy.$defs = this.#definitions;
    return root.copy;
  }

  #read(schema: JsonValue, place: Place): Node {
    const node: Node = { copy: Object.create(null), inPlace: [] };
    this.#fill(node, schema, place);
    return node;
  }

  #fill(node: Node, schema: JsonValue, place: Place): void {
    if (++this.#count > MAX_SUBSCHEMAS) refuse(place.path, `has more than ${MAX_SUBSCHEMAS} schemas`);
    if (typeof schema === 'boolean') {
      // The validator enters these without looking, and so without being counted.
      if (!schema) node.copy.not = charging(Object.create(null), this.#meter, BASE_STEPS, false);
      charging(node.copy, this.#meter, BASE_STEPS, false);
      return;
    }
    if (!isObject(schema)) refuse(place.path, 'must be an object, true or false');
    if (Object.hasOwn(schema, '$id') && place.path !== '#') refuse(place.path, 'has an $id of its own');
    let steps = BASE_STEPS;
    for (const keyword of Object.keys(schema)) {
      const path = `${place.path}/${keyword}`;
      const value = schema[keyword] as JsonValue;
      if (REFUSED.has(keyword)) refuse(path, 'is not supported');
      if (PATTERNS.has(keyword) && !this.#limits.allowPatterns) refuse(path, 'is not allowed');
      if (keyword === '$ref') this.#refer(node, value, schema, place);
      const shape = ASSERTIONS.get(keyword);
      if (shape !== undefined) {
        if (!shape.accepts(value)) refuse(path, shape.issue);
        if (keyword === 'pattern') compile(value as string, path);
        if (keyword !== 'format' || FORMATS.has(value as string)) node.copy[keyword] = value;
        steps += JSON.stringify(value).length / CHARS_PER_STEP;
      }
      const holding = IN_PLACE.get(keyword) ?? INSIDE.get(keyword);
      if (holding !== undefined) steps += this.#hold(node, keyword, holding, value, schema, place);
    }
    charging(
      node.copy,
      this.#meter,
      steps,
      TEXT_KEYWORDS.some((keyword) => Object.hasOwn(node.copy, keyword)),
    );
  }

  /** Copies the schemas a keyword holds. @returns How many. */
  #hold(node: Node, keyword: string, holding: Holding, value: JsonValue, schema: JsonObject, place: Place): number {
    const path = `${place.path}/${keyword}`;
    const isInPlace = IN_PLACE.has(keyword);
    if (keyword.startsWith('unevaluated') && place.isMixed) {
      refuse(path, 'is not supported beside what else judges the same value');
    }
    const inner = { isMixed: isInPlace && seesNeighbours(keyword, schema, place.isMixed) };
    const read = (one: JsonValue, name: string) => {
      const child = this.#read(one, { ...inner, path: name === '' ? path : `${path}/${name}` });
      if (isInPlace) node.inPlace.push(child);
      return child.copy;
    };
    if (holding === 'schema') {
      node.copy[keyword] = read(value, '');
      return 1;
    }
    if (holding === 'list') {
      if (!Array.isArray(value) || value.length === 0) refuse(path, 'must be a list of schemas');
      node.copy[keyword] = value.map((one, at) => read(one, String(at)));
      return value.length;
    }
    if (!isObject(value)) refuse(path, 'must be an object of schemas');
    const copies: SafeSchema = Object.create(null);
    for (const [name, one] of Object.entries(value)) {
      if (keyword === 'patternProperties') compile(name, path);
      // The validator's own way with names would throw.
      if (loneSurrogateIndex(name) !== -1) refuse(path, 'has a name that is not well formed');
      copies[name] = read(one, name);
    }
    node.copy[keyword] = copies;
    return Object.keys(value).length;
  }

  #refer(node: Node, ref: JsonValue, schema: JsonObject, place: Place): void {
    const path = `${place.path}/$ref`;
    if (typeof ref !== 'string') refuse(path, 'must be a string');
    const target = this.#refs.resolve(ref);
    if (target === undefined) refuse(path, 'must lead to one place inside this schema');
    const isMixed = seesNeighbours('$ref', schema, place.isMixed);
    const byPlace = this.#targets.get(target) ?? new Map<boolean, Node>();
    this.#targets.set(target, byPlace);
    let found = byPlace.get(isMixed);
    if (found === undefined) {
      const name = `r${Object.keys(this.#definitions).length}`;
      const fresh: Node = { copy: Object.create(null), inPlace: [], name };
      byPlace.set(isMixed, fresh);
      this.#definitions[name] = fresh.copy;
      // Not at once: references may chain for as long as the schema is.
      this.#waiting.push(() => this.#fill(fresh, target, { path: ref, isMixed }));
      found = fresh;
    }
    node.inPlace.push(found);
    node.copy.$ref = `#/$defs/${found.name}`;
  }
}

/**
 * Whether the validator would show a schema below `keyword` what others beside it have looked at. It begins afresh for
 * `not` and `if`; the order in which it goes is `$ref`, the lists, `if`, `then` and `else`, `dependentSchemas`.
 */
function seesNeighbours(keyword: string, beside: JsonObject, isMixed: boolean): boolean {
  if (keyword === 'not' || keyword === 'if') return false;
  if (keyword === '$ref') return isMixed;
  return (
    isMixed ||
    keyword === 'then' ||
    keyword === 'else' ||
    keyword === 'dependentSchemas' ||
    Object.hasOwn(beside, '$ref')
  );
}

function compile(pattern: string, path: string): void {
  try {
    new RegExp(pattern, 'u');
  } catch {
    refuse(path, 'is no regular expression');
  }
}
