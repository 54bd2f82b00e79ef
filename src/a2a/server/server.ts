// An agent that answers over HTTP: one function from a Request to a Response, for every host that has the two.

import { systemClock } from '../../clock.js';
import type { AgentCard } from '../card/agent-card.js';
import { serveAgentCard } from '../discovery/serve-card.js';
import { A2aOperationError } from '../wire/errors.js';
import type { A2aUser } from './executor.js';
import { resolveServerLimits } from './limits.js';
import { memoryTaskStore } from './memory-task-store.js';
import { type Caller, createOperations } from './operations.js';
import { PushConfigs } from './push-configs.js';
import { PushQueues } from './push-queue.js';
import { createRequestHandler } from './request-handler.js';
import { staysHome } from './server-binding.js';
import { type A2aServerOptions, assertServerOptions } from './server-options.js';
import { serverPaths } from './server-routes.js';
import { TaskDesk } from './task-desk.js';

/** An agent over HTTP. */
export interface A2aServer {
  /**
   * Answers a request. May be taken off the server: `Deno.serve(server.fetch)`.
   *
   * @param context What the host hands to its handlers with each request; used where it has a `waitUntil`.
   * @returns Never rejects.
   */
  fetch(request: Request, context?: unknown): Promise<Response>;
  /** Refuses requests, fails the tasks at work, and ends their streams. Settles when that is stored. Idempotent. */
  close(): Promise<void>;
}

/**
 * Makes an agent.
 *
 * Its tasks at work, and those who follow them, are in the memory of one program. On Cloudflare keep it in a Durable
 * Object: from a plain Worker only the request that started a task can follow it.
 *
 * @example
 * ```ts
 * const server = createA2aServer({
 *   card,
 *   async *executor({ message, working, artifact }) {
 *     yield working('thinking')
 *     yield artifact(`You said: ${message.parts[0].text}`)
 *   },
 * })
 * export default { fetch: (request, env, context) => server.fetch(request, context) }
 * ```
 * @throws {TypeError | RangeError} options of the wrong kind or out of range.
 */
export function createA2aServer(options: A2aServerOptions): A2aServer {
  assertServerOptions(options);
  const { card, executor, authenticate, authorize, extendedCard, cardPath, cardMaxAgeSec } = options;
  const { allowedOrigins = '*', clock = systemClock, now = Date.now } = options;
  const limits = resolveServerLimits(options.limits);
  const paths = serverPaths(card, options.rpcPath, options.restBase);
  const allowedHeaders = apiKeyHeaders(card);
  const discovery = serveAgentCard(card, {
    allowedOrigins,
    allowedHeaders,
    ...(cardPath !== undefined && { path: cardPath }),
    ...(cardMaxAgeSec !== undefined && { maxAgeSec: cardMaxAgeSec }),
  });
  const closing = new AbortController();
  let closed: Promise<void> | undefined;

  const report = reporter(options.onError);
  // What the card does not offer is not there, whatever is set up.
  const push = card.capabilities.pushNotifications === true ? options.push : undefined;
  const configs = push === undefined ? undefined : new PushConfigs(push, limits.maxPushConfigsPerTask);
  const queues =
    push === undefined
      ? undefined
      : new PushQueues({
          push,
          clock,
          limits,
          signal: closing.signal,
          onError: (error) => closing.signal.aborted || report(error),
        });
  const desk = new TaskDesk({
    executor,
    store: options.tasks ?? memoryTaskStore(),
    limits,
    clock,
    now,
    keepOpenOnAuthRequired: options.keepOpenOnAuthRequired === true,
    onError: report,
    ...(queues && { push: queues }),
    ...(configs && { onDeleted: (owner: string, taskId: string) => configs.clear(owner, taskId) }),
  });
  const operations = createOperations({
    desk,
    limits,
    ...(authorize && { authorize }),
    ...(configs && { configs }),
    ...(extendedCard && {
      extendedCard: ({ user }: Caller) =>
        typeof extendedCard === 'function' ? extendedCard(user as A2aUser) : extendedCard,
    }),
  });

  const fetch = createRequestHandler({
    card,
    discovery,
    paths,
    limits,
    clock,
    allowedOrigins,
    allowedHeaders,
    operations,
    report,
    ...(authenticate && { authenticate }),
    closed: () => closed !== undefined,
    waitUntil(work, context) {
      const host = context as { waitUntil?: unknown } | null | undefined;
      try {
        if (options.waitUntil !== undefined) options.waitUntil(work);
        else if (typeof host?.waitUntil === 'function') host.waitUntil(work);
      } catch (error) {
        // The work goes on as far as the host lets it, and so does the request.
        report(error);
      }
    },
  });

  return { fetch, close };

  function close(): Promise<void> {
    closed ??= desk.close().finally(() => closing.abort(new A2aOperationError('ERR_A2A_UNAVAILABLE')));
    return closed;
  }
}

/** Tells of what callers are not told, once each. */
function reporter(onError: ((error: unknown) => void) | undefined): (error: unknown) => void {
  const told = new WeakSet<object>();
  return (error) => {
    if (onError === undefined || !staysHome(error)) return;
    // An error made for the caller has the original underneath.
    const original = error instanceof A2aOperationError ? (error.cause ?? error) : error;
    if (typeof original === 'object' && original !== null) {
      if (told.has(original)) return;
      told.add(original);
    }
    try {
      onError(original);
    } catch {
      // Whoever listens is not allowed to break what it listens to.
    }
  };
}

/** Headers in which the card says that keys travel: a page has to be let to send them. */
function apiKeyHeaders({ securitySchemes = {} }: AgentCard): string[] {
  return Object.values(securitySchemes).flatMap((scheme) => {
    const apiKey = scheme.apiKeySecurityScheme;
    return apiKey?.location === 'header' ? [apiKey.name] : [];
  });
}
