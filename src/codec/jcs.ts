// The JSON Canonicalization Scheme (RFC 8785) on values: one text for each value, the same in every implementation.
// On the hot path of every frame. Text is read by json.ts; turning the result into UTF-8 is the caller's.
//
// One walk refuses what JSON cannot say and notes whether every object lists its members in canonical order. If so,
// `JSON.stringify` writes the canonical text, natively; RFC 8785 took numbers and escapes from it. If not, we write it.

import { assertInteger } from '../bytes/assert.js';
import { CodecError } from '../errors.js';
import { MAX_DEPTH_CEILING } from './bounds.js';
import { loneSurrogateIndex } from './well-formed.js';

/**
 * Writes a value in canonical form.
 *
 * Members are sorted by the UTF-16 units of their names, numbers take ECMAScript's form (-0 becomes 0), strings the
 * shortest escapes. A member named `__proto__` is a member like any other.
 *
 * Takes plain data only: null, booleans, finite numbers, well-formed strings, arrays, and objects whose prototype is
 * `Object.prototype` (any realm's) or null. As with `JSON.stringify`, symbol keys, properties that are not enumerable and
 * named properties of arrays are no members, and a getter is read like a value: one that answers differently each time
 * has no defined text.
 *
 * @param value Borrowed, not modified.
 * @param maxDepth Arrays and objects inside one another, the outermost counted: 1 to 1,000. Default 64.
 * @returns The canonical text, free of lone surrogates.
 * @throws {CodecError} ERR_CODEC_JCS_VALUE: the value holds `undefined`, an empty array slot, a function, a symbol, a
 *   BigInt, NaN or an infinity, a lone surrogate, or another kind of object (Date, Map, typed array, class instance,
 *   also those with `toJSON`), or is nested too deep or cyclic. The message names the path, such as `$.params.a[3]`.
 * @throws {TypeError} `maxDepth` is no number.
 * @throws {RangeError} `maxDepth` is out of its range.
 * @see RFC 8785, section 3.2
 */
export function canonicalize(value: unknown, maxDepth = 64): string {
  assertInteger(maxDepth, 'maxDepth', 1, MAX_DEPTH_CEILING);
  const surveyed = survey(value, maxDepth);
  if (surveyed instanceof Fault) throw surveyed.toError();
  // A library that puts toJSON on a built-in prototype must not change what is signed. A string alone, such as a method's
  // name, is quoted faster here than there.
  const direct = surveyed && typeof value !== 'string' && !('toJSON' in Array.prototype);
  const text = direct ? JSON.stringify(value) : write(value);
  // JSON.stringify writes a lone surrogate as \ud8xx to \udfxx, and a pair as itself: one native search of the text
  // replaces a check of every string. Text with such letters behind a real backslash is found too, hence the second look.
  if (text.includes('\\ud')) {
    const fault = findLoneSurrogate(value);
    if (fault !== undefined) throw fault.toError();
  }
  return text;
}

/** Why a value has no canonical form, and where: the path grows from the inside out while the walk returns. */
class Fault {
  readonly #reason: string;
  #path = '';

  constructor(reason: string) {
    this.#reason = reason;
  }

  inMember(name: string): this {
    const short = name.length > 40 ? `${name.slice(0, 40)}...` : name;
    this.#path = (/^[A-Za-z_$][\w$]*$/.test(name) ? `.${short}` : `[${JSON.stringify(short)}]`) + this.#path;
    return this;
  }

  inItem(index: number): this {
    this.#path = `[${index}]${this.#path}`;
    return this;
  }

  toError(): CodecError {
    return new CodecError('ERR_CODEC_JCS_VALUE', `no canonical form: ${this.#reason} at $${this.#path}`);
  }
}

/**
 * Checks a value, but for lone surrogates.
 *
 * @param levels Levels of nesting left.
 * @returns Whether `JSON.stringify` writes the canonical text, or the fault.
 */
function survey(value: unknown, levels: number): boolean | Fault {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) || new Fault(`${value}`);
    case 'object':
      if (value === null) return true;
      if (levels === 0) return new Fault('nesting too deep, or a cycle,');
      return Array.isArray(value) ? surveyArray(value, levels - 1) : surveyObject(value, levels - 1);
    default:
      return new Fault(typeof value);
  }
}

function surveyArray(array: readonly unknown[], levels: number): boolean | Fault {
  const prototype: unknown = Object.getPrototypeOf(array);
  let direct = prototype === Array.prototype;
  // Every realm's Array.prototype is itself an array; the prototype of a subclass is not.
  if (!direct && !Array.isArray(prototype)) return new Fault('an instance of a class');
  for (let i = 0; i < array.length; i++) {
    const item = survey(array[i], levels);
    if (item === true) continue;
    if (item !== false) return item.inItem(i);
    direct = false;
  }
  return direct;
}

function surveyObject(object: object, levels: number): boolean | Fault {
  const prototype: unknown = Object.getPrototypeOf(object);
  let direct = true;
  if (prototype !== Object.prototype) {
    if (prototype !== null && !isForeignObjectPrototype(prototype as object)) {
      return new Fault('an instance of a class');
    }
    // JSON.stringify copies the text of a JSON.rawJSON object unseen, and may find toJSON on a foreign prototype.
    direct = prototype === null && !Object.hasOwn(object, 'rawJSON');
  }
  let previous = '';
  for (const name in object) {
    if (!Object.hasOwn(object, name)) continue;
    // Relational operators compare UTF-16 units (RFC 8785, section 3.2.3). Integer-like names come first and in numeric
    // order whatever the object's history, so "9" before "10" shows up here.
    if (name < previous) direct = false;
    previous = name;
    const member = survey((object as Record<string, unknown>)[name], levels);
    if (member === true) continue;
    if (member !== false) return member.inMember(name);
    direct = false;
  }
  return direct;
}

/** Whether this is the `Object.prototype` of another realm, such as an iframe's: nothing else ends the chain with it. */
function isForeignObjectPrototype(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

/** Writes the canonical text of a surveyed value. */
function write(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object' || value === null) return `${value}`;
  if (Array.isArray(value)) {
    let items = '';
    for (let i = 0; i < value.length; i++) items += (i === 0 ? '' : ',') + write(value[i]);
    return `[${items}]`;
  }
  const names = sortNames(Object.keys(value));
  let members = '';
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    members += `${(i === 0 ? '' : ',') + quote(name)}:${write((value as Record<string, unknown>)[name])}`;
  }
  return `{${members}}`;
}

/** Sorts in place by UTF-16 units. Few names, the common case, by insertion: twice as fast as calling into the engine. */
function sortNames(names: string[]): string[] {
  if (names.length > 16) return names.sort();
  for (let i = 1; i < names.length; i++) {
    const name = names[i] as string;
    let j = i - 1;
    for (; j >= 0 && (names[j] as string) > name; j--) names[j + 1] = names[j] as string;
    names[j + 1] = name;
  }
  return names;
}

/** Writes a string; short ones of printable ASCII, as member names are, without calling into the engine. */
function quote(text: string): string {
  if (text.length > 32) return JSON.stringify(text);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit > 0x7e || unit === 0x22 || unit === 0x5c) return JSON.stringify(text);
  }
  return `"${text}"`;
}

function findLoneSurrogate(value: unknown): Fault | undefined {
  if (typeof value === 'string') return loneSurrogateIndex(value) < 0 ? undefined : new Fault('a lone surrogate');
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const fault = findLoneSurrogate(value[i]);
      if (fault !== undefined) return fault.inItem(i);
    }
    return undefined;
  }
  for (const name of Object.keys(value)) {
    const fault = findLoneSurrogate(name) ?? findLoneSurrogate((value as Record<string, unknown>)[name]);
    if (fault !== undefined) return fault.inMember(name);
  }
  return undefined;
}
