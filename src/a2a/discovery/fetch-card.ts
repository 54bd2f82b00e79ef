// Finding an agent by its address: fetching its card within limits, out of a cache where that is allowed, and verifying
// it before anybody relies on it (A2A v1.0, section 8; the caller's side).

import { assertInteger, assertSignal, assertString } from '../../bytes/assert.js';
import { type Clock, systemClock } from '../../clock.js';
import type { Verified } from '../../documents/verified.js';
import { HttpError } from '../../errors.js';
import type { AddressRules } from '../../http/address.js';
import type { FetchLike } from '../../http/bounded-fetch.js';
import { startDeadline } from '../../http/deadline.js';
import type { AgentCard } from '../card/agent-card.js';
import { type CardWarning, type ParseCardOptions, parseAgentCard } from '../card/parse.js';
import { type VerifiedAgentCard, type VerifyCardOptions, verifyAgentCard } from '../card/verify.js';
import { A2aError } from '../errors.js';
import { CardCache, type StoredCard } from './card-cache.js';
import { type CardLocationOptions, cardCandidates } from './card-location.js';
import { type FoundText, findText, type Search } from './find-text.js';
import { resolveInterfaces, withoutRelative } from './read-card.js';

/**
 * Something about a card that is not right, and does not stop anybody from using it. `relative_interface`: an interface of
 * a verified card was left out, because its address is complete only with that of whoever serves the card. Its pointer is
 * into the card as it was signed.
 */
export type FetchCardWarning = CardWarning | { readonly code: 'relative_interface'; readonly pointer: string };

/** What {@link fetchAgentCard} may be told. */
export interface FetchAgentCardOptions extends CardLocationOptions, AddressRules, Pick<ParseCardOptions, 'missing'> {
  /**
   * Whose signature the card must carry. Without it the card is only read, and says nothing about who wrote it. The
   * address of the card and the signal are filled in.
   */
  readonly verify?: VerifyCardOptions;
  /** Called once for each, before the card is returned. */
  readonly onWarning?: (warning: FetchCardWarning) => void;
  /** Where cards are kept between calls. Default: nowhere. */
  readonly cache?: CardCache;
  /**
   * Names whose eyes an answer is for, such as a user id; never the credentials themselves. Needed to keep a card that
   * was fetched with credentials or any header of the caller's own, for without it such a card is not kept.
   */
  readonly partition?: string;
  /**
   * Whether `A2A-Version: 1.0` is sent. Without it some servers answer with the card of version 0.3; with it browsers
   * ask a server of another origin for leave first. A `path` can carry it as `?A2A-Version=1.0` instead. Default: yes.
   */
  readonly sendVersionHeader?: boolean;
  /** Sent along, to the origin given and to no other. */
  readonly headers?: HeadersInit;
  /** Whether the browser's cookies go along. Default `omit`. */
  readonly credentials?: RequestCredentials;
  /**
   * Default: the runtime's. It must not follow redirects when told `redirect: 'manual'`. Where it adds credentials of its
   * own, name a `partition`.
   */
  readonly fetch?: FetchLike;
  readonly signal?: AbortSignal;
  /** Time for all addresses together and the keys that verify, in milliseconds: 1 to 600,000. Default 5,000. */
  readonly timeoutMs?: number;
  /** Length of the card, kept or not, in bytes: 1 to 1 MiB. Default 262,144. */
  readonly maxBodyBytes?: number;
  /** Redirects followed for each address, within https: 0 to 10. Default 3. Browsers follow none. */
  readonly maxRedirects?: number;
  readonly clock?: Clock;
}

/** A card, and where it is from. */
export interface FetchedCard {
  /** In the form of version 1.0, with absolute addresses. Of a verified card, relative ones are left out. */
  readonly card: AgentCard;
  /** Present when `verify` was given. Its `card` is exactly what was signed. */
  readonly verified?: Verified<VerifiedAgentCard>;
  /** The card as it was received, for whoever keeps it to verify it again. */
  readonly text: string;
  /** Address that answered, after redirects. */
  readonly url: string;
  /** Addresses asked this time, in order; none when the card was still fresh. */
  readonly tried: readonly string[];
  /** Whether the card was kept from an earlier answer, be it that its server was asked whether it still holds. */
  readonly fromCache: boolean;
}

/** A card somebody trusted signed, and where it is from. */
export interface FetchedVerifiedCard extends FetchedCard {
  readonly verified: Verified<VerifiedAgentCard>;
}

/**
 * Fetches the card of an agent.
 *
 * @param originOrUrl `https://agent.example`, `agent.example`, the address of an agent below a path, or of a card; see
 *   `cardCandidates`. Another address is tried only when the one before answers 404, 405 or 410.
 * @returns The card. With `verify`, what a trusted key signed, verified anew in each call, kept or not.
 * @throws {A2aError} with `urls`, those asked: ERR_A2A_CARD_NOT_FOUND; ERR_A2A_CARD_FETCH_FAILED, whose `cause` says
 *   why, such as an {@link HttpError} for an address that may not be asked, a status, a redirect or a time-out;
 *   ERR_A2A_CARD_TOO_LARGE; ERR_A2A_CARD_NOT_JSON.
 * @throws {A2aError} ERR_A2A_INVALID_CARD, and with `verify` what `verifyAgentCard` throws. Such a card is not kept.
 * @throws `signal.reason`, untouched.
 * @throws {TypeError | RangeError} an argument of the wrong kind or out of range, before anything is sent; of `verify`,
 *   when there is a card to verify.
 * @example
 * ```ts
 * const { card } = await fetchAgentCard('agent.example', { verify: { keys: 'did:key:z6Mk...' } })
 * ```
 */
export async function fetchAgentCard(
  originOrUrl: string,
  options: FetchAgentCardOptions & { readonly verify: VerifyCardOptions },
): Promise<FetchedVerifiedCard>;
export async function fetchAgentCard(originOrUrl: string, options?: FetchAgentCardOptions): Promise<FetchedCard>;
export async function fetchAgentCard(originOrUrl: string, options: FetchAgentCardOptions = {}): Promise<FetchedCard> {
  const { signal, cache, verify } = options;
  const search = prepare(originOrUrl, options);
  signal?.throwIfAborted();
  let kept = search.key === undefined ? undefined : cache?.find(search.key, search.headers);
  if (kept !== undefined && kept.bytes > search.maxBodyBytes) kept = undefined;
  for (;;) {
    const isFresh = kept !== undefined && cache?.isFresh(kept) === true;
    const found = isFresh ? asFound(kept as StoredCard) : await findText(search, kept);
    try {
      const fetched = await read(found, search, options);
      found.keep();
      return fetched;
    } catch (error) {
      // Whoever put it there did not ask for this signature, or the keys have changed since: the agent may have signed
      // anew. The whole is asked for, since a false card may have been kept under the tag of the true one.
      kept = undefined;
      if (found.fromCache && verify !== undefined && isRefusal(error)) continue;
      if (!isFresh && search.key !== undefined && !signal?.aborted) cache?.delete(search.key);
      throw error;
    }
  }
}

/** A card that may be used without asking. */
function asFound({ text, url }: StoredCard): FoundText {
  return { text, url, tried: [], fromCache: true, keep: () => {} };
}

/** Whether a card itself was refused, and not the time up. */
function isRefusal(error: unknown): boolean {
  return error instanceof A2aError && error.code !== 'ERR_A2A_CARD_FETCH_FAILED';
}

async function read(found: FoundText, search: Search, options: FetchAgentCardOptions): Promise<FetchedCard> {
  const { text, url, tried, fromCache } = found;
  const { verify, missing, onWarning } = options;
  const place = { text, url, tried, fromCache };
  const parsing = {
    ...(missing !== undefined && { missing }),
    ...(onWarning !== undefined && { onWarning }),
  };
  if (verify === undefined) return { card: resolveInterfaces(parseAgentCard(text, parsing), url), ...place };
  const verified = await verifyInTime(found, search, { ...verify, cardUrl: url }, options.signal ?? verify.signal);
  const signed = withoutRelative(verified.card, (pointer) => onWarning?.({ code: 'relative_interface', pointer }));
  return { card: missing === 'fill' ? parseAgentCard(signed, parsing) : signed, verified, ...place };
}

/** @throws {A2aError} ERR_A2A_CARD_FETCH_FAILED: the keys were not to be had within the time for everything. */
async function verifyInTime(
  { text, url, tried }: FoundText,
  { clock, endsAtMs }: Search,
  verify: VerifyCardOptions,
  signal: AbortSignal | undefined,
): Promise<Verified<VerifiedAgentCard>> {
  signal?.throwIfAborted();
  const deadline = startDeadline(clock, Math.max(1, Math.ceil(endsAtMs - clock.now())), url, signal);
  try {
    return await deadline.race(verifyAgentCard(text, { ...verify, signal: deadline.signal }));
  } catch (error) {
    if (signal?.aborted || !deadline.signal.aborted) throw error;
    const { reason: cause } = deadline.signal;
    throw new A2aError('ERR_A2A_CARD_FETCH_FAILED', 'the keys for the card did not come in time', {
      cause,
      urls: tried,
    });
  } finally {
    deadline.release();
  }
}

// Headers that say nothing about who asks.
const IMPERSONAL_HEADERS: readonly string[] = ['accept', 'accept-language', 'a2a-version', 'a2a-extensions'];

function prepare(originOrUrl: string, options: FetchAgentCardOptions): Search {
  const { cache, partition, sendVersionHeader = true, credentials = 'omit', clock = systemClock } = options;
  const { timeoutMs = 5_000, maxBodyBytes = 262_144, maxRedirects = 3 } = options;
  assertInteger(timeoutMs, 'timeoutMs', 1, 600_000);
  assertInteger(maxBodyBytes, 'maxBodyBytes', 1, 2 ** 20);
  assertInteger(maxRedirects, 'maxRedirects', 0, 10);
  assertSignal(options.signal);
  if (partition !== undefined) assertString(partition, 'partition');
  if (cache !== undefined && !(cache instanceof CardCache)) throw new TypeError('cache must come from cardCache()');
  // What else is wrong with these shows when there is a card to verify.
  if (options.verify !== undefined && options.verify?.keys === undefined) throw new TypeError('verify.keys is missing');
  const headers = new Headers(options.headers);
  if (sendVersionHeader && !headers.has('a2a-version')) headers.set('a2a-version', '1.0');
  if (!headers.has('accept')) headers.set('accept', 'application/json');
  const candidates = candidatesOf(originOrUrl, options);
  const isPersonal = credentials !== 'omit' || [...headers.keys()].some((name) => !IMPERSONAL_HEADERS.includes(name));
  const mayKeep = cache !== undefined && (partition !== undefined || !isPersonal);
  const { allowHttpLoopback = false, allowPrivateHosts = false, signal, fetch } = options;
  // Who may not ask a host is not given its card by a cache either.
  const rules = [allowHttpLoopback, allowPrivateHosts, maxRedirects > 0];
  const keyParts = [partition ?? null, headers.get('a2a-version'), ...rules, ...candidates];
  return {
    candidates,
    headers,
    clock,
    endsAtMs: clock.now() + timeoutMs,
    maxBodyBytes,
    cache: mayKeep ? cache : undefined,
    key: mayKeep ? JSON.stringify(keyParts) : undefined,
    request: {
      allowHttpLoopback,
      allowPrivateHosts,
      credentials,
      clock,
      maxRedirects,
      signal,
      fetch,
    },
  };
}

function candidatesOf(originOrUrl: string, options: CardLocationOptions): readonly string[] {
  try {
    return cardCandidates(originOrUrl, options);
  } catch (cause) {
    if (!(cause instanceof HttpError)) throw cause;
    throw new A2aError('ERR_A2A_CARD_FETCH_FAILED', cause.message, { cause, urls: [] });
  }
}
