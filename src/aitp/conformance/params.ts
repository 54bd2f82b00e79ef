// The parameters of a request, read by name. Several names stand for one parameter where fixtures differ; the first that
// is there counts.

import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { AdapterFault } from './request.js';

/** Parameters. Everything is as it came; whatever is not of the kind asked for is INVALID_REQUEST. */
export class Params {
  readonly members: JsonObject;

  constructor(members: JsonObject) {
    this.members = members;
  }

  /** Whether one of the names is there. */
  has(...names: readonly string[]): boolean {
    return this.any(...names) !== undefined;
  }

  /** The first that is there. */
  any(...names: readonly string[]): JsonValue | undefined {
    const name = names.find((each) => Object.hasOwn(this.members, each));
    return name === undefined ? undefined : this.members[name];
  }

  /** The first that is there. @throws {AdapterFault} INVALID_REQUEST: none. */
  required(...names: readonly string[]): JsonValue {
    const value = this.any(...names);
    if (value === undefined) throw new AdapterFault('INVALID_REQUEST', `${names.join(' or ')} is missing`);
    return value;
  }

  /** @throws {AdapterFault} INVALID_REQUEST: none, or no text. */
  text(...names: readonly string[]): string {
    return kind(this.required(...names), names, 'a string', isText);
  }

  /** @throws {AdapterFault} INVALID_REQUEST: no text. */
  optionalText(...names: readonly string[]): string | undefined {
    return this.has(...names) ? this.text(...names) : undefined;
  }

  /** @throws {AdapterFault} INVALID_REQUEST: none, or no object. */
  object(...names: readonly string[]): JsonObject {
    return kind(this.required(...names), names, 'an object', isObject);
  }

  /** @throws {AdapterFault} INVALID_REQUEST: no object. */
  optionalObject(...names: readonly string[]): JsonObject | undefined {
    return this.has(...names) ? this.object(...names) : undefined;
  }

  /** @throws {AdapterFault} INVALID_REQUEST: no whole number. */
  optionalInteger(...names: readonly string[]): number | undefined {
    const value = this.any(...names);
    return value === undefined ? undefined : kind(value, names, 'a whole number', isWhole);
  }

  /** @throws {AdapterFault} INVALID_REQUEST: no list of texts. */
  optionalTexts(...names: readonly string[]): readonly string[] | undefined {
    const value = this.any(...names);
    return value === undefined ? undefined : kind(value, names, 'a list of strings', isTexts);
  }

  /** @throws {AdapterFault} INVALID_REQUEST: no list. */
  optionalList(...names: readonly string[]): readonly JsonValue[] | undefined {
    const value = this.any(...names);
    return value === undefined ? undefined : kind(value, names, 'a list', isList);
  }
}

function kind<T extends JsonValue>(
  value: JsonValue,
  names: readonly string[],
  wanted: string,
  test: (value: JsonValue) => value is T,
): T {
  if (test(value)) return value;
  throw new AdapterFault('INVALID_REQUEST', `${names.join(' or ')} must be ${wanted}`);
}

const isText = (value: JsonValue): value is string => typeof value === 'string';
const isWhole = (value: JsonValue): value is number => Number.isSafeInteger(value);
const isList = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value);
const isTexts = (value: JsonValue): value is readonly string[] => isList(value) && value.every(isText);
