// How fast chunks may leave, as a bucket of tokens.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Pace } from '../../../src/arcp/streams/pace.js';

/** When chunks leave that are sent as soon as they may be, in milliseconds. */
function departures(pace: Pace, fromMs: number, untilMs: number): number[] {
  const times: number[] = [];
  let nowMs = fromMs;
  for (;;) {
    const delayMs = pace.delayMs(nowMs);
    if (delayMs > 0) {
      // As a timer does, which knows whole milliseconds only.
      nowMs += Math.ceil(delayMs);
      if (nowMs > untilMs) return times;
    } else {
      pace.spend(nowMs);
      times.push(nowMs);
      if (times.length > 1_000_000) throw new Error('no limit');
    }
  }
}

describe('a rate', () => {
  test('holds nothing back until there is one', () => {
    const pace = new Pace();
    expect(pace.isLimited).toBe(false);
    for (let i = 0; i < 1_000; i++) {
      expect(pace.delayMs(0)).toBe(0);
      pace.spend(0);
    }
  });

  test('[10.56] of 5 a second lets 5 leave in the second after it is set, evenly', () => {
    const pace = new Pace();
    pace.spend(1_000);
    pace.limit(5, 1_000);
    expect(departures(pace, 1_000, 2_000)).toEqual([1_200, 1_400, 1_600, 1_800, 2_000]);
  });

  test('of 0 lets nothing leave until another is set', () => {
    const pace = new Pace();
    pace.limit(0, 0);
    expect(pace.delayMs(1e12)).toBe(Number.POSITIVE_INFINITY);
    pace.limit(1, 1_000);
    expect(pace.delayMs(1_000)).toBe(1_000);
  });

  test('of 4,294,967,295 is none', () => {
    const pace = new Pace();
    pace.limit(1, 0);
    pace.limit(2 ** 32 - 1, 0);
    expect(pace.isLimited).toBe(false);
    expect(pace.delayMs(0)).toBe(0);
  });

  test('that is said again does not hold the stream back any longer', () => {
    const pace = new Pace();
    pace.limit(2, 0);
    pace.limit(2, 400);
    expect(pace.delayMs(400)).toBe(100);
  });

  test('saves up nothing while nobody sends, beyond one chunk', () => {
    const pace = new Pace();
    pace.limit(2, 0);
    expect(departures(pace, 60_000, 60_999)).toEqual([60_000, 60_500]);
  });

  test('never lets more leave in a second than it says, whatever it is and whenever sending pauses', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 4 }),
        (perSecond, pauses) => {
          const pace = new Pace();
          pace.limit(perSecond, 0);
          const times: number[] = [];
          let nowMs = 0;
          for (const pauseMs of [0, ...pauses]) {
            nowMs += pauseMs;
            times.push(...departures(pace, nowMs, nowMs + 1_500));
            nowMs += 1_500;
          }
          let shortest = Number.POSITIVE_INFINITY;
          for (let i = perSecond; i < times.length; i++) {
            shortest = Math.min(shortest, (times[i] as number) - (times[i - perSecond] as number));
          }
          // So long it takes until as many and one more have left.
          expect(shortest).toBeGreaterThan(999.9);
          // And about as many as it says.
          const first = times.filter((time) => time <= 1_000).length;
          expect(first).toBeGreaterThanOrEqual(Math.floor(perSecond * 0.9) - 1);
        },
      ),
      { numRuns: 60 },
    );
  });
});
