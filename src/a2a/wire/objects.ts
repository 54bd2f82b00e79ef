// The objects of A2A v1.0 as they stand in JSON: a literal copied from any document of the protocol type-checks
// (a2a.proto, in its ProtoJSON form). Types only; readers.ts checks values against them.

import type { JsonObject, JsonValue } from '../../codec/json-value.js';

/** Exactly one of the members, the others absent: test with `in`, or by reading the member. */
export type OneOf<Members> = {
  [Name in keyof Members]: { readonly [N in Name]: Members[N] } & {
    readonly [Other in Exclude<keyof Members, Name>]?: never;
  };
}[keyof Members];

/** State of a task. A name this version does not know is kept as it came, and counts as not terminal. */
export type TaskState =
  | 'TASK_STATE_UNSPECIFIED'
  | 'TASK_STATE_SUBMITTED'
  | 'TASK_STATE_WORKING'
  | 'TASK_STATE_COMPLETED'
  | 'TASK_STATE_FAILED'
  | 'TASK_STATE_CANCELED'
  | 'TASK_STATE_INPUT_REQUIRED'
  | 'TASK_STATE_REJECTED'
  | 'TASK_STATE_AUTH_REQUIRED'
  | (string & {});

/** Who speaks in a message. */
export type Role = 'ROLE_UNSPECIFIED' | 'ROLE_USER' | 'ROLE_AGENT' | (string & {});

/** What may stand beside the content of any part. */
export interface PartExtras {
  readonly metadata?: JsonObject;
  readonly filename?: string;
  /** Such as `text/plain`. */
  readonly mediaType?: string;
}

/**
 * One piece of content: `text`, `raw`, `url` or `data`. `raw` is bytes as standard base64 with padding, see `rawPart`
 * and `bytesOfPart`. `data` is any JSON value, `null` included: test with `'data' in part`.
 */
export type Part = PartExtras &
  OneOf<{ readonly text: string; readonly raw: string; readonly url: string; readonly data: JsonValue }>;

/** One turn of a conversation. */
export interface Message {
  /** Made by the sender. */
  readonly messageId: string;
  readonly contextId?: string;
  /** Task this belongs to. A client names only tasks that the server made. */
  readonly taskId?: string;
  readonly role: Role;
  /** At least one in what is sent. */
  readonly parts: readonly Part[];
  readonly metadata?: JsonObject;
  /** URIs of extensions that contributed to this message. */
  readonly extensions?: readonly string[];
  readonly referenceTaskIds?: readonly string[];
}

/** Result of a task, or a piece of it. */
export interface Artifact {
  readonly artifactId: string;
  readonly name?: string;
  readonly description?: string;
  readonly parts: readonly Part[];
  readonly metadata?: JsonObject;
  readonly extensions?: readonly string[];
}

/** Where a task stands. */
export interface TaskStatus {
  readonly state: TaskState;
  readonly message?: Message;
  /** UTC, such as `2026-01-01T00:00:00.000Z`. */
  readonly timestamp?: string;
}

/** A unit of work of an agent. */
export interface Task {
  /** Made by the server. */
  readonly id: string;
  readonly contextId?: string;
  readonly status: TaskStatus;
  readonly artifacts?: readonly Artifact[];
  readonly history?: readonly Message[];
  readonly metadata?: JsonObject;
}

/** A task has changed its status. */
export interface TaskStatusUpdateEvent {
  readonly taskId: string;
  readonly contextId: string;
  readonly status: TaskStatus;
  readonly metadata?: JsonObject;
}

/** A task has an artifact, or more of one: `applyUpdate` puts the pieces together. */
export interface TaskArtifactUpdateEvent {
  readonly taskId: string;
  readonly contextId: string;
  readonly artifact: Artifact;
  /** True: the parts go behind those already there. Absent: the artifact replaces one of the same id. */
  readonly append?: boolean;
  /** True: this was the last piece. */
  readonly lastChunk?: boolean;
  readonly metadata?: JsonObject;
}

/** One event of a stream, and the body of a push notification. */
export type StreamResponse = OneOf<{
  readonly task: Task;
  readonly message: Message;
  readonly statusUpdate: TaskStatusUpdateEvent;
  readonly artifactUpdate: TaskArtifactUpdateEvent;
}>;

/** Answer to a message: a task, or a message where the agent had no need of one. */
export type SendMessageResponse = OneOf<{ readonly task: Task; readonly message: Message }>;

/** How a push notification authenticates itself to its receiver. */
export interface PushAuthenticationInfo {
  /** HTTP authentication scheme, such as `Bearer`. */
  readonly scheme: string;
  readonly credentials?: string;
}

/** Where a server shall report changes of a task. */
export interface TaskPushNotificationConfig {
  readonly tenant?: string;
  /** Made by the server where the client gives none. */
  readonly id?: string;
  readonly taskId?: string;
  readonly url: string;
  /** Sent back with each notification by peers that know it; not part of the protocol. */
  readonly token?: string;
  readonly authentication?: PushAuthenticationInfo;
}
