// After a restart of the runtime: the sessions of before stand again, without a connection, and their jobs run again or
// end. All of it comes from the records of the log. ARCP v1.0, sections 6.4 and 19.

import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { ArcpError } from '../errors.js';
import type { EventLog, RecordWrite } from '../log/contract.js';
import { isJobId, isMessageId, type JobId, type MessageId, type SessionId } from '../wire/ids.js';
import type { Priority } from '../wire/priority.js';
import { ANONYMOUS } from './authenticator.js';
import { CHECKPOINT, type Checkpoint } from './checkpoints.js';
import type { Core } from './core.js';
import { FOLLOWER, type FollowerRecord, JOB, type JobRecord } from './jobs.js';
import { SESSION, type Session, type SessionRecord } from './session.js';

/** Records read at once. */
const PAGE = 256;

/** Makes a session of before stand again. */
export type RestoreSession = (id: SessionId, record: SessionRecord) => Session;

/**
 * Takes up the sessions and jobs of before.
 *
 * @param onSessions Called when all sessions stand, and no job does.
 */
export async function recover(core: Core, restoreSession: RestoreSession, onSessions: () => void): Promise<void> {
  const sessions = new Map<string, Session>();
  const recoveredThrough = await core.log.last();
  for await (const { key, value } of allRecords(core.log, SESSION)) {
    const record = asSessionRecord(value);
    if (record === undefined) {
      damaged(core, SESSION, key);
      continue;
    }
    const session = restoreSession(key as SessionId, record);
    session.recoveredThrough = recoveredThrough;
    sessions.set(key, session);
  }
  onSessions();
  const newest = await newestCheckpoints(core);
  for await (const { key, value } of allRecords(core.log, JOB)) {
    const record = asJobRecord(value);
    const session = record === undefined ? undefined : sessions.get(record.sessionId);
    if (record === undefined) damaged(core, JOB, key);
    // Its session has ended, and the terminal event with it.
    else if (session === undefined) core.write([{ kind: JOB, key, value: undefined }]);
    else await recoverJob(core, session, key as JobId, record, newest.get(key));
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
}

/** A record that is none of ours, or was damaged, goes: it must not keep the others from standing again. */
function damaged(core: Core, kind: string, key: string): void {
  core.report(new TypeError(`the ${kind} ${key} in the log is damaged`), 'recover');
  core.write([{ kind, key, value: undefined }]);
}

function asSessionRecord(value: JsonValue): SessionRecord | undefined {
  const { principal, client, capabilities, anonymous, awaySinceMs } = value as JsonObject;
  const isOne =
    typeof principal === 'string' &&
    isObject(client) &&
    typeof client.kind === 'string' &&
    typeof client.version === 'string' &&
    isObject(capabilities) &&
    // Else a damaged one could be taken up by who is not its principal.
    principal.startsWith(ANONYMOUS) === (anonymous === true) &&
    (awaySinceMs === undefined || typeof awaySinceMs === 'number');
  return isOne ? (value as unknown as SessionRecord) : undefined;
}

function asJobRecord(value: JsonValue): JobRecord | undefined {
  const { sessionId, tool, invokeId } = value as JsonObject;
  const isOne = typeof sessionId === 'string' && typeof tool === 'string' && isMessageId(invokeId);
  return isOne ? (value as unknown as JobRecord) : undefined;
}

function asFollowerRecord(value: JsonValue): FollowerRecord | undefined {
  const { sessionId, jobId, invokeId } = value as JsonObject;
  const isOne = typeof sessionId === 'string' && isJobId(jobId) && isMessageId(invokeId);
  return isOne ? (value as unknown as FollowerRecord) : undefined;
}

/** Removes checkpoints that nobody will ask for any more. */
export async function sweepCheckpoints(core: Core): Promise<void> {
  const oldestMs = core.now() - core.limits.logRetentionMs;
  const gone: RecordWrite[] = [];
  for await (const { key, value } of allRecords(core.log, CHECKPOINT)) {
    const { atMs, jobId } = value as unknown as Checkpoint;
    if (atMs < oldestMs && !core.liveJobs.has(jobId)) gone.push({ kind: CHECKPOINT, key, value: undefined });
  }
  if (gone.length > 0) core.write(gone);
}

async function recoverJob(
  core: Core,
  session: Session,
  id: JobId,
  record: JobRecord,
  checkpoint: Checkpoint | undefined,
): Promise<void> {
  if (record.intent !== undefined) await core.intents.restore(record.intent);
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
    { intent: record.intent, heartbeats: await lastHeartbeat(core.log, session.id, id) },
  );
  if (record.isHeld === true) {
    job.isHeld = true;
    job.enter('queued');
    return;
  }
  if (core.tools.get(record.tool)?.restartable !== true || record.arguments === undefined) {
    job.fail(new ArcpError('UNAVAILABLE', 'the runtime was restarted', { retryable: true }));
    return;
  }
  const own = { after: 0, limit: 1, sessionIds: [session.id], jobIds: [id], direction: 'out' } as const;
  job.wasStarted = (await core.log.read({ ...own, types: ['job.started'] })).length > 0;
  session.jobs.resume(job);
}

/** The newest checkpoint of each job, by job id. */
async function newestCheckpoints({ log }: Core): Promise<ReadonlyMap<string, Checkpoint>> {
  const newest = new Map<string, Checkpoint>();
  // Ids rise, so that the last one read of a job is its newest.
  for await (const { value } of allRecords(log, CHECKPOINT)) {
    const checkpoint = value as unknown as Checkpoint;
    newest.set(checkpoint.jobId, checkpoint);
  }
  return newest;
}

/** Sequence of a job's last heartbeat: the next is one more. */
async function lastHeartbeat(log: EventLog, sessionId: string, jobId: string): Promise<number> {
  let after = 0;
  let sequence = 0;
  for (;;) {
    const entries = await log.read({
      after,
      limit: PAGE,
      sessionIds: [sessionId],
      jobIds: [jobId],
      types: ['job.heartbeat'],
      direction: 'out',
    });
    for (const { position, text } of entries) {
      after = position;
      const { payload } = JSON.parse(text) as { readonly payload: { readonly sequence: number } };
      sequence = payload.sequence;
    }
    if (entries.length < PAGE) return sequence;
  }
}

async function* allRecords(
  log: EventLog,
  kind: string,
): AsyncGenerator<{ readonly key: string; readonly value: JsonValue }, void> {
  let after: string | undefined;
  for (;;) {
    const records = await log.records(kind, { after, limit: PAGE });
    for (const record of records) if (isObject(record.value)) yield record;
    if (records.length < PAGE) return;
    after = records.at(-1)?.key;
  }
}
