// The eleven operations: how each is asked over either binding, what it takes and what it gives (A2A v1.0, sections 3
// and 5.3). The name of an operation is also its JSON-RPC method.

import type { JsonObject } from '../../codec/json-value.js';
import type * as Objects from './objects.js';
import type { Reader } from './proto-json.js';
import * as readers from './readers.js';
import * as requests from './request-readers.js';
import type * as Requests from './requests.js';

/** What each operation is asked with and answers; of the streaming ones, one event. */
export interface OperationTypes {
  readonly SendMessage: [Requests.SendMessageRequest, Objects.SendMessageResponse];
  readonly SendStreamingMessage: [Requests.SendMessageRequest, Objects.StreamResponse];
  readonly GetTask: [Requests.GetTaskRequest, Objects.Task];
  readonly ListTasks: [Requests.ListTasksRequest, Requests.ListTasksResponse];
  readonly CancelTask: [Requests.CancelTaskRequest, Objects.Task];
  readonly SubscribeToTask: [Requests.SubscribeToTaskRequest, Objects.StreamResponse];
  readonly CreateTaskPushNotificationConfig: [
    Requests.CreateTaskPushNotificationConfigRequest,
    Objects.TaskPushNotificationConfig,
  ];
  readonly GetTaskPushNotificationConfig: [
    Requests.GetTaskPushNotificationConfigRequest,
    Objects.TaskPushNotificationConfig,
  ];
  readonly ListTaskPushNotificationConfigs: [
    Requests.ListTaskPushNotificationConfigsRequest,
    Requests.ListTaskPushNotificationConfigsResponse,
  ];
  readonly DeleteTaskPushNotificationConfig: [Requests.DeleteTaskPushNotificationConfigRequest, undefined];
  readonly GetExtendedAgentCard: [Requests.GetExtendedAgentCardRequest, JsonObject];
}

/** Name of an operation, and its JSON-RPC method. */
export type OperationName = keyof OperationTypes;

/** What an operation is asked with. */
export type RequestOf<Name extends OperationName> = OperationTypes[Name][0];

/** What an operation answers; of a streaming one, one event. */
export type ResultOf<Name extends OperationName> = OperationTypes[Name][1];

/** Flag of an agent card that has to be true for an operation. */
export type Capability = 'streaming' | 'pushNotifications' | 'extendedAgentCard';

/** One row of the table. */
export interface Operation<Name extends OperationName = OperationName> {
  readonly name: Name;
  /** Verbs of HTTP+JSON; the first is the one to send. */
  readonly verbs: readonly ('GET' | 'POST' | 'DELETE')[];
  /** Route of HTTP+JSON, with the members of the request that stand in it, such as `/tasks/{id}:cancel`. */
  readonly route: string;
  readonly streaming: boolean;
  readonly capability?: Capability;
  readonly request: Reader<RequestOf<Name>>;
  readonly result: Reader<ResultOf<Name>>;
}

const PUSH_CONFIGS = '/tasks/{taskId}/pushNotificationConfigs';

/** The operations by name. */
export const OPERATIONS: { readonly [Name in OperationName]: Operation<Name> } = {
  SendMessage: {
    name: 'SendMessage',
    verbs: ['POST'],
    route: '/message:send',
    streaming: false,
    request: requests.sendMessageRequest,
    result: readers.sendMessageResponse,
  },
  SendStreamingMessage: {
    name: 'SendStreamingMessage',
    verbs: ['POST'],
    route: '/message:stream',
    streaming: true,
    capability: 'streaming',
    request: requests.sendMessageRequest,
    result: readers.streamResponse,
  },
  GetTask: {
    name: 'GetTask',
    verbs: ['GET'],
    route: '/tasks/{id}',
    streaming: false,
    request: requests.getTaskRequest,
    result: readers.task,
  },
  ListTasks: {
    name: 'ListTasks',
    verbs: ['GET'],
    route: '/tasks',
    streaming: false,
    request: requests.listTasksRequest,
    result: requests.listTasksResponse,
  },
  CancelTask: {
    name: 'CancelTask',
    verbs: ['POST'],
    route: '/tasks/{id}:cancel',
    streaming: false,
    request: requests.cancelTaskRequest,
    result: readers.task,
  },
  SubscribeToTask: {
    name: 'SubscribeToTask',
    // The protobuf file says GET, the prose POST: a server takes both, a client tries POST first.
    verbs: ['POST', 'GET'],
    route: '/tasks/{id}:subscribe',
    streaming: true,
    capability: 'streaming',
    request: requests.subscribeToTaskRequest,
    result: readers.streamResponse,
  },
  CreateTaskPushNotificationConfig: {
    name: 'CreateTaskPushNotificationConfig',
    verbs: ['POST'],
    route: PUSH_CONFIGS,
    streaming: false,
    capability: 'pushNotifications',
    request: requests.createPushConfigRequest,
    result: readers.taskPushNotificationConfig,
  },
  GetTaskPushNotificationConfig: {
    name: 'GetTaskPushNotificationConfig',
    verbs: ['GET'],
    route: `${PUSH_CONFIGS}/{id}`,
    streaming: false,
    capability: 'pushNotifications',
    request: requests.getPushConfigRequest,
    result: readers.taskPushNotificationConfig,
  },
  ListTaskPushNotificationConfigs: {
    name: 'ListTaskPushNotificationConfigs',
    verbs: ['GET'],
    route: PUSH_CONFIGS,
    streaming: false,
    capability: 'pushNotifications',
    request: requests.listPushConfigsRequest,
    result: requests.listPushConfigsResponse,
  },
  DeleteTaskPushNotificationConfig: {
    name: 'DeleteTaskPushNotificationConfig',
    verbs: ['DELETE'],
    route: `${PUSH_CONFIGS}/{id}`,
    streaming: false,
    capability: 'pushNotifications',
    request: requests.deletePushConfigRequest,
    result: requests.nothing,
  },
  GetExtendedAgentCard: {
    name: 'GetExtendedAgentCard',
    verbs: ['GET'],
    route: '/extendedAgentCard',
    streaming: false,
    capability: 'extendedAgentCard',
    request: requests.getExtendedAgentCardRequest,
    result: requests.cardDocument,
  },
};

/** The operation of a JSON-RPC method; `undefined` for a method there is none of. */
export function operationOf(method: string): Operation | undefined {
  return Object.hasOwn(OPERATIONS, method) ? (OPERATIONS[method as OperationName] as unknown as Operation) : undefined;
}
