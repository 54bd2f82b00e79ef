// Using a capability over HTTP, where it is provided (AITP 0.2, section 9.3): the token in a header, and beside it either an
// invocation the holder signed for this very request, or the answer to a challenge.
//
// | what came                                        | answer                                            |
// |--------------------------------------------------|---------------------------------------------------|
// | OPTIONS, where pages are served (`methods`)      | 204, what a page may send                         |
// | too much at once, or too often                   | 429                                               |
// | no token                                         | 401                                               |
// | a token, and no proof that its holder asks       | 401, POP_RESPONSE_INVALID, with a challenge       |
// | anything that does not hold, or is not granted   | 403, code                                         |
// | a signed invocation, or an answer to a challenge | let through                                       |
//
// A body is read last: nobody who has proved nothing makes us wait for one, or keep it.

import { systemClock } from '../../clock.js';
import type { Verified } from '../../documents/verified.js';
import { LimitError } from '../../errors.js';
import { discardBody } from '../../http/read-body.js';
import { requestBody } from '../../http/request-body.js';
import { issuePopChallenge, type PopProof, verifyPopResponse } from '../downstream-pop.js';
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
import { rateWindow } from '../rate-window.js';
import { memoryReplayStore } from '../replay-store.js';
import { type Tct, verifyTct } from '../tct.js';
import { addressName } from './address-name.js';
import { challengeTable } from './challenge-table.js';
import {
  corsHeaders,
  INVOCATION_HEADER,
  optionsResponse,
  POP_CHALLENGE_HEADER,
  POP_RESPONSE_HEADER,
  TCT_HEADER,
} from './cors.js';
import { errorBody } from './error-body.js';
import { fromHeader, MAX_HEADER_CHARACTERS, toHeader } from './header-message.js';
import { inFlight } from './in-flight.js';
import { readBounded } from './read-request.js';
import { fitsRequest } from './request-binding.js';
import { assertRequireTctOptions, type RequireTctOptions } from './require-tct-options.js';

/** What became of a request. */
export type TctVerdictOverHttp =
  | {
      readonly authorization: Verified<Authorization>;
      /** The body, which has been read. Empty where there was none. */
      readonly body: Uint8Array;
      /** To be added to the answer, or else no page of another origin can read it. Fresh. */
      readonly headers: Headers;
      readonly response?: undefined;
    }
  | {
      /** What to answer instead. */
      readonly response: Response;
      readonly authorization?: undefined;
      readonly body?: undefined;
      readonly headers?: undefined;
    };

/**
 * Judges a request for the use of a capability. Rejects with faults of our own only.
 *
 * What it lets through holds at that moment: of an answer that takes long, look again with `watchTct`.
 */
export type TctGate = (request: Request, capability: string) => Promise<TctVerdictOverHttp>;

const WINDOW_SEC = 60;

/** Somebody asks too often; it is told nothing but that. */
class TooMany extends Error {}

/** What a request proves about its sender. */
type Proved =
  | {
      readonly authorization: Verified<Authorization>;
      readonly invocation?: Verified<Invocation>;
      readonly challenge?: undefined;
    }
  | { readonly challenge: Response };

/**
 * Makes the guard of capabilities.
 *
 * @throws {TypeError | RangeError} options of the wrong kind or out of range.
 * @example
 * ```ts
 * const gate = requireTct({ agent, revocation: ownRevocations(revoked) })
 * const { authorization, headers, response } = await gate(request, 'calendar.read')
 * if (response !== undefined) return response
 * return Response.json(eventsOf(authorization.holder), { headers })
 * ```
 */
export function requireTct(options: RequireTctOptions): TctGate {
  assertRequireTctOptions(options);
  const { agent, revocation, allowedOrigins = '*', now = agent.now, clock = systemClock, urlOf, origins } = options;
  const { maxBodyBytes = 65_536, bodyTimeoutMs: timeoutMs = 5_000, addressOf } = options;
  const { popRequiredGrants = [], dangerouslyAcceptBearer, dangerouslyAcceptUnboundInvocation } = options;
  const { maxConcurrent = 256, maxConcurrentPerAddress = 32, methods } = options;
  const { maxRequestsPerAddress = 600, maxRequestsPerHolder = 600 } = options;
  const issuer = options.issuer ?? agent.aid;
  const replay = options.replay ?? memoryReplayStore({ now });
  const challenges = challengeTable(options);
  const room = inFlight({ max: maxConcurrent, maxPerAddress: maxConcurrentPerAddress });
  const byAddress = rateWindow({ max: maxRequestsPerAddress, windowSec: WINDOW_SEC }, now);
  const byHolder = rateWindow({ max: maxRequestsPerHolder, windowSec: WINDOW_SEC }, now);

  function granting() {
    const issuerManifest = options.issuerManifest ?? agent.manifest;
    if (issuerManifest === undefined) throw new TypeError('the agent has no Manifest yet: call buildManifest');
    return { issuer, issuerManifest, revocation, now };
  }

  async function judge(request: Request, capability: string): Promise<TctVerdictOverHttp> {
    const token = request.headers.get(TCT_HEADER);
    if (token === null) return { response: refuse(request, 401) };
    const url = addressAsked(request);
    const proved = await whoAsks(request, token, capability);
    if (proved.challenge !== undefined) return { response: proved.challenge };
    const { authorization, invocation } = proved;
    const body = await readBounded(await requestBody(request), request, { maxBodyBytes, timeoutMs, clock });
    if (invocation !== undefined && dangerouslyAcceptUnboundInvocation !== true) {
      const isBound = await fitsRequest(invocation.arguments, { method: request.method, url, body });
      if (!isBound) throw new AitpError('INVALID_ENVELOPE', 'the invocation was signed for another request');
    }
    return { authorization, body, headers: corsHeaders(request, allowedOrigins) };
  }

  function addressAsked(request: Request): string {
    const url = urlOf?.(request) ?? request.url;
    if (origins === undefined || origins.includes(new URL(url).origin)) return url;
    throw new AitpError('INVALID_ENVELOPE', 'a request for another server');
  }

  async function whoAsks(request: Request, token: string, capability: string): Promise<Proved> {
    const signed = request.headers.get(INVOCATION_HEADER);
    const policy = { popRequiredGrants };
    if (signed !== null) {
      const invocation = await invoked(capability, token, signed);
      count(invocation.sender);
      if (!needsProof(capability, policy)) {
        return { authorization: authorizeInvocation(invocation, policy), invocation };
      }
      const proof = await prove(request, invocation.tct);
      if (proof === undefined) return { challenge: await challenge(request, invocation.tct, capability) };
      return { authorization: authorizeInvocation(invocation, { ...policy, proof }), invocation };
    }
    const tct = await presented(token);
    const proof = await prove(request, tct);
    const isBearer = dangerouslyAcceptBearer === true && !needsProof(capability, policy);
    if (proof === undefined && !isBearer) return { challenge: await challenge(request, tct, capability) };
    // Whoever has a bare token is not its holder, and uses up nothing of the holder's.
    count(proof === undefined ? tct.jti : tct.subject);
    const withProof = proof === undefined ? { dangerouslyAcceptBearer: true as const } : { proof };
    return { authorization: authorizePresented(tct, capability, { ...policy, ...withProof }) };
  }

  function count(name: string): void {
    if (!byHolder.take(name)) throw new TooMany();
  }

  async function invoked(capability: string, token: string, signed: string): Promise<Verified<Invocation>> {
    const envelope = fromHeader(signed, 'INVALID_ENVELOPE');
    const maxBytes = MAX_HEADER_CHARACTERS;
    const invocation = await verifyInvocation(envelope, { ...granting(), replay, token, maxBytes });
    if (invocation.capability === capability) return invocation;
    throw new AitpError('POLICY_VIOLATION', 'the invocation is of another capability');
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
    const asked = challenges.find(tct.jti, payload.nonce_echo);
    if (asked === undefined) throw new AitpError('POP_RESPONSE_INVALID', 'an answer to no challenge of ours');
    const proof = await verifyPopResponse(message, { challenge: asked, replay, now });
    challenges.delete(asked);
    return proof;
  }

  async function challenge(request: Request, tct: Verified<Tct>, capability: string): Promise<Response> {
    // Nobody is asked to prove something that would not help.
    if (!tct.grants.includes(capability)) throw new AitpError('POLICY_VIOLATION', 'the capability is not granted');
    const { challenge: asked, message } = await issuePopChallenge(agent.signer, tct, { now });
    challenges.add(asked);
    const response = refuse(request, 401, 'POP_RESPONSE_INVALID');
    response.headers.set(POP_CHALLENGE_HEADER, toHeader(message));
    return response;
  }

  function refuse(request: Request, status: number, code?: AitpError['wireCode']): Response {
    const headers = corsHeaders(request, allowedOrigins);
    headers.set('cache-control', 'no-store');
    if (status === 401) headers.set('www-authenticate', 'AITP');
    if (status === 429) headers.set('retry-after', String(WINDOW_SEC));
    if (code !== undefined) headers.set('content-type', 'application/json');
    return new Response(code === undefined ? null : errorBody(code), { status, headers });
  }

  async function guarded(request: Request, capability: string, name: string | undefined): Promise<TctVerdictOverHttp> {
    try {
      if (name !== undefined && !byAddress.take(name)) throw new TooMany();
      return await judge(request, capability);
    } catch (error) {
      if (error instanceof AitpError) return { response: refuse(request, 403, error.wireCode) };
      // Or the memory of identifiers is full: it does not forget early to make room.
      if (error instanceof TooMany || error instanceof LimitError) return { response: refuse(request, 429) };
      throw error;
    }
  }

  return async (request, capability) => {
    if (methods !== undefined && request.method === 'OPTIONS') {
      const headers = corsHeaders(request, allowedOrigins);
      return discarding(request, { response: optionsResponse(request, headers, [...methods, 'OPTIONS']) });
    }
    const address = addressOf?.(request);
    const name = address === undefined ? undefined : addressName(address);
    const leave = room.enter(name);
    if (leave === undefined) return discarding(request, { response: refuse(request, 429) });
    try {
      return discarding(request, await guarded(request, capability, name));
    } finally {
      leave();
    }
  };
}

/** Lets go of a body that was not read, so that its connection is free again. */
function discarding(request: Request, verdict: TctVerdictOverHttp): TctVerdictOverHttp {
  if (verdict.response !== undefined && !request.bodyUsed) discardBody(request.body ?? null);
  return verdict;
}
