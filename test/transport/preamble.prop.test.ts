import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodePreamble, parsePreamble } from '../../src/transport/preamble.js';

const runs = { numRuns: process.env.RINGLINE_LONG === '1' ? 100_000 : 200 };
const word = fc.stringMatching(/^[!-~]{1,140}$/);

describe('preamble, any', () => {
  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(word, word, (subprotocol, did) => {
        expect(parsePreamble(encodePreamble(subprotocol, did), subprotocol)).toBe(did);
      }),
      runs,
    );
  });

  it('reads nothing that it would not have written', () => {
    const near = fc.tuple(fc.constantFrom('p', 'P', '', 'p ', ' p'), fc.constantFrom(' ', '', '\t', '  '), fc.string());
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      near.map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (message) => {
        let did: string;
        try {
          did = parsePreamble(message, 'p');
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_CHANNEL_PROTOCOL' });
          return;
        }
        expect(encodePreamble('p', did)).toBe(message);
      }),
      runs,
    );
  });
});
