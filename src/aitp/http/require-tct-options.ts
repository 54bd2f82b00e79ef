// What the guard of capabilities is told, and the limits it keeps (AITP 0.2, sections 5.5 and 9.3).

import { assertInteger } from '../../bytes/assert.js';
import { isOrigin } from '../../bytes/origin.js';
import type { Clock } from '../../clock.js';
import { type AllowedOrigins, assertAllowedOrigins } from '../../http/cors.js';
import type { AitpAgent } from '../agent.js';
import type { ReplayStore } from '../replay-store.js';
import { assertRevocationDecision, type RevocationDecision } from '../revocation.js';
import type { ManifestBound } from '../tct.js';
import { type AitpClock, readClock } from '../timestamps.js';

/** How `requireTct` decides. `revocation` has no default: it is a decision. */
export interface RequireTctOptions {
  /** Us: whoever challenges, and by default whoever granted. */
  readonly agent: AitpAgent;
  /** For tokens we granted, our own list: `ownRevocations`. */
  readonly revocation: RevocationDecision;
  /** AID of the one whose tokens count. Default: the agent itself. */
  readonly issuer?: string;
  /** How long its Manifest holds. Default for our own: the agent's Manifest. */
  readonly issuerManifest?: ManifestBound;
  /** Grants each use of which asks for an answer to a challenge, signed invocation or not. Default none. */
  readonly popRequiredGrants?: readonly string[];
  /** Take invocations that do not name the request, as other implementations make them: each could go with any request. */
  readonly dangerouslyAcceptUnboundInvocation?: true;
  /** Take a token from whoever has it, without any proof. */
  readonly dangerouslyAcceptBearer?: true;
  /** Memory of message identifiers. Default: one of its own, of 100,000. */
  readonly replay?: ReplayStore;
  /** Address a caller asked, where the host sees another one, as behind a proxy. Default: that of the request. */
  readonly urlOf?: (request: Request) => string;
  /**
   * Origins that are ours, such as `https://agent.example`: an invocation signed for another one is refused, whatever host the
   * request names. Needed where tokens of another issuer count and `urlOf` is not given: other servers take those as well, and
   * one of them could pass on to us what it was sent. Default: any.
   */
  readonly origins?: readonly string[];
  /** Longest body, in bytes: 0 to 64 MiB. Default 65,536. */
  readonly maxBodyBytes?: number;
  /** Time for the body, in milliseconds: 1 to 60,000. Default 5,000. */
  readonly bodyTimeoutMs?: number;
  /** Pages that may ask, and read the refusals made here. Default `*`. */
  readonly allowedOrigins?: AllowedOrigins;
  /**
   * Methods a page may use, such as `GET`. A browser asks before (OPTIONS, without a token), and is answered here. Default:
   * none, and OPTIONS is judged as every other request is.
   */
  readonly methods?: readonly string[];
  /** Most challenges that wait for their answer: 1 to 100,000. Default 10,000. One more forgets the oldest. */
  readonly maxChallenges?: number;
  /** Of those, about one token: 1 to 1,000. Default 16. One more forgets the oldest about that token, and no other. */
  readonly maxChallengesPerToken?: number;
  /** Requests read or judged at once; one more is answered 429: 1 to 65,536. Default 256. */
  readonly maxConcurrent?: number;
  /** Of those, of one address, where `addressOf` tells addresses: 1 to 65,536. Default 32. */
  readonly maxConcurrentPerAddress?: number;
  /** Requests of one address in 60 seconds, where `addressOf` tells addresses: 1 to 1,000,000. Default 600. */
  readonly maxRequestsPerAddress?: number;
  /** Requests one holder proved to be its own in 60 seconds: 1 to 1,000,000. Default 600. */
  readonly maxRequestsPerHolder?: number;
  /**
   * Address a request came from, as the host knows it: never a header that anybody may set. Of IPv6 the first 64 bits count.
   * Default: not known.
   */
  readonly addressOf?: (request: Request) => string | undefined;
  /** Unix seconds. Default: the clock of the agent. */
  readonly now?: AitpClock;
  readonly clock?: Clock;
}

/** @throws {TypeError | RangeError} naming the option. */
export function assertRequireTctOptions(options: RequireTctOptions): void {
  const { agent, revocation, allowedOrigins = '*', methods = [], origins, urlOf, addressOf, now } = options;
  if (typeof agent?.aid !== 'string') throw new TypeError('agent must be an AitpAgent');
  assertRevocationDecision(revocation);
  assertAllowedOrigins(allowedOrigins);
  if (!(Array.isArray(methods) && methods.every((method) => typeof method === 'string' && /^[A-Z]+$/.test(method)))) {
    throw new TypeError('methods must be a list of methods, such as "GET"');
  }
  for (const [name, hook] of Object.entries({ urlOf, addressOf })) {
    if (hook !== undefined && typeof hook !== 'function') throw new TypeError(`${name} must be a function`);
  }
  if (origins !== undefined && !(Array.isArray(origins) && origins.every(isOrigin))) {
    throw new TypeError('origins must be a list of origins, such as "https://agent.example"');
  }
  for (const [name, [least, most]] of Object.entries(RANGES)) {
    const value = options[name as keyof typeof RANGES];
    if (value !== undefined) assertInteger(value, name, least, most);
  }
  if (now !== undefined) readClock(now);
  if (options.issuer === undefined || options.issuer === agent.aid) return;
  if (options.issuerManifest === undefined) throw new TypeError('issuerManifest must be given');
  if (origins === undefined && urlOf === undefined) throw new TypeError('origins or urlOf must be given');
}

const RANGES = /* @__PURE__ */ Object.freeze({
  maxBodyBytes: [0, 67_108_864],
  bodyTimeoutMs: [1, 60_000],
  maxChallenges: [1, 100_000],
  maxChallengesPerToken: [1, 1_000],
  maxConcurrent: [1, 65_536],
  maxConcurrentPerAddress: [1, 65_536],
  maxRequestsPerAddress: [1, 1_000_000],
  maxRequestsPerHolder: [1, 1_000_000],
} as const);
