// One run of the model, and the way from a run that fails to the shortest one that fails likewise.

import { type Coverage, noCoverage } from './coverage.js';
import { finish, leave } from './finish.js';
import { examine } from './oracle.js';
import { Random } from './random.js';
import { type Step, someSteps, take } from './steps.js';
import { type Invariant, Violation } from './violation.js';
import { type Plant, World } from './world.js';

/** Steps of one run. */
export const STEPS_PER_RUN = 50;

/** How a run failed. */
export interface Failure {
  readonly violation: Violation;
  /** All invariants that do not hold. */
  readonly invariants: ReadonlySet<Invariant>;
  readonly notes: readonly string[];
}

/** Takes the steps in a fresh world. @returns The first thing that does not hold, where there is one. */
export async function run(
  seed: number,
  steps: readonly Step[],
  coverage: Coverage = noCoverage(),
  plant?: Plant,
): Promise<Failure | undefined> {
  const world = new World(seed, plant);
  const random = new Random(seed ^ 0xe4d);
  for (const app of world.apps) app.open().catch(() => {});
  await world.network.settle(random);
  for (const step of steps) {
    await take(world, step);
    if (world.violations.length > 0) break;
  }
  if (world.violations.length === 0) {
    await finish(world, random);
    for (const name of world.hanging()) {
      // A session that goes on has an end to come, and so have its connection and its subscriptions.
      if (/^(?:end of|accept|events of a subscription)/.test(name) && !/prompt/.test(name)) continue;
      world.violate('no promise left hanging', name);
    }
    await examine(world, coverage);
    await leave(world, random);
    for (const name of world.hanging()) world.violate('no promise left hanging', `${name}, with everything closed`);
  }
  for (const fault of world.faults) {
    if (!isExpected(fault)) world.violations.push(new Violation('no promise left hanging', `a fault: ${fault}`));
  }
  const [violation] = world.violations;
  if (violation === undefined) return undefined;
  const invariants = new Set(world.violations.map(({ invariant }) => invariant));
  return { violation, invariants, notes: world.notes };
}

/** What tools are told to do wrong. */
function isExpected(fault: string): boolean {
  return /^(?:tool |result of )/.test(fault);
}

/** Leaves out whatever a failing run can do without. */
export async function shrink(seed: number, steps: readonly Step[], failure: Failure, plant?: Plant) {
  let shortest = steps;
  let last = failure;
  let budget = 300;
  for (let size = steps.length >> 1; size > 0; size = size === 1 ? 0 : size >> 1) {
    for (let from = 0; from < shortest.length && budget > 0; ) {
      budget--;
      const fewer = [...shortest.slice(0, from), ...shortest.slice(from + size)];
      const again = await run(seed, fewer, noCoverage(), plant);
      if (again?.violation.invariant === last.violation.invariant) {
        shortest = fewer;
        last = again;
      } else {
        from += size;
      }
    }
  }
  return { steps: shortest, failure: last };
}

/** Runs one seed. @throws {Error} what does not hold, with the seed and the shortest run that shows it. */
export async function runSeed(seed: number, coverage: Coverage): Promise<void> {
  const steps = someSteps(seed, STEPS_PER_RUN);
  const failure = await run(seed, steps, coverage);
  if (failure === undefined) return;
  const short = await shrink(seed, steps, failure);
  const { violation, notes } = short.failure;
  throw new Error(
    [
      `seed ${seed}: ${violation.message}`,
      `the shortest run that shows it has ${short.steps.length} of ${steps.length} steps:`,
      ...notes.map((note) => `  ${note}`),
      `RINGLINE_SEED=${seed} runs it again; its steps: ${JSON.stringify(short.steps)}`,
    ].join('\n'),
  );
}
