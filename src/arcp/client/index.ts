// `ringline/arcp/client`: a session with a runtime of ARCP v1.0.

export { type ArcpCode, ArcpError, type ArcpErrorCode } from '../errors.js';
export type { StreamItem } from '../streams/chunk.js';
export type { Capabilities, CapabilityFlag, Negotiated } from '../wire/capabilities.js';
export type { EnvelopeFields, Message, RawEnvelope } from '../wire/envelope.js';
export type { JobState } from '../wire/execution.js';
export type { ArtifactId, JobId, LeaseId, MessageId, SessionId, StreamId, SubscriptionId } from '../wire/ids.js';
export type { CoreType, Payloads } from '../wire/payloads.js';
export type { AuthBlock, AuthScheme, ClientIdentity, RuntimeIdentity } from '../wire/session.js';
export type { StreamKind } from '../wire/stream.js';
export type { Filter } from '../wire/subscription.js';
export type { Artifacts, FetchedArtifact, PutOptions } from './artifacts.js';
export type { CancelAnswer, CancelOptions } from './cancel.js';
export type { Checkpoint } from './commands.js';
export type { CallFields } from './compose.js';
export { connect } from './connect.js';
export {
  type Authenticated,
  type Challenged,
  type HandshakeOptions,
  type OpenRequest,
  openHandshake,
  type Unauthenticated,
} from './handshake.js';
export type {
  HeartbeatMissed,
  JobEvent,
  JobHandle,
  JobOptions,
  JobResult,
} from './job-handle.js';
export type { ClientLimits, ConnectOptions, ReconnectOptions, SessionOptions } from './options.js';
export type { ChoicePrompt, InputPrompt, PermissionPrompt, Prompt, PromptEnd } from './prompts.js';
export { ClientSession, type WaitOptions } from './session.js';
export type { SessionEvent } from './session-event.js';
export type { SessionView } from './session-view.js';
export { startSession } from './start-session.js';
export type { StreamReading } from './stream-reading.js';
export type { OpenStreamOptions, StreamWriter } from './stream-writing.js';
export type { Subscription } from './subscription.js';
