// A set of keys that is kept at an address of the verifier's choosing: fetched when first needed, used as long as it is
// fresh, and asked for again, at long intervals, when a header names a key that is not in it. Whoever wants keys meanwhile
// waits for the one request under way.

import { assertInteger, assertString } from '../bytes/assert.js';
import { type Clock, systemClock } from '../clock.js';
import { parseJsonStrict } from '../codec/json.js';
import type { JsonValue } from '../codec/json-value.js';
import { VerifyError } from '../errors.js';
import { type BoundedFetchOptions, boundedFetch, type FetchLike } from '../http/bounded-fetch.js';
import { freshnessMs } from '../http/cache-policy.js';
import { unlessAborted } from '../unless-aborted.js';
import { unusableKey } from './jwk.js';
import { type KeySource, MAX_SET_KEYS, type NamedKey, namedKey, namedKeys, parseJwks, selectKeys } from './jwks.js';
import { keyFromPem } from './spki.js';

/** What {@link remoteJwks} may be told. */
export interface RemoteJwksOptions {
  /** Default: the runtime's. It must not follow redirects when told `redirect: 'manual'`. */
  readonly fetch?: FetchLike;
  readonly clock?: Clock;
  /** Time for a request and its body, in milliseconds: 1 to 600,000. Default 5,000. */
  readonly timeoutMs?: number;
  /** Longest set, in bytes: 1 to 1 MiB. Default 65,536. */
  readonly maxBodyBytes?: number;
  /** Whether this machine may be asked, by `http` as well: for development. Default false. */
  readonly allowHttpLoopback?: boolean;
  /** Whether private networks may be asked by `https`. Default false. */
  readonly allowPrivateHosts?: boolean;
  /** Whether an object from `kid` to PEM text, which some samples serve, will do for a set. Default false. */
  readonly allowPemMap?: boolean;
}

const MINUTE_MS = 60_000;

/** Bounds of how long a set is used, whatever its server says, and how long when it says nothing. */
const MIN_FRESH_MS = MINUTE_MS;
const DEFAULT_FRESH_MS = 5 * MINUTE_MS;
const MAX_FRESH_MS = 24 * 60 * MINUTE_MS;

/** Least time between a request and one that only a name not found gives reason for: strangers choose the names. */
const MISS_PAUSE_MS = 30_000;

/** Least time between requests while the set cannot be had at all. */
const FAILURE_PAUSE_MS = 1_000;

/**
 * Makes a source of the keys behind a URL. Nothing is fetched before a key is wanted.
 *
 * Every key of the set is trusted: whoever can change it can sign. The set is used for as long as `Cache-Control` says,
 * at least a minute and at most a day; five minutes where it says nothing. A stale set is never used, not even when its
 * server is down.
 *
 * `find` throws ERR_VERIFY_KEY_RETRIEVAL when there is no fresh set, with the reason as `cause`: an address that may not
 * be asked (see `boundedFetch`), any redirect, a status other than 200, a body too long, a time-out, or no JWK Set.
 *
 * @param url https, absolute. Never take it from a header, unless it is one you have listed.
 * @throws {TypeError | RangeError} an argument of the wrong kind or range.
 */
export function remoteJwks(url: string, options: RemoteJwksOptions = {}): KeySource {
  const { clock = systemClock, timeoutMs = 5_000, maxBodyBytes = 65_536, allowPemMap = false } = options;
  assertString(url, 'url');
  if (options.fetch !== undefined && typeof options.fetch !== 'function')
    throw new TypeError('fetch must be a function');
  assertInteger(timeoutMs, 'timeoutMs', 1, 600_000);
  assertInteger(maxBodyBytes, 'maxBodyBytes', 1, 2 ** 20);
  const request: BoundedFetchOptions = {
    clock,
    timeoutMs,
    maxBodyBytes,
    maxRedirects: 0,
    expectStatus: [200],
    accept: 'application/jwk-set+json, application/json',
    allowHttpLoopback: options.allowHttpLoopback,
    allowPrivateHosts: options.allowPrivateHosts,
    fetch: options.fetch,
  };

  let held: { readonly keys: readonly NamedKey[]; readonly freshUntilMs: number } | undefined;
  let failed: { readonly error: unknown; readonly untilMs: number } | undefined;
  let underWay: Promise<readonly NamedKey[]> | undefined;
  let askedAtMs = Number.NEGATIVE_INFINITY;

  async function fetchKeys(): Promise<readonly NamedKey[]> {
    askedAtMs = clock.now();
    try {
      const { body, headers } = await boundedFetch(url, request);
      const keys = readKeys(parseJsonStrict(body, { maxBytes: maxBodyBytes }), allowPemMap);
      const nowMs = clock.now();
      const lifetimeMs = freshnessMs(headers, Date.now(), nowMs - askedAtMs) ?? DEFAULT_FRESH_MS;
      held = { keys, freshUntilMs: nowMs + Math.min(Math.max(lifetimeMs, MIN_FRESH_MS), MAX_FRESH_MS) };
      return keys;
    } catch (cause) {
      const error = new VerifyError('ERR_VERIFY_KEY_RETRIEVAL', 'the keys could not be fetched', { cause });
      failed = { error, untilMs: clock.now() + FAILURE_PAUSE_MS };
      throw error;
    }
  }

  /** Joins the request under way, or starts one. */
  function ask(): Promise<readonly NamedKey[]> {
    underWay ??= fetchKeys().finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  /** The keys to look among for a name. */
  function current(kid: string | undefined): readonly NamedKey[] | Promise<readonly NamedKey[]> {
    const nowMs = clock.now();
    if (held === undefined || nowMs >= held.freshUntilMs) {
      if (underWay === undefined && failed !== undefined && nowMs < failed.untilMs) throw failed.error;
      return ask();
    }
    const missed = kid !== undefined && !held.keys.some((key) => key.kid === kid);
    return missed && (underWay !== undefined || nowMs - askedAtMs >= MISS_PAUSE_MS) ? ask() : held.keys;
  }

  return {
    async find(header, { signal } = {}) {
      signal?.throwIfAborted();
      const keys = current(header.kid);
      return selectKeys(keys instanceof Promise ? await unlessAborted(signal, keys) : keys, header);
    },
  };
}

function readKeys(document: JsonValue, allowPemMap: boolean): readonly NamedKey[] {
  const isMap = typeof document === 'object' && document !== null && !Array.isArray(document);
  if (!allowPemMap || !isMap || Array.isArray((document as { keys?: unknown }).keys)) {
    return namedKeys(parseJwks(document));
  }
  const entries = Object.entries(document).filter(([kid]) => kid !== '');
  if (entries.length > MAX_SET_KEYS) throw unusableKey(`a set of more than ${MAX_SET_KEYS} keys`);
  return entries.map(([kid, pem]) => namedKey(kid, () => keyFromPem(pem, kid)));
}
