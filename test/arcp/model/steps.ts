// What may happen: each step is a kind and a seed, from which everything about it is drawn, so that it means something in
// whatever world it finds and steps can be left out.

import type { App } from './app.js';
import { Random } from './random.js';
import type { Take } from './step.js';
import { JOB_STEPS } from './steps-jobs.js';
import { SESSION_STEPS } from './steps-sessions.js';
import { WORLD_STEPS } from './steps-world.js';
import type { World } from './world.js';

const WEIGHTS = {
  invoke: 13,
  intent: 4,
  schedule: 4,
  workflow: 3,
  delegate: 3,
  handoff: 2,
  offer: 2,
  write: 4,
  answer: 8,
  cancel: 5,
  interrupt: 1,
  ping: 1,
  artifact: 4,
  subscribe: 4,
  unsubscribe: 1,
  attack: 7,
  pass: 9,
  move: 6,
  settle: 4,
  cut: 7,
  cutElsewhere: 2,
  stall: 2,
  hurry: 2,
  reload: 2,
  close: 1,
  crash: 2,
  crashElsewhere: 1,
  restart: 2,
} as const;

export type StepKind = keyof typeof WEIGHTS;

/** One thing that happens. */
export interface Step {
  readonly kind: StepKind;
  readonly seed: number;
}

const BAG = Object.entries(WEIGHTS).flatMap(([kind, weight]) => Array<StepKind>(weight).fill(kind as StepKind));

/** Draws a run of steps. */
export function someSteps(seed: number, count: number): readonly Step[] {
  const random = new Random(seed ^ 0x5eed);
  return Array.from({ length: count }, () => ({
    kind: random.pick(BAG) as StepKind,
    seed: random.int(0x7fff_ffff),
  }));
}

/** Takes a step, then lets a few messages move. */
export async function take(world: World, step: Step): Promise<void> {
  const random = new Random(step.seed);
  const app = random.pick(world.apps) as App;
  await STEPS[step.kind](world, app, random);
  // Often nothing has arrived yet when the next thing happens, sometimes all has.
  if (random.chance(0.3)) await world.network.settle(random);
  else await world.network.drift(random, random.int(12));
}

const STEPS: { readonly [Kind in StepKind]: Take } = { ...JOB_STEPS, ...SESSION_STEPS, ...WORLD_STEPS };
