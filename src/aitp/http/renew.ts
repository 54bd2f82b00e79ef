// Asking for the renewal of a token over HTTP (AITP 0.2, section 5.6), as its holder.

import type { Clock } from '../../clock.js';
import type { Verified } from '../../documents/verified.js';
import { type AddressRules, judgeUrl } from '../../http/address.js';
import { boundedFetch, type FetchLike } from '../../http/bounded-fetch.js';
import type { AitpAgent } from '../agent.js';
import { AitpError } from '../errors.js';
import type { Manifest } from '../manifest.js';
import type { SendRenewal } from '../peers.js';
import { readRenewal } from '../renewal.js';
import type { RevocationDecision } from '../revocation.js';
import type { IssuedTct, Tct } from '../tct.js';
import type { AitpClock } from '../timestamps.js';
import { errorOfResponse } from './error-body.js';

/** Longest answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 131_072;

/** How a request for renewal is sent. */
export interface HttpRenewalOptions extends AddressRules {
  /** Default: the runtime's. It must not follow redirects when told `redirect: 'manual'`. */
  readonly fetch?: FetchLike;
  /** Time for everything, in milliseconds: 1 to 600,000. Default 10,000. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

/**
 * Sends requests for renewal over HTTP, for a book of peers.
 *
 * The address is one the peer's Manifest names: it may be no less public than the peer itself, whatever the rules, and no
 * redirect is followed.
 *
 * @returns Rejects with AitpPeerError where the issuer says why not, and with HttpError otherwise.
 */
export function httpRenewal(options: HttpRenewalOptions = {}): SendRenewal {
  const { timeoutMs = 10_000 } = options;
  return async (url, body, { signal, peer }) => {
    const response = await boundedFetch(judgeUrl(url, options, new URL(peer.handshakeEndpoint)).href, {
      ...options,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal,
      timeoutMs,
      maxBodyBytes: MAX_ANSWER_BYTES,
      accept: 'application/json',
    });
    if (response.status >= 200 && response.status < 300) return response.body;
    throw errorOfResponse(response);
  };
}

/** What {@link renewOverHttp} needs. */
export interface RenewOverHttpOptions extends HttpRenewalOptions {
  /** How it is found out whether the new token was revoked. */
  readonly revocation: RevocationDecision;
  /** Unix seconds. Default: the clock of the agent. */
  readonly now?: AitpClock;
  readonly signal?: AbortSignal;
}

/**
 * Has one of our tokens renewed by its issuer.
 *
 * @param current A token of ours.
 * @param manifest Manifest of its issuer.
 * @returns The new token, verified, and the voucher that came with it.
 * @throws {AitpError} INVALID_ENVELOPE: the Manifest is of another agent, or names no address: a handshake is due. Otherwise
 *   as `readRenewal`. {@link AitpPeerError}: the issuer says why not. @throws {HttpError} no answer, or none of use.
 * @throws `signal.reason`, untouched. @throws {TypeError | RangeError} an argument of the wrong kind or range.
 */
export async function renewOverHttp(
  agent: AitpAgent,
  current: Verified<Tct>,
  manifest: Verified<Manifest>,
  options: RenewOverHttpOptions,
): Promise<IssuedTct> {
  const { revocation, now = agent.now, signal } = options;
  signal?.throwIfAborted();
  const url = manifest.addresses.renewUri;
  if (manifest.aid !== current.issuer)
    throw new AitpError('INVALID_ENVELOPE', 'the Manifest is not that of the issuer');
  if (url === undefined) throw new AitpError('INVALID_ENVELOPE', 'the issuer does not say where it renews tokens');
  const body = await agent.buildRenewalRequest(current);
  const waiting = signal ?? new AbortController().signal;
  const answer = await httpRenewal(options)(url, body, { signal: waiting, peer: manifest });
  return readRenewal(answer, {
    current,
    now,
    issuerManifest: manifest,
    revocation,
    ...(signal === undefined ? {} : { signal }),
  });
}
