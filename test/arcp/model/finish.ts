// The end of a run: everything comes back and comes to rest, so that what must have happened by then can be asked for.

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
  // What is scheduled comes due once more, also where a rule says so.
  if (world.isScheduled) {
    await world.pass(62_000, 31_000, random);
    await reunite(world, random);
  }
  // Also those that their caller gave up; and where a run that ends lets the next one begin, the one after that.
  for (let round = 0; round < 4; round++) {
    const open = await openJobs(world);
    if (open.length === 0) break;
    for (const { jobId, sessionId } of open) {
      const session = world.apps.find((app) => app.session?.id === sessionId)?.session;
      if (session !== undefined) void world.track('last cancel', session.cancel('job', jobId, { deadlineMs: 1_000 }));
    }
    await world.network.settle(random);
    await world.pass(1_000, 1_000, random);
  }
  // Longer than any deadline, prompt or call may take, in slices shorter than what counts as silence.
  await world.pass(54_000, 27_000, random);
  // What an idle session still says of itself is on its way by now.
  await reunite(world, random);
  // What goes on elsewhere goes on by right, or has been forgotten there.
  world.endElsewhere = await world.elsewhere.log.last();
  for (const { id } of world.elsewhere.runtime.sessions()) {
    world.elsewhere.runtime.evict(id, 'CANCELLED', 'nobody needs it any more');
  }
  await world.network.settle(random);
}

/** Everybody leaves, then the runtime closes. */
export async function leave(world: World, random: Random): Promise<void> {
  for (const { lives } of world.apps) {
    for (const { session, isDead } of lives) if (!isDead) void world.track('last close', session.close());
  }
  for (const session of world.links.sessions) void world.track('last close elsewhere', session.close());
  await world.network.settle(random);
  await world.pass(12_000, 6_000, random);
  for (const site of [world.here, world.elsewhere]) {
    void site.track('last close of the runtime', site.runtime.close());
  }
  await world.network.settle(random);
  await world.pass(12_000, 6_000, random);
}

/** Waits until every session that goes on is connected, and all that was said has arrived. */
async function reunite(world: World, random: Random): Promise<void> {
  for (let tries = 0; ; tries++) {
    for (const cable of world.network.cables) cable.isStalled = false;
    await world.network.settle(random);
    const all = [...world.apps.map(({ session }) => session), ...world.links.sessions];
    const away = all.filter((session) => session !== undefined && !session.isConnected);
    if (away.length === 0) return;
    if (tries > 40) {
      const ids = away.map((session) => session?.id).join(', ');
      return world.violate('no promise left hanging', `${ids} never came back`);
    }
    for (const session of away) session?.reconnectNow();
    await world.network.settle(random);
    world.advance(1_000);
  }
}

/** Jobs that have not ended, as the log has it. */
async function openJobs(world: World): Promise<readonly { readonly jobId: string; readonly sessionId: string }[]> {
  const open = new Map<string, string>();
  for (const { type, direction, jobId, sessionId } of await world.here.entries()) {
    if (direction === 'in' || jobId === undefined) continue;
    // Who repeats an intent hears of it in its own session: the job is of the first.
    if (type === 'job.accepted' && !open.has(jobId)) open.set(jobId, sessionId);
    else if (/^job\.(?:completed|failed|cancelled)$/.test(type) && open.get(jobId) === sessionId) open.delete(jobId);
  }
  return [...open].map(([jobId, sessionId]) => ({ jobId, sessionId }));
}
