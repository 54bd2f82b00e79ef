// Readers for JSON as protobuf writes it: what a field may look like on the way in, and the one form it then has. The
// same readers check what goes out, so there is one description of each object (readers.ts).

import type { JsonObject } from '../../codec/json-value.js';

/** Turns a value into the one form it has in memory. @throws {WireFault} it is nothing of the kind. */
export type Reader<T> = (value: unknown, path: string) => T;

/** A value that is not what the protocol says; whoever reads turns it into the error that fits (parse.ts). */
export class WireFault extends Error {
  override readonly name = 'WireFault';
  /** Where in the value, such as `message.parts[0]`; empty for the value itself. */
  readonly path: string;
  /** What is wrong, as a sentence without its subject, such as `must be a string`. */
  readonly what: string;

  constructor(path: string, what: string) {
    super(`${path === '' ? 'the value' : path} ${what}`);
    this.path = path;
    this.what = what;
  }
}

/** A field whose absence means something, or whose default does. */
export interface OptionalField<T> {
  readonly presence: 'optional';
  readonly read: Reader<T>;
  /** Values that mean the same as absence, and are left out. */
  readonly isDefault: (value: T) => boolean;
}

/** A field of a valid object. */
export interface RequiredField<T> {
  readonly presence: 'required';
  readonly read: Reader<T>;
  /** What stands in where a peer left it out, as writers do with defaults. Absent: leaving it out is a fault. */
  readonly fallback?: () => T;
}

/** A field for each member of `T`, as the compiler sees to. */
export type Fields<T> = {
  readonly [Name in keyof T]-?: Record<never, never> extends Pick<T, Name>
    ? OptionalField<Exclude<T[Name], undefined>>
    : RequiredField<T[Name]>;
};

/** REQUIRED in the protocol. */
export function required<T>(read: Reader<T>, fallback?: () => T): RequiredField<T> {
  return fallback === undefined ? { presence: 'required', read } : { presence: 'required', read, fallback };
}

/** `optional` in the protocol, and messages: kept whenever it is there. */
export function optional<T>(read: Reader<T>): OptionalField<T> {
  return { presence: 'optional', read, isDefault: () => false };
}

/** Neither: `""`, `false`, `0` and `[]` are the same as absent. */
export function implicit<T>(read: Reader<T>): OptionalField<T> {
  const isDefault = (value: T) => !value || (Array.isArray(value) && value.length === 0);
  return { presence: 'optional', read, isDefault };
}

/** A JSON object as it came, of which this returns no copy. */
export const struct: Reader<JsonObject> = (value, path) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new WireFault(path, 'must be an object');
  return value as JsonObject;
};

/** Text. */
export const text: Reader<string> = (value, path) => {
  if (typeof value !== 'string') throw new WireFault(path, 'must be a string');
  return value;
};

/** Text that names something, so that it cannot be empty. */
export const identifier: Reader<string> = (value, path) => {
  if (text(value, path) === '') throw new WireFault(path, 'must not be empty');
  return value as string;
};

/** `true` or `false`; nothing else counts as either. */
export const flag: Reader<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw new WireFault(path, 'must be true or false');
  return value;
};

/** An int32, or its decimal digits as a string. */
export function integer(min = -2_147_483_648, max = 2_147_483_647): Reader<number> {
  return (value, path) => {
    const number = typeof value === 'string' && /^-?\d{1,10}$/.test(value) ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number)) throw new WireFault(path, 'must be an integer');
    if (number < min || number > max) throw new WireFault(path, `must be from ${min} to ${max}`);
    return number;
  };
}

/** A name of a list, or its place there. Names and numbers the list does not have are kept, as text. */
export function enumeration(names: readonly string[]): Reader<string> {
  return (value, path) => {
    if (typeof value === 'string' && value !== '') return value;
    if (!Number.isInteger(value)) throw new WireFault(path, 'must be the name of a value');
    return names[value as number] ?? String(value);
  };
}

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** A moment with 0 to 9 digits of a second, kept as written; the empty text of peers that have none to give passes. */
export const timestamp: Reader<string> = (value, path) => {
  if (value === '') return value;
  // The digits beyond milliseconds are cut before `Date` sees them: engines disagree on how many they take.
  if (!TIMESTAMP.test(text(value, path)) || Number.isNaN(Date.parse((value as string).replace(/(\.\d{3})\d+/, '$1')))) {
    throw new WireFault(path, 'must be a timestamp such as 2026-01-01T00:00:00.000Z');
  }
  return value as string;
};

/** Bytes in base64 or base64url, padded or not, brought into the one form that is sent: base64 with padding. */
export const bytes: Reader<string> = (value, path) => {
  const digits = text(value, path).replace(/={1,2}$/, '');
  if (!/^[\w+/-]*$/.test(digits) || digits.length % 4 === 1) throw new WireFault(path, 'must be base64');
  return digits.replaceAll('-', '+').replaceAll('_', '/') + '='.repeat(-digits.length & 3);
};

/** An array; `null` for one that is not set is seen to by the field. */
export function list<T>(item: Reader<T>): Reader<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw new WireFault(path, 'must be an array');
    return value.map((entry, index) => item(entry, `${path}[${index}]`));
  };
}

/** As another reader, and with at least one element. */
export function nonEmpty<T>(read: Reader<readonly T[]>): Reader<readonly T[]> {
  return (value, path) => {
    const items = read(value, path);
    if (items.length === 0) throw new WireFault(path, 'must not be empty');
    return items;
  };
}

interface Member {
  readonly name: string;
  readonly snake: string;
  readonly field: OptionalField<unknown> | RequiredField<unknown>;
}

/**
 * An object with these members, made afresh. Others are left out, `null` counts as absent, and a name may be spelled in
 * snake_case, though not in both ways at once.
 */
export function object<T extends object>(fields: Fields<T>): Reader<T> {
  let members: readonly Member[] | undefined;
  return (value, path) => {
    members ??= Object.entries(fields).map(([name, field]) => ({
      name,
      snake: snakeCase(name),
      field: field as Member['field'],
    }));
    const source = struct(value, path);
    const result: Record<string, unknown> = {};
    for (const { name, snake, field } of members) {
      const at = path === '' ? name : `${path}.${name}`;
      const member = pick(source, name, snake, at) ?? undefined;
      if (member !== undefined) {
        const read = field.read(member, at);
        if (field.presence === 'required' || !field.isDefault(read)) result[name] = read;
      } else if (field.presence === 'required') {
        if (field.fallback === undefined) throw new WireFault(at, 'is required');
        result[name] = field.fallback();
      }
    }
    return result as T;
  };
}

/** As {@link object}, with exactly one member. */
export function oneOf<T extends object>(fields: { readonly [Name in keyof T]-?: OptionalField<T[Name]> }): Reader<T> {
  const read = object(fields as unknown as Fields<T>);
  const names = Object.keys(fields);
  return (value, path) => {
    const result = read(value, path);
    if (Object.keys(result).length !== 1) throw new WireFault(path, `must have exactly one of ${names.join(', ')}`);
    return result;
  };
}

/** The member of a name, however it is spelled. @throws {WireFault} it is there twice. */
export function pick(source: JsonObject, name: string, snake: string, path: string): unknown {
  const member = source[name];
  if (snake === name) return member;
  const other = source[snake];
  if (other === undefined) return member;
  if (member !== undefined) throw new WireFault(path, `is there twice, as ${name} and as ${snake}`);
  return other;
}

/** `messageId` as `message_id`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
