// One step, and what all kinds of them share.

import type { App } from './app.js';
import type { Random } from './random.js';
import type { World } from './world.js';

/** Does something in a world, to a program of it, as chance has it. */
export type Take = (world: World, app: App, random: Random) => void | Promise<void>;

/** A program whose session is over begins another one; it is there by the next step, or the one after. */
export function reopen(world: World, app: App): undefined {
  if (app.isOpening) return undefined;
  world.note(`${app.name} connects`);
  app.open().catch(ignore);
  return undefined;
}

/** For promises whose end is looked at elsewhere. */
export function ignore(): void {}
