// Keys of identity providers over HTTP (AITP 0.2, section 8.7): what OpenID Connect discovery says, and only where there is
// no discovery what the provider keeps for AITP. Fetched for trust anchors alone: `verifyOidcProof` asks about no others.

import { assertInteger } from '../../bytes/assert.js';
import { type Clock, systemClock } from '../../clock.js';
import { parseJsonStrict } from '../../codec/json.js';
import type { JsonValue } from '../../codec/json-value.js';
import { parseJwks } from '../../documents/jwks.js';
import { HttpError } from '../../errors.js';
import { type AddressRules, judgeUrl } from '../../http/address.js';
import { type BoundedResponse, boundedFetch, type FetchLike } from '../../http/bounded-fetch.js';
import { freshnessMs } from '../../http/cache-policy.js';
import { unlessAborted } from '../../unless-aborted.js';
import type { IssuerKeys } from '../oidc-keys.js';
import { type AitpClock, readClock, systemClockSec } from '../timestamps.js';
import { belowIssuer, ISSUER_KEYS_PATH } from './issuer-address.js';

/** How {@link httpIssuerKeys} works. */
export interface HttpIssuerKeysOptions extends AddressRules {
  /** Keys known beforehand, which come first: `issuerKeys`. */
  readonly pinned?: IssuerKeys;
  /** Fetch nothing: use what is kept and pinned. Default false. */
  readonly offline?: boolean;
  /** Longest keys are used before they are asked for again, in seconds: 60 to 86,400. Default 3,600. */
  readonly cacheTtlSec?: number;
  /** Most issuers whose keys are kept: 1 to 10,000. Default 100. */
  readonly maxIssuers?: number;
  /** Default: the runtime's. It must not follow redirects when told `redirect: 'manual'`. */
  readonly fetch?: FetchLike;
  /** Time for each of at most two requests, in milliseconds: 1 to 600,000. Default 5,000. */
  readonly timeoutMs?: number;
  /** Length of each document, in bytes: 1 to 262,144. Default 65,536. */
  readonly maxBodyBytes?: number;
  /** For `expires_at` of AITP key documents, and dates that servers write, in Unix seconds. Default: the host's. */
  readonly now?: AitpClock;
  readonly clock?: Clock;
}

/** Least time between requests that only an unknown name of a key gives reason for: strangers choose the names. */
const MISS_PAUSE_MS = 30_000;

/** How long an issuer is not asked after it could not be reached. */
const FAILURE_PAUSE_MS = 30_000;

/** Least time keys are used, whatever their server says. */
const MIN_FRESH_MS = 60_000;

interface Kept {
  readonly keys: readonly JsonValue[] | undefined;
  readonly askedAtMs: number;
  readonly freshUntilMs: number;
}

/** Something was there, and is no good: the other place is not asked then. */
class Unusable extends Error {}

/**
 * Makes a source of issuer keys that fetches them.
 *
 * Addresses are https and public unless the rules say otherwise; no redirect is followed; `issuer` of a document has to be
 * exactly the issuer asked about. Keys are never used beyond their time, not even while their server is down. Whoever wants
 * keys of one issuer waits for the one request under way.
 *
 * @throws {TypeError | RangeError} an option of the wrong kind or range.
 */
export function httpIssuerKeys(options: HttpIssuerKeysOptions = {}): IssuerKeys {
  const { pinned, offline = false, cacheTtlSec = 3_600, maxIssuers = 100, now = systemClockSec } = options;
  const { clock = systemClock, timeoutMs = 5_000, maxBodyBytes = 65_536, fetch } = options;
  const { allowHttpLoopback = false, allowPrivateHosts = false } = options;
  if (fetch !== undefined && typeof fetch !== 'function') throw new TypeError('fetch must be a function');
  if (pinned !== undefined && typeof pinned.find !== 'function') throw new TypeError('pinned must be IssuerKeys');
  assertInteger(cacheTtlSec, 'cacheTtlSec', 60, 86_400);
  assertInteger(maxIssuers, 'maxIssuers', 1, 10_000);
  assertInteger(timeoutMs, 'timeoutMs', 1, 600_000);
  assertInteger(maxBodyBytes, 'maxBodyBytes', 1, 262_144);
  readClock(now);
  const kept = new Map<string, Kept>();
  const underWay = new Map<string, Promise<Kept>>();
  const rules = { allowHttpLoopback, allowPrivateHosts, timeoutMs, maxBodyBytes, clock, fetch };

  async function get(url: string): Promise<{ readonly document: JsonValue; readonly response: BoundedResponse }> {
    const response = await boundedFetch(url, { ...rules, expectStatus: [200], accept: 'application/json' });
    try {
      return { document: parseJsonStrict(response.body, { maxBytes: maxBodyBytes }), response };
    } catch (cause) {
      throw new Unusable('a document that is no strict JSON', { cause });
    }
  }

  /** By OpenID Connect discovery. @throws {HttpError} there is none. @throws {Unusable} it is no good. */
  async function discovered(issuer: string): Promise<Kept> {
    const { document } = await get(belowIssuer(issuer, '/.well-known/openid-configuration'));
    const { issuer: named, jwks_uri: jwksUri } = (document ?? {}) as { readonly [name: string]: JsonValue };
    if (named !== issuer || typeof jwksUri !== 'string') throw new Unusable('discovery of another issuer');
    try {
      // As a redirect by the issuer would be: a public one must not send us into our own network, whatever the rules.
      const { href } = judgeUrl(jwksUri, rules, new URL(issuer));
      const { document: set, response } = await get(href);
      return keep(readKeys(set), response, Number.POSITIVE_INFINITY);
    } catch (cause) {
      throw new Unusable('discovery leads to no keys', { cause });
    }
  }

  /** By the document AITP has for issuers without discovery. */
  async function published(issuer: string): Promise<Kept> {
    const { document, response } = await get(belowIssuer(issuer, ISSUER_KEYS_PATH));
    const { issuer: named, expires_at: expiresAtSec } = (document ?? {}) as { readonly [name: string]: JsonValue };
    if (named !== issuer || !Number.isSafeInteger(expiresAtSec)) throw new Unusable('keys of another issuer');
    const leftMs = ((expiresAtSec as number) - readClock(now)) * 1_000;
    if (leftMs <= 0) throw new Unusable('keys that have expired');
    return keep(readKeys(document), response, leftMs);
  }

  function keep(keys: readonly JsonValue[], { headers }: BoundedResponse, leftMs: number): Kept {
    const nowMs = clock.now();
    const statedMs = Math.max(MIN_FRESH_MS, freshnessMs(headers, readClock(now) * 1_000) ?? Number.POSITIVE_INFINITY);
    return { keys, askedAtMs: nowMs, freshUntilMs: nowMs + Math.min(cacheTtlSec * 1_000, statedMs, leftMs) };
  }

  async function ask(issuer: string): Promise<Kept> {
    let found: Kept;
    try {
      found = await discovered(issuer).catch((error: unknown) => {
        if (error instanceof HttpError && isAbsence(error)) return published(issuer);
        throw error;
      });
    } catch {
      const nowMs = clock.now();
      const before = kept.get(issuer);
      // Keys whose time is not over outlive a request that failed.
      const stands = before !== undefined && before.freshUntilMs > nowMs && before.keys !== undefined;
      found = stands
        ? { ...before, askedAtMs: nowMs }
        : { keys: undefined, askedAtMs: nowMs, freshUntilMs: nowMs + FAILURE_PAUSE_MS };
    }
    kept.delete(issuer);
    if (kept.size >= maxIssuers) for (const oldest of kept.keys()) if (kept.delete(oldest)) break;
    kept.set(issuer, found);
    return found;
  }

  function shared(issuer: string): Promise<Kept> {
    const running = underWay.get(issuer);
    if (running !== undefined) return running;
    const started = ask(issuer).finally(() => underWay.delete(issuer));
    underWay.set(issuer, started);
    return started;
  }

  return {
    async find(request) {
      const { issuer, kid, signal } = request;
      signal?.throwIfAborted();
      const known = await pinned?.find(request);
      if (known !== undefined && (kid === undefined || hasKey(known, kid))) return known;
      const nowMs = clock.now();
      const held = kept.get(issuer);
      const fresh = held !== undefined && nowMs < held.freshUntilMs ? held : undefined;
      const missed = fresh?.keys !== undefined && kid !== undefined && !hasKey(fresh.keys, kid);
      const due = fresh === undefined || (missed && nowMs - fresh.askedAtMs >= MISS_PAUSE_MS);
      const current = due && !offline ? await unlessAborted(signal, shared(issuer)) : fresh;
      return current?.keys ?? known;
    },
  };
}

/** Whether an answer says that there is nothing, or none came at all. An address we do not ask is neither. */
function isAbsence({ code }: HttpError): boolean {
  return code === 'ERR_HTTP_STATUS' || code === 'ERR_HTTP_NETWORK' || code === 'ERR_HTTP_TIMEOUT';
}

function readKeys(document: JsonValue): readonly JsonValue[] {
  try {
    return parseJwks(document).map(({ jwk }) => jwk as JsonValue);
  } catch (cause) {
    throw new Unusable('no set of keys', { cause });
  }
}

function hasKey(keys: readonly unknown[], kid: string): boolean {
  return keys.some((key) => (key as { readonly kid?: unknown } | null)?.kid === kid);
}
