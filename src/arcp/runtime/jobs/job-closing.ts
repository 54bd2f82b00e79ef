// Ending all jobs of a session, with some time for tools to stop. ARCP v1.0, section 9.

import type { SessionJobs } from './jobs.js';
import type { StopDeadlines } from './stop-deadlines.js';

/**
 * Ends the jobs of a session that takes no more commands.
 *
 * @param graceMs What tools get to stop; 0: none.
 * @param onDone Called once, when no job is left; at once where none is.
 */
export function closeJobs(
  deadlines: StopDeadlines,
  jobs: SessionJobs,
  reason: string,
  graceMs: number,
  onDone: () => void,
): void {
  for (const job of jobs.all()) {
    if (job.isPlaced && graceMs > 0) deadlines.stop(job, reason, graceMs);
    else job.cancel(reason);
  }
  jobs.whenIdle(onDone);
}
