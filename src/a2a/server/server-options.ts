// What a server is made of, and what it is checked for before the first request.

import type { Clock } from '../../clock.js';
import { type AllowedOrigins, assertAllowedOrigins } from '../../http/cors.js';
import type { AgentCard } from '../card/agent-card.js';
import type { Authenticate, Authorize } from './authentication.js';
import type { A2aUser, Executor } from './executor.js';
import type { A2aServerLimits } from './limits.js';
import { assertPushOptions, type PushOptions } from './push-sender.js';
import type { TaskStore } from './task-store.js';

/** What {@link createA2aServer} needs. */
export interface A2aServerOptions {
  /**
   * The public card, served as it is: sign it before. Its capabilities are what callers get, and its extensions are
   * offered. Not to be changed afterwards.
   */
  readonly card: AgentCard;
  /** Answers messages. */
  readonly executor: Executor;
  /** Where tasks are kept. Default: in memory. */
  readonly tasks?: TaskStore;
  /** Push notifications; wanted where the card offers them. */
  readonly push?: PushOptions;
  /**
   * Finds out who asks. Tasks are kept by user and tenant, and nobody sees those of another; limits are counted for each
   * user, whatever tenants it names. Default: all callers are one user, who sees every task.
   */
  readonly authenticate?: Authenticate;
  /** Has a say in each operation. Default: everything is allowed with one's own tasks. */
  readonly authorize?: Authorize;
  /** The card for callers that have authenticated, or what makes it; wanted where the card offers it. */
  readonly extendedCard?: AgentCard | ((user: A2aUser) => AgentCard | Promise<AgentCard>);
  /** See {@link A2aServerLimits}. */
  readonly limits?: Partial<A2aServerLimits>;
  /** Path of JSON-RPC, compared exactly. Default: that of the card's first `JSONRPC` interface; `false` for none. */
  readonly rpcPath?: string | false;
  /** Path below which HTTP+JSON is. Default: that of the card's first `HTTP+JSON` interface; `false` for none. */
  readonly restBase?: string | false;
  /** Path of the card. Default `/.well-known/agent-card.json`. */
  readonly cardPath?: string;
  /** How long clients may use the card without asking, in seconds. Default 300. */
  readonly cardMaxAgeSec?: number;
  /**
   * Pages that may call, beside those of the same host; others are refused with 403. Default `*`, which is right for an agent that anybody may call or that authenticates by header.
   * Narrow it where being reachable is itself a permission: on loopback, in a private network, with cookies.
   */
  readonly allowedOrigins?: AllowedOrigins;
  /** Whether streams stay open while a task waits for credentials and its executor goes on. Default: no. */
  readonly keepOpenOnAuthRequired?: boolean;
  /**
   * Keeps the host at work until a promise settles, where it would stop with the answer. Default: what the host hands to
   * `fetch` with each request, if it has one; else nothing is needed, as in a program that lives on.
   */
  readonly waitUntil?: (work: Promise<unknown>) => void;
  /** Told of every fault whose detail its caller is not: what an executor, a hook or a store threw. Must not throw. */
  readonly onError?: (error: unknown) => void;
  /** Timers. Default: the host's own. */
  readonly clock?: Clock;
  /** Milliseconds since 1970, for the timestamps of tasks. Default: `Date.now`. */
  readonly now?: () => number;
}

/** @throws {TypeError | RangeError} naming the option. Limits are checked where they are filled in. */
export function assertServerOptions(options: A2aServerOptions): void {
  const { card, executor, tasks, push, authenticate, authorize, extendedCard, allowedOrigins } = options;
  if (typeof card?.capabilities !== 'object' || !Array.isArray(card.supportedInterfaces)) {
    throw new TypeError('card must be an agent card');
  }
  if (typeof executor !== 'function') throw new TypeError('executor must be a function');
  if (tasks !== undefined && typeof tasks.heads !== 'function') throw new TypeError('tasks must be a TaskStore');
  const { waitUntil, onError, now } = options;
  for (const [name, hook] of Object.entries({ authenticate, authorize, waitUntil, onError, now })) {
    if (hook !== undefined && typeof hook !== 'function') throw new TypeError(`${name} must be a function`);
  }
  if (push !== undefined) assertPushOptions(push);
  if (push === undefined && card.capabilities.pushNotifications === true) {
    throw new TypeError('push is missing: the card offers push notifications');
  }
  // The protocol shows it to nobody who has not authenticated.
  if (extendedCard !== undefined && authenticate === undefined) {
    throw new TypeError('authenticate is missing: there is an extendedCard');
  }
  if (allowedOrigins !== undefined) assertAllowedOrigins(allowedOrigins);
}
