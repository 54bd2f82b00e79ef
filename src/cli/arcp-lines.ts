// Envelopes as lines for people. Payloads are taken as they come: an observer's were checked by nobody.

import type { RawEnvelope } from '../arcp/wire/envelope.js';
import { printable } from '../bytes/printable.js';
import type { JsonObject, JsonValue } from '../codec/json-value.js';

const TYPE_WIDTH = 21;
const MAX_CHARS = 200;

/** What is worth saying of a payload, where that is not simply all of it. */
const WORDS: Readonly<Record<string, (payload: JsonObject) => readonly (JsonValue | undefined)[]>> = {
  'session.accepted': ({ session_id }) => [session_id],
  'tool.invoke': (payload) => [payload.tool, payload.arguments],
  'job.accepted': ({ job_id }) => [job_id],
  'job.started': ({ description }) => [description],
  'job.progress': ({ percent, message }) => [typeof percent === 'number' ? `${percent}%` : undefined, message],
  'job.heartbeat': ({ sequence, state }) => [sequence, state],
  'job.completed': ({ value, result_ref }) => (result_ref === undefined ? [value] : refWords(result_ref)),
  'job.failed': ({ code, message }) => [code, message],
  'job.cancelled': ({ reason }) => [reason],
  'human.input.request': ({ prompt, response_schema }) => [prompt, response_schema],
  'human.input.response': ({ value, responded_by }) => [value, 'by', responded_by],
  'human.choice.request': ({ prompt }) => [prompt],
  'human.choice.response': ({ choice_id, responded_by }) => [choice_id, 'by', responded_by],
  // That it was answered is a cancellation on the wire, for whoever else was asked.
  'human.input.cancelled': ({ code, message }) => (code === 'CANCELLED' ? [message ?? code] : [code, message]),
  'permission.request': ({ permission, operation, resource, reason }) => [permission, operation, resource, reason],
  'permission.grant': ({ permission, lease_seconds }) => [permission, lease_seconds, 's'],
  'permission.deny': ({ permission, reason }) => [permission, reason],
  'lease.granted': ({ lease_id, expires_at }) => [lease_id, 'until', expires_at],
  'artifact.ref': ({ artifact }) => refWords(artifact),
  'stream.open': ({ kind, content_type }) => [kind, content_type],
  'stream.chunk': ({ data, content, redacted }) => [redacted === true ? '(redacted)' : undefined, content ?? data],
  log: ({ level, message }) => [level, message],
  metric: ({ name, value, unit }) => [name, value, unit],
  'event.emit': ({ name, data }) => [name, data],
};

/** An envelope as one line without its newline, of a length that fits. */
export function envelopeLine({ type, payload }: Pick<RawEnvelope, 'type' | 'payload'>): string {
  const words = Object.hasOwn(WORDS, type) ? WORDS[type]?.(payload) : undefined;
  const said = words?.filter((word) => word !== undefined) ?? (Object.keys(payload).length === 0 ? [] : [payload]);
  return `${printable(type.slice(0, MAX_CHARS)).padEnd(TYPE_WIDTH)} ${cut(said.map(wordOf).join(' '))}`.trimEnd();
}

function refWords(ref: JsonValue | undefined): readonly (JsonValue | undefined)[] {
  if (typeof ref !== 'object' || ref === null || Array.isArray(ref)) return [ref];
  const { artifact_id, media_type, size } = ref as JsonObject;
  return [artifact_id, media_type, size, 'bytes'];
}

function wordOf(word: JsonValue | undefined): string {
  return typeof word === 'string' ? word : JSON.stringify(word);
}

function cut(text: string): string {
  return text.length > MAX_CHARS ? `${printable(text.slice(0, MAX_CHARS))}...` : printable(text);
}
