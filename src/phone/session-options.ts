// What a session may be told, apart from the session itself: whoever dials or listens checks it first of all.

import type { Clock } from '../clock.js';
import { type Authorize, type FaultListener, type Handlers, handlerMap } from './handlers.js';
import { resolveLimits, type SessionLimits } from './limits.js';

/** What both `connect` and `serve` may be told about their sessions. */
export interface SessionOptions {
  /** What we answer; unknown methods are answered -32601. Default: nothing. */
  readonly handlers?: Handlers;
  /** Asked before each handler. Default: every authenticated peer may call every method. */
  readonly authorize?: Authorize;
  /** See {@link SessionLimits}; each can be lowered. */
  readonly limits?: Partial<SessionLimits>;
  /** Told of a handler's fault whose detail the caller does not see. */
  readonly onFault?: FaultListener;
  /** Source of time. Default: the host's. */
  readonly clock?: Clock;
}

/**
 * Asserts that options can make a session, so that whoever dials or listens hears of mistakes before any I/O.
 *
 * @throws {TypeError | RangeError} they cannot.
 */
export function assertSessionOptions({ limits, handlers, authorize, onFault }: SessionOptions): void {
  resolveLimits(limits);
  handlerMap(handlers);
  for (const [name, hook] of Object.entries({ authorize, onFault })) {
    if (hook !== undefined && typeof hook !== 'function') throw new TypeError(`${name} must be a function`);
  }
}
