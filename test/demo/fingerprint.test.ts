import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../demo/page/ui/fingerprint.js';

const DIDS = fc
  .string({
    minLength: 44,
    maxLength: 44,
    unit: fc.constantFrom(...'123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'),
  })
  .map((key) => `did:key:z6Mk${key}`);

describe('the picture of a key', () => {
  it('is the same for the same name', () => {
    fc.assert(
      fc.property(DIDS, (did) => {
        expect(fingerprintOf(did)).toEqual(fingerprintOf(did));
      }),
    );
  });

  it('differs when one character differs', () => {
    fc.assert(
      fc.property(DIDS, fc.nat({ max: 43 }), (did, at) => {
        const place = did.length - 1 - at;
        const other = did.slice(0, place) + (did[place] === 'x' ? 'y' : 'x') + did.slice(place + 1);
        expect(fingerprintOf(other)).not.toEqual(fingerprintOf(did));
      }),
    );
  });

  it('stays in its box, with arcs that run forward and do not touch on their ring', () => {
    fc.assert(
      fc.property(DIDS, (did) => {
        const { arcs, hues } = fingerprintOf(did);
        expect(arcs.length).toBeGreaterThan(4);
        for (const hue of hues) expect(hue >= 0 && hue < 360).toBe(true);
        let before = { radius: 0, to: 0 };
        for (const { radius, from, to } of arcs) {
          expect(radius + 3).toBeLessThan(50);
          expect(to).toBeGreaterThan(from);
          if (radius === before.radius) expect(from).toBeGreaterThan(before.to);
          before = { radius, to };
        }
      }),
    );
  });
});
