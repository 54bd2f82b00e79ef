// Schedules of before a restart of the runtime.

import { ArcpError } from '../../errors.js';
import { allRecords } from '../log-records.js';
import type { RuntimePort, SessionPort } from '../service.js';
import type { ScheduleBook } from './schedule-book.js';
import type { SchedulePlanner } from './schedule-planner.js';
import {
  asScheduleRecord,
  charsOf,
  keyOf,
  requestOf,
  SCHEDULE,
  type Schedule,
  type ScheduleRecord,
  sessionOfKey,
} from './schedule-record.js';
import { partyOf } from './schedule-room.js';

/** Takes up what was scheduled. Whatever cannot be any more is forgotten, and its job fails. */
export async function recoverSchedules(
  runtime: RuntimePort,
  book: ScheduleBook,
  planner: SchedulePlanner,
): Promise<void> {
  for await (const { key, value } of allRecords(runtime.log, SCHEDULE)) {
    const session = runtime.session(sessionOfKey(key));
    const record = asScheduleRecord(value);
    if (record === undefined) runtime.report(new TypeError(`the schedule ${key} in the log is damaged`), 'recover');
    if (session === undefined || record === undefined) book.forget(key);
    else await takeUp(runtime, book, planner, session, record);
  }
}

async function takeUp(
  runtime: RuntimePort,
  book: ScheduleBook,
  planner: SchedulePlanner,
  session: SessionPort,
  record: ScheduleRecord,
): Promise<void> {
  const { jobId, lastJobId, command, when, anchorMs, extensions } = record;
  const held = session.job(jobId);
  try {
    const work = planner.workOf(session, command, { id: record.invokeId, trace_id: record.traceId, extensions });
    const recurrence = when.every === undefined ? undefined : planner.read(await planner.load(), when.every, anchorMs);
    const occupant = { sessionId: session.id, party: partyOf(session), chars: charsOf(command, extensions) };
    const schedule: Schedule = { ...occupant, recurrence, work, record, isLate: false };
    // The runtime of before may have died before it said so.
    if (held === undefined) runtime.jobs.start(session, requestOf(schedule));
    book.add(schedule);
    if (lastJobId !== undefined && session.job(lastJobId) !== undefined) book.begun(lastJobId, schedule);
  } catch (error) {
    book.forget(keyOf({ sessionId: session.id, record }));
    if (!(error instanceof ArcpError)) runtime.report(error, 'schedule');
    held?.fail(error instanceof ArcpError ? error : new ArcpError('INTERNAL', 'the schedule was lost'));
  }
}
