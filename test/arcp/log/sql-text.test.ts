// Texts as keys and in pieces: what SQLite cannot say has to come back all the same, and sort where it belongs.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyOf, piecesOf, textOfKey, textOfPiece } from '../../../src/arcp/log/sql-text.js';

/** Any units at all, the awkward ones often. */
const units = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 0xffff }),
    fc.constantFrom(0, 1, 2, 0xd7fe, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0x0fff, 0x1000, 0x17ff, 0xfeff),
  ),
  { maxLength: 12 },
);
const texts = units.map((codes) => String.fromCharCode(...codes));
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number);
  }
  return a.length - b.length;
}

describe('keyOf', () => {
  it('is undone by textOfKey, and UTF-8 and SQLite can say it', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const key = keyOf(text);
        expect(textOfKey(key)).toBe(text);
        expect(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(utf8(key))).toBe(key);
        expect(key).not.toContain('\u0000');
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps the order of UTF-16 units where bytes of UTF-8 are compared', () => {
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        const wanted = a < b ? -1 : a > b ? 1 : 0;
        expect(Math.sign(compareBytes(utf8(keyOf(a)), utf8(keyOf(b))))).toBe(wanted);
      }),
      { numRuns: 5_000 },
    );
  });

  it('leaves common texts as they are', () => {
    for (const text of [
      '',
      'msg_01KDMX4Q8W7R2N5T0V9Y3B6C1Z',
      'did:key:z6Mk',
      'caf\u00e9',
      '\u65e5\u672c',
      "it's",
      '\ue000',
    ]) {
      expect(keyOf(text)).toBe(text);
    }
  });
});

describe('piecesOf', () => {
  const back = (text: string): string => piecesOf(text).map(textOfPiece).join('');

  it('is undone piece by piece, whatever the text', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(back(text)).toBe(text);
        for (const piece of piecesOf(text)) if (typeof piece === 'string') expect(piece).not.toContain('\u0000');
      }),
    );
  });

  it('makes pieces of at most 2 MB of bytes, and parts no pair', () => {
    for (const text of ['a', '\u65e5', '\u{1f600}', 'x\u{1f600}'].map((part) => part.repeat(700_001))) {
      const pieces = piecesOf(text);
      expect(pieces.length).toBeGreaterThan(1);
      for (const piece of pieces) {
        expect(typeof piece).toBe('string');
        expect(utf8(piece as string).length).toBeLessThanOrEqual(1_600_000);
      }
      expect(pieces.map(textOfPiece).join('') === text).toBe(true);
    }
  });

  it('keeps halves that stand alone where a piece ends', () => {
    for (const half of ['\ud800', '\udc00', '\ud800\ud800', '\udc00\ud800']) {
      for (const before of [524_286, 524_287, 524_288]) {
        const text = `${'a'.repeat(before)}${half}b`;
        expect(back(text) === text).toBe(true);
      }
    }
  });
});
