// A reader for each request of A2A v1.0, and for the answers that are no object of their own: see readers.ts.

import type { JsonObject } from '../../codec/json-value.js';
import {
  flag,
  identifier,
  implicit,
  integer,
  list,
  object,
  optional,
  type Reader,
  required,
  struct,
  text,
  timestamp,
  WireFault,
} from './proto-json.js';
import { pushConfigFields, sentMessage, TASK_STATES, task, taskPushNotificationConfig, taskState } from './readers.js';
import type * as Requests from './requests.js';

const count = /* @__PURE__ */ integer(0);
const texts = /* @__PURE__ */ list(text);
const none = () => [];
const tenant = /* @__PURE__ */ implicit(text);
const id = /* @__PURE__ */ required(identifier);
const metadata = /* @__PURE__ */ optional(struct);

/** Request of SendMessage and SendStreamingMessage; its message has at least one part. */
export const sendMessageRequest = /* @__PURE__ */ object<Requests.SendMessageRequest>({
  tenant,
  message: /* @__PURE__ */ required(sentMessage),
  configuration: /* @__PURE__ */ optional(
    /* @__PURE__ */ object<Requests.SendMessageConfiguration>({
      acceptedOutputModes: /* @__PURE__ */ implicit(texts),
      taskPushNotificationConfig: /* @__PURE__ */ optional(taskPushNotificationConfig),
      historyLength: /* @__PURE__ */ optional(count),
      returnImmediately: /* @__PURE__ */ implicit(flag),
    }),
  ),
  metadata,
});

/** Request of GetTask. */
export const getTaskRequest = /* @__PURE__ */ object<Requests.GetTaskRequest>({
  tenant,
  id,
  historyLength: /* @__PURE__ */ optional(count),
});

/** A state to look for has to be one there is: the answer to any other would be empty for the wrong reason. */
const knownState: Reader<string> = (value, path) => {
  const name = taskState(value, path);
  if (!(TASK_STATES as readonly string[]).includes(name)) throw new WireFault(path, 'must be a known state');
  // The default of the enumeration asks for no state in particular.
  return name === TASK_STATES[0] ? '' : name;
};

/** Request of ListTasks, its page size within bounds and its state a known one. */
export const listTasksRequest = /* @__PURE__ */ object<Requests.ListTasksRequest>({
  tenant,
  contextId: /* @__PURE__ */ implicit(text),
  status: /* @__PURE__ */ implicit(knownState),
  pageSize: /* @__PURE__ */ optional(/* @__PURE__ */ integer(1, 100)),
  pageToken: /* @__PURE__ */ implicit(text),
  historyLength: /* @__PURE__ */ optional(count),
  statusTimestampAfter: /* @__PURE__ */ implicit(timestamp),
  includeArtifacts: /* @__PURE__ */ optional(flag),
});

/** A page of tasks; what a writer leaves out for being empty stands in it. */
export const listTasksResponse = /* @__PURE__ */ object<Requests.ListTasksResponse>({
  tasks: /* @__PURE__ */ required(/* @__PURE__ */ list(task), none),
  nextPageToken: /* @__PURE__ */ required(text, () => ''),
  pageSize: /* @__PURE__ */ required(count, () => 0),
  totalSize: /* @__PURE__ */ required(count, () => 0),
});

/** Request of CancelTask. */
export const cancelTaskRequest = /* @__PURE__ */ object<Requests.CancelTaskRequest>({ tenant, id, metadata });

/** Request of SubscribeToTask. */
export const subscribeToTaskRequest = /* @__PURE__ */ object<Requests.SubscribeToTaskRequest>({ tenant, id });

const taskId = /* @__PURE__ */ required(identifier);

/** Request of CreateTaskPushNotificationConfig: a configuration that names its task. */
export const createPushConfigRequest = /* @__PURE__ */ object<Requests.CreateTaskPushNotificationConfigRequest>({
  ...pushConfigFields,
  taskId,
});

/** Request of GetTaskPushNotificationConfig. */
export const getPushConfigRequest = /* @__PURE__ */ object<Requests.GetTaskPushNotificationConfigRequest>({
  tenant,
  taskId,
  id,
});

/** Request of ListTaskPushNotificationConfigs. */
export const listPushConfigsRequest = /* @__PURE__ */ object<Requests.ListTaskPushNotificationConfigsRequest>({
  tenant,
  taskId,
  pageSize: /* @__PURE__ */ implicit(count),
  pageToken: /* @__PURE__ */ implicit(text),
});

/** A page of configurations. */
export const listPushConfigsResponse = /* @__PURE__ */ object<Requests.ListTaskPushNotificationConfigsResponse>({
  configs: /* @__PURE__ */ required(/* @__PURE__ */ list(taskPushNotificationConfig), none),
  nextPageToken: /* @__PURE__ */ implicit(text),
});

/** Request of DeleteTaskPushNotificationConfig. */
export const deletePushConfigRequest = getPushConfigRequest as Reader<Requests.DeleteTaskPushNotificationConfigRequest>;

/** Request of GetExtendedAgentCard. */
export const getExtendedAgentCardRequest = /* @__PURE__ */ object<Requests.GetExtendedAgentCardRequest>({ tenant });

/** The answer to a deletion: nothing, however a peer writes it. */
export const nothing: Reader<undefined> = () => undefined;

/** An agent card as it came: cards have their own room, which checks and verifies it. */
export const cardDocument: Reader<JsonObject> = struct;
