// Whom a subscription may listen to (ARCP v1.0, section 13.2): every id a filter names must belong to the subscriber's
// principal. What is unknown belongs to nobody, so that nobody learns what is there.

import { ArcpError } from '../../errors.js';
import type { EventLog, LogQuery } from '../../log/contract.js';
import type { Filter } from '../../wire/subscription.js';
import type { RuntimePort } from '../service.js';
import type { JobOwners } from './job-owners.js';

/** Longest list of a filter: each id is looked up. */
const MAX_ENTRIES = 256;

/** Characters of all entries of a filter: it is kept for as long as its subscription stands. */
const MAX_CHARS = 65_536;

/** Whether a filter names a session, trace, job or stream. */
export function namesIds({ session_id, trace_id, job_id, stream_id }: Filter): boolean {
  return [session_id, trace_id, job_id, stream_id].some((list) => (list?.length ?? 0) > 0);
}

/** @throws {ArcpError} INVALID_ARGUMENT: a list, or all of them together, is too long. */
export function checkLength({ session_id, trace_id, job_id, stream_id, types }: Filter): void {
  let chars = 0;
  for (const list of [session_id, trace_id, job_id, stream_id, types]) {
    if ((list?.length ?? 0) > MAX_ENTRIES) {
      throw new ArcpError('INVALID_ARGUMENT', `a list of a filter has at most ${MAX_ENTRIES} entries`);
    }
    for (const entry of list ?? []) chars += entry.length;
  }
  if (chars > MAX_CHARS) throw new ArcpError('INVALID_ARGUMENT', `a filter has at most ${MAX_CHARS} characters`);
}

/**
 * Checks that everything a filter names belongs to a principal. A trace or stream does where a message of theirs has it.
 *
 * @throws {ArcpError} PERMISSION_DENIED: something does not, or is unknown.
 */
export async function checkOwner(
  runtime: RuntimePort,
  jobs: JobOwners,
  principal: string,
  filter: Filter,
): Promise<void> {
  const { log } = runtime;
  await each(filter.session_id, (id) => runtime.ownsSession(principal, id));
  await each(filter.job_id, (id) => jobs.isOf(principal, id));
  await each(filter.trace_id, (id) => hasOne(log, { principal, traceIds: [id] }));
  await each(filter.stream_id, (id) => hasOne(log, { principal, streamIds: [id] }));
}

async function each(
  ids: readonly string[] | undefined,
  isOwn: (id: string) => boolean | Promise<boolean>,
): Promise<void> {
  for (const id of new Set(ids)) {
    if (!(await isOwn(id))) throw new ArcpError('PERMISSION_DENIED', 'the filter names what is not yours');
  }
}

async function hasOne(log: EventLog, clause: Omit<LogQuery, 'after' | 'limit'>): Promise<boolean> {
  return (await log.read({ after: 0, limit: 1, ...clause })).length > 0;
}
