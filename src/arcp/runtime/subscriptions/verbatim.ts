// A `subscribe.event` around the text of the message it tells of (ARCP v1.0, section 13.3): what the runtime said goes to
// its observers letter for letter, written once however many there are.

import type { LogEntry } from '../../log/contract.js';
import { decodeEnvelope, encodeMessage, type RawEnvelope } from '../../wire/envelope.js';
import { withoutJob } from './observed-entries.js';

/** One escape of JSON; the group is a lone surrogate. `JSON.stringify` escapes just the lone ones. */
const ESCAPE = /\\(?:u(d[89a-f][0-9a-f]{2})|.)/g;

const NO_LIMITS = { maxBytes: Number.MAX_SAFE_INTEGER, maxKeys: Number.MAX_SAFE_INTEGER };

/**
 * The text of a message that is kept, fit to stand in another one.
 *
 * @param isOfJob Whether what a client said may be told as of the job it names. Default true.
 * @returns Of a message of the runtime's own the very text. What a client said is written anew, with all its fields and its
 *   payload: line breaks would end the message on some transports, and what nobody looked at, such as members that no
 *   version knows, is no thing to send to others.
 */
export function eventText({ direction, text }: Pick<LogEntry, 'direction' | 'text'>, isOfJob = true): string {
  if (direction === 'out') return text;
  const decoded = decodeEnvelope(text, NO_LIMITS);
  if (decoded.kind !== 'envelope') throw new TypeError('the log has a message that is none');
  const envelope = isOfJob ? decoded.envelope : withoutJob(decoded.envelope);
  return JSON.stringify(envelope).replace(ESCAPE, (sequence, lone) => (lone === undefined ? sequence : '\ufffd'));
}

/**
 * Writes a `subscribe.event`.
 *
 * @param envelope Its payload is not looked at.
 * @param event As {@link eventText} gives it.
 */
export function encodeAround(envelope: RawEnvelope, event: string): string {
  const text = encodeMessage({ ...envelope, payload: { event: 0 } });
  // The payload is the last member: `0}}` at the end.
  return `${text.slice(0, -3)}${event}}}`;
}
