import { describe, expect, it } from 'vitest';
import { randomFaults, seededRandom } from '../../src/testing/link-faults.js';

const MESSAGE = { direction: 'to-far', index: 0, message: '' } as const;

describe('seeded random', () => {
  it('repeats itself for a seed, differs between seeds, and stays in range', () => {
    const take = (seed: number) => Array.from({ length: 100 }, seededRandom(seed));
    expect(take(1)).toEqual(take(1));
    expect(new Set([0, 1, 2, -1, 0x5bf0_3635].map((seed) => take(seed).join())).size).toBe(5);
    for (const seed of [0, 1, -1, 0x5bf0_3635, 0xffff_ffff]) {
      for (const value of take(seed)) {
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThan(1);
      }
    }
    expect(() => seededRandom(0.5)).toThrow(RangeError);
    expect(() => seededRandom('1' as never)).toThrow(TypeError);
  });
});

describe('random faults', () => {
  it('befalls the share of messages it was told, the same ones each time', () => {
    const draw = (seed: number) => {
      const policy = randomFaults(seed, { drop: 0.1, flip: 0.3 });
      return Array.from({ length: 10_000 }, () => policy(MESSAGE)?.kind ?? 'pass');
    };
    const kinds = draw(3);
    expect(draw(3)).toEqual(kinds);
    const share = (kind: string) => kinds.filter((one) => one === kind).length / kinds.length;
    expect(share('drop')).toBeCloseTo(0.1, 1);
    expect(share('flip')).toBeCloseTo(0.3, 1);
    expect(share('pass')).toBeCloseTo(0.6, 1);
  });

  it('takes rates that add up to one, not more, not less than nothing', () => {
    const always = randomFaults(1, { drop: 0.7, cut: 0.2, flip: 0.1 });
    for (let i = 0; i < 1000; i++) expect(always(MESSAGE)).toBeDefined();
    for (const rates of [{ drop: 1.1 }, { drop: 0.6, cut: 0.6 }, { drop: -0.1 }, { drop: Number.NaN }]) {
      expect(() => randomFaults(1, rates)).toThrow(RangeError);
    }
  });
});
