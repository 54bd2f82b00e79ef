// The filter of subscriptions (ARCP v1.0, section 13.2), judged on the original envelope.

import type { RawEnvelope } from './wire/envelope.js';
import { priorityRank } from './wire/priority.js';
import type { Filter } from './wire/subscription.js';

export type { Filter } from './wire/subscription.js';

/**
 * Makes a test of a filter.
 *
 * All clauses must hold, and one entry of each list; an empty list is no clause, so that an empty filter takes
 * everything. An envelope without an id fails the clause that names such ids. Types are compared whole.
 *
 * @param filter Borrowed until this returns.
 */
export function compileFilter(filter: Filter): (envelope: RawEnvelope) => boolean {
  const sessions = clause(filter.session_id);
  const traces = clause(filter.trace_id);
  const jobs = clause(filter.job_id);
  const streams = clause(filter.stream_id);
  const types = clause(filter.types);
  const minRank = filter.min_priority === undefined ? 0 : priorityRank(filter.min_priority);
  return (envelope) =>
    priorityRank(envelope.priority) >= minRank &&
    holds(types, envelope.type) &&
    holds(sessions, envelope.session_id) &&
    holds(traces, envelope.trace_id) &&
    holds(jobs, envelope.job_id) &&
    holds(streams, envelope.stream_id);
}

function clause(entries: readonly string[] | undefined): ReadonlySet<string> | undefined {
  return entries === undefined || entries.length === 0 ? undefined : new Set(entries);
}

function holds(entries: ReadonlySet<string> | undefined, value: string | undefined): boolean {
  return entries === undefined || (value !== undefined && entries.has(value));
}
