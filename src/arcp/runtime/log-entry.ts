// What the log keeps of a message.

import type { LogDirection, LogEntry } from '../log/contract.js';
import type { RawEnvelope } from '../wire/envelope.js';
import { priorityRank } from '../wire/priority.js';

/**
 * Makes the entry of a message.
 *
 * @param speaker The session it is of.
 * @param text The envelope as it is kept, credentials left out.
 * @param atMs Unix time in milliseconds.
 */
export function logEntry(
  { id, principal }: { readonly id: string; readonly principal: string },
  direction: LogDirection,
  envelope: RawEnvelope,
  text: string,
  atMs: number,
): LogEntry {
  return {
    sessionId: id,
    principal,
    direction,
    id: envelope.id,
    type: envelope.type,
    jobId: envelope.job_id,
    streamId: envelope.stream_id,
    traceId: envelope.trace_id,
    correlationId: envelope.correlation_id,
    rank: priorityRank(envelope.priority),
    atMs,
    text,
  };
}
