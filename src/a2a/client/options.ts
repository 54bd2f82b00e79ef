// What a client may be told, and what a single call may.

import { assertInteger, assertSignal } from '../../bytes/assert.js';
import { excerpt } from '../../bytes/printable.js';
import { type Clock, systemClock } from '../../clock.js';
import type { JsonObject } from '../../codec/json-value.js';
import type { AddressRules } from '../../http/address.js';
import type { FetchLike } from '../../http/bounded-fetch.js';
import type { AgentCard, AgentInterface } from '../card/agent-card.js';

/** Something about an agent that was tolerated, though the protocol says otherwise. */
export interface A2aWarning {
  /**
   * `unwrapped`: a bare Task, Message or update came where an object with one of them belongs. `unknown-event`: an event
   * of a kind this version does not know was left out. `fallback`: an interface could not be reached, so that another one
   * of the card is used.
   */
  readonly code: 'unwrapped' | 'unknown-event' | 'fallback';
  /** For people. Control characters in it are escaped, and it is some 1,000 characters long at most. */
  readonly message: string;
}

/** What credentials are asked for. */
export interface AuthenticateContext {
  /** Address of the request, query and all. */
  readonly url: string;
  /** The agent's answer to the credentials given before, with status 401; absent the first time. Its body can be read. */
  readonly failed?: Response;
}

/** How a lost stream is taken up again. */
export interface ResubscribeOptions {
  /** Attempts in a row that bring no news, 1 to 100. Default 5. */
  readonly maxAttempts?: number;
  /** Wait before the first attempt, in milliseconds: 0 to 60,000. Doubled with each. Default 500. */
  readonly initialDelayMs?: number;
  /** Longest wait, in milliseconds: 0 to 600,000. Default 30,000. */
  readonly maxDelayMs?: number;
  /** Default: the client's. */
  readonly clock?: Clock;
}

/** What a call may be given. */
export interface A2aCallOptions {
  /** Ends the call, which rejects with the signal's reason. `AbortSignal.timeout(ms)` is the deadline: there is no other. */
  readonly signal?: AbortSignal;
  /** Sent with this call, over those of the client, and like those to one origin. */
  readonly headers?: HeadersInit;
}

/** What a stream may be given. */
export interface A2aStreamOptions extends A2aCallOptions {
  /** Default: the client's. */
  readonly resubscribe?: boolean | ResubscribeOptions;
}

/** What {@link createA2aClient} is told: `card`, `interface` or `url`, and how to talk. */
export interface A2aClientOptions extends AddressRules {
  /** Card of the agent: chooses the interface, and says what need not be tried. Verify it first where that matters. */
  readonly card?: AgentCard;
  /** Interface to use, whatever the card prefers. */
  readonly interface?: AgentInterface;
  /** Address of an interface over the first of `bindings`, else over JSON-RPC, where there is neither card nor `interface`. */
  readonly url?: string;
  /** Bindings in the order preferred, `JSONRPC` and `HTTP+JSON`; others are not used. Default: the card's order. */
  readonly bindings?: readonly string[];
  /**
   * Default: the runtime's. Wrap it to send cookies or to set other members of the request, such as
   * `(url, init) => fetch(url, { ...init, credentials: 'include' })`. It must keep to `redirect: 'manual'`.
   */
  readonly fetch?: FetchLike;
  /**
   * Sent with every request to the origin of the preferred interface, beside what the protocol needs. Where that cannot be
   * reached and the card names another origin, `crossOriginHeaders` says which go there. Credentials for any number of
   * origins are the business of `authenticate`.
   */
  readonly headers?: HeadersInit;
  /**
   * Names of headers that also go to an interface at another origin, beside `accept`, `accept-language` and those of the
   * protocol. Never a credential's. Default: none.
   */
  readonly crossOriginHeaders?: readonly string[];
  /**
   * Gives the headers that carry credentials: before the first request to an origin, and again when that answers 401,
   * and is then asked once more. What it gave is kept meanwhile; calls that fail together share one refresh.
   *
   * @returns `undefined`: there are none to be had.
   */
  readonly authenticate?: (context: AuthenticateContext) => HeadersInit | undefined | Promise<HeadersInit | undefined>;
  /** URIs of protocol extensions to activate. */
  readonly extensions?: readonly string[];
  /** Where the protocol version stands in a request. `query` spares pages one header to ask leave for. Default `header`. */
  readonly versionIn?: 'header' | 'query';
  /** Length of an answer that is no stream, in bytes: 1 to 1 GiB. Default 8,388,608. */
  readonly maxBodyBytes?: number;
  /** Length of one event of a stream, in bytes: 1 to 1 GiB. Default 4,194,304. */
  readonly maxEventBytes?: number;
  /** Longest silence of a stream, comments counting as sound, in milliseconds; 0 for as long as it takes. Default 300,000. */
  readonly idleTimeoutMs?: number;
  /** Whether a stream that is lost, or ends too early, is taken up again with SubscribeToTask. Default `false`. */
  readonly resubscribe?: boolean | ResubscribeOptions;
  /**
   * Makes of an extended card, as it came, one to use: verify it here. Default: it is refused where it is no card, or moves
   * the agent to an origin that neither the card nor the interface in use has; see `judgeExtendedCard`.
   */
  readonly acceptExtendedCard?: (received: JsonObject) => AgentCard | Promise<AgentCard>;
  readonly clock?: Clock;
  /** Told of what was tolerated. Must not throw. */
  readonly onWarning?: (warning: A2aWarning) => void;
}

/** Options with their defaults, checked. */
export interface ResolvedOptions extends A2aClientOptions {
  readonly fetch: FetchLike;
  readonly maxBodyBytes: number;
  readonly maxEventBytes: number;
  readonly idleTimeoutMs: number;
  readonly clock: Clock;
  readonly onWarning: (warning: A2aWarning) => void;
}

/** Resubscription with its defaults, checked. */
export type ResolvedResubscribe = Required<ResubscribeOptions>;

/** @throws {TypeError | RangeError} an option of the wrong kind or out of range. */
export function resolveOptions(options: A2aClientOptions): ResolvedOptions {
  const { maxBodyBytes = 8_388_608, maxEventBytes = 4_194_304, idleTimeoutMs = 300_000 } = options;
  assertInteger(maxBodyBytes, 'maxBodyBytes', 1, 2 ** 30);
  assertInteger(maxEventBytes, 'maxEventBytes', 1, 2 ** 30);
  assertInteger(idleTimeoutMs, 'idleTimeoutMs', 0, 2_147_483_647);
  const { versionIn = 'header', clock = systemClock, onWarning = () => {} } = options;
  if (versionIn !== 'header' && versionIn !== 'query') throw new TypeError('versionIn must be "header" or "query"');
  for (const [name, hook] of Object.entries({ fetch: options.fetch, authenticate: options.authenticate })) {
    if (hook !== undefined && typeof hook !== 'function') throw new TypeError(`${name} must be a function`);
  }
  resolveResubscribe(options.resubscribe, clock);
  // Looked up at each call, and called as a plain function: workerd and browsers refuse a detached one.
  const runtimeFetch: FetchLike = (url, init) => fetch(url, init);
  return {
    ...options,
    fetch: options.fetch ?? runtimeFetch,
    maxBodyBytes,
    maxEventBytes,
    idleTimeoutMs,
    clock,
    // Some of it is the card's or the agent's.
    onWarning: ({ code, message }) => onWarning({ code, message: excerpt(message) }),
  };
}

/**
 * @returns `undefined` where streams are not taken up again.
 * @throws {TypeError | RangeError} a number out of range.
 */
export function resolveResubscribe(
  given: boolean | ResubscribeOptions | undefined,
  clock: Clock,
): ResolvedResubscribe | undefined {
  if (given === undefined || given === false) return undefined;
  const options = given === true ? {} : given;
  const { maxAttempts = 5, initialDelayMs = 500, maxDelayMs = 30_000 } = options;
  assertInteger(maxAttempts, 'resubscribe.maxAttempts', 1, 100);
  assertInteger(initialDelayMs, 'resubscribe.initialDelayMs', 0, 60_000);
  assertInteger(maxDelayMs, 'resubscribe.maxDelayMs', 0, 600_000);
  return { maxAttempts, initialDelayMs, maxDelayMs, clock: options.clock ?? clock };
}

/** @throws {TypeError} `signal` is none. @throws `signal.reason`. */
export function checkCall({ signal }: A2aCallOptions): void {
  assertSignal(signal, 'options.signal');
  signal?.throwIfAborted();
}
