// What the adapters share about their bounds: who makes room, and how much of it.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  boundsOf,
  type Candidate,
  countOfHeaviest,
  countOldest,
  excessOf,
  type LogBounds,
  shortageOf,
  tierOf,
} from '../../../src/arcp/log/bounds.js';

const bounds: LogBounds = { maxEntries: 640, maxBytes: 6_400, maxRemembered: 10 };
const entry = (position: number, principal: string, bytes = 10): Candidate => ({ position, principal, bytes });

describe('boundsOf', () => {
  it('takes the defaults where nothing is said, also as undefined', () => {
    expect(boundsOf({}, bounds)).toEqual(bounds);
    expect(boundsOf({ maxEntries: undefined } as never, bounds)).toEqual(bounds);
    expect(boundsOf({ maxEntries: 1, maxBytes: 1, maxRemembered: 0 }, bounds)).toEqual({
      maxEntries: 1,
      maxBytes: 1,
      maxRemembered: 0,
    });
  });

  it.each([
    [{ maxEntries: 0 }, RangeError],
    [{ maxEntries: 1.5 }, RangeError],
    [{ maxEntries: 2 ** 53 }, RangeError],
    [{ maxBytes: 0 }, RangeError],
    [{ maxBytes: Number.NaN }, RangeError],
    [{ maxRemembered: -1 }, RangeError],
    [{ maxBytes: '1 GiB' as never }, TypeError],
  ])('refuses %o', (options, kind) => {
    expect(() => boundsOf(options, bounds)).toThrow(kind);
  });
});

describe('shortageOf', () => {
  it.each([
    [{ entries: 640, bytes: 6_400, remembered: 0 }, undefined],
    [{ entries: 641, bytes: 1, remembered: 0 }, 'entries'],
    [{ entries: 2, bytes: 6_401, remembered: 0 }, 'bytes'],
    // An eighth is theirs.
    [{ entries: 2, bytes: 6_400, remembered: 800 }, 'bytes'],
    [{ entries: 2, bytes: 6_400, remembered: 801 }, 'remembered'],
    // One entry stays whatever its size, ids do not.
    [{ entries: 1, bytes: 9_999, remembered: 1 }, 'remembered'],
    [{ entries: 1, bytes: 9_999, remembered: 0 }, undefined],
  ])('of %o is %s', (totals, shortage) => {
    expect(shortageOf(totals, bounds)).toBe(shortage);
  });
});

describe('excessOf', () => {
  it('is what is too much and a sixty-fourth of the bound', () => {
    expect(excessOf({ entries: 645, bytes: 0, remembered: 0 }, 'entries', bounds)).toBe(15);
    expect(excessOf({ entries: 1, bytes: 6_400, remembered: 7 }, 'bytes', bounds)).toBe(107);
    expect(excessOf({ entries: 4, bytes: 0, remembered: 0 }, 'entries', { ...bounds, maxEntries: 3 })).toBe(1);
  });
});

describe('countOldest', () => {
  it('takes the oldest, up to the first of a principal that has less than three quarters of what another has', () => {
    const oldest = [entry(1, 'm'), entry(2, 'm'), entry(3, 'a'), entry(4, 'm')];
    const shares = new Map([
      ['m', { entries: 10, bytes: 100 }],
      ['a', { entries: 4, bytes: 40 }],
    ]);
    expect(countOldest(oldest, shares, 10, 'entries', 9)).toBe(2);
    expect(countOldest(oldest, shares, 100, 'bytes', 20)).toBe(2);
    expect(countOldest(oldest, shares, 5, 'entries', 9)).toBe(4);
    expect(countOldest(oldest, shares, 5, 'entries', 3)).toBe(3);
    expect(countOldest(oldest.slice(2), shares, 10, 'entries', 9)).toBe(0);
  });

  it('counts what went of a principal before it judges its next', () => {
    const oldest = Array.from({ length: 6 }, (_, n) => entry(n + 1, 'a'));
    expect(countOldest(oldest, new Map([['a', { entries: 6, bytes: 60 }]]), 4, 'entries', 9)).toBe(4);
  });
});

describe('countOfHeaviest', () => {
  it('takes one at least, no more than is too much, and no more than an eighth of what it has', () => {
    const own = Array.from({ length: 100 }, (_, n) => entry(n + 1, 'm'));
    expect(countOfHeaviest(own, 100, 'entries', 99)).toBe(13);
    expect(countOfHeaviest(own, 100, 'entries', 5)).toBe(5);
    expect(countOfHeaviest(own, 3, 'entries', 5)).toBe(1);
    expect(countOfHeaviest(own, 1_000, 'bytes', 45)).toBe(5);
    expect(countOfHeaviest([], 1_000, 'bytes', 45)).toBe(0);
  });
});

describe('tierOf', () => {
  it('is how many powers of two are no greater', () => {
    expect([0, 1, 2, 3, 4, 7, 8].map(tierOf)).toEqual([0, 1, 2, 2, 3, 3, 4]);
    for (let power = 1; power < 53; power++) {
      expect([tierOf(2 ** power - 1), tierOf(2 ** power)]).toEqual([power, power + 1]);
    }
    expect(tierOf(Number.MAX_SAFE_INTEGER)).toBe(53);
  });

  it('of two in the same tier, neither is twice the other', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (one, other) => {
        if (tierOf(one) !== tierOf(other) || one === 0) return;
        expect(Math.max(one, other)).toBeLessThan(2 * Math.min(one, other));
      }),
    );
  });
});
