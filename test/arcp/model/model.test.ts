// Random runs of clients, tools, cuts and restarts, held to what must hold whatever happens. RINGLINE_LONG=1 runs 2,000
// seeds instead of 100; RINGLINE_SEED=N runs one.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noCoverage } from './coverage.js';
import { digestAtOnce } from './digest.js';
import { PLANTS } from './plants.js';
import { PLANTS_BETWEEN } from './plants-between.js';
import { run, runSeed, STEPS_PER_RUN, shrink } from './run.js';
import { someSteps } from './steps.js';

const SEED = process.env.RINGLINE_SEED;
const COUNT = process.env.RINGLINE_LONG === '1' ? 2_000 : 100;
const SEEDS = SEED === undefined ? Array.from({ length: COUNT }, (_, index) => index + 1) : [Number(SEED)];

/** A planted bug is caught within so many seeds. */
const SEEDS_PER_PLANT = 30;

let restore = () => {};
beforeAll(async () => {
  restore = digestAtOnce();
  // What is loaded once it is needed comes from the disk the first time, when it likes.
  await Promise.all([
    import('../../../src/arcp/client/later.js'),
    import('rrule-temporal'),
    import('@cfworker/json-schema'),
  ]);
});
afterAll(() => restore());

describe('clients and a runtime, whatever happens', () => {
  it('keep every invariant over random actions, cuts and restarts', { timeout: 3_600_000 }, async () => {
    const coverage = noCoverage();
    for (const seed of SEEDS) await runSeed(seed, coverage);
    if (SEED !== undefined) return;
    // That nothing was violated says something only where there was something to violate.
    const runs = SEEDS.length;
    expect(coverage.jobs).toBeGreaterThan(8 * runs);
    for (const type of ['job.completed', 'job.failed', 'job.cancelled']) {
      expect(coverage.terminals[type]).toBeGreaterThan(runs);
    }
    expect(coverage.resumes).toBeGreaterThan(5 * runs);
    expect(coverage.wholeSessions).toBeGreaterThan(4 * runs);
    expect(coverage.lostSessions).toBeLessThan(runs);
    expect(coverage.takenUp).toBeGreaterThan(6 * runs);
    expect(coverage.streams).toBeGreaterThan(runs);
    expect(coverage.wholeSubscriptions).toBeGreaterThan(runs);
    expect(coverage.observed).toBeGreaterThan(40 * runs);
    expect(coverage.backfills).toBeGreaterThan(runs / 2);
    expect(coverage.reloads).toBeGreaterThan(runs / 2);
    expect(coverage.recoded).toBeGreaterThan(runs / 5);
    expect(coverage.scheduled).toBeGreaterThan(runs);
    expect(coverage.recurred).toBeGreaterThan(runs / 8);
    expect(coverage.workflows).toBeGreaterThan(runs / 3);
    expect(coverage.delegated).toBeGreaterThan(runs);
    expect(coverage.returned).toBeGreaterThan(runs / 2);
    expect(coverage.takenBack).toBeGreaterThan(runs / 6);
    expect(coverage.handedOff).toBeGreaterThan(runs / 6);
    for (const encoding of ['base64', 'sidecar']) expect(coverage.binary[encoding]).toBeGreaterThan(runs / 6);
    expect(coverage.frames).toBeGreaterThan(runs / 2);
    expect(coverage.written).toBeGreaterThan(runs / 3);
    expect(coverage.metrics).toBeGreaterThan(5 * runs);
  });

  it('do the same again from the same seed', async () => {
    const [first, second] = [noCoverage(), noCoverage()];
    await run(7, someSteps(7, STEPS_PER_RUN), first);
    await run(7, someSteps(7, STEPS_PER_RUN), second);
    expect(second).toEqual(first);
  });
});

describe('the model catches', () => {
  it.each([...PLANTS, ...PLANTS_BETWEEN])('$name: $catches', { timeout: 120_000 }, async (plant) => {
    const caught: string[] = [];
    for (let seed = 1; seed <= SEEDS_PER_PLANT; seed++) {
      const failure = await run(seed, someSteps(seed, STEPS_PER_RUN), noCoverage(), plant);
      if (failure === undefined) continue;
      caught.push(...failure.invariants);
      if (failure.invariants.has(plant.catches)) break;
    }
    expect(caught).toContain(plant.catches);
  });

  it('a bug by few steps, once those that have no part in it are left out', { timeout: 120_000 }, async () => {
    const plant = PLANTS.find(({ name }) => name.startsWith('a service of prompts'));
    for (let seed = 1; ; seed++) {
      const steps = someSteps(seed, STEPS_PER_RUN);
      const failure = await run(seed, steps, noCoverage(), plant);
      if (failure === undefined) continue;
      const short = await shrink(seed, steps, failure, plant);
      expect(short.failure.violation.invariant).toBe('no promise left hanging');
      // One step that asks is all it takes, or one that schedules it and one that waits.
      expect(short.steps.length).toBeLessThan(4);
      return;
    }
  });
});
