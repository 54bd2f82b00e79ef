// The types of messages by what they are about: how the strip draws them, and what the observer can ask for.

/** What a message is about. */
export type Family = 'job' | 'thought' | 'question' | 'lease' | 'artifact' | 'telemetry' | 'session';

/** Types of each family, whole: filters of a subscription know no wildcards. */
export const FAMILIES: Readonly<Record<Family, readonly string[]>> = {
  job: [
    'tool.invoke',
    'tool.result',
    'tool.error',
    'job.accepted',
    'job.started',
    'job.progress',
    'job.heartbeat',
    'job.checkpoint',
    'job.completed',
    'job.failed',
    'job.cancelled',
    'cancel',
    'cancel.accepted',
    'cancel.refused',
  ],
  thought: ['stream.open', 'stream.chunk', 'stream.close', 'stream.error', 'backpressure'],
  question: [
    'human.input.request',
    'human.input.response',
    'human.input.cancelled',
    'human.choice.request',
    'human.choice.response',
  ],
  lease: [
    'permission.request',
    'permission.grant',
    'permission.deny',
    'lease.granted',
    'lease.refresh',
    'lease.extended',
    'lease.revoked',
  ],
  artifact: ['artifact.put', 'artifact.fetch', 'artifact.ref', 'artifact.release'],
  telemetry: ['log', 'metric', 'event.emit', 'trace.span'],
  session: [
    'session.open',
    'session.accepted',
    'session.close',
    'session.evicted',
    'resume',
    'ping',
    'pong',
    'ack',
    'nack',
  ],
};

const FAMILY_OF: ReadonlyMap<string, Family> = new Map(
  Object.entries(FAMILIES).flatMap(([family, types]) => types.map((type) => [type, family as Family] as const)),
);

/** What a message of a type is about. */
export function familyOf(type: string): Family {
  return FAMILY_OF.get(type) ?? 'session';
}

/** What nobody but a client says; and of what both say, what carries the id of a job only where the client says it. */
const CLIENT_TYPES = new Set([
  'session.open',
  'session.authenticate',
  'tool.invoke',
  'cancel',
  'interrupt',
  'resume',
  'human.input.response',
  'human.choice.response',
  'permission.grant',
  'permission.deny',
  'artifact.fetch',
  'backpressure',
]);

/** Whether the runtime says it, and not the page. */
export function isFromRuntime(type: string): boolean {
  return !CLIENT_TYPES.has(type);
}
