// What must hold at the end of a run, computed from the log, from what the tools wrote down, and from what arrived: by
// other code than that of the runtime and the client.

import { type Coverage, noCoverage } from './coverage.js';
import { checkDelegation } from './oracle-delegation.js';
import { checkHandoffs } from './oracle-handoff.js';
import { checkJobs, checkRuns, checkStreams } from './oracle-jobs.js';
import { checkMetrics } from './oracle-metrics.js';
import { checkSessions, checkView } from './oracle-programs.js';
import { checkSchedules, recurringIn } from './oracle-schedules.js';
import { checkSecrets } from './oracle-secrets.js';
import { checkSubscription } from './oracle-subscriptions.js';
import { checkWritings } from './oracle-writings.js';
import { saidAt } from './said.js';
import type { World } from './world.js';

/** Looks at everything. Violations are added to the world's. */
export async function examine(world: World, coverage: Coverage): Promise<void> {
  const entries = await saidAt(world.here);
  const there = await saidAt(world.elsewhere);
  const out = entries.filter(({ direction }) => direction === 'out');
  const outThere = there.filter(({ direction }) => direction === 'out');
  checkJobs(world, world.here, out, recurringIn(entries), coverage);
  checkJobs(world, world.elsewhere, outThere, new Set(), noCoverage());
  checkRuns(world, world.here, out, coverage);
  checkRuns(world, world.elsewhere, outThere, noCoverage());
  // Of a stream of a client's the runtime says at most that it is over.
  const written = new Set(
    entries.flatMap(({ direction, type, streamId }) =>
      type === 'stream.open' && direction === 'in' ? [streamId] : [],
    ),
  );
  checkStreams(
    world,
    world.here,
    out.filter(({ streamId }) => !written.has(streamId)),
    coverage,
  );
  checkStreams(world, world.elsewhere, outThere, noCoverage());
  checkSchedules(world, entries, coverage);
  checkDelegation(world, entries, there, coverage);
  checkHandoffs(world, entries, there, coverage);
  checkWritings(world, entries, coverage);
  checkMetrics(world, entries, coverage);
  for (const app of world.apps) {
    checkSessions(world, app, out, coverage);
    for (const view of app.jobs) checkView(world, app, view, out, coverage);
    for (const view of app.subscriptions) checkSubscription(world, app, view, entries, coverage);
  }
  checkSecrets(world, entries, there);
}
