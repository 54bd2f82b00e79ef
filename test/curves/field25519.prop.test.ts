import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { assertEd25519PublicKey, edwardsToMontgomery, montgomeryToEdwards } from '../../src/curves/field25519.js';

const numRuns = process.env.RINGLINE_LONG === '1' ? 20_000 : 300;
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

it('accepts 32 bytes exactly when noble finds a point, and maps it to the same u', () => {
  let on = 0;
  fc.assert(
    fc.property(bytes32, (key) => {
      let expected: Uint8Array | undefined;
      try {
        const point = ed25519.Point.fromBytes(key);
        if (!point.isSmallOrder()) expected = ed25519.utils.toMontgomery(key);
      } catch {
        // Not a canonical encoding of a point.
      }
      if (expected === undefined) {
        expect(() => assertEd25519PublicKey(key)).toThrow();
        return;
      }
      on++;
      assertEd25519PublicKey(key);
      expect(edwardsToMontgomery(key)).toEqual(expected);
    }),
    { numRuns },
  );
  expect(on).toBeGreaterThan(0);
}, 120_000);

it('maps any key there and back but for its sign bit', () => {
  fc.assert(
    fc.property(bytes32, (seed) => {
      const key = ed25519.getPublicKey(seed);
      const back = montgomeryToEdwards(edwardsToMontgomery(key));
      key[31] = (key[31] as number) & 0x7f;
      expect(back).toEqual(key);
    }),
    { numRuns: numRuns / 10 },
  );
}, 120_000);

it('reads keys at any offset of a larger buffer', () => {
  fc.assert(
    fc.property(bytes32, fc.integer({ min: 0, max: 40 }), (seed, offset) => {
      const key = ed25519.getPublicKey(seed);
      const large = new Uint8Array(80).fill(255);
      large.set(key, offset);
      const view = large.subarray(offset, offset + 32);
      assertEd25519PublicKey(view);
      expect(edwardsToMontgomery(view)).toEqual(edwardsToMontgomery(key));
    }),
    { numRuns: numRuns / 10 },
  );
}, 120_000);
