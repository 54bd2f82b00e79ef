// The entries of a log, read: what all checks begin with.

import type { LoggedEntry } from '../../../src/arcp/log/contract.js';
import type { Site } from './site.js';

/** An entry of the log, read. */
export interface Said extends LoggedEntry {
  readonly body: {
    readonly payload: Readonly<Record<string, never>>;
    readonly session_id?: string;
    readonly subscription_id?: string;
    readonly causation_id?: string;
  };
}

/** Types that end a job. */
export const TERMINAL: readonly string[] = ['job.completed', 'job.failed', 'job.cancelled'];

/** Everything in the log of a site. */
export async function saidAt(site: Site): Promise<readonly Said[]> {
  return (await site.entries()).map((entry) => ({ ...entry, body: JSON.parse(entry.text) as Said['body'] }));
}

/** A job, as the log has it. */
export interface Told {
  readonly jobId: string;
  readonly accepted: Said;
  readonly started: readonly Said[];
  /** The first of its terminal events: of a command that repeats its intent there is another. */
  readonly end: Said | undefined;
}

/** The jobs of a log, in the order they were accepted. */
export function jobsIn(entries: readonly Said[]): ReadonlyMap<string, Told> {
  const jobs = new Map<string, Told & { readonly started: Said[]; end: Said | undefined }>();
  for (const entry of entries) {
    const { jobId, type, direction } = entry;
    if (direction === 'in' || jobId === undefined) continue;
    const job = jobs.get(jobId);
    if (job === undefined) {
      if (type === 'job.accepted') jobs.set(jobId, { jobId, accepted: entry, started: [], end: undefined });
    } else if (type === 'job.started') job.started.push(entry);
    else if (TERMINAL.includes(type)) job.end ??= entry;
  }
  return jobs;
}

export function isPrefix(short: readonly string[], long: readonly string[]): boolean {
  return short.length <= long.length && short.every((item, index) => item === long[index]);
}

/** Types that a resume does not repeat. */
export const NEVER_AGAIN: readonly string[] = [
  'session.challenge',
  'session.accepted',
  'session.unauthenticated',
  'session.rejected',
  'pong',
  'ack',
  'nack',
];
