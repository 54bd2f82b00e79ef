// Cards that were fetched, as they came, for as long as their server allows (A2A v1.0, section 8.6; RFC 9111). What is
// kept is text, never a verdict: a caller that wants a verified card has it verified again, under its keys of that day.

import { assertInteger } from '../../bytes/assert.js';
import { encodeUtf8 } from '../../bytes/utf8.js';
import { type Clock, systemClock } from '../../clock.js';
import {
  conditionalHeaders,
  freshnessMs,
  mayStore,
  validatorsOf,
  varyMatches,
  varyNames,
} from '../../http/cache-policy.js';
import { matchesEtag } from './etag.js';

/** What {@link cardCache} may be told. */
export interface CardCacheOptions {
  /** Cards kept, each up to the `maxBodyBytes` it was fetched with; beyond it the one unused longest goes. Default 100. */
  readonly maxEntries?: number;
  /** Lifetime of a card whose server states none, in milliseconds: 0 to 30 days. Default 5 minutes. */
  readonly defaultLifetimeMs?: number;
  /** The longest a card is used without asking, whatever its server says, in milliseconds: 0 to 30 days. Default a day. */
  readonly maxLifetimeMs?: number;
  /** Measures how long a card has been kept. */
  readonly clock?: Clock;
  /** Milliseconds since 1970, to read the dates of answers by. Default: the host's clock. */
  readonly now?: () => number;
}

/** A card as it is kept. */
export interface StoredCard {
  /** Body, as it came. */
  readonly text: string;
  /** Length of the text as UTF-8: another caller may take less than the one that it was fetched for. */
  readonly bytes: number;
  /** Address that answered. */
  readonly url: string;
  /** Address that was asked, before redirects. */
  readonly candidate: string;
  /** Headers that decide how long it holds. */
  readonly headers: Headers;
  /** The request's headers that the answer depends on. */
  readonly varied: Headers;
  /** By the clock of the cache. */
  readonly freshUntilMs: number;
}

/** An answer to be kept, with the request it answers. */
export interface CardAnswer {
  readonly text: string;
  readonly url: string;
  readonly candidate: string;
  readonly headers: Headers;
  readonly requestHeaders: Headers;
  /** Time from the request to the answer, in milliseconds. */
  readonly delayMs: number;
}

const MAX_LIFETIME_MS = 30 * 86_400_000;
const KEPT_HEADERS = ['cache-control', 'expires', 'date', 'age', 'vary', 'etag', 'last-modified'];

/** Makes an empty cache, to be given to every fetch that is to share it. See {@link CardCache}. */
export function cardCache(options: CardCacheOptions = {}): CardCache {
  return new CardCache(options);
}

/**
 * A private cache of cards in memory. Callers with different credentials name different partitions, and never see each
 * other's cards.
 */
export class CardCache {
  readonly #maxEntries: number;
  readonly #defaultLifetimeMs: number;
  readonly #maxLifetimeMs: number;
  readonly #clock: Clock;
  readonly #now: () => number;
  // In order of use, the one unused longest first.
  readonly #cards = new Map<string, StoredCard>();

  /** @throws {TypeError | RangeError} an option of the wrong kind or out of range. */
  constructor(options: CardCacheOptions = {}) {
    const { maxEntries = 100, defaultLifetimeMs = 300_000, maxLifetimeMs = 86_400_000 } = options;
    const { clock = systemClock, now = Date.now } = options;
    assertInteger(maxEntries, 'maxEntries', 1, 100_000);
    assertInteger(defaultLifetimeMs, 'defaultLifetimeMs', 0, MAX_LIFETIME_MS);
    assertInteger(maxLifetimeMs, 'maxLifetimeMs', 0, MAX_LIFETIME_MS);
    if (typeof now !== 'function') throw new TypeError('now must be a function');
    this.#maxEntries = maxEntries;
    this.#defaultLifetimeMs = defaultLifetimeMs;
    this.#maxLifetimeMs = maxLifetimeMs;
    this.#clock = clock;
    this.#now = now;
  }

  /** Cards kept now. */
  get size(): number {
    return this.#cards.size;
  }

  /** Forgets everything: on logout, or when trust has changed. */
  clear(): void {
    this.#cards.clear();
  }

  /** Finds the card for a request, fresh or not, and counts that as a use. For discovery itself. */
  find(key: string, requestHeaders: Headers): StoredCard | undefined {
    const card = this.#cards.get(key);
    if (card === undefined || !varyMatches(varyNames(card.headers), card.varied, requestHeaders)) return undefined;
    this.#cards.delete(key);
    this.#cards.set(key, card);
    return card;
  }

  /** Whether a card may be used without asking. */
  isFresh(card: StoredCard): boolean {
    return this.#clock.now() < card.freshUntilMs;
  }

  /** Keeps an answer, if it may be kept and could ever be used again; whatever had the key is gone. For discovery itself. */
  store(key: string, answer: CardAnswer): void {
    this.#cards.delete(key);
    const { text, url, candidate, headers, requestHeaders, delayMs } = answer;
    if (!mayStore(headers)) return;
    const lifetimeMs = freshnessMs(headers, this.#now(), delayMs) ?? this.#defaultLifetimeMs;
    if (lifetimeMs === 0 && conditionalHeaders(validatorsOf(headers)) === undefined) return;
    const freshUntilMs = this.#clock.now() + Math.min(lifetimeMs, this.#maxLifetimeMs);
    const varied = pick(requestHeaders, varyNames(headers));
    const kept = pick(headers, KEPT_HEADERS);
    const bytes = encodeUtf8(text).length;
    this.#cards.set(key, { text, bytes, url, candidate, headers: kept, varied, freshUntilMs });
    for (const oldest of this.#cards.keys()) {
      if (this.#cards.size <= this.#maxEntries) break;
      this.#cards.delete(oldest);
    }
  }

  /** Forgets one card. For discovery itself. */
  delete(key: string): void {
    this.#cards.delete(key);
  }
}

/**
 * Whether an answer of status 304 is about a kept card: where it has an entity tag, that has to be the card's own. Anything
 * else is about a card we do not have.
 *
 * @see RFC 9111, section 4.3.4
 */
export function isAboutCard(card: StoredCard, notModified: Headers): boolean {
  const tag = notModified.get('etag');
  return tag === null || matchesEtag(tag, card.headers.get('etag') ?? '');
}

/**
 * The headers of a kept card after a server has said that it still holds: its new ones, and the old ones it does not
 * repeat. Its age counts from this answer on.
 *
 * @see RFC 9111, section 3.2
 */
export function refreshedHeaders(card: StoredCard, notModified: Headers): Headers {
  const headers = new Headers(card.headers);
  headers.delete('age');
  headers.delete('date');
  for (const [name, value] of pick(notModified, KEPT_HEADERS)) headers.set(name, value);
  return headers;
}

function pick(headers: Headers, names: readonly string[]): Headers {
  const picked = new Headers();
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) picked.set(name, value);
  }
  return picked;
}
