// Text of strangers on its way to a terminal.

import { describe, expect, it } from 'vitest';
import { excerpt, printable } from '../../src/bytes/printable.js';

/** The characters from one code point to another. */
const range = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, i) => String.fromCharCode(first + i));

describe('printable', () => {
  it.each([
    ['control characters', [...range(0x00, 0x1f), ...range(0x7f, 0x9f)]],
    ['line and paragraph separators', range(0x2028, 0x2029)],
    // All that Unicode has (UAX #9, section 2): marks, embeddings, overrides, isolates.
    ['marks of direction', ['\u061c', '\u200e', '\u200f', ...range(0x202a, 0x202e), ...range(0x2066, 0x2069)]],
  ])('escapes %s', (_name, characters) => {
    for (const character of characters) {
      const code = character.charCodeAt(0).toString(16).padStart(4, '0');
      expect(printable(`a${character}b${character}`)).toBe(`a\\u${code}b\\u${code}`);
    }
  });

  it('leaves text of every script as it is', () => {
    const text = 'plain "quoted" \\ \u00e9 \u0627\u0644\u0639 \u05d0 \u4e2d\u6587 \u{1f600} \u200d \u061b\u061d';
    expect(printable(text)).toBe(text);
  });
});

describe('an excerpt', () => {
  it('is the text itself up to 1,000 characters', () => {
    expect(excerpt('x'.repeat(1_000))).toBe('x'.repeat(1_000));
    expect(excerpt('x'.repeat(1_001))).toBe(`${'x'.repeat(1_000)}...`);
  });

  it('is cut after escaping as well', () => {
    expect(excerpt('\u061c'.repeat(500))).toBe(`${'\\u061c'.repeat(500).slice(0, 1_000)}...`);
  });
});
