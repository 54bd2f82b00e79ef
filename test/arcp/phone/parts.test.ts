// Messages cut into parts and put together again.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Assembler, cutText, MAX_PART_BYTES, type Part, parsePart } from '../../../src/arcp/phone/parts.js';
import { canonicalize } from '../../../src/codec/jcs.js';

/** Bytes of a text inside its JSON, without the quotation marks. */
const encodedBytes = (text: string) => new TextEncoder().encode(canonicalize(text)).length - 2;

function parts(text: string): Part[] {
  const texts = cutText(text);
  return texts.map((piece, part) => ({ part, last: part === texts.length - 1, text: piece }));
}

describe('cutting', () => {
  it.each([
    ['letters', 'a'],
    ['what is escaped by one character', '"\\'],
    ['what is escaped by five', '\u0000'],
    ['two bytes', '\u00e9'],
    ['three bytes', '\u20ac'],
    ['pairs', '\u{1f44b}'],
    ['a mixture', 'a"\u00e9\u20ac\u{1f44b}\u0001'],
  ])('makes parts of 48 KiB at most, encoded, and as few as that: %s', (_name, unit) => {
    const text = unit.repeat(Math.ceil(200_000 / unit.length));
    const texts = cutText(text);
    expect(texts.join('')).toBe(text);
    for (const piece of texts) expect(encodedBytes(piece)).toBeLessThanOrEqual(MAX_PART_BYTES);
    for (const piece of texts.slice(0, -1)) expect(encodedBytes(piece)).toBeGreaterThan(MAX_PART_BYTES - 13);
  });

  it('makes one part of what fits, two of one character more', () => {
    expect(cutText('a'.repeat(MAX_PART_BYTES))).toHaveLength(1);
    expect(cutText('a'.repeat(MAX_PART_BYTES + 1))).toHaveLength(2);
    expect(cutText('"'.repeat(MAX_PART_BYTES / 2))).toHaveLength(1);
    expect(cutText('"'.repeat(MAX_PART_BYTES / 2 + 1))).toHaveLength(2);
  });

  it('never cuts a character in two', () => {
    for (let shift = 0; shift < 5; shift++) {
      for (const piece of cutText('a'.repeat(shift) + '\u{1f44b}'.repeat(30_000))) {
        expect(piece).not.toMatch(/\p{Surrogate}/u);
      }
    }
  });

  it('is undone by the assembler, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 9_000 }),
        (seeds, times) => {
          const message = `x${seeds.join('')}`
            .repeat(times)
            .slice(0, 300_000)
            .replace(/\p{Surrogate}/gu, '');
          const assembler = new Assembler(2_000_000);
          const results = parts(message).map((part) => assembler.add(part));
          expect(results.pop()).toBe(message);
          expect(results.every((result) => result === undefined)).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('putting together', () => {
  const PROTOCOL = { code: 'ERR_CHANNEL_PROTOCOL' };

  it.each([
    ['a first part that is not the first', [[1, true]], 0],
    [
      'a part that is missing',
      [
        [0, false],
        [2, true],
      ],
      1,
    ],
    [
      'a part that comes twice',
      [
        [0, false],
        [1, false],
        [1, true],
      ],
      2,
    ],
    [
      'parts in the wrong order',
      [
        [0, false],
        [2, false],
        [1, true],
      ],
      1,
    ],
    [
      'a second message inside the first',
      [
        [0, false],
        [0, true],
      ],
      1,
    ],
    [
      'a part after the last',
      [
        [0, false],
        [1, true],
        [2, true],
      ],
      2,
    ],
  ] as [string, [number, boolean][], number][])('refuses %s', (_name, sequence, refusedAt) => {
    const assembler = new Assembler(1_000_000);
    sequence.forEach(([part, last], i) => {
      const add = () => assembler.add({ part, last, text: 'x'.repeat(2_000) });
      if (i === refusedAt) expect(add).toThrow(expect.objectContaining(PROTOCOL));
      else expect(add()).toBe(last ? 'x'.repeat(2_000 * (part + 1)) : undefined);
    });
  });

  it.each([
    ['in one part', 1],
    ['in many', 10],
  ])('takes a message of just the limit, and not one byte more: %s', (_name, count) => {
    for (const [bytes, fits] of [
      [29_999, true],
      [30_000, true],
      [30_001, false],
    ] as const) {
      // Three bytes each, so that characters are not what is counted.
      const text = `${'\u20ac'.repeat(Math.floor(bytes / 3))}${'x'.repeat(bytes % 3)}`;
      const length = Math.ceil(text.length / count);
      const assembler = new Assembler(30_000);
      const run = () => {
        let whole: string | undefined;
        for (let part = 0; part < count; part++) {
          whole = assembler.add({
            part,
            last: part === count - 1,
            text: text.slice(part * length, (part + 1) * length),
          });
        }
        return whole;
      };
      if (fits) expect(run()).toBe(text);
      else expect(run).toThrow(expect.objectContaining({ limit: 'maxMessageBytes', allowed: 30_000, seen: 30_001 }));
    }
  });

  it('a message without an end is refused at the limit', () => {
    const assembler = new Assembler(1_000_000);
    const text = 'x'.repeat(40_000);
    let part = 0;
    expect(() => {
      for (; part < 1_000; part++) assembler.add({ part, last: false, text });
    }).toThrow(expect.objectContaining({ limit: 'maxMessageBytes' }));
    expect(part).toBe(25);
  });

  it.each([
    ['of one character', 'x'],
    ['of nothing', ''],
  ])('a message without an end in parts %s is refused by their number', (_name, text) => {
    const assembler = new Assembler(100_000);
    let part = 0;
    expect(() => {
      for (; part < 200_000; part++) assembler.add({ part, last: false, text: part === 0 ? 'x' : text });
    }).toThrow(expect.objectContaining({ limit: 'message parts' }));
    expect(part).toBe(98);
  });

  it('starts anew with each message', () => {
    const assembler = new Assembler(100_000);
    for (let i = 0; i < 10; i++) {
      expect(assembler.add({ part: 0, last: false, text: 'y'.repeat(40_000) })).toBeUndefined();
      expect(assembler.add({ part: 1, last: true, text: 'z'.repeat(40_000) })).toHaveLength(80_000);
      expect(assembler.add({ part: 0, last: true, text: '{}' })).toBe('{}');
    }
  });
});

describe('reading params', () => {
  it('takes a part, with a count and without, and leaves out what it does not know', () => {
    expect(parsePart({ part: 0, last: true, text: '{}' })).toEqual({ part: 0, last: true, text: '{}' });
    expect(parsePart({ part: 7, last: false, text: '', seq: 9, more: 1 })).toEqual({
      part: 7,
      last: false,
      text: '',
      seq: 9,
    });
  });

  const whole = { part: 0, last: true, text: '{}' };
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['text', '{}'],
    ['a list', [0, true, '{}']],
    ['no part', { last: true, text: '{}' }],
    ['no last', { part: 0, text: '{}' }],
    ['no text', { part: 0, last: true }],
    ['a text that is no string', { ...whole, text: { a: 1 } }],
    ['a text that is null', { ...whole, text: null }],
    ['a text over 48 KiB', { ...whole, text: 'x'.repeat(MAX_PART_BYTES + 1) }],
    ['a part below 0', { ...whole, part: -1 }],
    ['a part that is no integer', { ...whole, part: 0.5 }],
    ['a part that is text', { ...whole, part: '0' }],
    ['a part beyond what is safe', { ...whole, part: 2 ** 53 }],
    ['a last that is 1', { ...whole, last: 1 }],
    ['a seq below 0', { ...whole, seq: -1 }],
    ['a seq that is null', { ...whole, seq: null }],
    ['members it has inherited', Object.create(whole)],
  ])('refuses %s', (_name, params) => {
    expect(() => parsePart(params)).toThrow(expect.objectContaining({ code: 'ERR_CHANNEL_PROTOCOL' }));
  });
});
