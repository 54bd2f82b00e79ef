// The requests behind a discovery: one address after the other until one has a card, each asked whether a kept card still
// holds, if it is the one that had it.

import type { Clock } from '../../clock.js';
import { HttpError } from '../../errors.js';
import { type BoundedFetchOptions, type BoundedResponse, boundedFetch } from '../../http/bounded-fetch.js';
import { conditionalHeaders, validatorsOf } from '../../http/cache-policy.js';
import { isBrowser } from '../../http/runtime.js';
import { A2aError, type A2aErrorCode } from '../errors.js';
import { type CardCache, isAboutCard, refreshedHeaders, type StoredCard } from './card-cache.js';
import { cardText } from './read-card.js';

/** A discovery whose options have all been checked. */
export interface Search {
  readonly candidates: readonly string[];
  readonly headers: Headers;
  /** What all requests have in common; their time and headers aside. */
  readonly request: BoundedFetchOptions;
  readonly clock: Clock;
  /** Time by the clock at which everything has to be over, the keys of a signature included. */
  readonly endsAtMs: number;
  readonly maxBodyBytes: number;
  /** Absent where the answer must not be kept. */
  readonly cache: CardCache | undefined;
  /** Name of the answer in the cache. Absent with it. */
  readonly key: string | undefined;
}

/** The text of a card, not looked into yet. */
export interface FoundText {
  readonly text: string;
  readonly url: string;
  readonly tried: readonly string[];
  readonly fromCache: boolean;
  /** Keeps it, as far as its server allows: to be called when the card has turned out to be good. */
  readonly keep: () => void;
}

// There is no card here, but there may be one at the next address. Anything else is an answer.
const ELSEWHERE: readonly (number | undefined)[] = [404, 405, 410];

// Headers that mean the same to every origin, so that they may go along with a redirect.
const HEADERS_FOR_ALL = ['accept-language', 'a2a-version', 'cache-control', 'if-none-match', 'if-modified-since'];

/**
 * Finds the text of a card.
 *
 * @param kept Card from an earlier answer that is no longer fresh.
 * @throws {A2aError} the codes of discovery, with `urls`. @throws `signal.reason`, untouched.
 */
export async function findText(search: Search, kept: StoredCard | undefined): Promise<FoundText> {
  const tried: string[] = [];
  let last: HttpError | undefined;
  try {
    for (const candidate of search.candidates) {
      tried.push(candidate);
      try {
        return await findAt(search, candidate, kept, tried);
      } catch (error) {
        if (!(error instanceof HttpError) || error.code !== 'ERR_HTTP_STATUS' || !ELSEWHERE.includes(error.status)) {
          throw error;
        }
        last = error;
      }
    }
  } catch (error) {
    throw asDiscoveryError(error, tried, search.request.signal);
  }
  if (search.key !== undefined) search.cache?.delete(search.key);
  throw new A2aError('ERR_A2A_CARD_NOT_FOUND', 'there is no card at the address', { urls: tried, cause: last });
}

async function findAt(
  search: Search,
  candidate: string,
  kept: StoredCard | undefined,
  tried: readonly string[],
): Promise<FoundText> {
  // In a browser, headers of our own would have every server of another origin asked for leave; its own cache can ask too.
  const known = kept?.candidate === candidate && !isBrowser() ? kept : undefined;
  const condition = known && conditionalHeaders(validatorsOf(known.headers));
  const askedAtMs = search.clock.now();
  let answer = await ask(search, candidate, condition);
  if (answer.status === 304 && known !== undefined) {
    // Of a card that was somewhere else then, or of another one, nobody has said that it holds.
    if (answer.url !== known.url || !isAboutCard(known, answer.headers)) answer = await ask(search, candidate);
    else return found(known.text, refreshedHeaders(known, answer.headers), true);
  }
  return found(cardText(answer.body, answer.headers.get('content-type')), answer.headers, false);

  function found(text: string, headers: Headers, fromCache: boolean): FoundText {
    const { cache, key, headers: requestHeaders } = search;
    const { url } = answer;
    const delayMs = Math.max(0, search.clock.now() - askedAtMs);
    const keep = () => {
      if (key !== undefined) cache?.store(key, { text, url, candidate, headers, requestHeaders, delayMs });
    };
    return { text, url, tried, fromCache, keep };
  }
}

async function ask(
  { headers, request, clock, endsAtMs, maxBodyBytes, cache }: Search,
  url: string,
  condition?: Readonly<Record<string, string>>,
): Promise<BoundedResponse> {
  const timeoutMs = Math.ceil(endsAtMs - clock.now());
  if (timeoutMs < 1) throw new HttpError('ERR_HTTP_TIMEOUT', 'no answer within the time for all addresses', { url });
  const sent = new Headers(headers);
  for (const [name, value] of Object.entries(condition ?? {})) sent.set(name, value);
  return boundedFetch(url, {
    ...request,
    headers: sent,
    crossOriginHeaders: HEADERS_FOR_ALL,
    expectStatus: condition === undefined ? [200] : [200, 304],
    timeoutMs,
    maxBodyBytes,
    // Two caches, one behind the other, would keep a card twice as long as allowed.
    cache: cache && 'no-cache',
  });
}

const CODES: Partial<Record<string, A2aErrorCode>> = { ERR_HTTP_TOO_LARGE: 'ERR_A2A_CARD_TOO_LARGE' };

function asDiscoveryError(error: unknown, urls: readonly string[], signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof HttpError) {
    const code = CODES[error.code] ?? 'ERR_A2A_CARD_FETCH_FAILED';
    return new A2aError(code, `the card could not be fetched: ${error.message}`, { cause: error, urls });
  }
  if (!(error instanceof A2aError)) return error;
  return new A2aError(error.code, error.message, { urls, ...(error.cause !== undefined && { cause: error.cause }) });
}
