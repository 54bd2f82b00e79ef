// Commands of a session that few need at first.

import type { JsonValue } from '../../codec/json-value.js';
import type { JobId, LeaseId } from '../wire/ids.js';
import type { Core } from './core.js';
import { deliver } from './deliver.js';

/** A checkpoint of a job. */
export interface Checkpoint {
  readonly id: string;
  readonly data: JsonValue;
}

/** Stops a job to ask a human. */
export function interrupt(core: Core, jobId: JobId, prompt: string, signal?: AbortSignal): Promise<void> {
  return deliver(core, 'interrupt', { target: 'job', target_id: jobId, prompt }, signal, { job_id: jobId });
}

/** Has a job save a checkpoint. */
export async function createCheckpoint(
  core: Core,
  jobId: JobId,
  { label, signal }: { label?: string; readonly signal?: AbortSignal | undefined },
): Promise<Checkpoint> {
  const fields = { job_id: jobId };
  const reply = await core.request('checkpoint.create', { label }, ['job.checkpoint'], { signal }, fields);
  return { id: reply.payload.checkpoint_id, data: reply.payload.data };
}

/** Prolongs a lease. @returns When it ends now, as text. */
export async function refreshLease(
  core: Core,
  leaseId: LeaseId,
  additionalSeconds: number,
  signal?: AbortSignal,
): Promise<string> {
  const payload = { lease_id: leaseId, additional_seconds: additionalSeconds };
  return (await core.request('lease.refresh', payload, ['lease.extended'], { signal })).payload.expires_at;
}
