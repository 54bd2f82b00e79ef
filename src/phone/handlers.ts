// What an application gives the session to answer with.

import type { Peer } from './peer.js';
import type { Session } from './session.js';

/** What a handler knows about the call it answers. */
export interface HandlerContext {
  /** The authenticated caller. */
  readonly peer: Peer;
  /** The session the call came in, for calling back. */
  readonly session: Session;
  /** Name under which the handler was called. */
  readonly method: string;
  /** Aborts when the caller cancels or the session ends. Pass it to whatever the handler waits for. */
  readonly signal: AbortSignal;
}

/**
 * Answers calls of one method.
 *
 * Returns a JSON value, or a promise of one, for a unary call; an async or sync iterable (a generator, usually) for a
 * stream. The caller decides which of the two it asks for. `params` is untrusted: check it, or use a contract.
 *
 * @throws {RpcError} (see `rpcError`) to tell the caller something; of any other error it sees a correlation id only. So
 *   too of an RpcError that came from a peer the handler called itself: what that one said is not for the caller.
 */
// biome-ignore lint/suspicious/noExplicitAny: params are whatever the application declares; contracts make it sound.
export type Handler = (params: any, context: HandlerContext) => unknown;

/** Handlers by method name. Only own members are ever called. */
export type Handlers = Readonly<Record<string, Handler>>;

/** What an authorisation hook decides on. */
export interface AuthorizationRequest {
  readonly peer: Peer;
  readonly method: string;
  readonly params: unknown;
  /** Whether the caller wants a stream. */
  readonly stream: boolean;
}

/**
 * Decides whether a call may reach its handler. Anything but `true`, a throw included, refuses it; a thrown
 * {@link RpcError} is what the caller sees.
 */
export type Authorize = (request: AuthorizationRequest) => boolean | Promise<boolean>;

/** Told of a fault whose detail stayed at home. What it throws is dropped. */
export type FaultListener = (fault: unknown, context: { method: string; peer: Peer; correlationId: string }) => void;

/** Handlers with one more, which wins over an application's handler of the same name. */
export function handlersWith(handlers: Handlers | undefined, method: string, handler: Handler): Handlers {
  return { ...handlers, [method]: handler };
}

/**
 * The handlers by name. A `Map`, so that `toString` or `__proto__` is no method.
 *
 * @throws {TypeError} a handler is no function.
 */
export function handlerMap(handlers: Handlers = {}): ReadonlyMap<string, Handler> {
  const map = new Map(Object.entries(handlers));
  for (const [method, handler] of map) {
    if (typeof handler !== 'function') throw new TypeError(`handlers.${method} must be a function`);
  }
  return map;
}
