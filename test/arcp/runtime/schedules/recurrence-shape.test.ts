// What a rule says of itself before anything is searched, held to what the search finds.

import { describe, expect, test } from 'vitest';
import { loadRecurrences } from '../../../../src/arcp/runtime/schedules/recurrence.js';
import { readRule } from '../../../../src/arcp/runtime/schedules/recurrence-rule.js';

const NOW_MS = Date.parse('2026-03-02T08:15:42.500Z');

/** Numbers below 1 that are the same in every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe('the least gap of a rule', () => {
  test.each<readonly [string, number]>([
    ['FREQ=SECONDLY', 1],
    ['FREQ=SECONDLY;INTERVAL=90', 90],
    ['FREQ=SECONDLY;BYSECOND=0,20,50', 10],
    ['FREQ=MINUTELY', 60],
    ['FREQ=MINUTELY;INTERVAL=5', 300],
    ['FREQ=MINUTELY;BYSECOND=0,30', 30],
    ['FREQ=HOURLY', 3_600],
    ['FREQ=HOURLY;INTERVAL=3', 10_800],
    ['FREQ=HOURLY;INTERVAL=3;BYMINUTE=0,45', 900],
    ['FREQ=DAILY', 86_400],
    ['FREQ=DAILY;BYHOUR=8,20', 43_200],
    ['FREQ=DAILY;BYHOUR=8,20;BYMINUTE=0,1', 60],
    ['FREQ=WEEKLY', 86_400],
    ['FREQ=YEARLY;BYHOUR=0,23', 3_600],
    ['FREQ=MINUTELY;INTERVAL=1000000', 86_400],
  ])('%s is %i s', (rule, seconds) => {
    expect(readRule(rule).leastGapSeconds).toBe(seconds);
  });

  test('is never more than two runs are apart, whatever the rule', async () => {
    const random = randomFrom(20_261_126);
    const within = (min: number, max: number) => min + Math.floor(random() * (max - min + 1));
    const pick = <T>(from: readonly T[]): T => from[within(0, from.length - 1)] as T;
    const list = (max: number) => Array.from({ length: within(1, 3) }, () => within(0, max)).join(',');
    const read = await loadRecurrences();
    let compared = 0;
    for (let i = 0; i < 250; i++) {
      const parts = [`FREQ=${pick(['SECONDLY', 'MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'])}`];
      const sometimes = (chance: number, part: () => string) => random() < chance && parts.push(part());
      sometimes(0.6, () => `INTERVAL=${pick([1, 2, 3, 7, 24, 45, 61])}`);
      sometimes(0.4, () => `BYSECOND=${list(59)}`);
      sometimes(0.4, () => `BYMINUTE=${list(59)}`);
      sometimes(0.4, () => `BYHOUR=${list(23)}`);
      sometimes(0.2, () => `BYDAY=${pick(['MO', 'SA,SU', 'MO,TU,WE,TH,FR'])}`);
      const rule = parts.join(';');
      const { leastGapSeconds } = readRule(rule);
      const { next, stepsOf } = read(rule, { anchorMs: NOW_MS, leastGapSeconds: 1 });
      let beforeMs: number | undefined;
      for (let runs = 0; runs < 6; runs++) {
        const fromMs: number = beforeMs ?? NOW_MS;
        const foundMs = next(fromMs);
        const steps = stepsOf(fromMs, foundMs);
        expect(steps, rule).toBeGreaterThanOrEqual(50);
        expect(steps, rule).toBeLessThanOrEqual(10_000);
        if (foundMs === undefined) break;
        if (beforeMs !== undefined) {
          expect((foundMs - beforeMs) / 1_000, rule).toBeGreaterThanOrEqual(leastGapSeconds);
          compared++;
        }
        beforeMs = foundMs;
      }
    }
    expect(compared).toBeGreaterThan(500);
  }, 60_000);
});

test('a search costs by what has to be looked through: little where the next run is near, all of it where there is none', async () => {
  const { stepsOf } = (await loadRecurrences())('FREQ=DAILY;BYHOUR=8,20', { anchorMs: NOW_MS, leastGapSeconds: 1 });
  expect(stepsOf(0, 3_600_000)).toBe(52);
  // Ten days, of two times each, and the one that has begun.
  expect(stepsOf(0, 10 * 86_400_000)).toBe(72);
  expect(stepsOf(0, 9_999 * 86_400_000)).toBe(10_000);
  expect(stepsOf(0, undefined)).toBe(10_000);
});
