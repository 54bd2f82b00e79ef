// Fetching a Manifest from where agents publish it (sections 4.2, step 0, and 9): over https, without redirects, within
// limits, and verified before anybody sees it.

import type { Clock } from '../../clock.js';
import type { Verified } from '../../documents/verified.js';
import { HttpError } from '../../errors.js';
import type { AddressRules } from '../../http/address.js';
import { type BoundedResponse, boundedFetch, type FetchLike } from '../../http/bounded-fetch.js';
import { freshnessMs } from '../../http/cache-policy.js';
import { AitpError } from '../errors.js';
import { type Manifest, type VerifyManifestOptions, verifyManifest, verifyManifestBody } from '../manifest.js';
import type { ManifestCache } from '../manifest-cache.js';

/** Where a Manifest is, below the origin of its agent. */
export const MANIFEST_PATH = '/.well-known/aitp-manifest';

/** How a Manifest is fetched. */
export interface FetchManifestOptions extends Omit<VerifyManifestOptions, 'maxBytes'>, AddressRules {
  /** Where Manifests are kept between calls, by AID. Of use only with `expectedAid`. Default: nowhere. */
  readonly cache?: ManifestCache;
  /** Default: the runtime's. It must not follow redirects when told `redirect: 'manual'`. */
  readonly fetch?: FetchLike;
  readonly signal?: AbortSignal;
  /** Time for everything, in milliseconds: 1 to 600,000. Default 10,000. */
  readonly timeoutMs?: number;
  /** Length of the Manifest, in bytes. Default 262,144. */
  readonly maxBodyBytes?: number;
  readonly clock?: Clock;
}

/**
 * Fetches and verifies the Manifest of the agent at an origin.
 *
 * What is kept is verified from the start each time it is used, and never gives way to an older Manifest of its agent.
 *
 * @param origin `https://host` or `https://host:port`; a path is ignored.
 * @throws {AitpError} MANIFEST_NOT_FOUND: no answer, a redirect, another status than 2xx, or a body too long, with the
 *   HttpError as `cause`. Otherwise as `verifyManifest`.
 * @throws `signal.reason`, untouched.
 * @throws {TypeError | RangeError} an argument of the wrong kind or out of range.
 */
export async function fetchManifest(origin: string, options: FetchManifestOptions): Promise<Verified<Manifest>> {
  const { cache, expectedAid, maxBodyBytes = 262_144 } = options;
  if (cache !== undefined && expectedAid !== undefined) {
    const kept = await takeOut(cache, expectedAid, options);
    if (kept !== undefined) return kept;
  }
  const response = await ask(manifestUrl(origin), options, maxBodyBytes);
  const fetched = await verifyManifest(response.body, { ...options, maxBytes: maxBodyBytes });
  if (cache === undefined) return fetched;
  const nowSec = options.now();
  const freshSec = Math.floor((freshnessMs(response.headers, nowSec * 1_000) ?? 0) / 1_000);
  const stands = cache.offer(fetched, Math.min(nowSec + freshSec, fetched.expiresAtSec));
  return stands === fetched ? fetched : verifyManifestBody(stands.body, options);
}

/** What is kept and fresh. One that has expired since is as good as none: the agent may have published the next. */
async function takeOut(
  cache: ManifestCache,
  aid: string,
  options: FetchManifestOptions,
): Promise<Verified<Manifest> | undefined> {
  try {
    return await cache.get(aid, options);
  } catch (error) {
    if (error instanceof AitpError && error.wireCode === 'MANIFEST_EXPIRED') return undefined;
    throw error;
  }
}

/** The address of the Manifest of the agent at an origin. @throws {AitpError} MANIFEST_NOT_FOUND: no URL. */
export function manifestUrl(origin: string): string {
  try {
    return new URL(MANIFEST_PATH, origin).href;
  } catch (cause) {
    throw new AitpError('MANIFEST_NOT_FOUND', 'the origin of the agent is no URL', { cause });
  }
}

async function ask(url: string, options: FetchManifestOptions, maxBodyBytes: number): Promise<BoundedResponse> {
  const { fetch, signal, clock, timeoutMs = 10_000, allowHttpLoopback, allowPrivateHosts } = options;
  let response: BoundedResponse;
  try {
    response = await boundedFetch(url, {
      fetch,
      signal,
      clock,
      allowHttpLoopback,
      allowPrivateHosts,
      timeoutMs,
      maxBodyBytes,
      accept: 'application/json',
    });
  } catch (cause) {
    if (!(cause instanceof HttpError)) throw cause;
    throw new AitpError('MANIFEST_NOT_FOUND', 'the Manifest could not be fetched', { cause });
  }
  if (response.status >= 200 && response.status < 300) return response;
  throw new AitpError('MANIFEST_NOT_FOUND', `the answer to the request for a Manifest was ${response.status}`);
}
