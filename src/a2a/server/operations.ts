// What each operation does, once a request is known to be one: visibility, the application's say, and the work itself.

import type { JsonObject } from '../../codec/json-value.js';
import { unlessAborted } from '../../unless-aborted.js';
import type { AgentCard } from '../card/agent-card.js';
import { A2aOperationError } from '../wire/errors.js';
import type { Message, Task } from '../wire/objects.js';
import type { OperationName, RequestOf } from '../wire/operations.js';
import type { SendMessageRequest } from '../wire/requests.js';
import type { Authorize } from './authentication.js';
import type { Follower } from './event-feed.js';
import { type A2aUser, type ExecutionContext, eventMakers } from './executor.js';
import type { A2aServerLimits } from './limits.js';
import type { PushConfigs } from './push-configs.js';
import type { Dispatched, TaskDesk } from './task-desk.js';
import { viewOf } from './task-view.js';

/** Who asks, and for how long somebody waits for the answer. */
export interface Caller {
  /** Under which the caller's tasks are kept: the id of the user, empty where nobody authenticates. */
  readonly owner: string;
  readonly user?: A2aUser;
  readonly tenant?: string;
  /** URIs of the extensions in use. */
  readonly extensions: readonly string[];
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** What an operation comes to. */
export type Outcome = { readonly result: unknown } | { readonly follower: Follower; readonly historyLength?: number };

/** What the operations work with. */
export interface OperationsHost {
  readonly desk: TaskDesk;
  readonly limits: A2aServerLimits;
  readonly authorize?: Authorize;
  /** Absent where the card offers no push notifications. */
  readonly configs?: PushConfigs;
  readonly extendedCard?: (caller: Caller) => AgentCard | Promise<AgentCard>;
}

type Handler<Name extends OperationName> = (params: RequestOf<Name>, caller: Caller) => Promise<Outcome>;

/** What a server does, by the name of the operation. */
export type Operations = { readonly [Name in OperationName]: Handler<Name> };

/** The operations of one server. */
export function createOperations(host: OperationsHost): Operations {
  const { desk, limits, configs, extendedCard } = host;

  /** Asks the application. What it refuses of a task is not there. */
  async function permit(
    operation: OperationName,
    params: object,
    { user, tenant }: Caller,
    task?: Task,
  ): Promise<void> {
    const { authorize } = host;
    if (authorize === undefined) return;
    const asked = { operation, params, ...(user && { user }), ...(tenant !== undefined && { tenant }) };
    if ((await authorize(task === undefined ? asked : { ...asked, task })) === true) return;
    throw new A2aOperationError(task === undefined ? 'ERR_A2A_PERMISSION_DENIED' : 'ERR_A2A_TASK_NOT_FOUND');
  }

  /** A task of the caller's that it may do this with. */
  async function visible(operation: OperationName, params: object, caller: Caller, taskId: string): Promise<Task> {
    const { task } = await desk.find(caller, taskId);
    await permit(operation, params, caller, task);
    return task;
  }

  async function send(
    operation: 'SendMessage' | 'SendStreamingMessage',
    params: SendMessageRequest,
    caller: Caller,
  ): Promise<Dispatched> {
    const { message, configuration = {}, metadata } = params;
    checkMessage(message, limits);
    const push = configuration.taskPushNotificationConfig;
    if (push !== undefined) pushConfigs().check(push);
    if (message.taskId === undefined) await permit(operation, params, caller);
    else await visible(operation, params, caller, message.taskId);
    const { owner, user, tenant, extensions, waitUntil } = caller;
    const contextFor = (base: Pick<ExecutionContext, 'message' | 'taskId' | 'contextId' | 'task' | 'signal'>) => ({
      ...eventMakers(base.taskId, base.contextId),
      ...base,
      configuration,
      extensions,
      ...(metadata && { metadata }),
      ...(user && { user }),
      ...(tenant !== undefined && { tenant }),
    });
    const prepare = async (taskId: string) => {
      if (push !== undefined) await configs?.create(owner, { ...push, taskId });
    };
    const stream = operation === 'SendStreamingMessage';
    return desk.dispatch({ caller, message, contextFor, stream, prepare, waitUntil });
  }

  /** The configurations of the server, which has them where its card says so. */
  function pushConfigs(): PushConfigs {
    if (configs === undefined) throw new A2aOperationError('ERR_A2A_PUSH_NOTIFICATION_NOT_SUPPORTED');
    return configs;
  }

  return {
    async SendMessage(params, caller) {
      const { historyLength, returnImmediately } = params.configuration ?? {};
      const { execution } = await send('SendMessage', params, caller);
      const beginning = await unlessAborted(caller.signal, execution.begun);
      if ('message' in beginning) return { result: { message: beginning.message } };
      if (returnImmediately !== true) await unlessAborted(caller.signal, execution.rested);
      return { result: { task: viewOf(execution.record?.task ?? beginning.task, { historyLength }) } };
    },

    async SendStreamingMessage(params, caller) {
      const { historyLength } = params.configuration ?? {};
      const { follower } = await send('SendStreamingMessage', params, caller);
      return { follower: follower as Follower, ...(historyLength !== undefined && { historyLength }) };
    },

    async GetTask(params, caller) {
      const task = await visible('GetTask', params, caller, params.id);
      return { result: viewOf(task, params) };
    },

    async ListTasks(params, caller) {
      await permit('ListTasks', params, caller);
      const { historyLength, includeArtifacts = false } = params;
      const page = await desk.list(caller, params);
      const tasks = page.tasks.map((task) => viewOf(task, { historyLength, artifacts: includeArtifacts }));
      return { result: { ...page, tasks } };
    },

    async CancelTask(params, caller) {
      await visible('CancelTask', params, caller, params.id);
      return { result: viewOf(await desk.cancel(caller, params.id, caller.waitUntil)) };
    },

    async SubscribeToTask(params, caller) {
      await visible('SubscribeToTask', params, caller, params.id);
      return { follower: await desk.follow(caller, params.id) };
    },

    async CreateTaskPushNotificationConfig(params, caller) {
      const { tenant: _, ...config } = params;
      pushConfigs().check(config);
      await visible('CreateTaskPushNotificationConfig', params, caller, params.taskId);
      return { result: await pushConfigs().create(caller.owner, config) };
    },

    async GetTaskPushNotificationConfig(params, caller) {
      await visible('GetTaskPushNotificationConfig', params, caller, params.taskId);
      return { result: await pushConfigs().get(caller.owner, params.taskId, params.id) };
    },

    async ListTaskPushNotificationConfigs(params, caller) {
      await visible('ListTaskPushNotificationConfigs', params, caller, params.taskId);
      return { result: await pushConfigs().list(caller.owner, params) };
    },

    async DeleteTaskPushNotificationConfig(params, caller) {
      await visible('DeleteTaskPushNotificationConfig', params, caller, params.taskId);
      await pushConfigs().delete(caller.owner, params.taskId, params.id);
      return { result: undefined };
    },

    async GetExtendedAgentCard(params, caller) {
      await permit('GetExtendedAgentCard', params, caller);
      if (extendedCard === undefined) throw new A2aOperationError('ERR_A2A_EXTENDED_AGENT_CARD_NOT_CONFIGURED');
      return { result: (await extendedCard(caller)) as unknown as JsonObject };
    },
  };
}

/** @throws {A2aOperationError} ERR_A2A_INVALID_PARAMS. */
function checkMessage({ role, parts }: Message, { maxParts }: A2aServerLimits): void {
  if (role !== 'ROLE_USER') throw new A2aOperationError('ERR_A2A_INVALID_PARAMS', 'message.role must be ROLE_USER');
  if (parts.length > maxParts) {
    throw new A2aOperationError('ERR_A2A_INVALID_PARAMS', `message.parts must not be more than ${maxParts}`);
  }
}
