// The client of one agent: the eleven operations of A2A v1.0 over whichever binding the agent offers.

import type { JsonObject } from '../../codec/json-value.js';
import type { AgentCard, AgentInterface } from '../card/agent-card.js';
import { A2aOperationError } from '../wire/errors.js';
import type { SendMessageResponse, StreamResponse, Task, TaskPushNotificationConfig } from '../wire/objects.js';
import {
  type Capability,
  OPERATIONS,
  type Operation,
  type OperationName,
  type RequestOf,
  type ResultOf,
} from '../wire/operations.js';
import { emit } from '../wire/parse.js';
import type * as Requests from '../wire/requests.js';
import { isPathSegment } from '../wire/rest-routes.js';
import { invalidAnswer } from './binding.js';
import { eventsOf } from './event-source.js';
import { Exchange } from './exchange.js';
import { follow } from './follow.js';
import { iterate } from './iterate.js';
import { Lines } from './lines.js';
import {
  type A2aCallOptions,
  type A2aClientOptions,
  type A2aStreamOptions,
  checkCall,
  type ResolvedOptions,
  resolveOptions,
  resolveResubscribe,
} from './options.js';
import { readResult } from './result.js';

/**
 * Makes the client of an agent. Nothing is sent yet.
 *
 * @example
 * ```ts
 * const client = createA2aClient({ card })
 * const { task, message } = await client.sendMessage({ message: userMessage('Hello') })
 * ```
 * @throws {A2aError} ERR_A2A_NO_COMPATIBLE_INTERFACE. ERR_A2A_INVALID_CARD: of those that would do, none has an address or
 *   a tenant that can be used.
 * @throws {TypeError | RangeError} options that are missing, of the wrong kind or out of range.
 */
export function createA2aClient(options: A2aClientOptions): A2aClient {
  return new A2aClient(options);
}

/**
 * The client of one agent. Made by {@link createA2aClient}.
 *
 * What every operation throws:
 * - {@link A2aRemoteError}: the agent said no.
 * - {@link A2aOperationError}: the card says that it would (nothing was sent), or ERR_A2A_INVALID_AGENT_RESPONSE.
 * - `HttpError`: no answer, one that is too long, a redirect, or an address that is not one to ask.
 * - `TypeError` and `RangeError`, before anything is sent: a request that is not what its type says.
 * - `signal.reason`, untouched.
 */
export class A2aClient {
  readonly #options: ResolvedOptions;
  readonly #exchange: Exchange;
  readonly #lines: Lines;
  #extendedCard: AgentCard | undefined;

  /** @throws as {@link createA2aClient}. */
  constructor(options: A2aClientOptions) {
    this.#options = resolveOptions(options);
    this.#exchange = new Exchange(this.#options);
    this.#lines = new Lines(this.#options, this.#exchange);
  }

  /** The extended card, once it has been fetched; else the card the client was made with. */
  get card(): AgentCard | undefined {
    return this.#extendedCard ?? this.#options.card;
  }

  /** The interface in use. */
  get interface(): AgentInterface {
    return this.#lines.current.interface;
  }

  /** Sends a message. The answer comes when the task is over or waits, unless `returnImmediately` is set. */
  sendMessage(request: Requests.SendMessageRequest, options?: A2aCallOptions): Promise<SendMessageResponse> {
    return this.#call('SendMessage', request, options);
  }

  /**
   * Sends a message and follows what comes of it. The request goes out with the first step; leaving the loop lets go of
   * the stream, and leaves the task alone.
   *
   * @throws {A2aStreamError} while iterating: the stream ended before its task did, and was not to be taken up again.
   * @throws {LimitError} while iterating: `maxEventBytes`.
   */
  sendStreamingMessage(
    request: Requests.SendMessageRequest,
    options?: A2aStreamOptions,
  ): AsyncIterableIterator<StreamResponse> {
    return this.#stream('SendStreamingMessage', request, options);
  }

  /** Fetches a task. */
  getTask(request: Requests.GetTaskRequest, options?: A2aCallOptions): Promise<Task> {
    return this.#call('GetTask', request, options);
  }

  /** Fetches one page of the caller's own tasks. */
  listTasks(request: Requests.ListTasksRequest = {}, options?: A2aCallOptions): Promise<Requests.ListTasksResponse> {
    return this.#call('ListTasks', request, options);
  }

  /**
   * Goes through the tasks of all pages, fetching each page when it is reached.
   *
   * @throws {A2aOperationError} ERR_A2A_INVALID_AGENT_RESPONSE: the agent sends the same page token again and again.
   */
  listAllTasks(request: Requests.ListTasksRequest = {}, options: A2aCallOptions = {}): AsyncIterableIterator<Task> {
    return iterate((signal) => this.#allTasks(request, { ...options, signal }), options.signal);
  }

  /** Asks for a task to be given up. @returns the task as it then stands. */
  cancelTask(request: Requests.CancelTaskRequest, options?: A2aCallOptions): Promise<Task> {
    return this.#call('CancelTask', request, options);
  }

  /**
   * Follows a task that is under way: first as it stands, then what comes. Otherwise as
   * {@link A2aClient.sendStreamingMessage}.
   *
   * @throws {A2aRemoteError} while iterating: ERR_A2A_UNSUPPORTED_OPERATION where the task is over already.
   */
  subscribeToTask(
    request: Requests.SubscribeToTaskRequest,
    options?: A2aStreamOptions,
  ): AsyncIterableIterator<StreamResponse> {
    return this.#stream('SubscribeToTask', request, options);
  }

  /** Has changes of a task reported to a URL. @returns the configuration, with the id it got. */
  createTaskPushNotificationConfig(
    request: Requests.CreateTaskPushNotificationConfigRequest,
    options?: A2aCallOptions,
  ): Promise<TaskPushNotificationConfig> {
    return this.#call('CreateTaskPushNotificationConfig', request, options);
  }

  /** Fetches one configuration of a task. */
  getTaskPushNotificationConfig(
    request: Requests.GetTaskPushNotificationConfigRequest,
    options?: A2aCallOptions,
  ): Promise<TaskPushNotificationConfig> {
    return this.#call('GetTaskPushNotificationConfig', request, options);
  }

  /** Fetches one page of the configurations of a task. */
  listTaskPushNotificationConfigs(
    request: Requests.ListTaskPushNotificationConfigsRequest,
    options?: A2aCallOptions,
  ): Promise<Requests.ListTaskPushNotificationConfigsResponse> {
    return this.#call('ListTaskPushNotificationConfigs', request, options);
  }

  /** Removes a configuration of a task. Removing one that is gone is no error. */
  deleteTaskPushNotificationConfig(
    request: Requests.DeleteTaskPushNotificationConfigRequest,
    options?: A2aCallOptions,
  ): Promise<undefined> {
    return this.#call('DeleteTaskPushNotificationConfig', request, options);
  }

  /**
   * Fetches the card the agent shows to those it knows, and uses it in place of the public one from then on. The
   * interface stays: a card cannot move a client to another address.
   *
   * @throws what `acceptExtendedCard` throws. Without it, {A2aError} ERR_A2A_INVALID_CARD, ERR_A2A_ORIGIN_NOT_ALLOWED.
   */
  async getExtendedAgentCard(options?: A2aCallOptions): Promise<AgentCard> {
    const received = await this.#call('GetExtendedAgentCard', {}, options);
    const { acceptExtendedCard } = this.#options;
    const card = await (acceptExtendedCard === undefined ? this.#judged(received) : acceptExtendedCard(received));
    this.#extendedCard = card;
    return card;
  }

  /** Goes back to the card the client was made with: after a logout, or for another user. */
  dropExtendedCard(): void {
    this.#extendedCard = undefined;
  }

  async #call<Name extends OperationName>(
    name: Name,
    request: RequestOf<Name>,
    options: A2aCallOptions = {},
  ): Promise<ResultOf<Name>> {
    checkCall(options);
    const operation = OPERATIONS[name] as Operation<Name>;
    const checked = emit(operation.request, request, 'request') as object;
    this.#checkCapability(operation);
    const asked = await this.#lines.ask(operation as unknown as Operation, checked, options);
    const answer = await this.#exchange.read(asked.response, asked.sent, options.signal);
    const result = asked.binding.resultOf(operation as unknown as Operation, asked.sent, answer);
    return readResult(operation, result, this.#options.onWarning);
  }

  #stream(
    name: 'SendStreamingMessage' | 'SubscribeToTask',
    request: RequestOf<typeof name>,
    options: A2aStreamOptions = {},
  ): AsyncIterableIterator<StreamResponse> {
    const { resubscribe: given = this.#options.resubscribe } = options;
    const resubscribe = resolveResubscribe(given, this.#options.clock);
    const { tenant } = request;
    const again = (id: string) => {
      if (!isPathSegment(id)) throw invalidAnswer('the agent gave its task an id that no path can carry');
      return tenant === undefined ? { id } : { tenant, id };
    };
    const operation = OPERATIONS[name] as Operation;
    const checked = emit(operation.request, request as never, 'request') as object;
    return iterate((signal) => {
      const call = { ...options, signal };
      return follow({
        open: () => this.#events(operation, checked, call),
        subscribe: (id) => this.#events(OPERATIONS.SubscribeToTask as unknown as Operation, again(id), call),
        getTask: (id) => this.getTask(again(id), call),
        resubscribe,
        signal,
      });
    }, options.signal);
  }

  async *#events(
    operation: Operation,
    request: object,
    call: A2aCallOptions & { readonly signal: AbortSignal },
  ): AsyncGenerator<StreamResponse, void, undefined> {
    const { signal } = call;
    this.#checkCapability(operation);
    const asked = await this.#lines.ask(operation, request, call);
    yield* eventsOf({ ...asked, exchange: this.#exchange, options: this.#options, operation, signal });
  }

  async *#allTasks(request: Requests.ListTasksRequest, options: A2aCallOptions): AsyncGenerator<Task, void, undefined> {
    let { pageToken = '' } = request;
    for (;;) {
      const page = await this.listTasks({ ...request, pageToken }, options);
      yield* page.tasks;
      if (page.nextPageToken === '') return;
      if (page.nextPageToken === pageToken) throw invalidAnswer('the next page of tasks is the same one again');
      pageToken = page.nextPageToken;
    }
  }

  /** An extended card nobody has verified: it may say anything but that the agent is somewhere else. */
  async #judged(received: JsonObject): Promise<AgentCard> {
    // Loaded when they are needed: most clients never fetch an extended card.
    const [{ parseAgentCard }, { judgeExtendedCard }] = await Promise.all([
      import('../card/parse.js'),
      import('../discovery/extended-card.js'),
    ]);
    const card = parseAgentCard(received, { missing: 'fill' });
    const supportedInterfaces = [...(this.#options.card?.supportedInterfaces ?? []), ...this.#lines.interfaces];
    return judgeExtendedCard({ supportedInterfaces }, card, { verified: false });
  }

  /** What the card rules out is not asked. Without a card, everything is. */
  #checkCapability({ name, capability }: Pick<Operation, 'name' | 'capability'>): void {
    const { card } = this;
    if (capability === undefined || card === undefined || card.capabilities?.[capability] === true) return;
    const message = `${name}: the card of the agent does not offer ${capability}`;
    throw new A2aOperationError(REFUSALS[capability], message);
  }
}

const REFUSALS = {
  streaming: 'ERR_A2A_UNSUPPORTED_OPERATION',
  pushNotifications: 'ERR_A2A_PUSH_NOTIFICATION_NOT_SUPPORTED',
  extendedAgentCard: 'ERR_A2A_UNSUPPORTED_OPERATION',
} as const satisfies Record<Capability, string>;
