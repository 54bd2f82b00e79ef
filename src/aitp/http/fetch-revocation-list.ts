// Revocation lists over HTTP (AITP 0.2, sections 7.3, 7.4 and 9.2): where an issuer publishes its list, how it is fetched,
// and how long it is believed. A fetch that failed is never an empty list.

import { assertInteger } from '../../bytes/assert.js';
import { type Clock, systemClock } from '../../clock.js';
import type { Verified } from '../../documents/verified.js';
import { HttpError } from '../../errors.js';
import { type AddressRules, judgeUrl } from '../../http/address.js';
import { boundedFetch, type FetchLike } from '../../http/bounded-fetch.js';
import { freshnessMs } from '../../http/cache-policy.js';
import { startDeadline } from '../../http/deadline.js';
import { unlessAborted } from '../../unless-aborted.js';
import { DEFAULT_MAX_STALENESS_SEC, MAX_SNAPSHOT_BYTES } from '../constants.js';
import type { Manifest } from '../manifest.js';
import { judgeRevocation, type RevocationCheck, type RevocationPolicy, snapshotMemory } from '../revocation.js';
import { type RevocationSnapshot, type VerifySnapshotOptions, verifySnapshot } from '../revocation-snapshot.js';
import { type AitpClock, readClock, systemClockSec } from '../timestamps.js';

/** Where the list is where a Manifest does not say, below the origin of the handshake. */
export const REVOCATION_LIST_PATH = '/.well-known/aitp-revocation-list';

/** Longest a list is used before it is asked for again, in milliseconds. */
const MAX_FRESH_MS = 60_000;

/** How long nothing is asked after a fetch that failed, in milliseconds. */
const FAILURE_PAUSE_MS = 5_000;

/** How a list is fetched. */
export interface FetchRevocationListOptions extends AddressRules {
  /** Default: the runtime's. It must not follow redirects when told `redirect: 'manual'`. */
  readonly fetch?: FetchLike;
  readonly signal?: AbortSignal;
  /** Time for everything, in milliseconds: 1 to 600,000. Default 5,000. */
  readonly timeoutMs?: number;
  /** Dates that servers write are compared with this, in Unix seconds. Default: the host's. */
  readonly now?: AitpClock;
  readonly clock?: Clock;
}

/** A list as it came. Nothing is verified. */
export interface FetchedRevocationList {
  readonly body: Uint8Array;
  /** How long its server lets it be used, in milliseconds; `undefined` where it does not say. */
  readonly freshMs: number | undefined;
}

/** How {@link httpRevocation} works. */
export interface HttpRevocationOptions
  extends Omit<FetchRevocationListOptions, 'signal'>,
    Omit<VerifySnapshotOptions, 'maxBytes'> {
  /**
   * Finds the list of an issuer: its Manifest, or an address. `undefined`: not known, and the policy decides; so too where
   * it takes longer than `timeoutMs`. What a Manifest names may be no less public than the agent itself.
   */
  readonly locate: (issuer: string) => Manifest | string | undefined | Promise<Manifest | string | undefined>;
  /** What happens when nothing usable is known. Default: every token counts as revoked. */
  readonly policy?: RevocationPolicy;
  /** Most issuers whose newest list is remembered: 1 to 100,000. Default 1,000. */
  readonly maxIssuers?: number;
}

/** Address of the list of an agent, as its Manifest says. */
export function revocationListUrl({ addresses, handshakeEndpoint }: Manifest): string {
  return addresses.revocationListUri ?? new URL(REVOCATION_LIST_PATH, handshakeEndpoint).href;
}

/** The same, judged as a redirect by its agent would be. @throws {HttpError} ERR_HTTP_URL. */
function judgedListUrl(manifest: Manifest, rules: AddressRules): string {
  return judgeUrl(revocationListUrl(manifest), rules, new URL(manifest.handshakeEndpoint)).href;
}

/**
 * Fetches a list, without verifying it.
 *
 * @throws {HttpError} no answer, a redirect, another status than 200, or a body of more than 256 KiB.
 * @throws `signal.reason`, untouched. @throws {TypeError | RangeError} an argument of the wrong kind or range.
 */
export async function fetchRevocationList(
  url: string,
  options: FetchRevocationListOptions = {},
): Promise<FetchedRevocationList> {
  const {
    fetch,
    signal,
    clock,
    timeoutMs = 5_000,
    now = systemClockSec,
    allowHttpLoopback,
    allowPrivateHosts,
  } = options;
  const { body, headers } = await boundedFetch(url, {
    fetch,
    signal,
    clock,
    allowHttpLoopback,
    allowPrivateHosts,
    timeoutMs,
    maxBodyBytes: MAX_SNAPSHOT_BYTES,
    expectStatus: [200],
    accept: 'application/json',
  });
  return { body, freshMs: freshnessMs(headers, readClock(now) * 1_000) };
}

interface Source {
  /** Monotonic; before it nothing is asked. */
  freshUntilMs: number;
  underWay: Promise<void> | undefined;
  /** What was wrong with the list last had: until the next one comes, that is the answer. */
  fault: { readonly error: unknown } | undefined;
}

/**
 * Tells of revocation by the lists issuers publish.
 *
 * A list is used for a minute, for as long as its server says, or until it expires, whichever ends first. Where the next one
 * cannot be had, the newest one known answers as long as the policy finds it recent enough; an older one never replaces it.
 * A list that was had and is no good is an error, whatever the policy.
 *
 * @throws {TypeError | RangeError} an option of the wrong kind or range.
 */
export function httpRevocation(options: HttpRevocationOptions): RevocationCheck {
  const { locate, policy = {}, maxIssuers = 1_000, timeoutMs = 5_000, clock = systemClock } = options;
  if (typeof locate !== 'function') throw new TypeError('locate must be a function');
  assertInteger(maxIssuers, 'maxIssuers', 1, 100_000);
  assertInteger(timeoutMs, 'timeoutMs', 1, 600_000);
  assertInteger(policy.maxStalenessSec ?? DEFAULT_MAX_STALENESS_SEC, 'maxStalenessSec', 0);
  const memory = snapshotMemory(maxIssuers);
  const sources = new Map<string, Source>();

  function sourceOf(issuer: string): Source {
    const known = sources.get(issuer);
    if (known !== undefined) return known;
    if (sources.size >= maxIssuers) for (const oldest of sources.keys()) if (sources.delete(oldest)) break;
    const made: Source = { freshUntilMs: Number.NEGATIVE_INFINITY, underWay: undefined, fault: undefined };
    sources.set(issuer, made);
    return made;
  }

  async function load(issuer: string, source: Source, nowSec: number): Promise<void> {
    const found = await tryFetch(issuer);
    const nowMs = clock.now();
    source.freshUntilMs = nowMs + FAILURE_PAUSE_MS;
    if (found === undefined) return;
    let snapshot: Verified<RevocationSnapshot>;
    try {
      snapshot = await verifySnapshot(found.body, { ...options, maxBytes: MAX_SNAPSHOT_BYTES });
    } catch (error) {
      source.fault = { error };
      return;
    }
    source.fault = undefined;
    // Of another issuer, or from the future: as good as none.
    if (snapshot.issuer !== issuer || memory.offer(snapshot, nowSec) !== snapshot) return;
    const leftMs = (snapshot.expiresAtSec - nowSec) * 1_000;
    source.freshUntilMs = nowMs + Math.max(0, Math.min(MAX_FRESH_MS, found.freshMs ?? MAX_FRESH_MS, leftMs));
  }

  async function tryFetch(issuer: string): Promise<FetchedRevocationList | undefined> {
    // All who ask about the issuer wait for this: it must come to an end.
    const deadline = startDeadline(clock, timeoutMs, issuer);
    try {
      const place = await deadline.race(Promise.resolve(locate(issuer)));
      if (place === undefined) return undefined;
      return await fetchRevocationList(typeof place === 'string' ? place : judgedListUrl(place, options), options);
    } catch (error) {
      if (error instanceof HttpError) return undefined;
      throw error;
    } finally {
      deadline.release();
    }
  }

  return {
    async check(query) {
      const { issuer, nowSec, signal } = query;
      signal?.throwIfAborted();
      const source = sourceOf(issuer);
      if (source.underWay !== undefined || clock.now() >= source.freshUntilMs) {
        source.underWay ??= load(issuer, source, nowSec).finally(() => {
          source.underWay = undefined;
        });
        await unlessAborted(signal, source.underWay);
      }
      if (source.fault !== undefined) throw source.fault.error;
      return judgeRevocation(memory.get(issuer), query, policy);
    },
  };
}
