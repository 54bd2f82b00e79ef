// Using a capability over HTTP, where it is provided (AITP 0.2, section 9.3): the token in a header, and beside it either an
// invocation the holder signed for this very request, or the answer to a challenge.
//
// | what came                                        | answer                                            |
// |--------------------------------------------------|---------------------------------------------------|
// | no token                                         | 401                                               |
// | a token, and no proof that its holder asks       | 401, POP_RESPONSE_INVALID, with a challenge       |
// | anything that does not hold, or is not granted   | 403, code                                         |
// | a signed invocation, or an answer to a challenge | let through                                       |

import { assertInteger } from '../../bytes/assert.js';
import { type Clock, systemClock } from '../../clock.js';
import type { Verified } from '../../documents/verified.js';
import { LimitError } from '../../errors.js';
import { type AllowedOrigins, assertAllowedOrigins } from '../../http/cors.js';
import { requestBody } from '../../http/request-body.js';
import type { AitpAgent } from '../agent.js';
import { issuePopChallenge, type PopChallenge, type PopProof, verifyPopResponse } from '../downstream-pop.js';
import { parseEnvelope } from '../envelope.js';
import { AitpError } from '../errors.js';
import {
  type Authorization,
  authorizeInvocation,
  authorizePresented,
  type Invocation,
  needsProof,
  verifyInvocation,
} from '../invocation.js';
import { memoryReplayStore, type ReplayStore } from '../replay-store.js';
import { assertRevocationDecision, type RevocationDecision } from '../revocation.js';
import { type ManifestBound, type Tct, verifyTct } from '../tct.js';
import { type AitpClock, readClock, systemClockSec } from '../timestamps.js';
import { corsHeaders, INVOCATION_HEADER, POP_CHALLENGE_HEADER, POP_RESPONSE_HEADER, TCT_HEADER } from './cors.js';
import { errorBody } from './error-body.js';
import { fromHeader, MAX_HEADER_CHARACTERS, toHeader } from './header-message.js';
import { readBounded } from './read-request.js';
import { fitsRequest } from './request-binding.js';

/** How {@link requireTct} decides. `revocation` has no default: it is a decision. */
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
  /** Longest body, in bytes: 0 to 64 MiB. Default 65,536. */
  readonly maxBodyBytes?: number;
  /** Time for the body, in milliseconds: 1 to 60,000. Default 5,000. */
  readonly bodyTimeoutMs?: number;
  /** Pages that may read the refusals made here. Default `*`. */
  readonly allowedOrigins?: AllowedOrigins;
  /** Most challenges that wait for their answer: 1 to 100,000. Default 10,000. One more forgets the oldest. */
  readonly maxChallenges?: number;
  /** The clock of the agent, in Unix seconds. Default: the host's. */
  readonly now?: AitpClock;
  readonly clock?: Clock;
}

/** What became of a request. */
export type TctVerdictOverHttp =
  | {
      readonly authorization: Verified<Authorization>;
      /** The body, which has been read. Empty where there was none. */
      readonly body: Uint8Array;
      readonly response?: undefined;
    }
  | {
      /** What to answer instead. */
      readonly response: Response;
      readonly authorization?: undefined;
      readonly body?: undefined;
    };

/** Judges a request for the use of a capability. Rejects with faults of our own only. */
export type TctGate = (request: Request, capability: string) => Promise<TctVerdictOverHttp>;

/**
 * Makes the guard of capabilities.
 *
 * @throws {TypeError | RangeError} options of the wrong kind or out of range.
 * @example
 * ```ts
 * const gate = requireTct({ agent, revocation: ownRevocations(revoked) })
 * const { authorization, body, response } = await gate(request, 'calendar.read')
 * if (response !== undefined) return response
 * ```
 */
export function requireTct(options: RequireTctOptions): TctGate {
  const { agent, revocation, allowedOrigins = '*', now = systemClockSec, clock = systemClock, urlOf } = options;
  const { maxBodyBytes = 65_536, bodyTimeoutMs: timeoutMs = 5_000, maxChallenges = 10_000 } = options;
  const { popRequiredGrants = [], dangerouslyAcceptBearer, dangerouslyAcceptUnboundInvocation } = options;
  if (typeof agent?.aid !== 'string') throw new TypeError('agent must be an AitpAgent');
  assertRevocationDecision(revocation);
  assertAllowedOrigins(allowedOrigins);
  assertInteger(maxBodyBytes, 'maxBodyBytes', 0, 67_108_864);
  assertInteger(timeoutMs, 'bodyTimeoutMs', 1, 60_000);
  assertInteger(maxChallenges, 'maxChallenges', 1, 100_000);
  readClock(now);
  const issuer = options.issuer ?? agent.aid;
  if (issuer !== agent.aid && options.issuerManifest === undefined) throw new TypeError('issuerManifest must be given');
  const replay = options.replay ?? memoryReplayStore({ now });
  const challenges = new Map<string, PopChallenge>();

  function granting() {
    const issuerManifest = options.issuerManifest ?? agent.manifest;
    if (issuerManifest === undefined) throw new TypeError('the agent has no Manifest yet: call buildManifest');
    return { issuer, issuerManifest, revocation, now };
  }

  async function judge(request: Request, capability: string): Promise<TctVerdictOverHttp> {
    const body = await readBounded(await requestBody(request), request, { maxBodyBytes, timeoutMs, clock });
    const token = request.headers.get(TCT_HEADER);
    if (token === null) return { response: refuse(request, 401) };
    const signed = request.headers.get(INVOCATION_HEADER);
    const policy = { popRequiredGrants };
    if (signed !== null) {
      const invocation = await invoked(request, capability, token, signed, body);
      if (!needsProof(capability, policy)) return { authorization: authorizeInvocation(invocation, policy), body };
      const proof = await prove(request, invocation.tct);
      if (proof === undefined) return { response: await challenge(request, invocation.tct, capability) };
      return { authorization: authorizeInvocation(invocation, { ...policy, proof }), body };
    }
    const tct = await presented(token);
    const proof = await prove(request, tct);
    const isBearer = dangerouslyAcceptBearer === true && !needsProof(capability, policy);
    if (proof === undefined && !isBearer) return { response: await challenge(request, tct, capability) };
    const waiver = isBearer ? { dangerouslyAcceptBearer } : {};
    const withProof = proof === undefined ? waiver : { proof };
    return { authorization: authorizePresented(tct, capability, { ...policy, ...withProof }), body };
  }

  async function invoked(
    request: Request,
    capability: string,
    token: string,
    signed: string,
    body: Uint8Array,
  ): Promise<Verified<Invocation>> {
    const envelope = fromHeader(signed, 'INVALID_ENVELOPE');
    const url = urlOf?.(request) ?? request.url;
    const bound = { method: request.method, url, body };
    const invocation = await verifyInvocation(envelope, {
      ...granting(),
      replay,
      token,
      maxBytes: MAX_HEADER_CHARACTERS,
    });
    const { capability: named, arguments: args } = invocation;
    if (named !== capability) throw new AitpError('POLICY_VIOLATION', 'the invocation is of another capability');
    const isBound = dangerouslyAcceptUnboundInvocation === true || (await fitsRequest(args, bound));
    if (!isBound) throw new AitpError('INVALID_ENVELOPE', 'the invocation was signed for another request');
    return invocation;
  }

  /** A token as its holder, or anybody, may present it: the holder is whoever it names. */
  function presented(token: string): Promise<Verified<Tct>> {
    return verifyTct(token, { ...granting(), audience: { dangerouslyAcceptAnyHolder: true } });
  }

  /** The proof that came with a request; `undefined` where none did. */
  async function prove(request: Request, tct: Verified<Tct>): Promise<Verified<PopProof> | undefined> {
    const answer = request.headers.get(POP_RESPONSE_HEADER);
    if (answer === null) return undefined;
    const message = fromHeader(answer, 'POP_RESPONSE_INVALID');
    const { payload } = parseEnvelope(message, { maxBytes: MAX_HEADER_CHARACTERS });
    const name = challengeName(tct.jti, payload.nonce_echo);
    const asked = challenges.get(name);
    if (asked === undefined) throw new AitpError('POP_RESPONSE_INVALID', 'an answer to no challenge of ours');
    const proof = await verifyPopResponse(message, { challenge: asked, replay, now });
    challenges.delete(name);
    return proof;
  }

  async function challenge(request: Request, tct: Verified<Tct>, capability: string): Promise<Response> {
    // Nobody is asked to prove something that would not help.
    if (!tct.grants.includes(capability)) throw new AitpError('POLICY_VIOLATION', 'the capability is not granted');
    const { challenge: asked, message } = await issuePopChallenge(agent.signer, tct, { now });
    if (challenges.size >= maxChallenges) for (const oldest of challenges.keys()) if (challenges.delete(oldest)) break;
    challenges.set(challengeName(asked.jti, asked.nonce), asked);
    const response = refuse(request, 401, 'POP_RESPONSE_INVALID');
    response.headers.set(POP_CHALLENGE_HEADER, toHeader(message));
    return response;
  }

  function refuse(request: Request, status: number, code?: AitpError['wireCode']): Response {
    const headers = corsHeaders(request, allowedOrigins);
    headers.set('cache-control', 'no-store');
    if (status === 401) headers.set('www-authenticate', 'AITP');
    if (code !== undefined) headers.set('content-type', 'application/json');
    return new Response(code === undefined ? null : errorBody(code), { status, headers });
  }

  return async (request, capability) => {
    try {
      return await judge(request, capability);
    } catch (error) {
      if (error instanceof AitpError) return { response: refuse(request, 403, error.wireCode) };
      // The memory of identifiers is full: it does not forget early to make room.
      if (error instanceof LimitError) return { response: refuse(request, 429) };
      throw error;
    }
  };
}

function challengeName(jti: string, nonce: unknown): string {
  return `${jti} ${typeof nonce === 'string' ? nonce : ''}`;
}
