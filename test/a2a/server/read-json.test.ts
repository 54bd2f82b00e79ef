// The JSON of requests: what two parsers could read differently is refused, and nothing else.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasDuplicateMember, readJson } from '../../../src/a2a/server/read-json.js';
import { encodeUtf8 } from '../../../src/bytes/utf8.js';
import { parseJsonStrict } from '../../../src/codec/json.js';
import { codeOf } from '../../codec/helpers.js';

const read = (json: string) => readJson(encodeUtf8(json), 64);

describe('readJson', () => {
  it.each([
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":1}',
    '[{"x":{"":0,"":0}}]',
    '{"a":{},"b":[{"c":1,"d":[],"c":2}]}',
    '{"__proto__":1,"__proto__":2}',
    '{"a\\"":1,"a\\"":2}',
    '{ "a" : "}" , "a" : 1 }',
  ])('refuses a member that is there twice: %s', (json) => {
    expect(codeOf(() => read(json))).toBe('ERR_A2A_PARSE');
  });

  it.each([
    '{"a":1,"b":{"a":1}}',
    '[{"a":1},{"a":1}]',
    '{"a":"a","b":["a","a"]}',
    '{"a":"{\\"a\\":1,\\"a\\":1}"}',
    '{"a":"\\\\","b":"\\\\\\"","c":"\\"a"}',
    '{"a":{"b":1},"b":[{"a":[{"a":1}]}]}',
    '"a"',
    '[]',
  ])('takes %s', (json) => {
    expect(read(json)).toEqual(JSON.parse(json));
  });

  it('takes numbers that a double does not hold, as every parser does', () => {
    expect(read('[1700000000000000000,1e400,-0,1e20]')).toEqual([
      1700000000000000000,
      Number.POSITIVE_INFINITY,
      -0,
      1e20,
    ]);
  });

  it.each([[[0xff]], [[0xef, 0xbb, 0xbf, 0x7b, 0x7d]], [[0xed, 0xa0, 0x80]], [[]]])('refuses the bytes %s', (bytes) => {
    expect(codeOf(() => readJson(Uint8Array.from(bytes), 64))).toBe('ERR_A2A_PARSE');
  });

  it('finds a name that is there twice wherever the strict parser does', () => {
    // Texts put together by hand, since a value of JavaScript has no member twice.
    const name = fc.constantFrom('a', 'b', '\\u0061', 'a\\"', '\\\\', '');
    const { json } = fc.letrec<{ json: string }>((tie) => ({
      json: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom('1', 'true', 'null', '"a"', '"\\\\"', '"},{"', '" \\" ,"'),
        fc
          .array(fc.tuple(name, tie('json')), { maxLength: 4 })
          .map((members) => `{${members.map(([key, value]) => `"${key}" :${value}`).join(' ,')}}`),
        fc.array(tie('json'), { maxLength: 3 }).map((items) => `[ ${items.join(',')}]`),
      ),
    }));
    fc.assert(
      fc.property(json, (text) => {
        const strict = codeOf(() => parseJsonStrict(text)) === 'ERR_CODEC_JSON_DUPLICATE_KEY';
        expect(hasDuplicateMember(text)).toBe(strict);
      }),
      { numRuns: 500 },
    );
  });

  it('a large body is read in a time that grows with it and no faster', () => {
    const wide = `{${Array.from({ length: 50_000 }, (_, i) => `"k${i}":"${'x'.repeat(40)}"`).join(',')}}`;
    const quotes = JSON.stringify('\\"'.repeat(500_000));
    for (const text of [wide, quotes]) {
      const start = performance.now();
      read(text);
      expect(performance.now() - start).toBeLessThan(1_000);
    }
  });
});
