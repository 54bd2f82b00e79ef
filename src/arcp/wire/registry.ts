// What holds of each of the 66 core types of ARCP v1.0 besides its payload: who sends it, what must have been negotiated,
// what it belongs to, and whether version 0.1.0 of the Rust crate can decode it.

import type { CapabilityFlag } from './capabilities.js';
import type { CoreType } from './payloads.js';

/** Families of the catalogue. */
export type Family =
  | 'session'
  | 'control'
  | 'execution'
  | 'stream'
  | 'human'
  | 'permission'
  | 'subscription'
  | 'artifact'
  | 'telemetry';

/** Who sends a type: the client, the runtime, or both. */
export type Direction = 'C' | 'R' | 'both';

/** What holds of a core type. */
export interface TypeFacts {
  readonly family: Family;
  readonly direction: Direction;
  /** Capability that must have been negotiated before it is sent or acted on. */
  readonly gate?: CapabilityFlag;
  /** Whether it always belongs to one job, so that `job_id` stands on its envelope. */
  readonly jobScoped?: true;
  /** Whether it always belongs to one stream, so that `stream_id` stands on its envelope. */
  readonly streamScoped?: true;
  /** Whether a resumed session gets it again: what the runtime sends, but handshake, `pong`, `ack` and `nack`. */
  readonly replayable: boolean;
  /** Whether version 0.1.0 of the Rust crate decodes it. The others end the connection to it: never send them there. */
  readonly knownToRust: boolean;
}

type Extra = Partial<Pick<TypeFacts, 'gate' | 'jobScoped' | 'streamScoped' | 'replayable' | 'knownToRust'>>;

function facts(family: Family, direction: Direction, extra: Extra = {}): TypeFacts {
  return { family, direction, replayable: direction !== 'C', knownToRust: true, ...extra };
}

const OF_JOB: Extra = { jobScoped: true };
const NEVER_AGAIN: Extra = { replayable: false };
const STREAM: Extra = { gate: 'streaming', streamScoped: true };
const HUMAN: Extra = { gate: 'human_input' };
const CHECKPOINT: Extra = { gate: 'checkpoints', jobScoped: true, knownToRust: false };
const ABSENT: Extra = { knownToRust: false };

/** The table. Its keys are the core types. */
export const REGISTRY: { readonly [Type in CoreType]: TypeFacts } = {
  'session.open': facts('session', 'C'),
  'session.challenge': facts('session', 'R', NEVER_AGAIN),
  'session.authenticate': facts('session', 'C'),
  'session.accepted': facts('session', 'R', NEVER_AGAIN),
  'session.unauthenticated': facts('session', 'R', NEVER_AGAIN),
  'session.rejected': facts('session', 'R', NEVER_AGAIN),
  'session.refresh': facts('session', 'R'),
  'session.evicted': facts('session', 'R'),
  'session.close': facts('session', 'both'),

  ping: facts('control', 'both'),
  pong: facts('control', 'both', NEVER_AGAIN),
  ack: facts('control', 'both', NEVER_AGAIN),
  nack: facts('control', 'both', NEVER_AGAIN),
  cancel: facts('control', 'C'),
  'cancel.accepted': facts('control', 'R'),
  'cancel.refused': facts('control', 'R'),
  interrupt: facts('control', 'C', { gate: 'interrupt' }),
  resume: facts('control', 'C'),
  backpressure: facts('control', 'both', { streamScoped: true }),
  'checkpoint.create': facts('control', 'C', CHECKPOINT),
  'checkpoint.restore': facts('control', 'C', CHECKPOINT),

  'tool.invoke': facts('execution', 'C'),
  'tool.result': facts('execution', 'R'),
  'tool.error': facts('execution', 'R'),
  'job.accepted': facts('execution', 'R', OF_JOB),
  'job.started': facts('execution', 'R', OF_JOB),
  'job.progress': facts('execution', 'R', OF_JOB),
  'job.heartbeat': facts('execution', 'R', OF_JOB),
  'job.checkpoint': facts('execution', 'R', CHECKPOINT),
  'job.completed': facts('execution', 'R', OF_JOB),
  'job.failed': facts('execution', 'R', OF_JOB),
  'job.cancelled': facts('execution', 'R', OF_JOB),
  'job.schedule': facts('execution', 'C', { gate: 'scheduled_jobs', knownToRust: false }),
  'workflow.start': facts('execution', 'C', ABSENT),
  'workflow.complete': facts('execution', 'R', { ...ABSENT, jobScoped: true }),
  'agent.delegate': facts('execution', 'both', ABSENT),
  'agent.handoff': facts('execution', 'both', { gate: 'agent_handoff', knownToRust: false }),

  'stream.open': facts('stream', 'both', STREAM),
  'stream.chunk': facts('stream', 'both', STREAM),
  'stream.close': facts('stream', 'both', STREAM),
  'stream.error': facts('stream', 'both', STREAM),

  'human.input.request': facts('human', 'R', { ...HUMAN, jobScoped: true }),
  // The runtime answers for the human where a request with a default expires.
  'human.input.response': facts('human', 'both', HUMAN),
  'human.choice.request': facts('human', 'R', { ...HUMAN, jobScoped: true }),
  'human.choice.response': facts('human', 'C', HUMAN),
  'human.input.cancelled': facts('human', 'both', HUMAN),

  'permission.request': facts('permission', 'R', OF_JOB),
  'permission.grant': facts('permission', 'C'),
  'permission.deny': facts('permission', 'C'),
  'lease.granted': facts('permission', 'R'),
  // From holder to grantor and back: either may be either, where agents delegate to one another.
  'lease.refresh': facts('permission', 'both'),
  'lease.extended': facts('permission', 'both'),
  'lease.revoked': facts('permission', 'both'),

  subscribe: facts('subscription', 'C', { gate: 'subscriptions' }),
  'subscribe.accepted': facts('subscription', 'R', { gate: 'subscriptions' }),
  'subscribe.event': facts('subscription', 'R', { gate: 'subscriptions' }),
  unsubscribe: facts('subscription', 'both', { gate: 'subscriptions' }),
  'subscribe.closed': facts('subscription', 'R', { gate: 'subscriptions' }),

  'artifact.put': facts('artifact', 'both', { gate: 'artifacts' }),
  'artifact.fetch': facts('artifact', 'both', { gate: 'artifacts' }),
  'artifact.ref': facts('artifact', 'both', { gate: 'artifacts' }),
  'artifact.release': facts('artifact', 'both', { gate: 'artifacts' }),

  'event.emit': facts('telemetry', 'both'),
  log: facts('telemetry', 'both'),
  metric: facts('telemetry', 'both'),
  'trace.span': facts('telemetry', 'both'),
};

/** Whether a type is one of the 66. */
export function isCoreType(type: string): type is CoreType {
  return Object.hasOwn(REGISTRY, type);
}
