// After a restart of the runtime: the sessions of before stand again, without a connection, and their jobs run again or
// end. All of it comes from the records of the log. ARCP v1.0, sections 6.4 and 19.

import { ArcpError } from '../../errors.js';
import type { JobId, MessageId, SessionId } from '../../wire/ids.js';
import type { Priority } from '../../wire/priority.js';
import { toWireError } from '../../wire-error.js';
import type { Core } from '../core.js';
import type { Job } from '../jobs/job.js';
import { type JobPast, pastOf } from '../jobs/job-past.js';
import { asFollowerRecord, asJobRecord, FOLLOWER, JOB, type JobRecord } from '../jobs/job-records.js';
import { allRecords } from '../log-records.js';
import type { Session } from './session.js';
import { asSessionRecord, SESSION } from './session-record.js';
import type { SessionTable } from './session-table.js';

/** The connections that stood while the runtime did not. */
export interface Standing {
  /** What the connection of a session counts as; empty where nothing is known, or none stood. */
  partyOf(sessionId: string): string;
  /** Called when all sessions stand, and no job does: the connections go on. */
  goOn(): void;
}

/** Takes up the sessions and jobs of before. */
export async function recoverRuntime(core: Core, table: SessionTable, standing: Standing): Promise<void> {
  await core.intents.recover();
  await core.checkpoints.recover();
  const sessions = await recoverSessions(core, table, standing);
  for await (const { key, value } of allRecords(core.log, JOB)) {
    const record = asJobRecord(value);
    const session = record === undefined ? undefined : sessions.get(record.sessionId);
    if (record === undefined) damaged(core, JOB, key);
    // Its session has ended: there is nobody left to tell.
    else if (session === undefined) core.write([{ kind: JOB, key, value: undefined }]);
    else await recoverJob(core, session, key as JobId, record);
  }
  for await (const { key, value } of allRecords(core.log, FOLLOWER)) {
    const record = asFollowerRecord(value);
    const session = record === undefined ? undefined : sessions.get(record.sessionId);
    if (record === undefined) damaged(core, FOLLOWER, key);
    else if (session === undefined) core.write([{ kind: FOLLOWER, key, value: undefined }]);
    else await session.jobs.followAgain(record);
  }
  // A stranger without credentials cannot come back, but may have stayed.
  for (const session of sessions.values())
    if (session.anonymous && !session.isConnected) session.close('the runtime was restarted', 0, () => {});
  await core.mounted.recover();
  for (const job of [...core.liveJobs.values()]) if (job.isHeld && !core.mounted.keepsHeld(job)) job.fail(restarted());
}

/** @returns Those that stand again, by id. */
async function recoverSessions(
  core: Core,
  table: SessionTable,
  standing: Standing,
): Promise<ReadonlyMap<string, Session>> {
  const sessions = new Map<string, Session>();
  const awaySinceMs = new Map<Session, number | undefined>();
  const recoveredThrough = await core.log.last();
  for await (const { key, value } of allRecords(core.log, SESSION)) {
    const record = asSessionRecord(value);
    if (record === undefined) {
      damaged(core, SESSION, key);
      continue;
    }
    const session = table.add(key as SessionId, record, standing.partyOf(key));
    session.recoveredThrough = recoveredThrough;
    sessions.set(key, session);
    awaySinceMs.set(session, record.awaySinceMs);
  }
  standing.goOn();
  for (const [session, sinceMs] of awaySinceMs) if (!session.isConnected) session.retain(sinceMs);
  return sessions;
}

/** A record that is none of ours, or was damaged, goes: it must not keep the others from standing again. */
function damaged(core: Core, kind: string, key: string): void {
  core.report(new TypeError(`the ${kind} ${key} in the log is damaged`), 'recover');
  core.write([{ kind, key, value: undefined }]);
}

async function recoverJob(core: Core, session: Session, id: JobId, record: JobRecord): Promise<void> {
  if (record.intent !== undefined) await core.intents.restore(record.intent);
  const checkpoint = await core.checkpoints.newestOf(session.principal, id);
  const past = await pastOf(core.log, session.id, id);
  const job = session.jobs.restore(
    id,
    {
      tool: record.tool,
      arguments: record.arguments ?? null,
      invokeId: record.invokeId as MessageId,
      traceId: record.traceId,
      priority: record.priority as Priority | undefined,
      restored: checkpoint?.data,
    },
    { intent: record.intent, heartbeats: past.heartbeats },
  );
  if (record.isHeld === true) {
    job.isHeld = true;
    job.enter('queued');
    return;
  }
  job.wasStarted = past.wasStarted;
  endStreams(job, past);
  if (core.tools.get(record.tool)?.restartable === true && record.arguments !== undefined) session.jobs.resume(job);
  else job.fail(restarted());
}

/** Nobody goes on with the streams of a tool that was cut off: whoever reads them is told, before the tool runs again. */
function endStreams(job: Job, { openStreams }: JobPast): void {
  if (job.session.capabilities.streaming !== true) return;
  const { code, message } = toWireError(restarted());
  for (const id of openStreams) job.emit('stream.error', { code, message }, { stream_id: id });
}

function restarted(): ArcpError {
  return new ArcpError('UNAVAILABLE', 'the runtime was restarted', { retryable: true });
}
