// Whose a session or a job is, also one that is over: the log knows.

import type { EventLog, MaybePromise } from '../../log/contract.js';
import type { SessionId } from '../../wire/ids.js';
import type { Job } from '../jobs/job.js';
import type { JobOwner } from '../service.js';

/** Whether a session belongs to a principal. @param session It, where it has not ended. */
export function ownsSession(
  log: EventLog,
  session: { readonly principal: string } | undefined,
  principal: string,
  sessionId: string,
): MaybePromise<boolean> {
  if (session !== undefined) return session.principal === principal;
  const entries = log.read({ after: 0, limit: 1, sessionIds: [sessionId] });
  if (!(entries instanceof Promise)) return entries[0]?.principal === principal;
  return entries.then((found) => found[0]?.principal === principal);
}

/** Whose a job is or was. @param job It, where it has not ended. */
export function ownerOfJob(log: EventLog, job: Job | undefined, jobId: string): MaybePromise<JobOwner | undefined> {
  if (job !== undefined) return { sessionId: job.session.id, principal: job.session.principal };
  // The first message out that names it is its `job.accepted`: what comes in may name any.
  const entries = log.read({ after: 0, limit: 1, jobIds: [jobId], direction: 'out' });
  const ownerOf = (found: Awaited<typeof entries>): JobOwner | undefined =>
    found[0] === undefined ? undefined : { sessionId: found[0].sessionId as SessionId, principal: found[0].principal };
  return entries instanceof Promise ? entries.then(ownerOf) : ownerOf(entries);
}
