// Jobs of a session, begun by a command or found by their id.

import { assertInteger } from '../../bytes/assert.js';
import { arcpError } from '../errors.js';
import type { JobId } from '../wire/ids.js';
import type { Payloads } from '../wire/payloads.js';
import type { CallFields } from './compose.js';
import type { Core } from './core.js';
import { Job, type JobCommand } from './job.js';
import type { JobHandle, JobOptions } from './job-handle.js';

/**
 * Starts a job.
 *
 * @param tool What it is called where it asks a human.
 * @throws {TypeError} @throws {RangeError} a payload that cannot be written, an option that is none. Everything else rejects.
 */
export function startJob<T extends JobCommand>(
  core: Core,
  tool: string | undefined,
  type: T,
  payload: Payloads[T],
  options: JobOptions,
  fields?: CallFields,
): JobHandle {
  if (options.retries !== undefined) assertInteger(options.retries, 'retries', 0, 100);
  return begin(core, tool, (job) => job.start(type, payload, options, fields));
}

/** Follows a job that is known by its id alone. */
export function followJob(core: Core, jobId: JobId): JobHandle {
  return core.router.byId.get(jobId) ?? begin(core, undefined, (job) => job.follow(jobId));
}

function begin(core: Core, tool: string | undefined, how: (job: Job) => void): JobHandle {
  const isFull = core.router.live.size >= core.options.limits.maxJobs;
  const job = new Job(core, core.router, tool);
  if (core.signal.aborted) job.fail(core.signal.reason);
  else if (isFull) job.fail(arcpError('RESOURCE_EXHAUSTED', 'too many jobs'));
  else how(job);
  return job;
}
