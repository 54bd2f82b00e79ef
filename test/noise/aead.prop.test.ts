import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { TAG_BYTES } from '../../src/noise/suite.js';
import { dataIn, expectSame, laidOut, laidOutSealed, nonceOf, SUITES } from './support.js';

vi.setConfig({ testTimeout: 120_000 }); // for the long runs

const numRuns = process.env.RINGLINE_LONG === '1' ? 20_000 : 300;

const inputs = fc.record({
  key: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  counter: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  ad: fc.uint8Array({ maxLength: 80 }),
  data: fc.uint8Array({ maxLength: 700, size: 'max' }),
  offset: fc.integer({ min: 0, max: 7 }),
});

describe.each(SUITES)('$name AEAD', (suite) => {
  it('seals what noble seals and opens it again, wherever the buffer lies', () => {
    fc.assert(
      fc.property(inputs, ({ key, counter, ad, data, offset }) => {
        const expected = chacha20poly1305(key, nonceOf(counter), ad).encrypt(data);
        const aead = suite.aead(key);
        const buffer = laidOut(data, offset);
        aead.seal(counter, ad, buffer, data.length);
        expectSame(dataIn(buffer, expected.length), expected);
        expect(aead.open(counter, ad, buffer, data.length)).toBe(true);
        expectSame(dataIn(buffer, data.length), data);
      }),
      { numRuns },
    );
  });

  it('opens nothing else: any flip, any cut', () => {
    fc.assert(
      fc.property(inputs, fc.nat(), fc.integer({ min: 1, max: 255 }), (input, place, flip) => {
        const { key, counter, ad, data, offset } = input;
        const sealed = chacha20poly1305(key, nonceOf(counter), ad).encrypt(data);
        const at = place % sealed.length;
        const aead = suite.aead(key);
        const flipped = laidOutSealed(sealed.with(at, (sealed[at] as number) ^ flip), offset);
        expect(aead.open(counter, ad, flipped, data.length)).toBe(false);
        expect(flipped.every((byte) => byte === 0)).toBe(true);
        if (at >= TAG_BYTES && at < sealed.length) {
          const cut = laidOutSealed(sealed.subarray(0, at), offset);
          expect(aead.open(counter, ad, cut, at - TAG_BYTES)).toBe(false);
        }
      }),
      { numRuns },
    );
  });
});
