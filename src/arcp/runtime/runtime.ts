// The runtime: takes connections, keeps sessions, runs tools as jobs. ARCP v1.0.

import type { Clock } from '../../clock.js';
import type { asyncDispose } from '../../dispose.js';
import type { Transport } from '../../transport/contract.js';
import type { ArcpAcceptor } from '../acceptor.js';
import type { ArtifactStore } from '../artifacts/contract.js';
import type { EventLog } from '../log/contract.js';
import type { Capabilities } from '../wire/capabilities.js';
import type { IdFactory, SessionId } from '../wire/ids.js';
import type { RuntimeIdentity, TrustLevel } from '../wire/session.js';
import type { Authenticator, Peer, RefreshRequest } from './authenticator.js';
import type { ExtensionHandler } from './core.js';
import type { RuntimeLimits } from './limits.js';
import type { Rest, StandingConnection } from './rest.js';
import { RuntimeCore } from './runtime-core.js';
import type { Bus, Service } from './service.js';
import type { Tool, ToolSource } from './tools.js';

/** What a runtime is made of. */
export interface RuntimeOptions {
  readonly tools?: readonly Tool[];
  /** Tools that come and go: asked by name for what is not in `tools`, in order. */
  readonly toolSources?: readonly ToolSource[];
  /** Who may come in. None: only connections whose transport says who the other side is. One per scheme. */
  readonly authenticators?: readonly Authenticator[];
  /** What answers the types beyond tools and jobs. */
  readonly services?: readonly Service[];
  /** Handlers of extensions, by their names. */
  readonly extensions?: Readonly<Record<string, ExtensionHandler>>;
  /** Default kind `ringline`, and no trust level. */
  readonly identity?: Partial<Omit<RuntimeIdentity, 'trust_level'>> & { readonly trust_level?: TrustLevel };
  /**
   * What to say otherwise than what follows from the services: flags to turn off, the heartbeat's interval (default 30 s)
   * and recovery (default `fail`). A flag cannot be turned on: it is on where something stands behind it.
   */
  readonly capabilities?: Capabilities;
  /** Default: in memory. */
  readonly log?: EventLog;
  readonly artifacts?: ArtifactStore;
  readonly limits?: Partial<RuntimeLimits>;
  readonly clock?: Clock;
  /** Unix time in milliseconds. Default `Date.now`. */
  readonly now?: () => number;
  readonly ids?: IdFactory;
  /** Told of faults: of tools, services, the log. What it throws is lost. */
  readonly onFault?: (error: unknown, where: string) => void;
}

/** What a host sees of a session. */
export interface SessionInfo {
  readonly id: SessionId;
  readonly principal: string;
  readonly isConnected: boolean;
  /** Jobs that have not ended. */
  readonly jobs: number;
}

/** A runtime. */
export interface Runtime extends ArcpAcceptor {
  /**
   * Serves one connection. Text messages only; others are ignored.
   *
   * @param transport Handed over.
   * @param peer What the transport has proved about the other side.
   * @returns Resolves when the connection has ended.
   * @throws {TypeError} a principal that is empty or begins with `anonymous:`.
   */
  accept(transport: Transport, peer?: Peer): Promise<void>;
  /**
   * Takes up the sessions and jobs that the log has of a runtime before: once, before the first connection.
   *
   * @param standing Connections that stood meanwhile, as those of a Durable Object that hibernated: their clients notice
   *   nothing. One whose session is no more is closed with 1012.
   */
  recover(standing?: readonly StandingConnection[]): Promise<void>;
  /**
   * Whether the runtime may stop now, without {@link close} and without anybody noticing: no job runs, no client waits for
   * anything, and all that is known is in the log. For hosts that sleep, and keep their connections; see {@link recover}.
   *
   * @returns What to keep of the connections, and when to be there again; `undefined` while it must not stop.
   */
  rest(): Rest | undefined;
  /** Removes what has expired from the log and the artifacts. A runtime that is in use does so by itself. */
  sweep(): Promise<void>;
  /** Asks the client of a connected session for fresh credentials. @returns Whether there is such a session. */
  refresh(sessionId: string, request: RefreshRequest): boolean;
  /** Ends a session with `session.evicted`. @returns Whether there was such a session. */
  evict(sessionId: string, code: string, reason: string): boolean;
  /** The sessions that have not ended. */
  sessions(): readonly SessionInfo[];
  /** Every message, as it enters the log. */
  readonly bus: Bus;
  /**
   * Ends every connection; sessions stay in the log for {@link recover}. Idempotent. The log and the artifacts are the
   * caller's to close.
   */
  close(): Promise<void>;
  [asyncDispose](): Promise<void>;
}

/**
 * Makes a runtime.
 *
 * It sets no timer before the first connection, and none is left once its last session has ended: a process whose host closes
 * nothing may end then. Until a session without a connection is over (`sessionRetentionMs`), and while jobs run or something
 * is scheduled, timers keep it alive; {@link Runtime.close} lets go of them.
 *
 * @throws {TypeError | RangeError} an option of the wrong kind or range: two tools of one name, two authenticators of one
 *   scheme, two services for one type, an extension whose name is none.
 *
 * @example
 * ```ts
 * const runtime = createRuntime({
 *   tools: [{ name: 'echo', handler: (args) => args }],
 *   authenticators: [bearerTokens({ 'a-long-secret': 'alice' })],
 * });
 * await runtime.accept(transport);
 * ```
 */
export function createRuntime(options: RuntimeOptions = {}): Runtime {
  return new RuntimeCore(options);
}
