// `ringline/a2a/server`: an agent as one function from a Request to a Response. The objects and errors it deals in come
// along.

export type { AllowedOrigins } from '../../http/cors.js';
export type { AgentCapabilities, AgentCard, AgentInterface } from '../card/agent-card.js';
export { A2aOperationError, type A2aOperationErrorCode } from '../wire/errors.js';
export type {
  Artifact,
  Message,
  Part,
  PartExtras,
  StreamResponse,
  Task,
  TaskPushNotificationConfig,
  TaskState,
  TaskStatus,
} from '../wire/objects.js';
export { agentMessage, bytesOfPart, type MessageOptions, rawPart, textOf } from '../wire/parts.js';
export type { SendMessageConfiguration } from '../wire/requests.js';
export { isInterrupted, isTerminal } from '../wire/states.js';
export {
  type A2aUnauthenticatedError,
  type Authenticate,
  type AuthenticationRequest,
  type AuthorizationRequest,
  type Authorize,
  unauthenticated,
} from './authentication.js';
export type {
  A2aUser,
  AgentEvent,
  ArtifactEvent,
  ArtifactOptions,
  Content,
  EventMakers,
  ExecutionContext,
  Executor,
  MessageEvent,
  StatusEvent,
} from './executor.js';
export { type A2aServerLimits, DEFAULT_A2A_SERVER_LIMITS } from './limits.js';
export { memoryTaskStore } from './memory-task-store.js';
export {
  memoryPushConfigStore,
  type PushConfigStore,
  type StoredPushConfig,
  storedPushConfigStore,
} from './push-config-store.js';
export { type PushCredentials, type PushReceiverOptions, pushReceiver } from './push-receiver.js';
export type { PushOptions } from './push-sender.js';
export { type A2aServer, createA2aServer } from './server.js';
export type { A2aServerOptions } from './server-options.js';
export { storedTaskStore } from './stored-task-store.js';
export type { TaskHead, TaskRecord, TaskStore } from './task-store.js';
