// Answers held to a JSON Schema (draft 2020-12), where either may be a stranger's: the schema passes the guard, the value
// is measured, and the validator's steps are counted. The validator itself is loaded by whoever compiles the first schema.

import type { Schema, Validator } from '@cfworker/json-schema';
import { assertInteger } from '../../bytes/assert.js';
import { printable } from '../../bytes/printable.js';
import type { JsonValue } from '../../codec/json-value.js';
import { loneSurrogateIndex } from '../../codec/well-formed.js';
import { guardSchema } from './guard.js';
import { Meter, TooManySteps } from './meter.js';

/** How much of a schema and of the values under it is taken. */
export interface SchemaOptions {
  /** Length of the schema's JSON as UTF-8: 1 or more. Default 65,536. */
  readonly maxBytes?: number | undefined;
  /** Arrays and objects of the schema inside one another: 1 to 64. Default 32. */
  readonly maxDepth?: number | undefined;
  /**
   * Whether `pattern` and `patternProperties` are taken. Default false: a regular expression can take for ever, so only
   * one of an author who is trusted may be run.
   */
  readonly allowPatterns?: boolean | undefined;
}

/** Where and how a value does not fit. */
export interface SchemaIssue {
  /** JSON Pointer into the value, as a URI fragment such as `#/a/0`; at most 256 characters. */
  readonly path: string;
  readonly issue: string;
}

/** A schema, ready to judge. */
export interface CompiledSchema {
  /** Judges a value. Bounded in time; a value that would take too long does not fit. @returns `undefined` where it fits. */
  check(value: JsonValue): SchemaIssue | undefined;
}

const DEFAULT_MAX_BYTES = 65_536;
const DEFAULT_MAX_DEPTH = 32;
const MAX_DEPTH_CEILING = 64;

/** Steps of one check: some tenths of a second at the very worst. */
const MAX_STEPS = 500_000;

/** Arrays and objects of a value inside one another: the validator calls itself for each. */
const MAX_VALUE_DEPTH = 32;
/** Arrays, objects and scalars of a value. */
const MAX_VALUE_NODES = 100_000;
/** Length of a member's name. */
const MAX_NAME_CHARS = 1_024;

/** Keywords that say only that something inside did not fit. */
const WRAPPERS = new Set([
  'properties',
  'patternProperties',
  'items',
  'prefixItems',
  '$ref',
  'allOf',
  'if',
  'propertyNames',
]);

let library: Promise<typeof import('@cfworker/json-schema')> | undefined;

/** Loads the validator, once; a failure is not kept. */
function loadLibrary(): Promise<typeof import('@cfworker/json-schema')> {
  library ??= import('@cfworker/json-schema').catch((error: unknown) => {
    library = undefined;
    throw error;
  });
  return library;
}

/**
 * Reads a schema.
 *
 * Taken is draft 2020-12 without `$dynamicRef`, without references that leave the schema or never end, and without
 * `unevaluatedProperties` or `unevaluatedItems` where a neighbour judges the same value. `format` is judged where its test is
 * sure to be quick, and passed over elsewhere, as the draft has it.
 *
 * @param schema Borrowed, and not changed.
 * @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT: a schema that is not taken, `details` naming `path` and `issue`.
 * @throws {TypeError} @throws {RangeError} a limit that is none.
 */
export async function compileSchema(schema: JsonValue, options: SchemaOptions = {}): Promise<CompiledSchema> {
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  const maxDepth = options.maxDepth ?? DEFAULT_MAX_DEPTH;
  assertInteger(maxBytes, 'maxBytes', 1);
  assertInteger(maxDepth, 'maxDepth', 1, MAX_DEPTH_CEILING);
  const meter = new Meter();
  const copy = guardSchema(schema, { maxBytes, maxDepth, allowPatterns: options.allowPatterns ?? false }, meter);
  const { Validator } = await loadLibrary();
  const validator = new Validator(copy as Schema, '2020-12');
  return { check: (value) => valueIssue(value) ?? judge(validator, meter, value) };
}

function judge(validator: Validator, meter: Meter, value: JsonValue): SchemaIssue | undefined {
  meter.reset(MAX_STEPS);
  try {
    const { valid, errors } = validator.validate(meter.view(value));
    if (valid) return undefined;
    const first = errors.find(({ keyword }) => !WRAPPERS.has(keyword)) ?? errors[0];
    // The validator's own text quotes the value.
    return {
      path: printable(first?.instanceLocation ?? '#').slice(0, 256),
      issue: `does not fit ${first?.keyword ?? 'the schema'}`,
    };
  } catch (error) {
    // A RangeError is the stack, or a list of errors, that grew too long: too much work as well.
    if (error instanceof TooManySteps || error instanceof RangeError) {
      return { path: '#', issue: 'takes too long to judge' };
    }
    throw error;
  }
}

/** What of a value the validator must not meet. */
function valueIssue(value: JsonValue): SchemaIssue | undefined {
  let nodes = 0;
  const look = (one: JsonValue, levels: number): string | undefined => {
    if (++nodes > MAX_VALUE_NODES) return `has more than ${MAX_VALUE_NODES} values`;
    if (typeof one !== 'object' || one === null) return undefined;
    if (levels === 0) return `nests deeper than ${MAX_VALUE_DEPTH} levels`;
    if (Array.isArray(one)) {
      for (const item of one as readonly JsonValue[]) {
        const issue = look(item, levels - 1);
        if (issue !== undefined) return issue;
      }
      return undefined;
    }
    for (const [name, member] of Object.entries(one)) {
      if (name.length > MAX_NAME_CHARS) return `has a name of more than ${MAX_NAME_CHARS} characters`;
      if (loneSurrogateIndex(name) !== -1) return 'has a name that is not well formed';
      const issue = look(member as JsonValue, levels - 1);
      if (issue !== undefined) return issue;
    }
    return undefined;
  };
  const issue = look(value, MAX_VALUE_DEPTH);
  return issue === undefined ? undefined : { path: '#', issue };
}
