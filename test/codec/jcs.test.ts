import { createHash } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { encodeUtf8 } from '../../src/bytes/utf8.js';
import { canonicalize } from '../../src/codec/jcs.js';
import { parseJsonStrict } from '../../src/codec/json.js';
import type { CodecError } from '../../src/errors.js';
import documents from '../../vectors/rfc8785/documents.json' with { type: 'json' };
import es6 from '../../vectors/rfc8785/es6-numbers.json' with { type: 'json' };
import rfc from '../../vectors/rfc8785/rfc.json' with { type: 'json' };
import { hex } from '../support/hex.js';
import { codeOf, doubleOf, nestedArrays, nestedObjects, objectOf } from './helpers.js';

const refused = (value: unknown) => expect(codeOf(() => canonicalize(value))).toBe('ERR_CODEC_JCS_VALUE');

describe('RFC 8785', () => {
  it.each(rfc.numbers)('writes the double $bits as $text (appendix B)', ({ bits, text }) => {
    expect(canonicalize(doubleOf(bits))).toBe(text);
    expect(canonicalize([doubleOf(bits), { n: doubleOf(bits) }])).toBe(`[${text},{"n":${text}}]`);
  });

  it.each(rfc.refusedNumbers)('refuses the double %s (appendix B)', (bits) => {
    refused(doubleOf(bits));
    refused({ n: [doubleOf(bits)] });
  });

  const examples = [...documents, ...rfc.documents.filter((example) => example.canonicalHex !== undefined)];
  it.each(examples)('canonicalizes $name', ({ input, canonicalHex }) => {
    expect(hex(encodeUtf8(canonicalize(JSON.parse(input))))).toBe(canonicalHex);
    expect(hex(encodeUtf8(canonicalize(parseJsonStrict(input))))).toBe(canonicalHex);
  });

  it('sorts by UTF-16 units (section 3.2.3)', () => {
    const example = rfc.documents.find(({ order }) => order !== undefined);
    const sorted = canonicalize(JSON.parse(example?.input ?? ''));
    expect(sorted.match(/(?<=:")[^"]*/g)).toEqual(example?.order);
  });

  // The published file of 100 million numbers, generated here and compared by its hash.
  const lines = process.env.RINGLINE_LONG === '1' ? 1_000_000 : 100_000;
  it(`writes the first ${lines} numbers of the published file`, { timeout: 120_000 }, () => {
    const all = createHash('sha256');
    const view = new DataView(new ArrayBuffer(8));
    let written = 0;
    const write = (bits: bigint): void => {
      view.setBigUint64(0, bits);
      all.update(`${bits.toString(16)},${canonicalize(view.getFloat64(0))}\n`);
      written++;
    };
    for (const bits of es6.staticBits) write(BigInt(`0x${bits}`));
    for (let i = 0; i < es6.serialCount; i++) write(BigInt(`0x${es6.serialBits}`) + BigInt(i));
    for (let block = Buffer.alloc(32); written < lines; ) {
      block = createHash('sha256').update(block).digest();
      for (let at = 0; at < 32 && written < lines; at += 8) {
        const double = block.readDoubleLE(at);
        if (double !== 0 && Number.isFinite(double)) write(block.readBigUInt64LE(at));
      }
    }
    expect(all.digest('hex')).toBe((es6.sha256ByLines as Record<string, string>)[lines]);
  });
});

describe('values', () => {
  it.each([
    [null, 'null'],
    [true, 'true'],
    [false, 'false'],
    [-0, '0'],
    [[-0, 1e21, 1e-7], '[0,1e+21,1e-7]'],
    [{ b: -0, a: -0 }, '{"a":0,"b":0}'],
    ['', '""'],
    ['greet', '"greet"'],
    ['\u007f\u0080\u2028\u2029/<>&', '"\u007f\u0080\u2028\u2029/<>&"'],
    ['\u0000\b\t\n\u000b\f\r\u001f"\\', '"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f\\"\\\\"'],
    ['x'.repeat(33), `"${'x'.repeat(33)}"`],
    [[], '[]'],
    [{}, '{}'],
    [[[], {}, ''], '[[],{},""]'],
    [{ b: [], a: {} }, '{"a":{},"b":[]}'],
  ])('writes %j', (value, text) => {
    expect(canonicalize(value)).toBe(text);
  });

  it('writes every character below U+0100 as JSON.stringify does, alone and as a name', () => {
    for (let unit = 0; unit < 0x100; unit++) {
      const letter = String.fromCharCode(unit);
      expect(canonicalize(letter)).toBe(JSON.stringify(letter));
      expect(canonicalize({ z: 0, [`a${letter}`]: letter })).toBe(JSON.stringify({ [`a${letter}`]: letter, z: 0 }));
    }
  });

  it('sorts at every depth, inside arrays too', () => {
    const value = { b: [{ d: 1, c: { f: 2, e: 3 } }], a: 4 };
    expect(canonicalize(value)).toBe('{"a":4,"b":[{"c":{"e":3,"f":2},"d":1}]}');
    expect(value).toEqual({ b: [{ d: 1, c: { f: 2, e: 3 } }], a: 4 });
  });

  it('sorts one object too many to sort by insertion', () => {
    const names = Array.from({ length: 40 }, (_, i) => `k${i}`);
    const text = canonicalize(objectOf(names.map((name) => [name, 0])));
    expect(text).toBe(
      `{${[...names]
        .sort()
        .map((name) => `"${name}":0`)
        .join(',')}}`,
    );
  });

  it('puts "10" before "9", whatever order the engine keeps integers in', () => {
    expect(canonicalize({ 9: 0, 10: 1, 1: 2, a: 3, A: 4, _: 5, '': 6 })).toBe(
      '{"":6,"1":2,"10":1,"9":0,"A":4,"_":5,"a":3}',
    );
    expect(canonicalize([{ 2: 'b', 1: 'a' }])).toBe('[{"1":"a","2":"b"}]');
  });

  it('J4: puts astral names before U+E000 and above, by UTF-16 units', () => {
    const name = '\u{1d11e}';
    expect(canonicalize({ '\ufb03': 1, [name]: 2, z: 3, '\ue000': 4 })).toBe(
      `{"z":3,"${name}":2,"\ue000":4,"\ufb03":1}`,
    );
    expect(canonicalize({ z: 3, [name]: 2, '\ue000': 4 })).toBe(`{"z":3,"${name}":2,"\ue000":4}`);
  });

  it('keeps a member named __proto__', () => {
    expect(canonicalize(JSON.parse('{"__proto__":{"x":1},"a":2}'))).toBe('{"__proto__":{"x":1},"a":2}');
    expect(canonicalize(JSON.parse('{"a":2,"__proto__":null}'))).toBe('{"__proto__":null,"a":2}');
  });

  it('takes objects without prototype and objects of another realm', () => {
    expect(canonicalize(Object.assign(Object.create(null), { b: 1, a: [2] }))).toBe('{"a":[2],"b":1}');
    expect(canonicalize(Object.assign(Object.create(null), { a: 1, b: [2] }))).toBe('{"a":1,"b":[2]}');
    expect(canonicalize(runInNewContext('({ b: 1, a: [{ d: 1 }] })'))).toBe('{"a":[{"d":1}],"b":1}');
    expect(canonicalize(runInNewContext('[1, { a: null }]'))).toBe('[1,{"a":null}]');
  });

  it('leaves out what JSON has no member for: symbols, hidden properties, names on arrays, inherited names', () => {
    const object = { a: 1, [Symbol('s')]: 2 };
    Object.defineProperty(object, 'hidden', { value: 3, enumerable: false });
    expect(canonicalize(object)).toBe('{"a":1}');
    expect(canonicalize(Object.assign([1], { name: 2 }))).toBe('[1]');
    expect(canonicalize('ab'.match(/b/))).toBe('["b"]');
  });

  it('reads a getter like a value', () => {
    expect(
      canonicalize({
        get b() {
          return [1];
        },
        a: 2,
      }),
    ).toBe('{"a":2,"b":[1]}');
    refused({
      get a() {
        return undefined;
      },
    });
  });

  it('is not fooled by text that looks like an escaped surrogate', () => {
    const value = { b: '\\ud800', a: 'C:\\udp \\\\ud' };
    expect(JSON.parse(canonicalize(value))).toEqual(value);
    expect(canonicalize('\\ud800')).toBe('"\\\\ud800"');
    expect(canonicalize({ a: '\ud83d\ude00 \\ud83d' })).toBe('{"a":"\ud83d\ude00 \\\\ud83d"}');
  });
});

describe('J1: what JSON cannot say is refused', () => {
  class Point {
    x = 1;
  }
  class Hollow {
    declare x: number;
  }
  Object.setPrototypeOf(Hollow.prototype, null);
  class List extends Array {}

  const strangers: [string, unknown][] = [
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a BigInt', 1n],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
    ['a lone high surrogate', 'a\ud800b'],
    ['a lone low surrogate', '\udfff'],
    ['a reversed pair', '\ude00\ud83d'],
    ['a lone surrogate in a long text', `${'x'.repeat(100)}\ud83d`],
    ['a lone surrogate after a pair', '\ud83d\ude00\ud83d'],
    ['a lone surrogate in a name', { 'a\udc00': 1 }],
    ['a lone surrogate in a name out of order', { b: 1, 'a\udc00': 1 }],
    ['an empty slot', Object.assign(new Array(3), { 0: 1, 2: 3 })],
    ['an array of empty slots', new Array(3)],
    ['an undefined item', [undefined]],
    ['an undefined member', { a: undefined }],
    ['a Date', new Date(0)],
    ['a Map', new Map([['a', 1]])],
    ['a Set', new Set([1])],
    ['a RegExp', /a/],
    ['an Error', new Error('a')],
    ['a Promise', Promise.resolve()],
    ['a Uint8Array', Uint8Array.of(1)],
    ['a Buffer', Buffer.from('a')],
    ['an ArrayBuffer', new ArrayBuffer(1)],
    ['a boxed string', Object('a')],
    ['a boxed number', Object(1)],
    ['a URL', new URL('https://example.com')],
    ['a class instance', new Point()],
    ['an instance of a class without parent', new Hollow()],
    ['an instance of an array subclass', List.of(1)],
    ['an array without prototype', Object.setPrototypeOf([], null)],
    ['an object that inherits from a plain one', Object.create({ a: 1 })],
    ['an object that inherits from one without prototype', Object.create(Object.create(null))],
    ['an own toJSON', { toJSON: () => 1 }],
    ['a Map of another realm', runInNewContext('new Map()')],
    ['a Date of another realm', runInNewContext('new Date(0)')],
    ['a class instance of another realm', runInNewContext('new (class {})()')],
  ];

  it.each(strangers)('%s', (_, value) => {
    refused(value);
    refused([value]);
    refused({ a: value });
    refused({ b: 1, a: [[], { c: value }] });
    refused(Object.assign(Object.create(null), { a: value }));
  });

  it.each([
    [
      'an object',
      () => {
        const a: Record<string, unknown> = { b: 1 };
        a.self = a;
        return a;
      },
    ],
    [
      'an array',
      () => {
        const a: unknown[] = [];
        a.push(a);
        return a;
      },
    ],
    [
      'two objects',
      () => {
        const a: Record<string, unknown> = {};
        a.b = { c: [a] };
        return a;
      },
    ],
  ])('a cycle through %s', (_, make) => {
    refused(make());
  });

  it('takes the same object twice, which is no cycle', () => {
    const shared = { a: 1 };
    expect(canonicalize([shared, { b: shared }])).toBe('[{"a":1},{"b":{"a":1}}]');
  });

  it.each([
    ['$', undefined],
    ['$.params.a[3]', { params: { a: [0, 1, 2, undefined] } }],
    ['$.params.a[3]', { params: { a: [0, 1, 2, '\ud800'] } }],
    ['$[0].b', [{ b: 1n }]],
    ['$["two words"][1]', { 'two words': [1, Number.NaN] }],
    ['$["\\ud800"]', { '\ud800': 1 }],
    ['$["7"]', { 7: new Map() }],
  ])('names the path: %s', (path, value) => {
    try {
      canonicalize(value);
      expect.unreachable();
    } catch (error) {
      expect((error as CodecError).code).toBe('ERR_CODEC_JCS_VALUE');
      expect((error as CodecError).message.endsWith(` at ${path}`)).toBe(true);
    }
  });

  it('cuts long names and keeps values out of the error', () => {
    try {
      canonicalize({ ['n'.repeat(10_000)]: ['secret', '\udc00secret'] });
      expect.unreachable();
    } catch (error) {
      expect((error as CodecError).message.length).toBeLessThan(200);
      expect((error as CodecError).message).not.toContain('secret');
    }
  });
});

describe('a page that patched built-in prototypes changes nothing', () => {
  const withPatched = (prototype: object, name: string, value: unknown, test: () => void): void => {
    Object.defineProperty(prototype, name, { value, configurable: true, enumerable: true, writable: true });
    try {
      test();
    } finally {
      Reflect.deleteProperty(prototype, name);
    }
  };
  const value = { a: [1, { b: 'x' }], c: 'y' };
  const text = '{"a":[1,{"b":"x"}],"c":"y"}';

  it.each([
    ['Object', Object.prototype],
    ['Array', Array.prototype],
    ['String', String.prototype],
    ['Number', Number.prototype],
  ])('%s.prototype.toJSON', (_, prototype) => {
    withPatched(
      prototype,
      'toJSON',
      () => 'forged',
      () => {
        expect(canonicalize(value)).toBe(text);
        expect(canonicalize(Object.assign(Object.create(null), value))).toBe(text);
      },
    );
  });

  it('an enumerable name on Object.prototype', () => {
    withPatched(Object.prototype, 'extra', 'forged', () => expect(canonicalize(value)).toBe(text));
  });

  it('toJSON on the prototypes of another realm', () => {
    const patch = 'Object.prototype.toJSON = Array.prototype.toJSON = () => "forged";';
    expect(canonicalize(runInNewContext(`${patch} ({ a: { b: 1 } })`))).toBe('{"a":{"b":1}}');
    expect(canonicalize(runInNewContext(`${patch} [[1]]`))).toBe('[[1]]');
  });

  it('raw JSON, which JSON.stringify would copy unseen', () => {
    expect(canonicalize(Object.assign(Object.create(null), { rawJSON: '1e1000' }))).toBe('{"rawJSON":"1e1000"}');
    const { rawJSON } = JSON as { rawJSON?: (text: string) => unknown };
    if (rawJSON !== undefined) expect(canonicalize([rawJSON('1.0')])).toBe('[{"rawJSON":"1.0"}]');
  });
});

describe('depth', () => {
  it.each([
    ['arrays', nestedArrays],
    ['objects', nestedObjects],
  ])('is bounded for %s', (_, nested) => {
    expect(codeOf(() => canonicalize(nested(63)))).toBeUndefined();
    expect(codeOf(() => canonicalize(nested(64)))).toBeUndefined();
    refused(nested(65));
    refused(nested(20_000));
    expect(codeOf(() => canonicalize(nested(3), 3))).toBeUndefined();
    expect(codeOf(() => canonicalize(nested(4), 3))).toBe('ERR_CODEC_JCS_VALUE');
    expect(codeOf(() => canonicalize(nested(1_000), 1_000))).toBeUndefined();
    expect(codeOf(() => canonicalize(nested(1_001), 1_000))).toBe('ERR_CODEC_JCS_VALUE');
  });

  it('does not count scalars', () => {
    expect(canonicalize({ b: 1, a: [2] }, 2)).toBe('{"a":[2],"b":1}');
    expect(canonicalize('x', 1)).toBe('"x"');
  });

  it('is checked as an argument', () => {
    expect(() => canonicalize(1, '64' as unknown as number)).toThrow(TypeError);
    for (const bad of [0, -1, 1.5, Number.NaN, 1_001]) expect(() => canonicalize(1, bad)).toThrow(RangeError);
  });
});
