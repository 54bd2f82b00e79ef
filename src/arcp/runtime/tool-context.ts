// What a tool's handler gets beside its arguments: the runtime's own part, and one part of each service.

import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { ArcpError } from '../errors.js';
import type { JobId, SessionId } from '../wire/ids.js';
import type { LogLevel } from '../wire/telemetry.js';
import type { ArtifactContext } from './artifacts/artifact-context.js';
import type { DelegateContext } from './delegation/delegation.js';
import type { PermissionContext } from './human/permission-context.js';
import type { PromptContext } from './human/prompt-context.js';
import type { StreamContext } from './streams/stream-context.js';

/** A finished span of work. */
export interface SpanReport {
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId?: string | undefined;
  /** Unix times in milliseconds. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes?: JsonValue | undefined;
}

/** What the runtime itself gives to tools. After the job's end everything here does nothing. */
export interface CoreContext {
  readonly jobId: JobId;
  readonly sessionId: SessionId;
  /** Who asks, by credential. */
  readonly principal: string;
  readonly traceId: string | undefined;
  /** Aborts when the job is cancelled or ends. Its reason is an `ArcpError`. */
  readonly signal: AbortSignal;
  /** Data of the checkpoint this job starts from; `undefined` on a first run. */
  readonly restored: JsonValue | undefined;
  /** @param percent 0 to 100. */
  progress(percent: number | undefined, message?: string): void;
  log(level: LogLevel, message: string, attributes?: JsonObject): void;
  /**
   * @param name A reserved name with its unit, or a namespaced one.
   * @throws {RangeError} a value that is not finite, or a reserved name with another unit or dimension.
   */
  metric(name: string, value: number, unit: string, dims?: JsonObject): void;
  /** Reports a span; the job's trace id is used, or its own id where it has none. */
  span(report: SpanReport): void;
  /** @param name Dotted. */
  event(name: string, data?: JsonValue): void;
  /** Says that the tool lives: supervised tools must. @param deadlineMs How long the next one may take: an integer of 0 or more. */
  heartbeat(deadlineMs?: number): void;
  /** Keeps data to start again from. @returns Id of the checkpoint. */
  checkpoint(data: JsonValue): string;
  /** Says how to make a checkpoint when the client asks for one (`checkpoint.create`). */
  onCheckpoint(make: () => JsonValue): void;
}

/** What a tool's handler gets. Members of services that are not mounted throw ERR_ARCP_UNIMPLEMENTED. */
export interface ToolContext
  extends CoreContext,
    StreamContext,
    ArtifactContext,
    PromptContext,
    PermissionContext,
    DelegateContext {}

/** Members of {@link ToolContext} that services bring. */
const SERVICE_MEMBERS: readonly string[] = [
  'stream',
  'thought',
  'acceptStream',
  'artifact',
  'fetchArtifact',
  'requestInput',
  'requestChoice',
  'onInterrupt',
  'requestPermission',
  'requireLease',
  'elevateTrust',
  'delegate',
] satisfies readonly Exclude<keyof ToolContext, keyof CoreContext>[];

let unmounted: Readonly<Record<string, () => never>> | undefined;

/** Makes a tool's context of its parts. */
export function joinContext(core: CoreContext, parts: readonly object[]): ToolContext {
  unmounted ??= Object.fromEntries(SERVICE_MEMBERS.map((name) => [name, () => missing(name)]));
  return Object.assign(core, unmounted, ...parts) as ToolContext;
}

function missing(name: string): never {
  throw new ArcpError('UNIMPLEMENTED', `this runtime has no ${name}`);
}
