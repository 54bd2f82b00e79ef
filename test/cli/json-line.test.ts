// Lines that a stranger's data cannot break, nor a terminal take for commands.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable } from '../../src/bytes/printable.js';
import { jsonLine, jsonText } from '../../src/cli/json-line.js';

const runs = process.env.RINGLINE_LONG === '1' ? 20_000 : 300;

describe('JSON lines', () => {
  it('are one line that says the same', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const line = jsonLine(value);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: runs },
    );
  });

  it.each([
    ['an escape sequence', '\u001b[2J'],
    ['the same in one character', '\u009b2J'],
    ['delete', '\u007f'],
    ['a turn of the reading direction', '\u202e'],
    ['an isolate', '\u2067'],
    ['a line separator', '\u2028'],
  ])('show %s as text', (_name, text) => {
    expect(jsonLine(text)).toMatch(/^[\x20-\x7e]+\n$/);
    expect(JSON.parse(jsonLine(text))).toBe(text);
    expect(printable(text)).toMatch(/^[\x20-\x7e]+$/);
  });

  it('leave letters alone, and write nothing as null', () => {
    expect(jsonLine('Gr\u00fc\u00dfe \u{1f44b}')).toBe('"Gr\u00fc\u00dfe \u{1f44b}"\n');
    expect(jsonLine(undefined)).toBe('null\n');
  });
});

describe('JSON over several lines', () => {
  it('says the same, and nothing that a terminal would act on', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const text = jsonText(value);
        expect(text.endsWith('\n')).toBe(true);
        for (const line of text.slice(0, -1).split('\n')) expect(printable(line)).toBe(line);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: runs },
    );
  });
});
