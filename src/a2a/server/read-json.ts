// The JSON of a request: any that means one thing only. Numbers are taken as every parser takes them, since nobody signed
// them; a member name that stands twice in one object is not, since two parsers could differ over it.

import { decodeUtf8 } from '../../bytes/utf8.js';
import { checkJsonBounds } from '../../codec/bounds.js';
import { A2aOperationError } from '../wire/errors.js';

/** Object members in one body, nested ones included. */
const MAX_JSON_KEYS = 100_000;

/**
 * Parses a body.
 *
 * @param bytes UTF-8 without a byte order mark. Borrowed.
 * @returns Fresh value. A member named `__proto__` is an own data property like any other.
 * @throws {A2aOperationError} ERR_A2A_PARSE: no JSON, a member name used twice, or more than the limits allow.
 */
export function readJson(bytes: Uint8Array, maxJsonDepth: number): unknown {
  try {
    const text = decodeUtf8(bytes);
    const value: unknown = JSON.parse(text);
    checkJsonBounds(value, { maxJsonDepth, maxJsonKeys: MAX_JSON_KEYS });
    if (hasDuplicateMember(text)) throw new TypeError('a member name is used twice');
    return value;
  } catch (cause) {
    throw new A2aOperationError('ERR_A2A_PARSE', undefined, { cause });
  }
}

/**
 * Whether an object in a JSON text has two members of one name, compared after unescaping.
 *
 * @param json Known to be valid, so that looking at brackets, commas and strings is enough.
 */
export function hasDuplicateMember(json: string): boolean {
  /** Names so far of each object around the place, the innermost last; `undefined` for an array. */
  const names: (Set<string> | undefined)[] = [];
  let expectsName = false;
  for (let at = 0; at < json.length; at++) {
    switch (json[at]) {
      case '{':
        names.push(new Set());
        expectsName = true;
        break;
      case '[':
        names.push(undefined);
        expectsName = false;
        break;
      case '}':
      case ']':
        names.pop();
        expectsName = false;
        break;
      case ',':
        expectsName = names.at(-1) !== undefined;
        break;
      case '"': {
        const end = endOfString(json, at);
        if (expectsName) {
          const name: string = JSON.parse(json.slice(at, end + 1));
          const known = names.at(-1);
          if (known?.has(name)) return true;
          known?.add(name);
          expectsName = false;
        }
        at = end;
        break;
      }
    }
  }
  return false;
}

/** Position of the quotation mark that ends a string. */
function endOfString(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); ; end = json.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (json[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end;
  }
}
