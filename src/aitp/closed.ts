// Closed objects: every member is known or refused (section 10). A shape says what is wanted of a value; a defect is the
// structural code of the object, and a member nobody knows is UNKNOWN_FIELD only where it is the one defect there is.

import { parseUrl } from '../bytes/parse-url.js';
import { parseJsonStrict } from '../codec/json.js';
import type { JsonObject, JsonValue } from '../codec/json-value.js';
import { CodecError } from '../errors.js';
import { type Aid, parseAid } from './aid.js';
import { AitpError, type AitpWireCode } from './errors.js';
import { isNonce } from './nonce.js';
import { isUuid } from './uuid.js';

/** What a value has to look like. Reading returns it, or says where it does not fit. */
export interface Shape<T> {
  /** @throws {Defect} */
  read(value: JsonValue, path: string, found: Findings): T;
  /** Whether the member may be absent. */
  readonly optional?: boolean;
}

/** What reading has found so far that is no structural defect. */
export interface Findings {
  /** Path of the first member nobody knows. */
  unknown?: string;
}

/** A structural defect, on its way to becoming the code of its object. */
export class Defect extends Error {}

/** The value a shape reads. */
export type Read<S> = S extends Shape<infer T> ? T : never;

type Members = Readonly<Record<string, Shape<unknown>>>;

type OptionalNames<M extends Members> = { [K in keyof M]: undefined extends Read<M[K]> ? K : never }[keyof M];

/** An object as its members' shapes read it. */
export type ReadObject<M extends Members> = {
  readonly [K in Exclude<keyof M, OptionalNames<M>>]: Read<M[K]>;
} & { readonly [K in OptionalNames<M>]?: Exclude<Read<M[K]>, undefined> };

/**
 * Parses the text of a signed object strictly: no duplicate members, no number that is not a safe integer, at most 64
 * levels deep, at most 10,000 members and for longer texts one for every 25 bytes of the limit.
 *
 * @param input Text, or its UTF-8 bytes. Borrowed.
 * @param code Structural code of the object.
 * @throws {AitpError} `code`: syntax, duplicates, numbers, depth, members, or longer than `maxBytes`.
 * @throws {TypeError | RangeError} neither text nor bytes, or a limit that is none.
 */
export function parseSigned(input: string | Uint8Array, code: AitpWireCode, maxBytes: number): JsonValue {
  if (typeof input !== 'string' && !(input instanceof Uint8Array)) {
    throw new TypeError('input must be a string or a Uint8Array');
  }
  let value: JsonValue;
  try {
    value = parseJsonStrict(input, { maxBytes, maxKeys: Math.max(10_000, Math.floor(maxBytes / 25)) });
  } catch (cause) {
    if (!(cause instanceof CodecError)) throw cause;
    throw new AitpError(code, 'not strict JSON within its limits', { cause });
  }
  // Where it stands is not said: the path would be the sender's words.
  if (hasUnsafeNumber(value)) throw new AitpError(code, 'a number that is no safe integer');
  return value;
}

/**
 * Whether some number in a value is not a safe integer. Two implementations may write such a number in two ways, so that
 * nobody signs one (section 2.4).
 */
export function hasUnsafeNumber(value: JsonValue): boolean {
  if (typeof value === 'number') return !Number.isSafeInteger(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasUnsafeNumber);
}

/**
 * Reads a value by a shape.
 *
 * @param value From a strict parse.
 * @param code Structural code of the object.
 * @param what Name of the object, for messages.
 * @throws {AitpError} `code`: any defect. UNKNOWN_FIELD: no defect but a member nobody knows.
 */
export function readClosed<T>(shape: Shape<T>, value: JsonValue, code: AitpWireCode, what: string): T {
  const found: Findings = {};
  let read: T;
  try {
    read = shape.read(value, '$', found);
  } catch (cause) {
    if (cause instanceof Defect) throw new AitpError(code, `not a valid ${what}: ${cause.message}`);
    throw cause;
  }
  if (found.unknown === undefined) return read;
  throw new AitpError('UNKNOWN_FIELD', `a ${what} has no such member: ${found.unknown}`);
}

/** An object that has these members and no others. */
export function closedObject<M extends Members>(members: M): Shape<ReadObject<M>> {
  const names = Object.keys(members);
  const shapes = Object.entries(members);
  return {
    read(value, path, found) {
      const object = asObject(value, path);
      const read: Record<string, unknown> = {};
      for (const [name, shape] of shapes) {
        if (!Object.hasOwn(object, name)) {
          if (shape.optional === true) continue;
          throw new Defect(`${path}.${name} is missing`);
        }
        read[name] = shape.read(object[name] as JsonValue, `${path}.${name}`, found);
      }
      const unknown = unknownMember(object, names);
      if (unknown !== undefined) found.unknown ??= `${path}.${printable(unknown)}`;
      return read as ReadObject<M>;
    },
  };
}

/** First member of an object that is none of these; `undefined` where there is none. */
export function unknownMember(object: JsonObject, names: readonly string[]): string | undefined {
  return Object.keys(object).find((name) => !names.includes(name));
}

/** A member that may be absent. Absent and `null` are two things: the latter is refused. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return { ...shape, optional: true };
}

/** A value that passes a test. */
export function that<T extends JsonValue>(wanted: string, test: (value: JsonValue) => boolean): Shape<T> {
  return {
    read(value, path) {
      if (test(value)) return value as T;
      throw new Defect(`${path} must be ${wanted}`);
    },
  };
}

/** Any object, whatever its members: an extension slot, or a payload that is judged later. */
export const anyObject: Shape<JsonObject> = { read: (value, path) => asObject(value, path) };

/** Any text. */
export const text: Shape<string> = /* @__PURE__ */ that('a string', (value) => typeof value === 'string');

/** A text with content. */
export const someText: Shape<string> = /* @__PURE__ */ that(
  'a string with content',
  (value) => typeof value === 'string' && value !== '',
);

/** An AID of a usable key. What is read is a copy: a name that is kept must not keep the message it came in. */
export const aidText: Shape<Aid> = {
  read(value, path) {
    try {
      return parseAid(value).aid;
    } catch {
      throw new Defect(`${path} must be an AID`);
    }
  },
};

/** A UUID of version 4 in lower case. */
export const uuidText: Shape<string> = /* @__PURE__ */ that('a UUID of version 4 in lower case', isUuid);

/** A nonce: 16 bytes, 22 characters. */
export const nonceText: Shape<string> = /* @__PURE__ */ that('16 bytes in base64url', isNonce);

/** A SHA-256 or thumbprint: 43 characters. */
export const hashText: Shape<string> = /* @__PURE__ */ that(
  '32 bytes in base64url',
  (value) => typeof value === 'string' && /^[\w-]{42}[AEIMQUYcgkosw048]$/.test(value),
);

/** Unix seconds, from `min` on. */
export function seconds(min: 0 | 1): Shape<number> {
  return that(`Unix seconds, ${min} or more`, (value) => Number.isSafeInteger(value) && (value as number) >= min);
}

/** A capability: a text with content and without whitespace. Opaque otherwise. */
export const capability: Shape<string> = /* @__PURE__ */ that(
  'a string with content and without whitespace',
  (value) => typeof value === 'string' && /^\S+$/.test(value),
);

/** One of a few texts. */
export function oneOf<const T extends string>(...values: readonly T[]): Shape<T> {
  return that(`one of ${values.join(', ')}`, (value) => (values as readonly JsonValue[]).includes(value));
}

/** A list of items. `unique` takes texts. */
export function listOf<T>(
  item: Shape<T>,
  { min = 0, unique = false }: { readonly min?: number; readonly unique?: boolean } = {},
): Shape<readonly T[]> {
  return {
    read(value, path, found) {
      if (!Array.isArray(value)) throw new Defect(`${path} must be an array`);
      if (value.length < min) throw new Defect(`${path} must have ${min} items or more`);
      const items = value.map((member: JsonValue, index) => item.read(member, `${path}[${index}]`, found));
      if (unique && new Set(items).size !== items.length) throw new Defect(`${path} must not repeat an item`);
      return items;
    },
  };
}

/** An absolute URI, kept as the text it came as: a URL object would change it. */
export const uriText: Shape<string> = /* @__PURE__ */ that('an absolute URI', isUri);

function isUri(value: JsonValue): boolean {
  return typeof value === 'string' && /^[!-~]+$/.test(value) && parseUrl(value) !== undefined;
}

function asObject(value: JsonValue, path: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new Defect(`${path} must be an object`);
}

/** A peer's member name for a message: cut short, and nothing but printable ASCII. */
function printable(name: string): string {
  return name.slice(0, 40).replace(/[^ -~]/g, '?');
}
