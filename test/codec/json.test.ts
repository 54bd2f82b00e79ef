import { describe, expect, it } from 'vitest';
import { encodeUtf8 } from '../../src/bytes/utf8.js';
import { canonicalize } from '../../src/codec/jcs.js';
import { type JsonLimits, parseJsonStrict } from '../../src/codec/json.js';
import suite from '../../vectors/json-test-suite/parsing.json' with { type: 'json' };
import { unhex } from '../support/hex.js';
import { codeOf, same } from './helpers.js';

const SYNTAX = 'ERR_CODEC_JSON_SYNTAX';
const DUPLICATE = 'ERR_CODEC_JSON_DUPLICATE_KEY';
const SURROGATE = 'ERR_CODEC_JSON_SURROGATE';
const NUMBER = 'ERR_CODEC_JSON_NUMBER';
const DEPTH = 'ERR_CODEC_JSON_DEPTH';
const SIZE = 'ERR_CODEC_JSON_SIZE';
const UTF8 = 'ERR_CODEC_UTF8';

const codeFor = (input: string | Uint8Array, limits?: JsonLimits) => codeOf(() => parseJsonStrict(input, limits));

/** As `JSON.parse` reads it, from text and from bytes. */
function readsLikeJsonParse(text: string): void {
  const expected = JSON.parse(text);
  same(parseJsonStrict(text), expected);
  same(parseJsonStrict(encodeUtf8(text)), expected);
}

describe('JSONTestSuite', () => {
  // Texts that RFC 8259 allows, or leaves to the parser, and that a signed document must not hold.
  const stricter: Record<string, string> = {
    y_object_duplicated_key: DUPLICATE,
    y_object_duplicated_key_and_value: DUPLICATE,
    i_number_double_huge_neg_exp: NUMBER,
    i_number_huge_exp: NUMBER,
    i_number_neg_int_huge_exp: NUMBER,
    i_number_pos_double_huge_exp: NUMBER,
    i_number_real_neg_overflow: NUMBER,
    i_number_real_pos_overflow: NUMBER,
    i_number_real_underflow: NUMBER,
    i_number_too_big_neg_int: NUMBER,
    i_number_too_big_pos_int: NUMBER,
    i_number_very_big_negative_int: NUMBER,
    i_object_key_lone_2nd_surrogate: SURROGATE,
    i_string_1st_surrogate_but_2nd_missing: SURROGATE,
    i_string_1st_valid_surrogate_2nd_invalid: SURROGATE,
    i_string_incomplete_surrogate_and_escape_valid: SURROGATE,
    i_string_incomplete_surrogate_pair: SURROGATE,
    i_string_incomplete_surrogates_escape_valid: SURROGATE,
    i_string_invalid_lonely_surrogate: SURROGATE,
    i_string_invalid_surrogate: SURROGATE,
    'i_string_inverted_surrogates_U+1D11E': SURROGATE,
    i_string_lone_second_surrogate: SURROGATE,
    'i_structure_UTF-8_BOM_empty_object': SYNTAX,
  };
  const of = (letter: string) => suite.filter(({ name }) => name.startsWith(letter));

  it.each(of('y').filter(({ name }) => !(name in stricter)))('accepts $name', ({ input }) => readsLikeJsonParse(input));

  it.each(of('n'))('refuses $name', ({ input }) => {
    expect(codeFor(input)).toBe(SYNTAX);
    expect(codeFor(encodeUtf8(input))).toBe(SYNTAX);
  });

  it.each(Object.entries(stricter))('refuses %s, %s', (name, code) => {
    const input = suite.find((candidate) => candidate.name === name)?.input ?? '';
    expect(codeFor(input)).toBe(code);
    expect(codeFor(encodeUtf8(input))).toBe(code);
  });

  it('leaves no text to chance', () => {
    const undecided = of('i').filter(({ name }) => !(name in stricter));
    expect(undecided).toEqual([]);
  });
});

describe('J3: duplicate member names', () => {
  it.each([
    '{"a":1,"a":2}',
    '{"a":1,"a":1}',
    '{"a":1,"b":2,"a":3}',
    '{"a":1,"\\u0061":2}',
    '{"\\u0061":1,"a":2}',
    '{"\\/":1,"/":2}',
    '{"":1,"":2}',
    '{"\\ud83d\\ude00":1,"\ud83d\ude00":2}',
    '[{"x":{"a":1,"a":2}}]',
    '{"a":{"b":1},"a":{"b":1}}',
    '{"__proto__":1,"__proto__":2}',
    '{"__proto__":1,"\\u005f_proto__":2}',
    '{"toString":1,"toString":2}',
    '{"1":1,"1":2}',
  ])('%s', (text) => {
    expect(codeFor(text)).toBe(DUPLICATE);
  });

  it.each([
    '{"a":{"a":1},"b":{"a":1}}',
    '[{"a":1},{"a":1}]',
    '{"a":1,"A":2,"\u00e4":3,"a\u0308":4}',
    '{"toString":1,"valueOf":2,"hasOwnProperty":3}',
    '{"1":1,"01":2,"1.0":3}',
  ])('none in %s', readsLikeJsonParse);
});

describe('lone surrogates', () => {
  it.each([
    ['an escaped high one', '"\\ud800"'],
    ['an escaped low one', '"\\udc00"'],
    ['upper-case hexadecimal', '"\\uD8AB"'],
    ['a reversed pair', '"\\udc00\\ud800"'],
    ['a high one before a letter', '["a\\ud83dz"]'],
    ['one in a name', '{"\\ud83d":1}'],
    ['one behind a pair', '"\\ud83d\\ude00\\ude00"'],
    ['a raw one', '"\ud800"'],
    ['a raw one in a name', '{"\udfff":1}'],
    ['a raw half and an escaped half', '"\ud83d\\ude00"'],
    ['an escaped half and a raw half', '"\\ud83d\ude00"'],
    ['one outside any string', '[\ud800]'],
  ])('%s', (_, text) => {
    expect(codeFor(text)).toBe(SURROGATE);
  });

  it.each([
    '"\\ud83d\\ude00"',
    '"\ud83d\ude00"',
    '{"\\uD834\\udd1e":"\ud834\udd1e"}',
    '"\\\\ud800"',
    '"\\uffff\\ue000"',
  ])('none in %s', readsLikeJsonParse);
});

describe('J2: numbers', () => {
  it.each([
    '0',
    '-0',
    '0.0',
    '-0.0',
    '0e5',
    '-0e-999',
    '1',
    '1.0',
    '1E2',
    '1e+2',
    '10e-1',
    '-1.5e-7',
    '4.50',
    '0.1',
    '9007199254740991',
    '-9007199254740991',
    '9007199254740991.0',
    '9.007199254740991e15',
    '5e-324',
    '3e-324',
    '2.2250738585072014e-308',
    '1.7976931348623157e308',
    '1e21',
    '1E30',
    '1000000000000000000000.5e3',
    '0.10000000000000000555111512312578270211815834045410156250',
  ])('%s is the nearest double', (text) => {
    readsLikeJsonParse(text);
    readsLikeJsonParse(`[${text},{"n":${text}}]`);
    expect(canonicalize(parseJsonStrict(text))).toBe(JSON.stringify(JSON.parse(text)));
  });

  it.each([
    ['2^53', '9007199254740992'],
    ['2^53 + 1', '9007199254740993'],
    ['-2^53', '-9007199254740992'],
    ['20 digits', '12345678901234567890'],
    ['22 digits', '1000000000000000000000'],
    ['400 digits', '1'.repeat(400)],
    ['100,000 digits', '9'.repeat(100_000)],
    ['2^53 as a fraction', '9007199254740992.0'],
    ['2^53 after rounding', '9007199254740991.7'],
    ['2^53 with an exponent', '9007199254740.992e3'],
    ['1e20, whose canonical form is an integer of 21 digits', '1e20'],
    ['-1e20', '-1e20'],
    ['too large', '1e400'],
    ['too large, negative', '-1e400'],
    ['just too large', '1.7976931348623159e308'],
    ['too small', '1e-400'],
    ['too small, negative', '-0.0001e-330'],
    ['half of the smallest', '2e-324'],
  ])('%s', (_, text) => {
    expect(codeFor(text)).toBe(NUMBER);
    expect(codeFor(`{"a":[${text}]}`)).toBe(NUMBER);
  });

  it.each(['9007199254740992', '-9007199254740992', '12345678901234567000', '100000000000000000000'])(
    '%s is taken in its canonical form, where that is wanted',
    (text) => {
      const limits = { exactIntegers: true };
      for (const inside of [text, `[${text},{"n":${text}}]`]) {
        expect(codeFor(inside)).toBe(NUMBER);
        expect(codeFor(inside, { exactIntegers: false })).toBe(NUMBER);
        same(parseJsonStrict(inside, limits), JSON.parse(inside));
        same(parseJsonStrict(encodeUtf8(inside), limits), JSON.parse(inside));
        expect(canonicalize(parseJsonStrict(inside, limits))).toBe(inside);
      }
    },
  );

  it.each([
    '9007199254740993',
    '-9007199254740993',
    '9007199254740992.0',
    '9007199254740.992e3',
    '9.007199254740992e15',
    '12345678901234567890',
    '1e20',
    '1000000000000000000000',
    '1'.repeat(400),
    '1e400',
    '1e-400',
  ])('%s is refused in any other, all the same', (text) => {
    expect(codeFor(text, { exactIntegers: true })).toBe(NUMBER);
  });

  it.each([
    '01',
    '-',
    '-01',
    '+1',
    '.5',
    '1.',
    '1.e5',
    '1e',
    '1e+',
    '0x10',
    '1_000',
    '--1',
    'NaN',
    'Infinity',
    '-Infinity',
    '1n',
    '\u0661',
  ])('%s is no number', (text) => {
    expect(codeFor(text)).toBe(SYNTAX);
    expect(codeFor(`[${text}]`)).toBe(SYNTAX);
  });
});

describe('syntax', () => {
  it.each([
    'null',
    'true',
    'false',
    '""',
    '[]',
    '{}',
    ' [ 1 , { "a" : [ ] } ] ',
    '\t\r\n {"a"\n:\r1\t}\n',
    '"\\u0000\\n\\"\\\\\\/"',
    '"\u007f\u0080\u2028\ufeff\uffff"',
    '[[],[[]],{}]',
  ])('accepts %j', readsLikeJsonParse);

  it.each([
    ['nothing', ''],
    ['blanks', ' \n'],
    ['a second value', '{}{}'],
    ['text behind', '1 x'],
    ['a NUL behind', '{}\0'],
    ['text in front', 'x{}'],
    ['a byte order mark', '\ufeff{}'],
    ['a byte order mark behind', '{}\ufeff'],
    ['a no-break space', '[\u00a01]'],
    ['a vertical tab', '[\u000b1]'],
    ['a trailing comma in an array', '[1,]'],
    ['a trailing comma in an object', '{"a":1,}'],
    ['a leading comma', '[,1]'],
    ['two commas', '[1,,2]'],
    ['a missing comma', '[1 2]'],
    ['a missing colon', '{"a" 1}'],
    ['a missing value', '{"a":}'],
    ['a bare name', '{a:1}'],
    ['a name that is a number', '{1:1}'],
    ['single quotes', "['a']"],
    ['a comment', '[1]// x'],
    ['a comment inside', '[/* x */1]'],
    ['an open array', '[1'],
    ['an open object', '{"a":1'],
    ['an open name', '{"a'],
    ['an open string', '"abc'],
    ['a string that ends in a backslash', '"abc\\'],
    ['a string that ends in an escaped quote', '"abc\\"'],
    ['the wrong bracket', '[1}'],
    ['a closing bracket alone', ']'],
    ['a bare line break in a string', '"a\nb"'],
    ['a bare NUL in a string', '"a\0b"'],
    ['a bare control character in a name', '{"\u001f":1}'],
    ['a line break behind a backslash', '"a\\\nb"'],
    ['an unknown escape', '"\\x41"'],
    ['three hexadecimal digits', '"\\u123"'],
    ['a braced escape', '"\\u{41}"'],
    ['a cut escape', '"\\u12'],
    ['a word in capitals', 'TRUE'],
    ['half a word', 'tru'],
    ['a longer word', 'nullx'],
    ['undefined', 'undefined'],
  ])('refuses %s', (_, text) => {
    expect(codeFor(text)).toBe(SYNTAX);
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
  });

  it('says where, and keeps the text out of the error', () => {
    const message = (text: string) => {
      try {
        parseJsonStrict(text);
        return '';
      } catch (error) {
        expect((error as Error).cause).toBeUndefined();
        return (error as Error).message;
      }
    };
    expect(message('[1,secret]')).toMatch(/character 3\b/);
    expect(message('{"secret":1, "secret":2}')).toMatch(/character 13\b/);
    expect(message('["secret", "\\q secret"]')).toMatch(/character 11\b/);
    expect(message('["\ud83d\ude00", 1e999]')).toMatch(/character 7\b/);
    expect(message('["a", "\ud83d"]')).toMatch(/character 7\b/);
    for (const text of ['[1,secret]', '{"secret":1,"secret":2}', '["\\q secret"]', '"secret\ud800"', '"secret']) {
      expect(message(text)).not.toMatch(/secret/);
    }
  });
});

describe('bytes', () => {
  it.each([
    ['a byte order mark', 'efbbbf7b7d', SYNTAX],
    ['UTF-16, little-endian, with its mark', 'fffe7b007d00', UTF8],
    ['UTF-16, big-endian, with its mark', 'feff007b007d', UTF8],
    ['UTF-16, little-endian', '7b007d00', SYNTAX],
    ['UTF-32', '7b0000007d000000', SYNTAX],
    ['Latin-1', '22e422', UTF8],
    ['a continuation byte alone', '228022', UTF8],
    ['a cut sequence', '22c322', UTF8],
    ['a cut sequence at the end', '22e282', UTF8],
    ['an overlong slash', '22c0af22', UTF8],
    ['an overlong quote', 'c0a261c0a2', UTF8],
    ['an overlong NUL', '22c08022', UTF8],
    ['a high surrogate in three bytes', '22eda08022', UTF8],
    ['a low surrogate in three bytes', '22edb08022', UTF8],
    ['a pair in six bytes (CESU-8)', '22eda0bdedb88022', UTF8],
    ['beyond U+10FFFF', '22f490808022', UTF8],
    ['five bytes', '22f88888888022', UTF8],
    ['0xFE', '22fe22', UTF8],
    ['a cut sequence in a name', '7b22c3223a317d', UTF8],
    ['NUL behind the value', '7b7d00', SYNTAX],
    ['no bytes', '', SYNTAX],
  ])('refuses %s', (_, bytes, code) => {
    expect(codeFor(unhex(bytes))).toBe(code);
  });

  it('reads a view into a larger buffer', () => {
    const buffer = encodeUtf8('xx{"\u00e4":"\u{1f600}"}xx');
    expect(parseJsonStrict(buffer.subarray(2, -2))).toStrictEqual({ '\u00e4': '\u{1f600}' });
  });
});

describe('limits', () => {
  const arrays = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  const objects = (depth: number) => `${'{"a":'.repeat(depth - 1)}{}${'}'.repeat(depth - 1)}`;

  it.each([
    ['arrays', arrays],
    ['objects', objects],
  ])('depth of %s at the limit, one less, one more, and 20,000', (_, nested) => {
    expect(codeFor(nested(63))).toBeUndefined();
    expect(codeFor(nested(64))).toBeUndefined();
    expect(codeFor(nested(65))).toBe(DEPTH);
    expect(codeFor(nested(20_000))).toBe(DEPTH);
    expect(codeFor(nested(1_000), { maxDepth: 1_000 })).toBeUndefined();
    expect(codeFor(nested(20_000), { maxDepth: 1_000 })).toBe(DEPTH);
    expect(codeFor(nested(1), { maxDepth: 1 })).toBeUndefined();
    expect(codeFor(nested(2), { maxDepth: 1 })).toBe(DEPTH);
  });

  it('depth is refused before the text is read to its end', () => {
    expect(codeFor('['.repeat(200_000))).toBe(DEPTH);
    expect(codeFor('[{"a":'.repeat(20_000))).toBe(DEPTH);
  });

  it('bytes at the limit, one less, one more', () => {
    const text = (bytes: number) => `"${'x'.repeat(bytes - 2)}"`;
    for (const make of [text, (bytes: number) => encodeUtf8(text(bytes))]) {
      expect(codeFor(make(262_143))).toBeUndefined();
      expect(codeFor(make(262_144))).toBeUndefined();
      expect(codeFor(make(262_145))).toBe(SIZE);
      expect(codeFor(make(9), { maxBytes: 10 })).toBeUndefined();
      expect(codeFor(make(10), { maxBytes: 10 })).toBeUndefined();
      expect(codeFor(make(11), { maxBytes: 10 })).toBe(SIZE);
    }
  });

  it.each(['\u00e4', '\u20ac', '\u{1f600}'])('bytes are counted as UTF-8: %s', (letter) => {
    const text = `"${letter.repeat(5)}"`;
    const bytes = encodeUtf8(text).length;
    for (const input of [text, encodeUtf8(text)]) {
      expect(codeFor(input, { maxBytes: bytes + 1 })).toBeUndefined();
      expect(codeFor(input, { maxBytes: bytes })).toBeUndefined();
      expect(codeFor(input, { maxBytes: bytes - 1 })).toBe(SIZE);
    }
  });

  it('members at the limit, one less, one more', () => {
    const flat = (count: number) => `{${Array.from({ length: count }, (_, i) => `"${i}":0`).join(',')}}`;
    expect(codeFor(flat(9_999))).toBeUndefined();
    expect(codeFor(flat(10_000))).toBeUndefined();
    expect(codeFor(flat(10_001))).toBe(SIZE);
    const several = '[{"a":1},{"a":{"b":2}}]';
    expect(codeFor(several, { maxKeys: 4 })).toBeUndefined();
    expect(codeFor(several, { maxKeys: 3 })).toBeUndefined();
    expect(codeFor(several, { maxKeys: 2 })).toBe(SIZE);
    expect(codeFor('{}', { maxKeys: 0 })).toBeUndefined();
    expect(codeFor('{"a":1}', { maxKeys: 0 })).toBe(SIZE);
  });

  it('are checked as arguments', () => {
    const call = (limits: unknown) => () => parseJsonStrict('1', limits as JsonLimits);
    expect(call({ maxDepth: '1' })).toThrow(TypeError);
    for (const maxDepth of [0, 1.5, Number.NaN, 1_001]) expect(call({ maxDepth })).toThrow(RangeError);
    for (const maxBytes of [0, 1.5, Number.POSITIVE_INFINITY]) expect(call({ maxBytes })).toThrow(RangeError);
    for (const maxKeys of [-1, 1.5, Number.NaN]) expect(call({ maxKeys })).toThrow(RangeError);
    for (const input of [undefined, null, 1, {}, [123, 125], new ArrayBuffer(2)]) {
      expect(() => parseJsonStrict(input as unknown as string)).toThrow(TypeError);
    }
  });
});

describe('prototypes', () => {
  it('keeps __proto__ and constructor as own data, which change nothing', () => {
    const text = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":0}';
    readsLikeJsonParse(text);
    const value = parseJsonStrict(text) as Record<string, unknown>;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor', 'toString']);
    expect(value.polluted).toBeUndefined();
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(canonicalize(value)).toBe(text);
  });

  it('makes plain members whatever Object.prototype holds', () => {
    let seen: unknown = 'nothing';
    let value: Record<string, unknown>;
    Object.defineProperty(Object.prototype, 'trap', { set: (given) => (seen = given), configurable: true });
    Object.defineProperty(Object.prototype, 'fixed', { value: 0, writable: false, configurable: true });
    try {
      value = parseJsonStrict('{"trap":1,"fixed":2}') as Record<string, unknown>;
    } finally {
      Reflect.deleteProperty(Object.prototype, 'trap');
      Reflect.deleteProperty(Object.prototype, 'fixed');
    }
    expect(seen).toBe('nothing');
    expect(value).toStrictEqual({ trap: 1, fixed: 2 });
    value.fixed = 3;
    expect(value.fixed).toBe(3);
  });
});
