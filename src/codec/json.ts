// A strict, bounded parser for JSON whose meaning somebody signed (RFC 8259, and RFC 7493 where that is stricter).
// Every accepted text means the same to every parser, and its canonical form (jcs.ts) is accepted again.
// Frames are parsed by `JSON.parse` and bounds.ts instead: their sender is authenticated, and speed counts.

import { assertInteger } from '../bytes/assert.js';
import { decodeUtf8, encodeUtf8 } from '../bytes/utf8.js';
import { CodecError, type CodecErrorCode } from '../errors.js';
import { MAX_DEPTH_CEILING } from './bounds.js';
import type { JsonValue } from './json-value.js';
import { loneSurrogateIndex } from './well-formed.js';

/** How much {@link parseJsonStrict} takes. */
export interface JsonLimits {
  /** Arrays and objects inside one another, the outermost counted: 1 to 1,000. Default 64. */
  readonly maxDepth?: number;
  /** Length of the text as UTF-8, in bytes: 1 or more. Default 262,144. */
  readonly maxBytes?: number;
  /** Object members in the whole text: 0 or more. Default 10,000. */
  readonly maxKeys?: number;
  /**
   * Whether an integer beyond 2^53 - 1 is taken where it stands, digit for digit, as its canonical form does: 2^53 as
   * 9007199254740992, 1e20 as 100000000000000000000. Some signers write such numbers. Default false.
   */
  readonly exactIntegers?: boolean;
}

/**
 * Parses JSON, refusing whatever two honest parsers could read differently.
 *
 * Refused beside broken syntax: a byte order mark, anything but whitespace around the value, the same member name twice
 * in one object (names are compared after unescaping), lone surrogates, and numbers that do not survive:
 * - integers beyond 2^53 - 1 written as such, and any spelling of one below 1e21, since their canonical form would be
 *   such an integer (1e20 is refused, 1e21 and 1E30 are doubles like 0.1 and are taken), but for `exactIntegers`;
 * - what becomes infinite, and what becomes 0 without being 0 (1e400, 1e-400).
 *
 * Otherwise a number is the nearest double, as in `JSON.parse`; `1.0` is 1 and `-0` stays -0. A member named
 * `__proto__` is an own data property like any other.
 *
 * @param input Text, or its UTF-8 bytes. Borrowed.
 * @param limits Exceeding one is refused like broken syntax.
 * @returns Fresh value of plain objects and arrays.
 * @throws {CodecError} ERR_CODEC_UTF8, ERR_CODEC_JSON_SYNTAX, ERR_CODEC_JSON_DUPLICATE_KEY, ERR_CODEC_JSON_SURROGATE,
 *   ERR_CODEC_JSON_NUMBER, ERR_CODEC_JSON_DEPTH, or ERR_CODEC_JSON_SIZE for bytes and members. The message gives the
 *   position in UTF-16 units, never the text.
 * @throws {TypeError} an argument of another kind.
 * @throws {RangeError} a limit outside its range.
 */
export function parseJsonStrict(input: string | Uint8Array, limits: JsonLimits = {}): JsonValue {
  const { maxDepth = 64, maxBytes = 262_144, maxKeys = 10_000, exactIntegers } = limits;
  assertInteger(maxDepth, 'maxDepth', 1, MAX_DEPTH_CEILING);
  assertInteger(maxBytes, 'maxBytes', 1);
  assertInteger(maxKeys, 'maxKeys', 0);
  if (typeof input !== 'string') {
    if (!(input instanceof Uint8Array)) throw new TypeError('input must be a string or a Uint8Array');
    if (input.length > maxBytes) throw tooLarge(maxBytes);
    return new StrictParser(decodeUtf8(input), maxDepth, maxKeys, exactIntegers).parse();
  }
  // A unit of UTF-16 is one to three bytes of UTF-8, so most texts need no counting.
  if (input.length > maxBytes) throw tooLarge(maxBytes);
  const surrogateAt = loneSurrogateIndex(input);
  if (surrogateAt >= 0) throw fault('ERR_CODEC_JSON_SURROGATE', 'lone surrogate', surrogateAt);
  if (input.length * 3 > maxBytes && encodeUtf8(input).length > maxBytes) throw tooLarge(maxBytes);
  return new StrictParser(input, maxDepth, maxKeys, exactIntegers).parse();
}

const NUMBER = /-?(?:0|[1-9]\d*)((?:\.\d+)?(?:[eE][+-]?\d+)?)/y;

/** Recursive descent over well-formed text, at most `maxDepth` levels deep. */
class StrictParser {
  readonly #text: string;
  readonly #maxDepth: number;
  readonly #maxKeys: number;
  readonly #exactIntegers: boolean | undefined;
  /** No backslash and no control character in all the text: a string then ends at the next quotation mark. */
  readonly #plain: boolean;
  #at = 0;
  #keys = 0;

  constructor(text: string, maxDepth: number, maxKeys: number, exactIntegers: boolean | undefined) {
    this.#text = text;
    this.#maxDepth = maxDepth;
    this.#maxKeys = maxKeys;
    this.#exactIntegers = exactIntegers;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    this.#plain = !/[\\\0-\x1f]/.test(text);
  }

  parse(): JsonValue {
    const value = this.#value(this.#maxDepth);
    if (this.#at !== this.#text.length) throw this.#syntax('text after the value');
    return value;
  }

  /** Reads one value and the whitespace around it. */
  #value(levels: number): JsonValue {
    this.#skipWhitespace();
    const value = this.#bareValue(levels);
    this.#skipWhitespace();
    return value;
  }

  #bareValue(levels: number): JsonValue {
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(levels);
      case '[':
        return this.#array(levels);
      case '"':
        return this.#string();
      case 't':
        return this.#literal('true', true);
      case 'f':
        return this.#literal('false', false);
      case 'n':
        return this.#literal('null', null);
      default:
        return this.#number();
    }
  }

  #object(levels: number): JsonValue {
    this.#enter(levels);
    const object: Record<string, JsonValue> = {};
    this.#skipWhitespace();
    if (this.#take('}')) return object;
    for (;;) {
      const nameAt = this.#at;
      if (this.#text[nameAt] !== '"') throw this.#syntax('a name was expected');
      const name = this.#string();
      if (++this.#keys > this.#maxKeys) {
        throw fault('ERR_CODEC_JSON_SIZE', `more than ${this.#maxKeys} object members`, nameAt);
      }
      if (Object.hasOwn(object, name)) throw fault('ERR_CODEC_JSON_DUPLICATE_KEY', 'name used twice', nameAt);
      this.#skipWhitespace();
      if (!this.#take(':')) throw this.#syntax('":" was expected');
      addMember(object, name, this.#value(levels - 1));
      if (this.#take('}')) return object;
      if (!this.#take(',')) throw this.#syntax('"," or "}" was expected');
      this.#skipWhitespace();
    }
  }

  #array(levels: number): JsonValue {
    this.#enter(levels);
    const array: JsonValue[] = [];
    this.#skipWhitespace();
    if (this.#take(']')) return array;
    for (;;) {
      array.push(this.#value(levels - 1));
      if (this.#take(']')) return array;
      if (!this.#take(',')) throw this.#syntax('"," or "]" was expected');
    }
  }

  /** Steps over an opening bracket. */
  #enter(levels: number): void {
    if (levels === 0) throw fault('ERR_CODEC_JSON_DEPTH', `nested deeper than ${this.#maxDepth} levels`, this.#at);
    this.#at++;
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at;
    let end = start + 1;
    // Where there is no quotation mark, the loop says so.
    if (this.#plain) end = Math.max(end, text.indexOf('"', end));
    let escaped = false;
    for (let unit = text.charCodeAt(end); unit !== 0x22; unit = text.charCodeAt(end)) {
      // Also false for NaN, which stands behind the end.
      if (!(unit >= 0x20)) throw fault('ERR_CODEC_JSON_SYNTAX', 'unfinished string', end);
      if (unit === 0x5c) escaped = true;
      end += unit === 0x5c ? 2 : 1;
    }
    let string = text.slice(start + 1, end);
    if (escaped) {
      try {
        string = JSON.parse(text.slice(start, end + 1));
      } catch {
        throw this.#syntax('bad escape');
      }
      // The text is well formed, so that a lone surrogate can only have been written as an escape.
      if (loneSurrogateIndex(string) >= 0) throw fault('ERR_CODEC_JSON_SURROGATE', 'lone surrogate', start);
    }
    this.#at = end + 1;
    return string;
  }

  #number(): number {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (match === null) throw this.#syntax('a value was expected');
    const [literal, tail] = match;
    const value = Number(literal);
    // Written as an integer, or one in its canonical form.
    const isInteger = tail === '' || (Number.isInteger(value) && Math.abs(value) < 1e21);
    const isHeld = isInteger ? Number.isSafeInteger(value) : Number.isFinite(value);
    const isTaken = isHeld || (this.#exactIntegers && `${value}` === literal);
    if (!isTaken || (value === 0 && /^[-0.]*[1-9]/.test(literal))) {
      throw fault('ERR_CODEC_JSON_NUMBER', 'number beyond a double', this.#at);
    }
    this.#at += literal.length;
    return value;
  }

  #literal<T extends boolean | null>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#syntax('a value was expected');
    this.#at += word.length;
    return value;
  }

  /** Steps over a character if it stands here. */
  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #skipWhitespace(): void {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.#at++;
    }
  }

  #syntax(expectation: string): CodecError {
    return fault('ERR_CODEC_JSON_SYNTAX', expectation, this.#at);
  }
}

/** Adds an own data property, whatever `Object.prototype` holds under that name: a setter, or a frozen property. */
export function addMember(object: Record<string, JsonValue>, name: string, value: JsonValue): void {
  if (name in object) {
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    object[name] = value;
  }
}

function tooLarge(maxBytes: number): CodecError {
  return new CodecError('ERR_CODEC_JSON_SIZE', `JSON text longer than ${maxBytes} bytes`);
}

function fault(code: CodecErrorCode, what: string, at: number): CodecError {
  return new CodecError(code, `${what} (at character ${at})`);
}
