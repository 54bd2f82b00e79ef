// What an executor said, brought into the one form that is kept and told; whatever else it is, it is the executor's fault.

import { isSdkError } from '../../errors.js';
import { A2aOperationError } from '../wire/errors.js';
import type { Message, TaskArtifactUpdateEvent, TaskStatusUpdateEvent } from '../wire/objects.js';
import { emit } from '../wire/parse.js';
import { message as messageReader, streamResponse, TASK_STATES } from '../wire/readers.js';

/** An event of a task. */
export type AgentUpdate =
  | { readonly statusUpdate: TaskStatusUpdateEvent; readonly artifactUpdate?: never }
  | { readonly statusUpdate?: never; readonly artifactUpdate: TaskArtifactUpdateEvent };

/** An event, or a message that answers instead of a task. */
export type ReadAgentEvent = ({ readonly message?: never } & AgentUpdate) | { readonly message: Message };

/** What is filled in where an executor leaves it out. */
export interface EventDefaults {
  readonly taskId: string;
  readonly contextId: string;
  readonly timestamp: string;
}

/**
 * Reads what an executor yielded or returned.
 *
 * @returns Fresh value; free-form JSON inside is shared.
 * @throws {TypeError} it is no event, one of another task, or one with a state that no task can be in.
 */
export function readAgentEvent(value: unknown, defaults: EventDefaults): ReadAgentEvent {
  if (typeof value !== 'object' || value === null) throw new TypeError('an executor yields events');
  if ('messageId' in value) return { message: readMessage(value, defaults) };
  if ('message' in value) return { message: readMessage(value.message, defaults) };
  const { taskId, contextId, timestamp } = defaults;
  const given = value as { statusUpdate?: object; artifactUpdate?: object };
  if (given.statusUpdate !== undefined) {
    const { status, ...rest } = given.statusUpdate as Partial<TaskStatusUpdateEvent>;
    const said = status?.message === undefined ? {} : { message: { contextId, taskId, ...status.message } };
    const filled = { taskId, contextId, ...rest, status: { timestamp, ...status, ...said } };
    const { statusUpdate } = emit<object>(streamResponse, { ...given, statusUpdate: filled }, 'event') as AgentUpdate;
    return { statusUpdate: checked(statusUpdate as TaskStatusUpdateEvent, defaults) };
  }
  const filled = { taskId, contextId, ...given.artifactUpdate };
  const { artifactUpdate } = emit<object>(streamResponse, { ...given, artifactUpdate: filled }, 'event') as AgentUpdate;
  return { artifactUpdate: checked(artifactUpdate as TaskArtifactUpdateEvent, defaults) };
}

function checked<T extends TaskStatusUpdateEvent | TaskArtifactUpdateEvent>(update: T, defaults: EventDefaults): T {
  if (update.taskId !== defaults.taskId) throw new TypeError('an executor may only speak of its own task');
  if (update.contextId !== defaults.contextId) throw new TypeError('an executor may not move its task elsewhere');
  if ('status' in update && !STATES.has(update.status.state)) {
    throw new TypeError(`status.state must be a state of a task, not ${update.status.state}`);
  }
  return update;
}

/** All but the one that says nothing. */
const STATES: ReadonlySet<string> = /* @__PURE__ */ new Set(TASK_STATES.slice(1));

function readMessage(value: unknown, { taskId, contextId }: EventDefaults): Message {
  const message = emit(messageReader, { contextId, ...(value as Message) }, 'message');
  if (message.taskId !== undefined && message.taskId !== taskId) throw new TypeError('message.taskId is another task');
  return message;
}

/**
 * What an executor's event comes to.
 *
 * @throws {A2aOperationError} ERR_A2A_INVALID_AGENT_RESPONSE, with the TypeError that says why as its cause.
 */
export function asAgentResponse<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (isSdkError(cause)) throw cause;
    throw new A2aOperationError('ERR_A2A_INVALID_AGENT_RESPONSE', undefined, { cause });
  }
}
