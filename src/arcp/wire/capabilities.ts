// Capabilities (ARCP v1.0, section 7): what each side can do, and what holds between them.

import { array } from 'valibot';
import { isExtensionName } from './extension-names.js';
import { flag, maybe, members, oneOf, text, uint } from './fields.js';

/** Capabilities that are on or off. */
const FLAGS = [
  'streaming',
  'durable_jobs',
  'checkpoints',
  'binary_streams',
  'agent_handoff',
  'human_input',
  'artifacts',
  'subscriptions',
  'scheduled_jobs',
  'interrupt',
  'anonymous',
] as const;

/** Name of a capability that is on or off. */
export type CapabilityFlag = (typeof FLAGS)[number];

/** What the runtime does about a job that misses its heartbeats. */
export type HeartbeatRecovery = 'fail' | 'block';

/** How long artifacts are kept, in seconds. */
export interface ArtifactRetention {
  readonly default_seconds: number;
  readonly max_seconds: number;
}

/** What holds in a session. A flag that is absent is off. */
export interface Negotiated extends Readonly<Partial<Record<CapabilityFlag, boolean | undefined>>> {
  readonly heartbeat_recovery?: HeartbeatRecovery | undefined;
  /** Default 30. */
  readonly heartbeat_interval_seconds?: number | undefined;
  /** Encodings of binary data: `base64`, which needs no mention, and `sidecar`. */
  readonly binary_encoding?: readonly string[] | undefined;
  /** Names of extensions. */
  readonly extensions?: readonly string[] | undefined;
  readonly artifact_retention?: ArtifactRetention | undefined;
}

/** What one side proposes. */
export interface Capabilities extends Negotiated {
  /** Names of capabilities, or of extensions, without which the client wants no session. */
  readonly required?: readonly string[] | undefined;
}

/** Capabilities on the wire. What this version does not know is left out. */
export const capabilities = members({
  streaming: maybe(flag),
  durable_jobs: maybe(flag),
  checkpoints: maybe(flag),
  binary_streams: maybe(flag),
  agent_handoff: maybe(flag),
  human_input: maybe(flag),
  artifacts: maybe(flag),
  subscriptions: maybe(flag),
  scheduled_jobs: maybe(flag),
  interrupt: maybe(flag),
  anonymous: maybe(flag),
  heartbeat_recovery: maybe(oneOf(['fail', 'block'])),
  heartbeat_interval_seconds: maybe(uint),
  binary_encoding: maybe(array(text, 'must be a list')),
  extensions: maybe(array(text, 'must be a list')),
  artifact_retention: maybe(members({ default_seconds: uint, max_seconds: uint })),
  required: maybe(array(text, 'must be a list')),
});

/**
 * What holds between a runtime and a client.
 *
 * A flag is on where both say so, off where only one mentions it or one says no, and absent where neither mentions it.
 * Of encodings and extensions the runtime's list holds, in its order, without what the client did not list; `base64` is
 * always among the encodings. The rest is the runtime's word.
 */
export function negotiate(runtime: Capabilities, client: Capabilities): Negotiated {
  const negotiated: { -readonly [Name in keyof Negotiated]: Negotiated[Name] } = {};
  for (const name of FLAGS) {
    if (runtime[name] === undefined && client[name] === undefined) continue;
    negotiated[name] = runtime[name] === true && client[name] === true;
  }
  if (runtime.heartbeat_recovery !== undefined) negotiated.heartbeat_recovery = runtime.heartbeat_recovery;
  if (runtime.heartbeat_interval_seconds !== undefined) {
    negotiated.heartbeat_interval_seconds = runtime.heartbeat_interval_seconds;
  }
  if (runtime.binary_encoding !== undefined) {
    const offered = runtime.binary_encoding.includes('base64')
      ? runtime.binary_encoding
      : ['base64', ...runtime.binary_encoding];
    negotiated.binary_encoding = unique(offered).filter(
      (name) => name === 'base64' || client.binary_encoding?.includes(name),
    );
  }
  const extensions = unique(runtime.extensions ?? []).filter(
    (name) => client.extensions?.includes(name) && isExtensionName(name),
  );
  if (extensions.length > 0) negotiated.extensions = extensions;
  if (runtime.artifact_retention !== undefined) negotiated.artifact_retention = runtime.artifact_retention;
  return negotiated;
}

/**
 * Which of the capabilities one side cannot do without are not in what was negotiated.
 *
 * @param required Names of flags, of other capabilities, or of extensions.
 * @returns Those that are missing, in order; a name nobody knows is among them.
 */
export function missingRequired(required: readonly string[] | undefined, negotiated: Negotiated): readonly string[] {
  return (required ?? []).filter((name) => {
    if (negotiated.extensions?.includes(name)) return false;
    const value = Object.hasOwn(negotiated, name) ? negotiated[name as keyof Negotiated] : undefined;
    return value === undefined || value === false;
  });
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}
