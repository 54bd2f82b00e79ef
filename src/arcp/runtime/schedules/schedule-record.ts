// What is kept of a schedule, in memory and in the log.

import { isObject } from '../../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../../codec/json-value.js';
import { ArcpError } from '../../errors.js';
import type { EnvelopeFields } from '../../wire/envelope.js';
import type { JobSchedule, ScheduleWhen } from '../../wire/execution.js';
import { isJobId, isMessageId, type JobId, type MessageId, type SessionId } from '../../wire/ids.js';
import { timestampMs } from '../../wire/timestamp.js';
import type { CommandWork } from '../command-work.js';
import type { JobRequest } from '../service.js';
import { MAX_HORIZON_MS, type Recurrence } from './recurrence.js';
import type { Occupant } from './schedule-room.js';

/** Kind of the records of schedules. */
export const SCHEDULE = 'schedule';

/** A schedule, as the log has it. */
export interface ScheduleRecord {
  readonly command: JobSchedule['job'];
  readonly when: ScheduleWhen;
  /** When it was accepted. */
  readonly anchorMs: number;
  readonly invokeId: MessageId;
  readonly traceId?: string | undefined;
  readonly priority?: EnvelopeFields['priority'];
  readonly extensions?: JsonObject | undefined;
  /** The run to come, and when. */
  readonly jobId: JobId;
  readonly dueMs: number;
  /** Runs that are left, that one included; absent: no end. */
  readonly left?: number | undefined;
  /** The run before it. */
  readonly lastJobId?: JobId | undefined;
}

/** A schedule that has a run to come. */
export interface Schedule extends Occupant {
  readonly sessionId: SessionId;
  readonly recurrence: Recurrence | undefined;
  readonly work: CommandWork;
  record: ScheduleRecord;
  /** Whether the run to come is due, and waits for the one before it. */
  isLate: boolean;
}

/** Key of a schedule's record: its session's id, a slash, and its command's. */
export function keyOf({ sessionId, record }: Pick<Schedule, 'sessionId' | 'record'>): string {
  return `${sessionId}/${record.invokeId}`;
}

/** Id of the session that a record's key names. */
export function sessionOfKey(key: string): string {
  return key.slice(0, key.indexOf('/'));
}

/** How long a command and what comes with it are, as JSON, in characters. */
export function charsOf(command: JobSchedule['job'], extensions: JsonObject | undefined): number {
  return JSON.stringify([command, extensions]).length;
}

/** Reads a record. @returns `undefined`: it is none of ours, or was damaged. */
export function asScheduleRecord(value: JsonValue): ScheduleRecord | undefined {
  if (!isObject(value)) return undefined;
  const { command, when, anchorMs, invokeId, jobId, dueMs, left, lastJobId, extensions } = value;
  const isOne =
    isObject(command) &&
    typeof command.type === 'string' &&
    isObject(command.payload) &&
    isObject(when) &&
    (when.every === undefined || typeof when.every === 'string') &&
    Number.isFinite(anchorMs) &&
    Number.isFinite(dueMs) &&
    isMessageId(invokeId) &&
    isJobId(jobId) &&
    (left === undefined || (Number.isSafeInteger(left) && (left as number) > 0)) &&
    (lastJobId === undefined || isJobId(lastJobId)) &&
    (extensions === undefined || isObject(extensions));
  return isOne ? (value as unknown as ScheduleRecord) : undefined;
}

/** The job of the run to come, which is accepted now and runs later. */
export function requestOf({ record, work }: Schedule): JobRequest {
  const { jobId, invokeId, traceId, priority } = record;
  // What it runs on comes with its release.
  return { tool: work.tool, arguments: null, jobId, invokeId, traceId, priority, isHeld: true };
}

/**
 * When a schedule without a rule is due, as Unix time in milliseconds. A time in the past stays one.
 *
 * @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT: too far away.
 */
export function dueOf({ at, after }: ScheduleWhen, nowMs: number): number {
  const dueMs = at === undefined ? nowMs + (after ?? 0) * 1_000 : timestampMs(at);
  if (dueMs - nowMs <= MAX_HORIZON_MS) return dueMs;
  const details = {
    path: at === undefined ? 'payload.when.after' : 'payload.when.at',
    issue: 'must be within ten years',
  };
  throw new ArcpError('INVALID_ARGUMENT', `${details.path} ${details.issue}`, { details });
}

/** Without the members that are `undefined`: records are JSON. */
export function definedOf<T extends object>(members: T): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}
