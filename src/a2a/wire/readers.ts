// A reader for each object of A2A v1.0: the one description that both what is read and what is sent is held to. What
// operations are asked with is in request-readers.ts. That every member is here, required or not as the type says, is the compiler's business.

import type { JsonValue } from '../../codec/json-value.js';
import type {
  Artifact,
  Message,
  Part,
  PartExtras,
  PushAuthenticationInfo,
  SendMessageResponse,
  StreamResponse,
  Task,
  TaskArtifactUpdateEvent,
  TaskPushNotificationConfig,
  TaskStatus,
  TaskStatusUpdateEvent,
} from './objects.js';
import {
  bytes,
  enumeration,
  flag,
  identifier,
  implicit,
  list,
  nonEmpty,
  object,
  oneOf,
  optional,
  type Reader,
  required,
  struct,
  text,
  timestamp,
  WireFault,
} from './proto-json.js';

/** States by their number. */
export const TASK_STATES = [
  'TASK_STATE_UNSPECIFIED',
  'TASK_STATE_SUBMITTED',
  'TASK_STATE_WORKING',
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELED',
  'TASK_STATE_INPUT_REQUIRED',
  'TASK_STATE_REJECTED',
  'TASK_STATE_AUTH_REQUIRED',
] as const;

const ROLES = ['ROLE_UNSPECIFIED', 'ROLE_USER', 'ROLE_AGENT'] as const;

/** State of a task. */
export const taskState = /* @__PURE__ */ enumeration(TASK_STATES);
const texts = /* @__PURE__ */ list(text);

const partExtras = /* @__PURE__ */ object<PartExtras>({
  metadata: /* @__PURE__ */ optional(struct),
  filename: /* @__PURE__ */ implicit(text),
  mediaType: /* @__PURE__ */ implicit(text),
});

/** A part: its content, and what stands beside it. */
export const part: Reader<Part> = (value, path) => {
  const source = struct(value, path);
  const content: [string, unknown][] = [];
  for (const [name, read] of [
    ['text', text],
    ['raw', bytes],
    ['url', text],
  ] as const) {
    const member = source[name] ?? undefined;
    if (member !== undefined) content.push([name, read(member, `${path}.${name}`)]);
  }
  // `null` is data like any other, unless the sender writes `null` for everything that it did not set.
  const data = source.data as JsonValue | undefined;
  if (data !== undefined && (data !== null || content.length === 0)) content.push(['data', data]);
  const only = content[0];
  if (only === undefined || content.length > 1)
    throw new WireFault(path, 'must have exactly one of text, raw, url, data');
  return { [only[0]]: only[1], ...partExtras(source, path) } as unknown as Part;
};

const parts = /* @__PURE__ */ list(part);
const none = () => [];

const messageFields = {
  messageId: /* @__PURE__ */ required(identifier),
  contextId: /* @__PURE__ */ implicit(text),
  taskId: /* @__PURE__ */ implicit(text),
  role: /* @__PURE__ */ required(/* @__PURE__ */ enumeration(ROLES)),
  parts: /* @__PURE__ */ required(parts, none),
  metadata: /* @__PURE__ */ optional(struct),
  extensions: /* @__PURE__ */ implicit(texts),
  referenceTaskIds: /* @__PURE__ */ implicit(texts),
};

/** A message as an agent may send it: one without parts is let through. */
export const message = /* @__PURE__ */ object<Message>(messageFields);

/** A message as a client has to send it: with a part or more. */
export const sentMessage = /* @__PURE__ */ object<Message>({
  ...messageFields,
  parts: /* @__PURE__ */ required(/* @__PURE__ */ nonEmpty(parts)),
});

/** An artifact, or a piece of one. */
export const artifact = /* @__PURE__ */ object<Artifact>({
  artifactId: /* @__PURE__ */ required(identifier),
  name: /* @__PURE__ */ implicit(text),
  description: /* @__PURE__ */ implicit(text),
  parts: /* @__PURE__ */ required(parts, none),
  metadata: /* @__PURE__ */ optional(struct),
  extensions: /* @__PURE__ */ implicit(texts),
});

/** Where a task stands. */
export const taskStatus = /* @__PURE__ */ object<TaskStatus>({
  state: /* @__PURE__ */ required(taskState),
  message: /* @__PURE__ */ optional(message),
  timestamp: /* @__PURE__ */ implicit(timestamp),
});

/** A task. */
export const task = /* @__PURE__ */ object<Task>({
  id: /* @__PURE__ */ required(identifier),
  contextId: /* @__PURE__ */ implicit(text),
  status: /* @__PURE__ */ required(taskStatus),
  artifacts: /* @__PURE__ */ implicit(/* @__PURE__ */ list(artifact)),
  history: /* @__PURE__ */ implicit(/* @__PURE__ */ list(message)),
  metadata: /* @__PURE__ */ optional(struct),
});

/** A change of status. */
export const taskStatusUpdateEvent = /* @__PURE__ */ object<TaskStatusUpdateEvent>({
  taskId: /* @__PURE__ */ required(identifier),
  contextId: /* @__PURE__ */ required(text, () => ''),
  status: /* @__PURE__ */ required(taskStatus),
  metadata: /* @__PURE__ */ optional(struct),
});

/** An artifact, or more of one. */
export const taskArtifactUpdateEvent = /* @__PURE__ */ object<TaskArtifactUpdateEvent>({
  taskId: /* @__PURE__ */ required(identifier),
  contextId: /* @__PURE__ */ required(text, () => ''),
  artifact: /* @__PURE__ */ required(artifact),
  append: /* @__PURE__ */ implicit(flag),
  lastChunk: /* @__PURE__ */ implicit(flag),
  metadata: /* @__PURE__ */ optional(struct),
});

/** One event of a stream: exactly one of its four members. */
export const streamResponse: Reader<StreamResponse> = /* @__PURE__ */ oneOf({
  task: /* @__PURE__ */ optional(task),
  message: /* @__PURE__ */ optional(message),
  statusUpdate: /* @__PURE__ */ optional(taskStatusUpdateEvent),
  artifactUpdate: /* @__PURE__ */ optional(taskArtifactUpdateEvent),
}) as Reader<StreamResponse>;

/** The answer to a message: a task or a message. */
export const sendMessageResponse: Reader<SendMessageResponse> = /* @__PURE__ */ oneOf({
  task: /* @__PURE__ */ optional(task),
  message: /* @__PURE__ */ optional(message),
}) as Reader<SendMessageResponse>;

/** Members of a configuration. */
export const pushConfigFields = {
  tenant: /* @__PURE__ */ implicit(text),
  id: /* @__PURE__ */ implicit(text),
  taskId: /* @__PURE__ */ implicit(text),
  url: /* @__PURE__ */ required(identifier),
  token: /* @__PURE__ */ implicit(text),
  authentication: /* @__PURE__ */ optional(
    /* @__PURE__ */ object<PushAuthenticationInfo>({
      scheme: /* @__PURE__ */ required(identifier),
      credentials: /* @__PURE__ */ implicit(text),
    }),
  ),
};

/** A configuration of push notifications. */
export const taskPushNotificationConfig = /* @__PURE__ */ object<TaskPushNotificationConfig>(pushConfigFields);
