// `ringline/arcp/runtime`: a runtime of ARCP v1.0: sessions, jobs, and the services that stand behind its capabilities.

export type { ArcpAcceptor, ConnectionPeer } from '../acceptor.js';
export type { ArtifactStore, ArtifactUsage, StoredArtifact } from '../artifacts/contract.js';
export { memoryArtifacts } from '../artifacts/memory.js';
export { sqlArtifacts } from '../artifacts/sql.js';
export { type ArcpCode, ArcpError, type ArcpErrorCode, type ArcpErrorOptions, arcpError } from '../errors.js';
export type {
  CommitResult,
  EventLog,
  Immediate,
  ImmediateEventLog,
  LogBatch,
  LogDirection,
  LogEntry,
  LoggedEntry,
  LogQuery,
  MaybePromise,
  PruneOptions,
  RecordWrite,
  Whereabouts,
} from '../log/contract.js';
export { type MemoryLogOptions, memoryLog } from '../log/memory.js';
export { type SqlLogOptions, sqlLog } from '../log/sql.js';
export type { SqlDriver, SqlRow, SqlValue } from '../log/sql-driver.js';
export {
  type BetterSqliteDatabase,
  betterSqlite,
  bunSqlite,
  type DurableObjectStorageLike,
  durableObjectSql,
  nodeSqlite,
  type PreparingDatabase,
} from '../log/sql-drivers.js';
export { type CompiledSchema, compileSchema, type SchemaIssue, type SchemaOptions } from '../schema/json-schema.js';
export type { StreamItem } from '../streams/chunk.js';
export type { ChunkOptions, StreamData } from '../streams/chunk-payload.js';
export type { StreamReader } from '../streams/reader.js';
export type { StreamWriter, WriteOptions } from '../streams/writer.js';
export type { ArtifactRef } from '../wire/artifact.js';
export type { Capabilities, CapabilityFlag, Negotiated } from '../wire/capabilities.js';
export type { EnvelopeFields, Message, RawEnvelope } from '../wire/envelope.js';
export type { JobState } from '../wire/execution.js';
export type { HumanChoice } from '../wire/human.js';
export {
  type ArtifactId,
  type IdFactory,
  idFactory,
  type JobId,
  type LeaseId,
  type MessageId,
  type SessionId,
  type StreamId,
  type SubscriptionId,
} from '../wire/ids.js';
export type { CoreType, Payloads } from '../wire/payloads.js';
export type { LeaseScope } from '../wire/permission.js';
export type { AuthBlock, AuthScheme, ClientIdentity, RuntimeIdentity, TrustLevel } from '../wire/session.js';
export type { StreamKind } from '../wire/stream.js';
export type { Filter } from '../wire/subscription.js';
export type { LogLevel } from '../wire/telemetry.js';
export type { ArtifactContext, ArtifactOptions, FetchedArtifact } from './artifacts/artifact-context.js';
export { type ArtifactService, type ArtifactServiceOptions, artifactService } from './artifacts/artifacts-service.js';
export {
  type Accepted,
  type Authenticator,
  type AuthOutcome,
  type AuthRequest,
  bearerTokens,
  type Challenged,
  noAuthentication,
  type Peer,
  type RefreshRequest,
  type Refused,
  refuse,
} from './authenticator.js';
export type { ExtensionHandler, ExtensionPort } from './core.js';
export {
  type AgentHandler,
  DELEGATION_EXTENSION,
  type DelegateContext,
  type DelegatedTask,
  type DelegateOptions,
  type DelegationOptions,
  type DelegationPeer,
  type DelegationQuery,
  type DelegationResult,
  type DelegationService,
  delegationService,
} from './delegation/delegation.js';
export {
  type HandoffOffer,
  type HandoffOptions,
  type HandoffRequest,
  type HandoffService,
  handoffService,
} from './delegation/handoff.js';
export type { Lease } from './human/lease-book.js';
export type { LeaseState } from './human/lease-states.js';
export type { PermissionContext, PermissionQuestion } from './human/permission-context.js';
export { type PermissionOptions, type PermissionService, permissionService } from './human/permissions.js';
export type { ChoiceQuestion, InputQuestion, PromptContext } from './human/prompt-context.js';
export { type PromptOptions, promptService } from './human/prompts.js';
export { type JwtOptions, jwtAuthenticator } from './jwt.js';
export type { RuntimeLimits } from './limits.js';
export { reservedMetrics } from './metrics-service.js';
export type { ConnectionState, Rest, StandingConnection } from './rest.js';
export { createRuntime, type Runtime, type RuntimeOptions, type SessionInfo } from './runtime.js';
export { type ScheduleOptions, type ScheduleService, scheduleService } from './schedules/schedule.js';
export type { ScheduleLimits } from './schedules/schedule-room.js';
export type {
  Bus,
  EmitFields,
  Flow,
  Handler,
  JobEnd,
  JobOwner,
  JobPort,
  JobRequest,
  JobStarter,
  RuntimePort,
  Service,
  SessionPort,
} from './service.js';
export type { StreamContext, StreamOptions } from './streams/stream-context.js';
export { type StreamServiceOptions, streamService } from './streams/streams-service.js';
export { type SubscriptionServiceOptions, subscriptionService } from './subscriptions/subscriptions-service.js';
export type { CoreContext, SpanReport, ToolContext } from './tool-context.js';
export { resultRef, type Tool, ToolResult, type ToolSource } from './tools.js';
export { type Workflow, type WorkflowOptions, type WorkflowService, workflowService } from './workflow.js';
