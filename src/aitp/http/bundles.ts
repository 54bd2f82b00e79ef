// Publishing and fetching session bundles over HTTP (AITP 0.2, section 12, a draft).

import type { Clock } from '../../clock.js';
import type { Verified } from '../../documents/verified.js';
import type { AddressRules } from '../../http/address.js';
import { boundedFetch, type FetchLike } from '../../http/bounded-fetch.js';
import { MAX_BUNDLE_BYTES } from '../constants.js';
import { AitpError } from '../errors.js';
import type { Manifest } from '../manifest.js';
import { type SessionBundle, type VerifySessionBundleOptions, verifySessionBundle } from '../session-bundle.js';
import { isUuid } from '../uuid.js';
import { errorOfResponse } from './error-body.js';
import { BUNDLE_PATH } from './serve-bundles.js';

/** How bundles are sent and fetched. */
export interface BundleRequestOptions extends AddressRules {
  /** Default: the runtime's. It must not follow redirects when told `redirect: 'manual'`. */
  readonly fetch?: FetchLike;
  readonly signal?: AbortSignal;
  /** Time for everything, in milliseconds: 1 to 600,000. Default 10,000. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

/** Address of the bundles of an agent, as its Manifest says, or at the usual path of the handshake's origin. */
export function bundleUrl({ addresses, handshakeEndpoint }: Manifest): string {
  return addresses.bundleUri ?? new URL(BUNDLE_PATH, handshakeEndpoint).href;
}

/**
 * Publishes a bundle to a member.
 *
 * @param url `bundleUrl` of the member's Manifest.
 * @param bundle As it was built: JSON text.
 * @throws {AitpPeerError} the member says why not. @throws {HttpError} no answer, or none of use.
 * @throws `signal.reason`, untouched. @throws {TypeError | RangeError} an argument of the wrong kind or range.
 */
export async function publishBundle(url: string, bundle: string, options: BundleRequestOptions = {}): Promise<void> {
  const response = await boundedFetch(url, {
    ...options,
    timeoutMs: options.timeoutMs ?? 10_000,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: bundle,
    accept: 'application/json',
  });
  if (response.status < 200 || response.status >= 300) throw errorOfResponse(response);
}

/**
 * Fetches the bundle of a session, and verifies it.
 *
 * @param url `bundleUrl` of whoever has it.
 * @throws {AitpError} as `verifySessionBundle`; SESSION_BUNDLE_INVALID: also the bundle of another session.
 *   {@link AitpPeerError}: why not. @throws {HttpError} no answer, or none of use.
 * @throws `signal.reason`, untouched. @throws {TypeError | RangeError} an argument of the wrong kind or range.
 */
export async function fetchBundle(
  url: string,
  sessionId: string,
  options: BundleRequestOptions & VerifySessionBundleOptions,
): Promise<Verified<SessionBundle>> {
  if (!isUuid(sessionId)) throw new TypeError('sessionId must be a UUID of version 4 in lower case');
  const response = await boundedFetch(`${url.replace(/\/$/, '')}/${sessionId}`, {
    ...options,
    timeoutMs: options.timeoutMs ?? 10_000,
    maxBodyBytes: options.maxBytes ?? MAX_BUNDLE_BYTES,
    accept: 'application/json',
  });
  if (response.status !== 200) throw errorOfResponse(response);
  const bundle = await verifySessionBundle(response.body, options);
  if (bundle.sessionId === sessionId) return bundle;
  throw new AitpError('SESSION_BUNDLE_INVALID', 'the bundle of another session');
}
