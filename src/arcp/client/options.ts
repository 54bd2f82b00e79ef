// What a client may be told, and what holds where it is not.

import { assertInteger, assertSignal } from '../../bytes/assert.js';
import { type Clock, systemClock } from '../../clock.js';
import type { Transport } from '../../transport/contract.js';
import type { ArcpError } from '../errors.js';
import type { MaybePromise } from '../log/contract.js';
import type { Negotiated } from '../wire/capabilities.js';
import { type IdFactory, idFactory, type MessageId, type SessionId } from '../wire/ids.js';
import type { AuthBlock, ClientIdentity } from '../wire/session.js';
import type { Backoff } from './backoff.js';

/** How much a session holds. Each is 1 or more. */
export interface ClientLimits {
  /** Commands that wait for their answer, and characters of them together. Defaults 1,024 and 33,554,432. */
  readonly maxCalls: number;
  readonly maxCallChars: number;
  /** Jobs that have not ended. Default 1,024. */
  readonly maxJobs: number;
  /** Messages of a job, or of the session, that nobody has read. Default 1,024. */
  readonly maxEvents: number;
  /** Events of a subscription that nobody has read. Default 16,384: a backfill comes faster than it is read. */
  readonly maxObservedEvents: number;
  /** Characters of either that nobody has read. Default 8,388,608. */
  readonly maxEventChars: number;
  /** Open prompts of the session. Default 64. */
  readonly maxPrompts: number;
  /** Open streams of the session. Default 256. */
  readonly maxStreams: number;
  /** Chunks of one stream that nobody has read. Default 256; of their characters 8,388,608 in any case. */
  readonly maxChunks: number;
  /** Ids of the newest messages, by which repeated ones are known. Default 4,096. */
  readonly maxSeenIds: number;
  /** Messages in a row that are none, before the connection is given up. Default 20. */
  readonly maxBadMessages: number;
  /** Length of one message, as UTF-8. Default 8,388,608. */
  readonly maxMessageBytes: number;
}

const DEFAULT_LIMITS: ClientLimits = {
  maxCalls: 1_024,
  maxCallChars: 33_554_432,
  maxJobs: 1_024,
  maxEvents: 1_024,
  maxObservedEvents: 16_384,
  maxEventChars: 8_388_608,
  maxPrompts: 64,
  maxStreams: 256,
  maxChunks: 256,
  maxSeenIds: 4_096,
  maxBadMessages: 20,
  maxMessageBytes: 8_388_608,
};

/** What holds of a session however it came to be. */
export interface SessionOptions {
  /** Longest wait for the answer to a command. Default 30,000. */
  readonly requestTimeoutMs?: number | undefined;
  /** After so long without a message the runtime is asked whether it is there; after as long again the connection is given up. 0: never. Default 30,000. */
  readonly keepAliveMs?: number | undefined;
  /**
   * What becomes of a job that was silent for two heartbeat intervals: an event `heartbeat.missed` alone (`report`, the
   * default), or its result rejects with ERR_ARCP_HEARTBEAT_LOST, too (`fail`). Watched where the runtime says an interval,
   * or from a job's first heartbeat on.
   */
  readonly heartbeat?: 'report' | 'fail' | undefined;
  /** Who answers prompts, for the runtime's audit. Default the client's `kind`. */
  readonly respondedBy?: string | undefined;
  readonly limits?: Partial<ClientLimits> | undefined;
  readonly clock?: Clock | undefined;
  /** Unix time in milliseconds. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
  readonly ids?: IdFactory | undefined;
  /** From 0 up to, not including, 1: spreads the waits between tries. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** How a lost connection comes back. */
export interface ReconnectOptions extends Partial<Backoff> {
  /**
   * After so long without a connection the session is over. Default 600,000, as long as a runtime keeps a session that is
   * not connected; `Infinity`: never.
   */
  readonly giveUpMs?: number | undefined;
}

/** Options of `connect`. */
export interface ConnectOptions extends SessionOptions {
  /** Opens a transport to the runtime: called for the first connection and for each that replaces a lost one. */
  readonly dial: (offer: { readonly signal: AbortSignal }) => Promise<Transport>;
  /** Credentials, or where to get them before each connection. */
  readonly auth: AuthBlock | (() => MaybePromise<AuthBlock>);
  /** Who we say we are. */
  readonly client: ClientIdentity;
  /**
   * What we propose. `binary_encoding: ['sidecar']` has binary data go in binary messages beside the JSON, a quarter less of
   * it, where the runtime and the transport can. It is not proposed by itself: base64 needs nothing to be loaded.
   */
  readonly capabilities?: Negotiated | undefined;
  /** Capabilities or extensions without which we want no session. */
  readonly required?: readonly string[] | undefined;
  /** Fingerprint the runtime must have, letter for letter. */
  readonly fingerprint?: string | undefined;
  /** Answers a challenge, up to three times. `refusal`: why the response before was not good enough. */
  readonly answerChallenge?:
    | ((
        challenge: string,
        context: { readonly attempt: number; readonly refusal: ArcpError | undefined },
      ) => MaybePromise<string>)
    | undefined;
  /** A session of before, such as of the page before it was reloaded, and the last of its messages that was seen. */
  readonly resume?: { readonly sessionId: SessionId; readonly afterMessageId?: MessageId | undefined } | undefined;
  /** How a lost connection comes back; `false`: it ends the session. */
  readonly reconnect?: ReconnectOptions | false | undefined;
  /** Ends connecting; `connect` rejects with its reason. A session that stands is not touched by it. */
  readonly signal?: AbortSignal | undefined;
}

/** Session options with every default in its place. */
export interface ResolvedOptions {
  readonly requestTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly heartbeat: 'report' | 'fail';
  readonly respondedBy: string;
  readonly limits: ClientLimits;
  readonly clock: Clock;
  readonly now: () => number;
  readonly ids: IdFactory;
  readonly random: () => number;
}

/** What connecting again takes. */
export interface ResolvedConnect
  extends Omit<ConnectOptions, keyof SessionOptions | 'reconnect' | 'signal'>,
    ResolvedOptions {
  /** Absent: a lost connection ends the session. */
  readonly backoff: (Backoff & { readonly giveUpMs: number }) | undefined;
}

/**
 * Fills in the defaults.
 *
 * @throws {TypeError} @throws {RangeError} an option that is none.
 */
export function resolveSession(options: SessionOptions, respondedBy: string): ResolvedOptions {
  const { requestTimeoutMs = 30_000, keepAliveMs = 30_000, heartbeat = 'report', now = Date.now } = options;
  assertInteger(requestTimeoutMs, 'requestTimeoutMs', 1);
  assertInteger(keepAliveMs, 'keepAliveMs', 0);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  for (const [name, limit] of Object.entries(limits)) assertInteger(limit, `limits.${name}`, 1);
  return {
    requestTimeoutMs,
    keepAliveMs,
    heartbeat,
    respondedBy: options.respondedBy ?? respondedBy,
    limits,
    clock: options.clock ?? systemClock,
    now,
    ids: options.ids ?? idFactory({ now }),
    random: options.random ?? Math.random,
  };
}

/** Fills in the defaults. Throws as {@link resolveSession}. */
export function resolveConnect(options: ConnectOptions): ResolvedConnect {
  const { reconnect = {} } = options;
  assertSignal(options.signal);
  return {
    ...options,
    ...resolveSession(options, options.client.kind),
    backoff: reconnect === false ? undefined : resolveBackoff(reconnect),
  };
}

function resolveBackoff({ initialDelayMs = 500, maxDelayMs = 30_000, giveUpMs = 600_000 }: ReconnectOptions) {
  assertInteger(initialDelayMs, 'initialDelayMs', 0);
  assertInteger(maxDelayMs, 'maxDelayMs', 0);
  if (giveUpMs !== Number.POSITIVE_INFINITY) assertInteger(giveUpMs, 'giveUpMs', 0);
  return { initialDelayMs, maxDelayMs, giveUpMs };
}
