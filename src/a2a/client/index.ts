// The client of A2A agents: what the subpath `a2a/client` offers. The objects and errors it deals in come along.

export type {
  AgentCapabilities,
  AgentCard,
  AgentInterface,
} from '../card/agent-card.js';
export { A2aError, type A2aErrorCode } from '../errors.js';
export { applyEvent, applyUpdate, EMPTY_VIEW, type TaskView } from '../wire/apply-update.js';
export { A2aOperationError, type A2aOperationErrorCode, A2aRemoteError, A2aStreamError } from '../wire/errors.js';
export type {
  Artifact,
  Message,
  Part,
  PartExtras,
  PushAuthenticationInfo,
  Role,
  SendMessageResponse,
  StreamResponse,
  Task,
  TaskArtifactUpdateEvent,
  TaskPushNotificationConfig,
  TaskState,
  TaskStatus,
  TaskStatusUpdateEvent,
} from '../wire/objects.js';
export { agentMessage, bytesOfPart, type MessageOptions, rawPart, textOf, userMessage } from '../wire/parts.js';
export type {
  CancelTaskRequest,
  CreateTaskPushNotificationConfigRequest,
  DeleteTaskPushNotificationConfigRequest,
  GetTaskPushNotificationConfigRequest,
  GetTaskRequest,
  ListTaskPushNotificationConfigsRequest,
  ListTaskPushNotificationConfigsResponse,
  ListTasksRequest,
  ListTasksResponse,
  SendMessageConfiguration,
  SendMessageRequest,
  SubscribeToTaskRequest,
  TenantRequest,
} from '../wire/requests.js';
export { isInterrupted, isTerminal } from '../wire/states.js';
export { TaskAssembly } from '../wire/task-assembly.js';
export { A2aClient, createA2aClient } from './client.js';
export type {
  A2aCallOptions,
  A2aClientOptions,
  A2aStreamOptions,
  A2aWarning,
  AuthenticateContext,
  ResubscribeOptions,
} from './options.js';
