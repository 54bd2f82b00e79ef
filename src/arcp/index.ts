// `ringline/arcp`: the calls most programs make of ARCP v1.0, and its messages. What is rarer has a subpath:
// `arcp/client`, `arcp/runtime`, `arcp/indexeddb`, `arcp/phone`.

export { connect } from './client/connect.js';
export type { SessionEvent } from './client/core.js';
export type { CancelAnswer, CancelOptions, JobEvent, JobHandle, JobOptions, JobResult } from './client/job.js';
export type { ConnectOptions, ReconnectOptions } from './client/options.js';
export type { ChoicePrompt, InputPrompt, PermissionPrompt, Prompt } from './client/prompts.js';
export type { ClientSession } from './client/session.js';
export type { StreamReading } from './client/stream-reading.js';
export type { Subscription } from './client/subscription.js';
export { type ArcpCode, ArcpError, type ArcpErrorCode, arcpError } from './errors.js';
export { compileFilter } from './filter.js';
export type { EventLog } from './log/contract.js';
export { memoryLog } from './log/memory.js';
export { sqlLog } from './log/sql.js';
export { artifactService } from './runtime/artifacts/artifacts-service.js';
export { type Authenticator, bearerTokens, noAuthentication } from './runtime/authenticator.js';
export { delegationService } from './runtime/delegation/delegation.js';
export { handoffService } from './runtime/delegation/handoff.js';
export { permissionService } from './runtime/human/permissions.js';
export { promptService } from './runtime/human/prompts.js';
export { jwtAuthenticator } from './runtime/jwt.js';
export { createRuntime, type Runtime, type RuntimeOptions } from './runtime/runtime.js';
export { scheduleService } from './runtime/schedules/schedule.js';
export { streamService } from './runtime/streams/streams-service.js';
export { subscriptionService } from './runtime/subscriptions/subscriptions-service.js';
export type { ToolContext } from './runtime/tool-context.js';
export { resultRef, type Tool } from './runtime/tools.js';
export { workflowService } from './runtime/workflow.js';
export type { ArtifactRef } from './wire/artifact.js';
export type { Capabilities, CapabilityFlag, Negotiated } from './wire/capabilities.js';
export {
  ARCP_VERSION,
  type Decoded,
  type DecodeLimits,
  decodeEnvelope,
  decodePayload,
  type EnvelopeFields,
  encodeMessage,
  type Message,
  type RawEnvelope,
} from './wire/envelope.js';
export type { JobState } from './wire/execution.js';
export {
  type ArtifactId,
  type IdFactory,
  idFactory,
  isArtifactId,
  isJobId,
  isLeaseId,
  isMessageId,
  isSessionId,
  isStreamId,
  isSubscriptionId,
  type JobId,
  type LeaseId,
  type MessageId,
  type SessionId,
  type StreamId,
  type SubscriptionId,
} from './wire/ids.js';
export type { CoreType, Payloads } from './wire/payloads.js';
export type { AuthBlock, AuthScheme, ClientIdentity, RuntimeIdentity } from './wire/session.js';
export type { Filter } from './wire/subscription.js';
