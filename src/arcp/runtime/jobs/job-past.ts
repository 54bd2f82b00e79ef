// What the log has of a job that a restart of the runtime cut off.

import type { EventLog, LoggedEntry } from '../../log/contract.js';
import type { StreamId } from '../../wire/ids.js';

/** How far a job had come. */
export interface JobPast {
  /** Whether `job.started` was said. */
  readonly wasStarted: boolean;
  /** Sequence of its last heartbeat: the next is one more. */
  readonly heartbeats: number;
  /** Streams its tool had opened and not ended, in order. */
  readonly openStreams: readonly StreamId[];
}

/** Entries read at once. */
const PAGE = 256;

const TYPES = ['job.started', 'job.heartbeat', 'stream.open', 'stream.close', 'stream.error'];

/** Looks a job's past up. */
export async function pastOf(log: EventLog, sessionId: string, jobId: string): Promise<JobPast> {
  let wasStarted = false;
  let heartbeats = 0;
  const open = new Set<string>();
  for await (const { type, streamId, text } of entriesOf(log, sessionId, jobId)) {
    if (type === 'job.started') wasStarted = true;
    else if (type === 'job.heartbeat') heartbeats = sequenceOf(text);
    else if (streamId === undefined) continue;
    else if (type === 'stream.open') open.add(streamId);
    else open.delete(streamId);
  }
  return { wasStarted, heartbeats, openStreams: [...open] as StreamId[] };
}

async function* entriesOf(log: EventLog, sessionId: string, jobId: string): AsyncGenerator<LoggedEntry, void> {
  let after = 0;
  for (;;) {
    const entries = await log.read({
      after,
      limit: PAGE,
      sessionIds: [sessionId],
      jobIds: [jobId],
      types: TYPES,
      direction: 'out',
    });
    yield* entries;
    if (entries.length < PAGE) return;
    after = entries.at(-1)?.position ?? after;
  }
}

function sequenceOf(text: string): number {
  const { payload } = JSON.parse(text) as { readonly payload: { readonly sequence: number } };
  return payload.sequence;
}
