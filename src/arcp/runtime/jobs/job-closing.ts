// Ending all jobs of a session, with some time for tools to stop. ARCP v1.0, section 9.

import type { Clock } from '../../../clock.js';
import { ArcpError } from '../../errors.js';
import type { SessionJobs } from './jobs.js';

/**
 * Ends the jobs of a session that takes no more commands.
 *
 * @param graceMs What tools get to stop; 0: none.
 * @param onDone Called once, when no job is left; at once where none is.
 */
export function closeJobs(clock: Clock, jobs: SessionJobs, reason: string, graceMs: number, onDone: () => void): void {
  for (const job of jobs.all()) {
    if (job.isPlaced && graceMs > 0) job.askToStop(reason);
    else job.cancel(reason);
  }
  const cancelGrace =
    jobs.size === 0
      ? undefined
      : clock.setTimer(() => {
          for (const job of jobs.all()) job.fail(new ArcpError('ABORTED', 'the tool did not stop in time'));
        }, graceMs);
  jobs.whenIdle(() => {
    cancelGrace?.();
    onDone();
  });
}
