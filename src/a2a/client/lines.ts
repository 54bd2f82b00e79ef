// The interfaces of one client: which is asked, how, and which one next where an address cannot be reached.

import { HttpError } from '../../errors.js';
import type { AgentInterface } from '../card/agent-card.js';
import { readHttpError } from '../wire/error-json.js';
import type { Operation, OperationName } from '../wire/operations.js';
import type { Binding, WireRequest } from './binding.js';
import type { Exchange } from './exchange.js';
import { type Line, linesOf } from './interfaces.js';
import type { A2aCallOptions, ResolvedOptions } from './options.js';

/** Operations that may be asked twice without more coming of it than of once. */
const REPEATABLE: ReadonlySet<OperationName> = /* @__PURE__ */ new Set<OperationName>([
  'GetTask',
  'ListTasks',
  'CancelTask',
  'SubscribeToTask',
  'GetTaskPushNotificationConfig',
  'ListTaskPushNotificationConfigs',
  'DeleteTaskPushNotificationConfig',
  'GetExtendedAgentCard',
]);

/** A request that has been sent, and the head of its answer. */
export interface Asked {
  readonly response: Response;
  readonly sent: WireRequest;
  readonly binding: Binding;
}

/** The interfaces of one client. */
export class Lines {
  readonly #options: ResolvedOptions;
  readonly #exchange: Exchange;
  readonly #lines: readonly Line[];
  #current: Line;
  #lastId = 0;

  /** @throws as {@link linesOf}. */
  constructor(options: ResolvedOptions, exchange: Exchange) {
    this.#options = options;
    this.#exchange = exchange;
    const lines = linesOf(options, () => ++this.#lastId);
    this.#lines = lines;
    this.#current = lines[0] as Line;
  }

  /** The interface in use. */
  get current(): Line {
    return this.#current;
  }

  /** All that can be used, the preferred one first. */
  get interfaces(): readonly AgentInterface[] {
    return this.#lines.map((line) => line.interface);
  }

  /**
   * Sends a request over the interface in use, and where that cannot be reached at all, over the others in their order.
   *
   * @param request As `emit` made it.
   * @throws as {@link Exchange.send}; of several interfaces, what the last one tried fails with.
   */
  async ask(operation: Operation, request: object, call: A2aCallOptions): Promise<Asked> {
    const at = this.#lines.indexOf(this.#current);
    const order = [...this.#lines.slice(at), ...this.#lines.slice(0, at)];
    for (let tries = 0; ; tries++) {
      const line = order[tries] as Line;
      try {
        const asked = await this.#askOver(line, operation, request, call);
        this.#current = line;
        return asked;
      } catch (error) {
        const next = order[tries + 1];
        // A message that may have arrived is not sent twice, unless the address has never worked.
        const mayRepeat = !line.answered || REPEATABLE.has(operation.name);
        if (next === undefined || !isUnreachable(error) || !mayRepeat) throw error;
        const message = `${line.interface.url} cannot be reached: ${next.interface.url} is asked instead`;
        this.#options.onWarning({ code: 'fallback', message });
      }
    }
  }

  async #askOver(line: Line, operation: Operation, request: object, call: A2aCallOptions): Promise<Asked> {
    const { binding } = line;
    const { tenant } = line.interface;
    const full = tenant === undefined || tenant === '' ? request : { tenant, ...request };
    const ask = async (verb?: string) => {
      const sent = binding.encode(operation, full, verb);
      const response = await this.#exchange.send(sent, call, line.isHome);
      line.answered = true;
      return { response, sent, binding };
    };
    const asked = await ask(operation.name === 'SubscribeToTask' ? line.subscribeVerb : undefined);
    const isPost = operation.name === 'SubscribeToTask' && asked.sent.method === 'POST';
    // JSON-RPC has one verb for everything; its requests have ids.
    if (!isPost || asked.sent.id !== undefined || !isNoRoute(asked.response)) return asked;
    // The protobuf file has GET where the prose has POST, and servers follow either.
    const refusal = await this.#exchange.read(asked.response, asked.sent, call.signal);
    const error = readHttpError(refusal.status, refusal.body);
    if (error.reason === 'TASK_NOT_FOUND') throw error;
    const again = await ask('GET');
    if (!isNoRoute(again.response)) line.subscribeVerb = 'GET';
    return again;
  }
}

function isNoRoute({ status }: Response): boolean {
  return status === 404 || status === 405;
}

/** Whether nothing at all has come back. */
function isUnreachable(error: unknown): boolean {
  return error instanceof HttpError && error.code === 'ERR_HTTP_NETWORK' && error.status === undefined;
}
