import { expect, it } from 'vitest';
import { trimEnd } from '../../src/http/trim-end.js';

it.each([
  ['', ''],
  ['/', ''],
  ['///', ''],
  ['a', 'a'],
  ['/a', '/a'],
  ['/a//b//', '/a//b'],
])('%j without the slashes at its end is %j', (text, expected) => {
  expect(trimEnd(text, '/')).toBe(expected);
});

it('a long run of them that does not end the text costs no more than the text', () => {
  const text = `${'/'.repeat(1_000_000)}a`;
  const started = performance.now();
  expect(trimEnd(text, '/')).toBe(text);
  expect(performance.now() - started).toBeLessThan(1_000);
});
