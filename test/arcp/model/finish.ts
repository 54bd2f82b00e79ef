// The end of a run: everything comes back and comes to rest, so that what must have happened by then can be asked for.

import type { App } from './app.js';
import type { Random } from './random.js';
import type { World } from './world.js';

/** Lets everybody come back, every job end, and every message arrive. */
export async function finish(world: World, random: Random): Promise<void> {
  world.note('the end begins');
  await reunite(world, random);
  // What a restart or a lost session left behind ends, too; nobody will come back for it.
  for (const { id, isConnected } of world.runtime.sessions()) {
    if (!isConnected) world.runtime.evict(id, 'CANCELLED', 'nobody comes back');
  }
  await world.network.settle(random);
  // Also those that their caller gave up.
  for (const { jobId, sessionId } of await openJobs(world)) {
    const session = world.apps.find((app) => app.session?.id === sessionId)?.session;
    if (session !== undefined) void world.track('last cancel', session.cancel('job', jobId, { deadlineMs: 1_000 }));
  }
  // Longer than any deadline, prompt or call may take, in slices shorter than what counts as silence.
  await world.pass(4_000, 1_000, random);
  await world.pass(81_000, 27_000, random);
  // What an idle session still says of itself is on its way by now.
  await reunite(world, random);
}

/** Everybody leaves, then the runtime closes. */
export async function leave(world: World, random: Random): Promise<void> {
  for (const { lives } of world.apps) for (const { session } of lives) void world.track('last close', session.close());
  await world.network.settle(random);
  await world.pass(12_000, 6_000, random);
  void world.trackRuntime('last close of the runtime', world.runtime.close());
  await world.network.settle(random);
  await world.pass(12_000, 6_000, random);
}

/** Waits until every session that goes on is connected, and all that was said has arrived. */
async function reunite(world: World, random: Random): Promise<void> {
  for (let tries = 0; ; tries++) {
    for (const cable of world.network.cables) cable.isStalled = false;
    await world.network.settle(random);
    const away = world.apps.filter(isAway);
    if (away.length === 0) return;
    if (tries > 40) {
      const names = away.map(({ name }) => name).join(', ');
      return world.violate('no promise left hanging', `${names} never came back`);
    }
    for (const { session } of away) session?.reconnectNow();
    await world.network.settle(random);
    world.clock.advance(1_000);
  }
}

function isAway({ session }: App): boolean {
  return session !== undefined && !session.isConnected;
}

/** Jobs that have not ended, as the log has it. */
async function openJobs(world: World): Promise<readonly { readonly jobId: string; readonly sessionId: string }[]> {
  const open = new Map<string, string>();
  for (const { type, direction, jobId, sessionId } of await world.entries()) {
    if (direction === 'in' || jobId === undefined) continue;
    // Who repeats an intent hears of it in its own session: the job is of the first.
    if (type === 'job.accepted' && !open.has(jobId)) open.set(jobId, sessionId);
    else if (/^job\.(?:completed|failed|cancelled)$/.test(type) && open.get(jobId) === sessionId) open.delete(jobId);
  }
  return [...open].map(([jobId, sessionId]) => ({ jobId, sessionId }));
}
