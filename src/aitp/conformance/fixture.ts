// Fixtures (section 13.6): what they are, and how one is read from its file.

import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';

/** What a fixture, or a step of one, expects. */
export interface Expectation {
  readonly outcome: 'success' | 'failure';
  readonly errorCode?: string;
  readonly grants?: readonly string[];
  readonly sideEffects?: JsonObject;
}

/** One request of a fixture. */
export interface FixtureStep {
  readonly op: string;
  readonly params: JsonObject;
  readonly expected: Expectation;
}

/** A fixture. Its input may hold placeholders. */
export interface Fixture {
  readonly id: string;
  readonly status: 'core' | 'draft' | 'extension' | 'reserved';
  /** Whether `aitp/0.2` requires it. */
  readonly required: boolean;
  /** The draft it belongs to; `undefined` for the core. */
  readonly feature?: string;
  readonly description: string;
  /** What is done before, in order: op and params. */
  readonly preconditions: readonly (readonly [op: string, params: JsonObject])[];
  readonly input: JsonObject;
  /** Of the whole; steps have their own. */
  readonly expected?: Expectation;
}

/**
 * Reads a fixture.
 *
 * @param value Of a file, parsed.
 * @throws {TypeError} it is none.
 */
export function readFixture(value: JsonValue): Fixture {
  if (!isObject(value)) throw new TypeError('a fixture must be an object');
  const { id, status, required_for_v0_2: required, feature, description, preconditions = {}, input, expected } = value;
  if (typeof id !== 'string' || id === '') throw new TypeError('a fixture must have an id');
  if (!isStatus(status)) throw new TypeError(`${id}: no such status`);
  if (!isObject(input)) throw new TypeError(`${id}: input must be an object`);
  if (!isObject(preconditions)) throw new TypeError(`${id}: preconditions must be an object`);
  return {
    id,
    status,
    required: required === true,
    ...(typeof feature === 'string' ? { feature } : {}),
    description: typeof description === 'string' ? description : '',
    preconditions: Object.entries(preconditions).map(([op, params]) => [op, isObject(params) ? params : {}] as const),
    input,
    ...(expected === undefined ? {} : { expected: readExpectation(expected, id) }),
  };
}

/**
 * The requests a fixture makes.
 *
 * @param input Its input, placeholders filled.
 * @throws {TypeError} it makes none, or one of them has no op or expects nothing.
 */
export function stepsOf(fixture: Fixture, input: JsonObject): readonly FixtureStep[] {
  const { operation, sequence, ...params } = input;
  if (sequence === undefined) return [readStep(fixture.id, operation, params, fixture.expected)];
  if (!Array.isArray(sequence) || sequence.length === 0) throw new TypeError(`${fixture.id}: sequence must be a list`);
  return sequence.map((entry: JsonValue) => {
    if (!isObject(entry)) throw new TypeError(`${fixture.id}: a step must be an object`);
    const { step: _, operation: own = operation, expected, ...more } = entry;
    const wanted = expected === undefined ? fixture.expected : readExpectation(expected, fixture.id);
    return readStep(fixture.id, own, { ...params, ...more }, wanted);
  });
}

function readStep(
  id: string,
  op: JsonValue | undefined,
  params: JsonObject,
  expected: Expectation | undefined,
): FixtureStep {
  if (typeof op !== 'string') throw new TypeError(`${id}: operation is missing`);
  if (expected === undefined) throw new TypeError(`${id}: nothing is expected`);
  return { op, params, expected };
}

function readExpectation(value: JsonValue, id: string): Expectation {
  const { outcome, error_code: errorCode, grants, side_effects: sideEffects } = isObject(value) ? value : {};
  if (outcome !== 'success' && outcome !== 'failure') throw new TypeError(`${id}: no such outcome`);
  return {
    outcome,
    ...(typeof errorCode === 'string' ? { errorCode } : {}),
    ...(Array.isArray(grants) ? { grants: grants.map(String) } : {}),
    ...(isObject(sideEffects) ? { sideEffects } : {}),
  };
}

function isStatus(value: JsonValue | undefined): value is Fixture['status'] {
  return value === 'core' || value === 'draft' || value === 'extension' || value === 'reserved';
}
