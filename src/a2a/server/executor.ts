// What an application writes: an executor, which is given a message and says what becomes of it, event by event. Types,
// and the small constructors that a context lends it.

import type { JsonObject } from '../../codec/json-value.js';
import type { Artifact, Message, Part, Task, TaskStatus } from '../wire/objects.js';
import { agentMessage } from '../wire/parts.js';
import type { SendMessageConfiguration } from '../wire/requests.js';

/** Who asks. What else a hook knows of a user rides along, for the executor. */
export interface A2aUser {
  /** Names the user once and for all, such as a `sub` claim: tasks are kept under it. */
  readonly id: string;
  readonly [claim: string]: unknown;
}

/**
 * The answer is one message, and no task is made. Only as the first and last event. One that comes after
 * `firstEventTimeoutMs` is the last word of the task that was made in the meantime.
 */
export interface MessageEvent {
  readonly message: Message;
}

/** The task has a new status. Ids and timestamp are filled in where they are left out. */
export interface StatusEvent {
  readonly statusUpdate: {
    readonly taskId?: string;
    readonly contextId?: string;
    readonly status: TaskStatus;
    readonly metadata?: JsonObject;
  };
}

/** The task has an artifact, or more of one. Ids are filled in where they are left out. */
export interface ArtifactEvent {
  readonly artifactUpdate: {
    readonly taskId?: string;
    readonly contextId?: string;
    readonly artifact: Artifact;
    /** True: the parts go behind those of the artifact with this id. Absent: they replace it. */
    readonly append?: boolean;
    readonly lastChunk?: boolean;
    readonly metadata?: JsonObject;
  };
}

/** What an executor yields. */
export type AgentEvent = MessageEvent | StatusEvent | ArtifactEvent;

/** Content of a message or artifact: a text, a part, or parts. */
export type Content = string | Part | readonly Part[];

/** What may go with an artifact. */
export interface ArtifactOptions {
  /** Default: a fresh one. Name it to add to an artifact, or to replace one. */
  readonly artifactId?: string;
  readonly name?: string;
  readonly description?: string;
  readonly metadata?: JsonObject;
  /** Whether the parts go behind those already there. Default: they replace them. */
  readonly append?: boolean;
  /** Whether this is the last piece. */
  readonly lastChunk?: boolean;
}

/** Makers of events. They are plain functions, which may be taken out of the context. */
export interface EventMakers {
  /** The whole answer as one message, without a task. */
  reply(content: Content): MessageEvent;
  /** The task is at work. */
  working(content?: Content): StatusEvent;
  /** A result, or a piece of one. */
  artifact(content: Content, options?: ArtifactOptions): ArtifactEvent;
  /** The task waits for another message of the client's. Return after it: the next message runs the executor again. */
  inputRequired(content?: Content): StatusEvent;
  /** The task waits until the client has authenticated elsewhere. An executor may go on by itself then. */
  authRequired(content?: Content): StatusEvent;
  /** The task is done. An executor that just ends says the same. */
  completed(content?: Content): StatusEvent;
  /** The task did not work out. The text goes to the client. */
  failed(content?: Content): StatusEvent;
  /** The agent does not take the task on. */
  rejected(content?: Content): StatusEvent;
}

/** What an executor knows of the message it answers. */
export interface ExecutionContext extends EventMakers {
  /** The message, with the ids of its task and context filled in. From a stranger: check what you use. */
  readonly message: Message;
  /** The task so far, where the message goes on with one. Not to be changed. */
  readonly task?: Task;
  /** Id of the task that there is, or will be with the first event that is no message. */
  readonly taskId: string;
  readonly contextId: string;
  /** How the client wants its answer. */
  readonly configuration: SendMessageConfiguration;
  /** Metadata of the request. */
  readonly metadata?: JsonObject;
  /** URIs of extensions that the client asked for and the card offers. */
  readonly extensions: readonly string[];
  /** Who asks; absent where the server authenticates nobody. */
  readonly user?: A2aUser;
  readonly tenant?: string;
  /** Aborts when the task is cancelled, runs out of time, or the server closes. Pass it to whatever is waited for. */
  readonly signal: AbortSignal;
}

/**
 * Answers a message.
 *
 * An async generator that yields events; its `finally` runs also when the task is cancelled. Or a function that returns
 * one event or a {@link Message}. A run that ends while its task is at work completes it. Of one task only the latest run
 * is heard: one that lingers after it has asked is aborted when the client answers, and not waited for.
 *
 * @throws {A2aOperationError} to tell the client something: as the answer to its message where nothing was yielded yet,
 *   else as the text of the failed task. Of any other error the client sees that there was one, and no more; so too of
 *   one that came from an agent the executor asked itself.
 */
export type Executor = (
  context: ExecutionContext,
) => AsyncIterable<AgentEvent> | AgentEvent | Message | Promise<AsyncIterable<AgentEvent> | AgentEvent | Message>;

/** The makers for one task. */
export function eventMakers(taskId: string, contextId: string): EventMakers {
  const status =
    (state: TaskStatus['state']) =>
    (content?: Content): StatusEvent => {
      const said = content === undefined ? {} : { message: agentMessage(partsOf(content), { contextId, taskId }) };
      return { statusUpdate: { taskId, contextId, status: { state, ...said } } };
    };
  return {
    reply: (content) => ({ message: agentMessage(partsOf(content), { contextId }) }),
    working: status('TASK_STATE_WORKING'),
    inputRequired: status('TASK_STATE_INPUT_REQUIRED'),
    authRequired: status('TASK_STATE_AUTH_REQUIRED'),
    completed: status('TASK_STATE_COMPLETED'),
    failed: status('TASK_STATE_FAILED'),
    rejected: status('TASK_STATE_REJECTED'),
    artifact(content, { artifactId = crypto.randomUUID(), append, lastChunk, ...rest } = {}) {
      const artifact = { artifactId, ...rest, parts: partsOf(content) };
      const flags = { ...(append === true && { append }), ...(lastChunk === true && { lastChunk }) };
      return { artifactUpdate: { taskId, contextId, artifact, ...flags } };
    },
  };
}

/** @throws {TypeError} the content is nothing of the kind. */
function partsOf(content: Content): readonly Part[] {
  if (typeof content === 'string') return [{ text: content }];
  if (Array.isArray(content)) return content;
  if (typeof content === 'object' && content !== null) return [content as Part];
  throw new TypeError('content must be a text, a part or an array of parts');
}
