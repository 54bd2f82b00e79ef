// What an agent over HTTP is made of, and the limits it keeps (AITP 0.2, sections 8.4 and 9.2).

import { assertInteger } from '../../bytes/assert.js';
import type { Clock } from '../../clock.js';
import { type AllowedOrigins, assertAllowedOrigins } from '../../http/cors.js';
import type { AitpAgent } from '../agent.js';
import type { HandshakeResponderOptions } from '../handshake/responder.js';
import type { HandshakeResult } from '../handshake/second-round.js';
import type { RevocationEntry } from '../revocation-snapshot.js';
import { type AitpClock, readClock } from '../timestamps.js';
import { assertPublishedIssuerKeys, type PublishedIssuerKeys } from './serve-issuer-keys.js';

/** What a server takes. */
export interface AitpServerLimits {
  /** Longest message of a handshake, in bytes. Default 65,536, at most 262,144. */
  readonly maxBodyBytes: number;
  /** Time for the body of a request, in milliseconds. Default 5,000, at most 60,000. */
  readonly bodyTimeoutMs: number;
  /** Handshakes that wait for their commit. One more ends the oldest. Default 1,000, at most 100,000. */
  readonly maxSessions: number;
  /**
   * Of those, of one identity, whatever keys it comes with: a provider vouches for as many keys as its subject likes. One
   * more ends the oldest of the same identity. Default 32, at most 100,000.
   */
  readonly maxSessionsPerIdentity: number;
  /** Messages read or judged at once; one more is answered 429. Default 256, at most 65,536. */
  readonly maxConcurrent: number;
  /** Of those, of one address. Counted where `addressOf` tells addresses. Default 32, at most 65,536. */
  readonly maxConcurrentPerAddress: number;
  /** Hellos of one address in 60 seconds. Default 30. Counted where `addressOf` tells addresses. */
  readonly maxHellosPerAddress: number;
  /** Hellos one agent signed in 60 seconds. Default 10. */
  readonly maxHellosPerAid: number;
}

/** The default limits. */
export const DEFAULT_AITP_SERVER_LIMITS: AitpServerLimits = /* @__PURE__ */ Object.freeze({
  maxBodyBytes: 65_536,
  bodyTimeoutMs: 5_000,
  maxSessions: 1_000,
  maxSessionsPerIdentity: 32,
  maxConcurrent: 256,
  maxConcurrentPerAddress: 32,
  maxHellosPerAddress: 30,
  maxHellosPerAid: 10,
});

const CEILINGS: AitpServerLimits = /* @__PURE__ */ Object.freeze({
  maxBodyBytes: 262_144,
  bodyTimeoutMs: 60_000,
  maxSessions: 100_000,
  maxSessionsPerIdentity: 100_000,
  maxConcurrent: 65_536,
  maxConcurrentPerAddress: 65_536,
  maxHellosPerAddress: 1_000_000,
  maxHellosPerAid: 1_000_000,
});

/** What {@link serveAitp} needs. */
export interface ServeAitpOptions {
  /** Whose Manifest is served and who shakes hands. Its Manifest has to be made before the first request. */
  readonly agent: AitpAgent;
  /** Path of the handshake, with or without a slash at its end. Default: that of the Manifest's endpoint. */
  readonly handshakePath?: string;
  /** What is to be different in handshakes from the options of the agent. */
  readonly responder?: Partial<HandshakeResponderOptions>;
  /**
   * Told of each finished handshake before its last message goes out: what was granted is to be remembered, so that it can
   * be revoked. Where it throws, the peer gets nothing; of a {@link LimitError} it is told 429.
   */
  readonly onHandshake?: (result: HandshakeResult) => void | Promise<void>;
  /**
   * Tokens taken back and not yet expired; an empty list is published as well. Default: no list is served, and peers that
   * ask for one take every token for revoked. At most some 2,500 entries fit.
   */
  readonly revocations?: () =>
    | readonly (Omit<RevocationEntry, 'revokedAtSec'> & { readonly revokedAtSec?: number })[]
    | Promise<readonly (Omit<RevocationEntry, 'revokedAtSec'> & { readonly revokedAtSec?: number })[]>;
  /** Path of that list. Default `/.well-known/aitp-revocation-list`. */
  readonly revocationPath?: string;
  /**
   * Keys of an issuer of identities that is served here, for peers whose `oidc` proofs come from it; at
   * `/.well-known/aitp-keys` below the issuer. Default: none.
   */
  readonly issuerKeys?: PublishedIssuerKeys;
  /** Answer with `error` envelopes, which not every peer understands, in place of small JSON objects. Default false. */
  readonly signedErrors?: boolean;
  /** Pages that may call. Default `*`: a handshake proves who calls, whatever page it is on. */
  readonly allowedOrigins?: AllowedOrigins;
  /** How long clients may use the Manifest without asking, in seconds: 0 to 86,400. Default 300. */
  readonly manifestMaxAgeSec?: number;
  /** See {@link AitpServerLimits}. */
  readonly limits?: Partial<AitpServerLimits>;
  /**
   * Address a request came from, as the host knows it: never a header that anybody may set. Of IPv6 the first 64 bits count.
   * Default: not known.
   */
  readonly addressOf?: (request: Request) => string | undefined;
  /** Told of faults of our own, which no peer is told of. Must not throw. */
  readonly onError?: (error: unknown) => void;
  /** Unix seconds. Default: the clock of the agent. */
  readonly now?: AitpClock;
  /** Timers. Default: the host's. */
  readonly clock?: Clock;
}

/**
 * Fills in the default limits.
 *
 * @throws {TypeError} an unknown name, or a value that is no number. @throws {RangeError} a value outside its range.
 */
export function resolveAitpLimits(limits: Partial<AitpServerLimits> = {}): AitpServerLimits {
  const resolved: Record<string, number> = { ...DEFAULT_AITP_SERVER_LIMITS };
  for (const [name, value] of Object.entries(limits)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(CEILINGS, name)) throw new TypeError(`limits.${name} is not a limit`);
    assertInteger(value, `limits.${name}`, 1, CEILINGS[name as keyof AitpServerLimits]);
    resolved[name] = value;
  }
  return resolved as unknown as AitpServerLimits;
}

/** @throws {TypeError | RangeError} naming the option. Limits are checked where they are filled in. */
export function assertServeAitpOptions(options: ServeAitpOptions): void {
  const { agent, handshakePath, revocationPath, onHandshake, revocations, addressOf, onError } = options;
  if (typeof agent?.newResponder !== 'function') throw new TypeError('agent must be an AitpAgent');
  for (const [name, path] of Object.entries({ handshakePath, revocationPath })) {
    if (path !== undefined && (typeof path !== 'string' || !path.startsWith('/'))) {
      throw new TypeError(`${name} must be a path that begins with "/"`);
    }
  }
  for (const [name, hook] of Object.entries({ onHandshake, revocations, addressOf, onError })) {
    if (hook !== undefined && typeof hook !== 'function') throw new TypeError(`${name} must be a function`);
  }
  if (options.issuerKeys !== undefined) assertPublishedIssuerKeys(options.issuerKeys);
  if (options.allowedOrigins !== undefined) assertAllowedOrigins(options.allowedOrigins);
  if (options.manifestMaxAgeSec !== undefined) assertInteger(options.manifestMaxAgeSec, 'manifestMaxAgeSec', 0, 86_400);
  if (options.now !== undefined) readClock(options.now);
}
