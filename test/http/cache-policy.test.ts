import { describe, expect, it } from 'vitest';
import {
  conditionalHeaders,
  freshnessMs,
  mayStore,
  parseCacheControl,
  validatorsOf,
  varyMatches,
  varyNames,
} from '../../src/http/cache-policy.js';
import { parseHttpDate } from '../../src/http/http-date.js';

const NOW_MS = Date.UTC(1994, 10, 6, 8, 49, 37);
const NOW = 'Sun, 06 Nov 1994 08:49:37 GMT';
const freshness = (headers: HeadersInit, delayMs?: number) => freshnessMs(new Headers(headers), NOW_MS, delayMs);
const cc = (value: string) => ({ 'cache-control': value });

describe('Cache-Control', () => {
  it.each([
    [null, {}],
    ['', {}],
    ['max-age=600', { maxAgeSec: 600 }],
    ['public, max-age=600', { maxAgeSec: 600 }],
    ['MAX-AGE=600', { maxAgeSec: 600 }],
    [' max-age = 600 ', { maxAgeSec: 600 }],
    ['max-age="600"', { maxAgeSec: 600 }],
    ['max-age=600, max-age=5', { maxAgeSec: 5 }],
    ['max-age=', { maxAgeSec: 0 }],
    ['max-age', { maxAgeSec: 0 }],
    ['max-age=-1', { maxAgeSec: 0 }],
    ['max-age=1.5', { maxAgeSec: 0 }],
    ['max-age=0x10', { maxAgeSec: 0 }],
    ['max-age=99999999999999999999', { maxAgeSec: 2_147_483_648 }],
    ['s-maxage=600', {}],
    ['no-store', { noStore: true }],
    ['No-Store', { noStore: true }],
    ['private, no-cache="set-cookie"', { noCache: true }],
    [',,no-cache,, ,max-age=1,', { noCache: true, maxAgeSec: 1 }],
    ['extension="a, no-store, \\" no-store", max-age=7', { maxAgeSec: 7 }],
    ['extension="a, max-age=7', { noStore: true }],
    ['no-storex, xno-store', {}],
  ])('%j', (value, expected) => {
    expect(parseCacheControl(value)).toEqual({ noStore: false, noCache: false, ...expected });
  });

  it('of any length takes no time', () => {
    const started = performance.now();
    for (const text of [
      ' '.repeat(1e5),
      ','.repeat(1e5),
      `a${' '.repeat(1e5)}b`,
      '"\\'.repeat(1e5),
      `max-age=${'1'.repeat(1e5)}`,
    ]) {
      parseCacheControl(text);
    }
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('keeping an answer', () => {
  it.each<[Record<string, string>, boolean]>([
    [{}, true],
    [cc('no-cache'), true],
    [cc('private'), true],
    [cc('no-store'), false],
    [{ vary: 'Accept' }, true],
    [{ vary: '*' }, false],
    [{ vary: 'Accept, *' }, false],
    [{ vary: 'foo bar' }, false],
    [{ vary: 'Accept, a(b)' }, false],
  ])('%j: %s', (headers, expected) => {
    expect(mayStore(new Headers(headers))).toBe(expected);
  });
});

describe('freshness', () => {
  it.each<[string, Record<string, string>, number | undefined]>([
    ['nothing stated', {}, undefined],
    ['a validator states no lifetime', { 'last-modified': NOW, etag: '"a"' }, undefined],
    ['max-age', cc('max-age=600'), 600_000],
    ['max-age before Expires', { ...cc('max-age=600'), expires: NOW, date: NOW }, 600_000],
    ['max-age=0', cc('max-age=0'), 0],
    ['no-cache', cc('no-cache, max-age=600'), 0],
    ['no-store', cc('no-store, max-age=600'), 0],
    ['s-maxage is not for us', cc('s-maxage=600'), undefined],
    ['Age', { ...cc('max-age=600'), age: '60' }, 540_000],
    ['Age beyond the lifetime', { ...cc('max-age=600'), age: '6000' }, 0],
    ['Age that is none', { ...cc('max-age=600'), age: 'old' }, 600_000],
    ['Date in the past, and no Age', { ...cc('max-age=600'), date: 'Sun, 06 Nov 1994 08:44:37 GMT' }, 300_000],
    [
      'the greater of Date and Age',
      { ...cc('max-age=600'), age: '400', date: 'Sun, 06 Nov 1994 08:44:37 GMT' },
      200_000,
    ],
    ['Date in the future', { ...cc('max-age=600'), date: 'Sun, 06 Nov 1994 08:54:37 GMT' }, 600_000],
    ['Date that is none', { ...cc('max-age=600'), date: 'yesterday' }, 600_000],
    ['Expires', { expires: 'Sun, 06 Nov 1994 08:59:37 GMT' }, 600_000],
    [
      'Expires after Date',
      { expires: 'Sun, 06 Nov 1994 08:54:37 GMT', date: 'Sun, 06 Nov 1994 08:44:37 GMT' },
      300_000,
    ],
    ['Expires in the past', { expires: 'Sun, 06 Nov 1994 08:39:37 GMT' }, 0],
    ['Expires: 0', { expires: '0' }, 0],
    ['Expires: -1', { expires: '-1', date: NOW }, 0],
  ])('%s', (_, headers, expected) => {
    expect(freshness(headers)).toBe(expected);
  });

  it('counts the time the answer took', () => {
    expect(freshness(cc('max-age=10'), 3_000)).toBe(7_000);
    expect(freshness({ ...cc('max-age=10'), age: '2' }, 3_000)).toBe(5_000);
  });
});

describe('revalidation', () => {
  it('[7.51] sends Cache-Control: max-age=0 along, or fetch would ask for everything', () => {
    const validators = validatorsOf(new Headers({ etag: 'W/"a"', 'last-modified': NOW }));
    expect(conditionalHeaders(validators)).toEqual({
      'cache-control': 'max-age=0',
      'if-none-match': 'W/"a"',
      'if-modified-since': NOW,
    });
    expect(conditionalHeaders({ etag: '"a"' })).toEqual({ 'cache-control': 'max-age=0', 'if-none-match': '"a"' });
  });

  it('is not possible without a validator', () => {
    expect(conditionalHeaders(validatorsOf(new Headers()))).toBeUndefined();
  });
});

describe('Vary', () => {
  const of = (headers: HeadersInit) => new Headers(headers);

  it('names each header once', () => {
    expect(varyNames(of({ vary: 'Origin, A2A-Version,origin, ,Accept' }))).toEqual(['a2a-version', 'accept', 'origin']);
    expect(varyNames(of({}))).toEqual([]);
  });

  it.each(['foo bar', 'accept;q=1', 'a(b)', '"x"', '\u00e9'])('%s names no header, so that it counts as *', (vary) => {
    expect(varyNames(of({ vary }))).toEqual(['*']);
    expect(varyMatches(varyNames(of({ vary })), of({}), of({}))).toBe(false);
  });

  it.each<[string[], HeadersInit, HeadersInit, boolean]>([
    [[], { accept: 'a' }, { accept: 'b' }, true],
    [['a2a-version'], { 'a2a-version': '1.0' }, { 'A2A-Version': '1.0' }, true],
    [['a2a-version'], { 'a2a-version': '1.0' }, {}, false],
    [['a2a-version'], {}, {}, true],
    [['accept', 'origin'], { accept: 'a' }, { accept: 'a', origin: 'b' }, false],
    [['*'], {}, {}, false],
  ])('%j: %j, %j: %s', (names, stored, asking, expected) => {
    expect(varyMatches(names, of(stored), of(asking))).toBe(expected);
  });
});

describe('dates', () => {
  it.each([NOW, 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])('%s', (text) => {
    expect(parseHttpDate(text, NOW_MS)).toBe(NOW_MS);
  });

  it('puts a year of two digits at most fifty years ahead', () => {
    const nowMs = Date.UTC(2026, 0, 1);
    expect(parseHttpDate('Friday, 01-Jan-76 00:00:00 GMT', nowMs)).toBe(Date.UTC(2076, 0, 1));
    expect(parseHttpDate('Friday, 01-Jan-77 00:00:00 GMT', nowMs)).toBe(Date.UTC(1977, 0, 1));
  });

  it.each(['Thu, 29 Feb 2024 23:59:60 GMT', 'Sat, 31 Dec 2016 23:59:60 GMT'])('%s', (text) => {
    expect(parseHttpDate(text, NOW_MS)).toBe(Date.parse(text.replace(':60', ':59')) + 1_000);
  });

  it.each([
    '',
    '0',
    '-1',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 +0000',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 06 nov 1994 08:49:37 GMT',
    'Sun, 30 Feb 1994 08:49:37 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:00 GMT',
    '1994-11-06T08:49:37Z',
    `${NOW}, ${NOW}`,
  ])('"%s" is none', (text) => {
    expect(parseHttpDate(text, NOW_MS)).toBeUndefined();
  });
});
