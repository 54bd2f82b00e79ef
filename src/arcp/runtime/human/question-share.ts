// How many questions may be open at once: of one job, so that none uses up what its principal has, and of one principal, so
// that many jobs do not fill the runtime with schemas, timers and waits.

import { ArcpError } from '../../errors.js';
import type { JobPort, RuntimePort } from '../service.js';

/** Questions of all jobs of one principal. */
const MAX_OF_PRINCIPAL = 1_024;

/** Questions of each job, and of each principal of a runtime, that are open or about to be asked. */
const ofJob = new WeakMap<JobPort, number>();
const ofPrincipals = new WeakMap<RuntimePort, Map<string, number>>();

/**
 * Counts a question of a job. Prompts and permission requests count together.
 *
 * @returns Takes it off the count; again does nothing.
 * @throws {ArcpError} ERR_ARCP_RESOURCE_EXHAUSTED: the job has as many open as the runtime's limits allow, or its principal
 *   has 1,024. Or the job's end or cancel.
 */
export function countQuestion(job: JobPort): () => void {
  if (job.signal.aborted) throw job.signal.reason;
  const { runtime, principal } = job.session;
  const count = ofJob.get(job) ?? 0;
  if (count >= runtime.limits.maxOpenPrompts) {
    throw new ArcpError('RESOURCE_EXHAUSTED', 'the job has too many open questions');
  }
  const counts = ofPrincipals.get(runtime) ?? new Map<string, number>();
  const total = counts.get(principal) ?? 0;
  if (total >= MAX_OF_PRINCIPAL) {
    throw new ArcpError('RESOURCE_EXHAUSTED', 'the principal has too many open questions');
  }
  ofJob.set(job, count + 1);
  ofPrincipals.set(runtime, counts.set(principal, total + 1));
  let isCounted = true;
  return () => {
    if (!isCounted) return;
    isCounted = false;
    ofJob.set(job, (ofJob.get(job) ?? 1) - 1);
    const left = (counts.get(principal) ?? 1) - 1;
    if (left === 0) counts.delete(principal);
    else counts.set(principal, left);
  };
}
