// What is kept of jobs, and of commands that wait for one, so that a restart of the runtime can end or repeat them.

import { isObject } from '../../../codec/is-object.js';
import type { JsonValue } from '../../../codec/json-value.js';
import type { RecordWrite } from '../../log/contract.js';
import { isJobId, isMessageId, type JobId } from '../../wire/ids.js';
import type { JobRequest } from '../service.js';
import type { Job } from './job.js';

/** Kind of the records of jobs that have not ended. */
export const JOB = 'job';

/** What is kept of a job. */
export interface JobRecord {
  readonly sessionId: string;
  readonly tool: string;
  readonly invokeId: string;
  readonly traceId?: string | undefined;
  readonly priority?: string | undefined;
  readonly intent?: string | undefined;
  /** Only where the tool may run again. */
  readonly arguments?: JsonValue | undefined;
  /** Whether it waits for whoever holds it. */
  readonly isHeld?: boolean | undefined;
}

/** Kind of the records of commands that were accepted for a job they did not start, and have yet to hear of its end. */
export const FOLLOWER = 'follower';

/** What is kept of such a command. */
export interface FollowerRecord {
  readonly sessionId: string;
  readonly invokeId: string;
  readonly jobId: string;
  readonly traceId?: string | undefined;
  readonly priority?: string | undefined;
  /** The intent it repeated; absent where it was refused. */
  readonly intent?: string | undefined;
}

/** What the answers to a command are stamped with. */
export type Answer = Pick<JobRequest, 'invokeId' | 'traceId' | 'priority'>;

/** Keeps a job. @param mayRestart Whether it runs again after a restart. */
export function keepJob(job: Job, mayRestart: boolean): RecordWrite {
  const record: Record<string, JsonValue> = { sessionId: job.session.id, tool: job.tool, invokeId: job.invokeId };
  if (job.traceId !== undefined) record.traceId = job.traceId;
  if (job.priority !== undefined) record.priority = job.priority;
  if (job.intent !== undefined) record.intent = job.intent;
  if (mayRestart) record.arguments = job.request.arguments;
  if (job.isHeld) record.isHeld = true;
  return { kind: JOB, key: job.id, value: record };
}

/** Keeps a command that is owed the end of a job. @param intent Scope of the intent it repeats. */
export function keepFollower(sessionId: string, jobId: JobId, answer: Answer, intent: string | undefined): RecordWrite {
  const { invokeId, traceId, priority } = answer;
  const record: Record<string, JsonValue> = { sessionId, invokeId, jobId };
  if (traceId !== undefined) record.traceId = traceId;
  if (priority !== undefined) record.priority = priority;
  if (intent !== undefined) record.intent = intent;
  return { kind: FOLLOWER, key: followerKey(sessionId, answer), value: record };
}

/** Forgets a command that has heard of the end. */
export function forgetFollower(sessionId: string, answer: Answer): RecordWrite {
  return { kind: FOLLOWER, key: followerKey(sessionId, answer), value: undefined };
}

function followerKey(sessionId: string, { invokeId }: Answer): string {
  return `${sessionId} ${invokeId}`;
}

/** Reads a record; `undefined` where it is none of ours, or was damaged. */
export function asJobRecord(value: JsonValue): JobRecord | undefined {
  if (!isObject(value)) return undefined;
  const { sessionId, tool, invokeId } = value;
  const isOne = typeof sessionId === 'string' && typeof tool === 'string' && isMessageId(invokeId);
  return isOne ? (value as unknown as JobRecord) : undefined;
}

/** As {@link asJobRecord}. */
export function asFollowerRecord(value: JsonValue): FollowerRecord | undefined {
  if (!isObject(value)) return undefined;
  const { sessionId, jobId, invokeId } = value;
  const isOne = typeof sessionId === 'string' && isJobId(jobId) && isMessageId(invokeId);
  return isOne ? (value as unknown as FollowerRecord) : undefined;
}
