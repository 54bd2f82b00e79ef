// What each of the eleven operations is asked with, and the answers that are no object of their own (a2a.proto).
// Types only.

import type { JsonObject } from '../../codec/json-value.js';
import type { Message, Task, TaskPushNotificationConfig, TaskState } from './objects.js';

/** What every request may name. The client fills it in from the interface it talks to. */
export interface TenantRequest {
  readonly tenant?: string;
}

/** How a message is to be answered. */
export interface SendMessageConfiguration {
  /** Media types the caller can take. */
  readonly acceptedOutputModes?: readonly string[];
  /** Set up with the task that the message starts; its `taskId` is left out. */
  readonly taskPushNotificationConfig?: TaskPushNotificationConfig;
  /** Messages of history wanted in the answer: 0 for none, absent for what the server likes. */
  readonly historyLength?: number;
  /** True: answer with the task as it stands instead of waiting until it is done. No effect on streams. */
  readonly returnImmediately?: boolean;
}

/** Request of SendMessage and SendStreamingMessage. */
export interface SendMessageRequest extends TenantRequest {
  readonly message: Message;
  readonly configuration?: SendMessageConfiguration;
  readonly metadata?: JsonObject;
}

/** Request of GetTask. */
export interface GetTaskRequest extends TenantRequest {
  readonly id: string;
  readonly historyLength?: number;
}

/** Request of ListTasks. */
export interface ListTasksRequest extends TenantRequest {
  readonly contextId?: string;
  readonly status?: TaskState;
  /** 1 to 100; the server's default is 50. */
  readonly pageSize?: number;
  readonly pageToken?: string;
  readonly historyLength?: number;
  /** UTC timestamp: only tasks whose status changed after it. */
  readonly statusTimestampAfter?: string;
  /** Artifacts are left out unless this is true. */
  readonly includeArtifacts?: boolean;
}

/** One page of tasks, the newest status first. */
export interface ListTasksResponse {
  readonly tasks: readonly Task[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
  readonly pageSize: number;
  readonly totalSize: number;
}

/** Request of CancelTask. */
export interface CancelTaskRequest extends TenantRequest {
  readonly id: string;
  readonly metadata?: JsonObject;
}

/** Request of SubscribeToTask. */
export interface SubscribeToTaskRequest extends TenantRequest {
  readonly id: string;
}

/** Request of CreateTaskPushNotificationConfig: the configuration itself, with its task named. */
export interface CreateTaskPushNotificationConfigRequest extends TaskPushNotificationConfig {
  readonly taskId: string;
}

/** Request of GetTaskPushNotificationConfig. */
export interface GetTaskPushNotificationConfigRequest extends TenantRequest {
  readonly taskId: string;
  readonly id: string;
}

/** Request of ListTaskPushNotificationConfigs. */
export interface ListTaskPushNotificationConfigsRequest extends TenantRequest {
  readonly taskId: string;
  readonly pageSize?: number;
  readonly pageToken?: string;
}

/** One page of configurations. */
export interface ListTaskPushNotificationConfigsResponse {
  readonly configs: readonly TaskPushNotificationConfig[];
  /** Absent on the last page. */
  readonly nextPageToken?: string;
}

/** Request of DeleteTaskPushNotificationConfig. */
export interface DeleteTaskPushNotificationConfigRequest extends TenantRequest {
  readonly taskId: string;
  readonly id: string;
}

/** Request of GetExtendedAgentCard. */
export interface GetExtendedAgentCardRequest extends TenantRequest {}
