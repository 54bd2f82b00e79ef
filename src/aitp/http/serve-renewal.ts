// Renewal of tokens over HTTP (AITP 0.2, section 5.6), for whoever granted them: opt-in, since the protocol has only planned
// it. The address is the one our Manifest names; holders must not guess another.

import { assertInteger } from '../../bytes/assert.js';
import type { Verified } from '../../documents/verified.js';
import { type AitpAgent, assertHolderManifests, type HolderManifests } from '../agent.js';
import { rateWindow } from '../rate-window.js';
import type { RenewedTct } from '../renewal.js';
import { assertRevocationDecision, type RevocationDecision } from '../revocation.js';
import type { Tct } from '../tct.js';
import { type AitpHandler, type Endpoint, endpoints, POST } from './endpoints.js';
import {
  answerJson,
  assertServePostsOptions,
  posts,
  type ServePostsOptions,
  TooMany,
  WINDOW_SEC,
} from './serve-posts.js';

/** Longest request for renewal that is read, in bytes. */
const MAX_REQUEST_BYTES = 65_536;

/** What {@link serveRenewal} needs. `revocation`, `findManifest` and `onRenewed` have no default. */
export interface ServeRenewalOptions extends ServePostsOptions {
  /** Who granted the tokens. Its Manifest has to be made, and it has to have a memory of identifiers. */
  readonly agent: AitpAgent;
  /** Our own list: `ownRevocations`. */
  readonly revocation: RevocationDecision;
  /**
   * Finds the Manifest of a holder: `manifestOf` of our book of peers. A request whose proof is the one in there, which
   * everybody has, is refused, and so is one of a holder whose Manifest is not found.
   */
  readonly findManifest: HolderManifests;
  /**
   * Told of each new token before it goes out: it is to be remembered with the others of its holder (`rememberIssued` of a
   * book of peers), or else revoking the holder would leave it out. Where it throws, the holder gets nothing.
   */
  readonly onRenewed: (renewed: RenewedTct) => unknown;
  /** What policy leaves of the grants now. Anything it adds is left out. Default: all of them. */
  readonly policy?: (tct: Verified<Tct>) => readonly string[] | Promise<readonly string[]>;
  /** Lifetime in seconds: 1 or more. Default 3,600; cut at the end of the Manifest. */
  readonly ttlSec?: number;
  /** Whether a voucher goes with the new token. Default true. */
  readonly voucher?: boolean;
  /** Path of the endpoint. Default: that of the Manifest's `renewUri`; without either nothing is renewed. */
  readonly path?: string;
  /** Tokens one holder may have renewed in 60 seconds: 1 to 1,000,000. Default 10. */
  readonly maxPerHolder?: number;
}

/**
 * Serves renewal.
 *
 * @returns Handler to compose with others. It never rejects: a fault of our own is answered 500, and `onError` is told.
 * @throws {TypeError | RangeError} options of the wrong kind or out of range.
 * @example
 * ```ts
 * const renewal = serveRenewal({
 *   agent,
 *   revocation: revoked,
 *   findManifest: peers.manifestOf,
 *   onRenewed: ({ tct }) => peers.rememberIssued(tct.subject, tct),
 * })
 * ```
 */
export function serveRenewal(options: ServeRenewalOptions): AitpHandler {
  const { agent, revocation, findManifest, onRenewed, policy, ttlSec, voucher, path, onError } = options;
  const { maxPerHolder = 10, allowedOrigins = '*' } = options;
  if (typeof agent?.processRenewalRequest !== 'function') throw new TypeError('agent must be an AitpAgent');
  assertRevocationDecision(revocation);
  assertHolderManifests(findManifest);
  if (typeof onRenewed !== 'function') throw new TypeError('onRenewed must be a function');
  if (policy !== undefined && typeof policy !== 'function') throw new TypeError('policy must be a function');
  if (path !== undefined && !(typeof path === 'string' && path.startsWith('/'))) {
    throw new TypeError('path must begin with "/"');
  }
  if (ttlSec !== undefined) assertInteger(ttlSec, 'ttlSec', 1);
  assertInteger(maxPerHolder, 'maxPerHolder', 1, 1_000_000);
  assertServePostsOptions(options);
  const { now = agent.now } = options;
  const byHolder = rateWindow({ max: maxPerHolder, windowSec: WINDOW_SEC }, now);

  // Asked once the holder has proved its key: nobody else uses up what it is allowed.
  const counted = (tct: Verified<Tct>) => {
    if (!byHolder.take(tct.subject)) throw new TooMany();
    return policy === undefined ? tct.grants : policy(tct);
  };

  async function take(message: Uint8Array): Promise<Response> {
    const own = { ...(ttlSec === undefined ? {} : { ttlSec }), ...(voucher === undefined ? {} : { voucher }) };
    const renewed = await agent.processRenewalRequest(message, { revocation, findManifest, policy: counted, ...own });
    await onRenewed(renewed);
    return answerJson(renewed.message, 200);
  }

  const answer = posts(take, { ...options, now, maxBodyBytes: MAX_REQUEST_BYTES });
  const route = (asked: string): Endpoint | undefined => {
    const uri = agent.manifest?.addresses.renewUri;
    const ours = path ?? (uri === undefined ? undefined : new URL(uri).pathname);
    return asked === ours ? { methods: POST, answer } : undefined;
  };
  return endpoints(route, { allowedOrigins, onError });
}
