// What must hold of jobs and sessions that were moved to the other runtime: they end here once, and live there.

import type { Coverage } from './coverage.js';
import { movedTag } from './equipment.js';
import { jobsIn, type Said } from './said.js';
import type { World } from './world.js';

/** Why the runtime ends what has moved. */
const REASON = 'handed off';

/** Looks at everything that was moved. */
export function checkHandoffs(
  world: World,
  entries: readonly Said[],
  there: readonly Said[],
  coverage: Coverage,
): void {
  const wrong = (detail: string) => world.violate('what is handed off ends here once and lives there', detail);
  const out = entries.filter(({ direction }) => direction === 'out');
  const [jobsHere, jobsThere] = [jobsIn(entries), jobsIn(there)];
  const moved = new Map(world.elsewhere.runs.map(({ tag, jobId }) => [tag, jobId]));
  /** It runs there, until it is cleared away. */
  const mustLive = (principal: string, id: string) => {
    coverage.handedOff++;
    const job = jobsThere.get(moved.get(movedTag(principal, id)) ?? '');
    if (job === undefined) wrong(`${id} was handed off, and is not there`);
    else if (job.end !== undefined && job.end.position <= (world.endElsewhere ?? 0)) {
      wrong(`${id} was handed off, and there it ended with ${job.end.type}`);
    }
  };
  for (const { jobId, accepted, end } of jobsHere.values()) {
    if (end?.type === 'job.cancelled' && String(end.body.payload.reason) === REASON) {
      // One that went with its session is where that is.
      const isOwn = moved.has(movedTag(accepted.principal, jobId));
      mustLive(accepted.principal, isOwn ? jobId : accepted.sessionId);
    }
  }
  const evicted = new Map<string, number>();
  for (const { type, sessionId, principal, body } of out) {
    if (type !== 'session.evicted' || String(body.payload.reason) !== REASON) continue;
    evicted.set(sessionId, (evicted.get(sessionId) ?? 0) + 1);
    if (evicted.get(sessionId) !== 1) wrong(`${sessionId} ended twice`);
    mustLive(principal, sessionId);
  }
  const ends = (jobId: string | undefined, sessionId: string) => {
    const end = jobId === undefined ? undefined : jobsHere.get(jobId)?.end;
    const isMoved = String(end?.body.payload.reason) === REASON;
    return jobId === undefined ? evicted.has(sessionId) : isMoved;
  };
  // Whoever was told that it moved finds it ended.
  for (const { type, direction, id, sessionId, jobId } of entries) {
    if (type !== 'agent.handoff' || direction === 'out') continue;
    const isAgreed = out.some((entry) => entry.type === 'ack' && entry.correlationId === id);
    if (isAgreed && !ends(jobId, sessionId)) wrong(`${jobId ?? sessionId} was handed off, and has not ended so`);
  }
  for (const { jobId, sessionId, isDone } of world.offers) {
    if (isDone && !ends(jobId, sessionId)) wrong(`${jobId ?? sessionId} was taken over, and has not ended so`);
  }
}
