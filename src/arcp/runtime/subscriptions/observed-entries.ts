// What of the log observers are told of, and as what (ARCP v1.0, section 13): the runtime's own words as they are, those of
// clients only under the names they have a right to.

import type { LoggedEntry } from '../../log/contract.js';
import { type RawEnvelope, readEnvelope } from '../../wire/envelope.js';
import { PRIORITIES } from '../../wire/priority.js';
import { isCoreType, REGISTRY } from '../../wire/registry.js';

/** Name of the event that says that the backfill is over. Nobody else's event of that name is delivered. */
export const BACKFILL_COMPLETE = 'subscription.backfill_complete';

/** Whether a message is about subscriptions themselves: telling of them would never end. */
export function isOutside({ type, text }: LoggedEntry): boolean {
  if (type === 'unsubscribe' || type === 'subscribe' || type.startsWith('subscribe.')) return true;
  return type === 'event.emit' && text.includes(BACKFILL_COMPLETE) && nameOf(text) === BACKFILL_COMPLETE;
}

/**
 * Whether a client says something in the name of another session. It is refused, and observers must not take it for the word
 * of that one.
 */
export function isForeign({ direction, sessionId }: LoggedEntry, { session_id }: RawEnvelope): boolean {
  return direction === 'in' && session_id !== undefined && session_id !== sessionId;
}

/** Whether a client says what only a runtime says: who observes everybody must not take it for the runtime's word. */
export function isForged({ direction, type }: LoggedEntry): boolean {
  return direction === 'in' && isCoreType(type) && REGISTRY[type].direction === 'R';
}

/** The job a client says its message is of, which is yet to be proved; `undefined` for what the runtime said itself. */
export function claimedJob({ direction }: LoggedEntry, { job_id }: RawEnvelope): string | undefined {
  return direction === 'in' ? job_id : undefined;
}

/** A message without the job it wrongly claims: nobody may speak in the name of one, nor hide by it from who observes all. */
export function withoutJob({ job_id: _, ...envelope }: RawEnvelope): RawEnvelope {
  return envelope;
}

/** What filters look at. Of our own messages all of it stands beside the text; what a client left out, only there. */
export function envelopeOf(entry: LoggedEntry): RawEnvelope {
  if (entry.direction === 'in') {
    const decoded = readEnvelope(JSON.parse(entry.text), { maxKeys: Number.MAX_SAFE_INTEGER });
    if (decoded.kind !== 'envelope') throw new TypeError('the log has a message that is none');
    return decoded.envelope;
  }
  return {
    type: entry.type,
    session_id: entry.sessionId === '' ? undefined : entry.sessionId,
    trace_id: entry.traceId,
    job_id: entry.jobId,
    stream_id: entry.streamId,
    priority: PRIORITIES[entry.rank],
  } as RawEnvelope;
}

function nameOf(text: string): unknown {
  const decoded = readEnvelope(JSON.parse(text));
  return decoded.kind === 'envelope' ? decoded.envelope.payload.name : undefined;
}
