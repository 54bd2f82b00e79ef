import { describe, expect, it } from 'vitest';
import { isWithin } from '../../src/aitp/claims.js';

describe('capabilities are opaque', () => {
  it.each([
    ['another case', 'Read', 'read'],
    ['a wildcard', 'read', '*'],
    ['a wildcard, asked for', '*', 'read'],
    ['a prefix', 'read', 'read.all'],
    ['a longer one', 'read.all', 'read'],
    ['the same letter composed and decomposed', 'caf\u00e9', 'cafe\u0301'],
    ['a letter that looks the same', 'r\u0435ad', 'read'],
    ['something invisible at the end', 'read\u200b', 'read'],
    ['a name of the language', '__proto__', 'read'],
    ['a name every object has', 'constructor', 'read'],
  ])('%s is another one', (_, wanted, held) => {
    expect(isWithin([wanted], [held])).toBe(false);
    expect(isWithin([wanted], [wanted])).toBe(true);
  });
});

it('a scope as long as strangers may write is compared in a single pass', () => {
  const many = Array.from({ length: 20_000 }, (_, i) => `capability.${i}`);
  const started = performance.now();
  expect(isWithin(many, [...many].reverse())).toBe(true);
  // By pairs these are 200 million comparisons.
  expect(performance.now() - started).toBeLessThan(1_000);
});
