// What happens to everybody: time, the network, and the runtimes.

import type { Random } from './random.js';
import type { Site } from './site.js';
import type { Take } from './step.js';
import type { World } from './world.js';

/** By kind. */
export const WORLD_STEPS = {
  async pass(world, _app, random) {
    const ms = random.among([1, 100, 1_000, 5_000, 31_000, 61_000]);
    world.note(`${ms} ms pass`);
    // In one go the network has no part in it, as where a machine was asleep.
    if (ms <= 1_000 || random.chance(0.2)) world.advance(ms);
    else await world.pass(ms, 1 + Math.floor(ms / 4), random);
  },

  async move(world, _app, random) {
    await world.network.drift(random, 20);
  },

  async settle(world, _app, random) {
    world.note('everything moves');
    await world.network.settle(random);
  },

  cut(world, app, random) {
    const side = random.among(['near', 'far'] as const);
    world.note(`${app.name}'s connection is cut at its ${side} end`);
    app.cable?.cut(side);
    if (random.chance(0.5)) world.advance(200);
  },

  cutElsewhere(world, _app, random) {
    const cable = random.pick(world.links.cables);
    const side = random.among(['near', 'far', 'neither'] as const);
    if (cable === undefined) return;
    world.note(`a connection elsewhere ${side === 'neither' ? 'stalls, or goes on' : `is cut at its ${side} end`}`);
    if (side === 'neither') cable.isStalled = !cable.isStalled;
    else cable.cut(side);
  },

  stall(world, app) {
    if (app.cable === undefined) return;
    app.cable.isStalled = !app.cable.isStalled;
    world.note(`${app.name}'s connection ${app.cable.isStalled ? 'stalls' : 'goes on'}`);
  },

  async crash(world, _app, random) {
    world.note('the runtime crashes');
    world.crash();
    await comeBack(world, world.here, random);
  },

  async crashElsewhere(world, _app, random) {
    world.note('the runtime elsewhere crashes');
    world.crashElsewhere();
    await comeBack(world, world.elsewhere, random);
  },

  async restart(world, _app, random) {
    world.note('the runtime closes and starts again');
    const { here } = world;
    here.isDown = true;
    const closing = here.track('close of the runtime', here.runtime.close());
    let isClosed = false;
    void closing.then(() => {
      isClosed = true;
    });
    for (let i = 0; i < 50 && !isClosed; i++) {
      for (const cable of world.network.cables) cable.isStalled = false;
      await world.network.settle(random);
      if (!isClosed) world.advance(1_000);
    }
    if (!isClosed) world.violate('no promise left hanging', 'the runtime never closes');
    // What its tools still wait for, they wait for in vain.
    world.crash();
    await comeBack(world, here, random);
  },
} satisfies Readonly<Record<string, Take>>;

/** Another runtime over the same log, after a while. */
async function comeBack(world: World, site: Site, random: Random): Promise<void> {
  world.advance(1 + random.int(3_000));
  if (random.chance(0.5)) await world.network.settle(random);
  site.start();
  const recovery = site.recover();
  // Who comes early waits.
  if (random.chance(0.5)) await recovery;
}
