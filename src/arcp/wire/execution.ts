// Payloads of execution: tools, jobs, workflows, other agents (ARCP v1.0, section 10).

import { array, check, custom, type GenericSchema, pipe } from 'valibot';
import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import type { WireError } from '../errors.js';
import { type ArtifactRef, artifactRef } from './artifact.js';
import { errorShape } from './error-shape.js';
import {
  jobId,
  json,
  jsonObject,
  maybe,
  members,
  num,
  oneOf,
  type SchemasOf,
  text,
  timestamp,
  uint,
} from './fields.js';
import type { JobId } from './ids.js';

/** States of a job. */
export const JOB_STATES = [
  'accepted',
  'queued',
  'running',
  'blocked',
  'paused',
  'completed',
  'failed',
  'cancelled',
] as const;

/** State of a job. */
export type JobState = (typeof JOB_STATES)[number];

/** Payload of `tool.invoke`. */
export interface ToolInvoke {
  readonly tool: string;
  readonly arguments: JsonValue;
}

/** `tool.result` and `job.completed`: a value, or where it is. */
export interface Outcome {
  readonly value?: JsonValue | undefined;
  readonly result_ref?: ArtifactRef | undefined;
}

/** Payload of `job.accepted`. */
export interface JobAccepted {
  readonly job_id: JobId;
}

/** Payload of `job.started`. */
export interface JobStarted {
  readonly description?: string | undefined;
}

/** Payload of `job.progress`. */
export interface JobProgress {
  /** 0 to 100; a peer's is any finite number. */
  readonly percent?: number | undefined;
  readonly message?: string | undefined;
}

/** Payload of `job.heartbeat`. */
export interface JobHeartbeat {
  /** Rises by one within a job, from 1. */
  readonly sequence: number;
  /** How long to wait for the next one. */
  readonly deadline_ms?: number | undefined;
  readonly state: JobState;
}

/** Payload of `job.checkpoint`. */
export interface JobCheckpoint {
  readonly checkpoint_id: string;
  readonly data: JsonValue;
}

/** Payload of `job.cancelled`. */
export interface JobCancelled {
  readonly reason?: string | undefined;
}

/** When a scheduled job runs: at a time, after so many seconds, or by a recurrence rule of RFC 5545. Exactly one. */
export type ScheduleWhen =
  | { readonly at: string; readonly every?: undefined; readonly after?: undefined }
  | { readonly every: string; readonly at?: undefined; readonly after?: undefined }
  | { readonly after: number; readonly at?: undefined; readonly every?: undefined };

/** Payload of `job.schedule`. */
export interface JobSchedule {
  /** The command to run then. */
  readonly job: { readonly type: string; readonly payload: JsonObject };
  readonly when: ScheduleWhen;
}

/** Payload of `workflow.start`. */
export interface WorkflowStart {
  readonly workflow: string;
  readonly arguments?: JsonValue | undefined;
}

/** Payload of `workflow.complete`. */
export interface WorkflowComplete {
  readonly value?: JsonValue | undefined;
}

/** What goes with a task handed to another agent. */
export interface DelegationContext {
  readonly trace_id?: string | undefined;
  /** Id of an artifact. */
  readonly shared_memory_ref?: string | undefined;
  readonly permissions_inherited?: readonly string[] | undefined;
}

/** Payload of `agent.delegate`. */
export interface AgentDelegate {
  readonly target: string;
  readonly task: string;
  readonly context?: DelegationContext | undefined;
}

/** Names the runtime a session or job moves to: a `RuntimeIdentity` and whatever else finds it, such as an address. */
export interface RuntimeReference extends JsonObject {
  readonly kind: string;
  readonly version: string;
}

/** Payload of `agent.handoff`. */
export interface AgentHandoff {
  readonly runtime: RuntimeReference;
  readonly reason?: string | undefined;
}

/** Payloads of this family. */
export interface ExecutionPayloads {
  'tool.invoke': ToolInvoke;
  'tool.result': Outcome;
  'tool.error': WireError;
  'job.accepted': JobAccepted;
  'job.started': JobStarted;
  'job.progress': JobProgress;
  'job.heartbeat': JobHeartbeat;
  'job.checkpoint': JobCheckpoint;
  'job.completed': Outcome;
  'job.failed': WireError;
  'job.cancelled': JobCancelled;
  'job.schedule': JobSchedule;
  'workflow.start': WorkflowStart;
  'workflow.complete': WorkflowComplete;
  'agent.delegate': AgentDelegate;
  'agent.handoff': AgentHandoff;
}

const outcome = members({ value: maybe(json), result_ref: maybe(artifactRef) });

const when = pipe(
  members({ at: maybe(timestamp), every: maybe(text), after: maybe(uint) }),
  check(
    ({ at, every, after }) => [at, every, after].filter((one) => one !== undefined).length === 1,
    'must have exactly one of at, every, after',
  ),
) as GenericSchema<unknown, ScheduleWhen>;

const runtimeReference = custom<RuntimeReference>(
  (value) => isObject(value) && typeof value.kind === 'string' && typeof value.version === 'string',
  'must be an object that names a runtime by kind and version',
);

/** Schemas of this family. */
export const executionSchemas = {
  'tool.invoke': members({ tool: text, arguments: json }),
  'tool.result': outcome,
  'tool.error': errorShape,
  'job.accepted': members({ job_id: jobId }),
  'job.started': members({ description: maybe(text) }),
  'job.progress': members({ percent: maybe(num), message: maybe(text) }),
  'job.heartbeat': members({ sequence: uint, deadline_ms: maybe(uint), state: oneOf(JOB_STATES) }),
  'job.checkpoint': members({ checkpoint_id: text, data: json }),
  'job.completed': outcome,
  'job.failed': errorShape,
  'job.cancelled': members({ reason: maybe(text) }),
  'job.schedule': members({ job: members({ type: text, payload: jsonObject }), when }),
  'workflow.start': members({ workflow: text, arguments: maybe(json) }),
  'workflow.complete': members({ value: maybe(json) }),
  'agent.delegate': members({
    target: text,
    task: text,
    context: maybe(
      members({
        trace_id: maybe(text),
        shared_memory_ref: maybe(text),
        permissions_inherited: maybe(array(text, 'must be a list')),
      }),
    ),
  }),
  'agent.handoff': members({ runtime: runtimeReference, reason: maybe(text) }),
} satisfies SchemasOf<ExecutionPayloads>;
