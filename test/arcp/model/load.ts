// A program between two times it is loaded, as a page is: its clock, and what is expected of it.

import type { Clock } from '../../../src/clock.js';
import { mortalClock } from './mortal-clock.js';
import { Tracker } from './tracker.js';
import type { World } from './world.js';

/** A program as it was loaded: with the next one its timers end, and nothing is expected of it. */
export interface Load {
  readonly clock: Clock;
  readonly tracker: Tracker;
  readonly stop: () => void;
}

/** Loads a program. */
export function load(world: World): Load {
  const { clock, stop } = mortalClock(world.plant?.clientClock?.(world.clock) ?? world.clock);
  const tracker = new Tracker(() => world.network.activity++);
  return { clock, tracker, stop };
}
