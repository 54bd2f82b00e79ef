// What a message says, in a few words for people: of each kind what is worth a look, of the others all of it as it came.
// Payloads of an observer were checked by nobody.

import { plain } from './plain.js';

type Payload = Readonly<Record<string, unknown>>;

/** What is worth a look, by type; `undefined` where a payload has nothing of it. */
const SAYS: Readonly<Record<string, (payload: Payload) => readonly unknown[]>> = {
  'session.accepted': ({ session_id }) => [session_id],
  'tool.invoke': ({ tool }) => [tool],
  'job.accepted': ({ job_id }) => [job_id],
  'job.started': () => ['it began'],
  'job.progress': ({ percent, message }) => [typeof percent === 'number' ? `${percent} %` : undefined, message],
  'job.heartbeat': () => ['alive'],
  'job.completed': ({ value }) => [value ?? 'done'],
  'job.failed': ({ code, message }) => [code, message],
  'job.cancelled': ({ reason }) => [reason ?? 'cancelled'],
  cancel: ({ reason, target }) => [reason ?? target],
  'cancel.accepted': () => ['it will be'],
  'stream.open': ({ kind }) => [kind],
  'stream.chunk': ({ redacted, content, data }) => [redacted === true ? 'left out:' : undefined, content ?? data],
  'stream.close': ({ final_sequence: last }) => [typeof last === 'number' ? `after chunk ${last}` : 'closed'],
  'human.input.request': ({ prompt }) => [prompt],
  'human.input.response': ({ value }) => [value],
  'human.choice.request': ({ prompt }) => [prompt],
  'human.choice.response': ({ choice_id }) => [choice_id],
  'human.input.cancelled': ({ code, message }) => [code === 'CANCELLED' ? undefined : code, message],
  'permission.request': ({ permission, operation, resource }) => [permission, operation, resource],
  'permission.grant': ({ permission, lease_seconds: seconds }) => [
    permission,
    typeof seconds === 'number' ? `for ${seconds} s` : undefined,
  ],
  'permission.deny': ({ permission, reason }) => [permission, reason],
  'lease.granted': ({ permission, operation, resource }) => [permission, operation, resource],
  'artifact.fetch': ({ artifact_id }) => [artifact_id],
  'artifact.ref': ({ artifact }) => artifactWords(artifact),
  log: ({ level, message }) => [level, message],
};

/** One line of at most `maxCharacters`, safe to show. */
export function saysOf(type: string, payload: Payload, maxCharacters = 160): string {
  const words = Object.hasOwn(SAYS, type) ? SAYS[type]?.(payload) : undefined;
  const said = (words ?? []).filter((word) => word !== undefined && word !== null && word !== '');
  if (said.length > 0) return plain(said.map((word) => plain(word, maxCharacters)).join(' '), maxCharacters);
  return Object.keys(payload).length === 0 ? '' : plain(payload, maxCharacters);
}

function artifactWords(artifact: unknown): readonly unknown[] {
  if (typeof artifact !== 'object' || artifact === null) return [artifact];
  const { media_type, size } = artifact as Payload;
  return [media_type, typeof size === 'number' ? `${size} bytes` : undefined];
}
