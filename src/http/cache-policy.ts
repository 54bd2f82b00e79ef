// How long an answer may be used again, and how to ask whether it still holds: RFC 9111 for a private cache, as pure
// functions of headers and time. No lifetime is guessed: an answer that states none has none.

import { parseHttpDate } from './http-date.js';

/** What `Cache-Control` says, as far as a private cache heeds it. */
export interface CacheControl {
  /** Must not be kept. */
  readonly noStore: boolean;
  /** May be kept, but not used without asking. */
  readonly noCache: boolean;
  /** Seconds it stays fresh. Of several the least; 0 when it is no number. */
  readonly maxAgeSec?: number;
}

/**
 * Reads `Cache-Control`.
 *
 * Unknown directives are ignored, and so are those for shared caches (`s-maxage`, `private`, `public`). A `no-cache`
 * that names fields counts as one that does not. A quotation that never ends may hide anything, so it is `no-store`.
 *
 * @see RFC 9111, section 5.2
 */
export function parseCacheControl(value: string | null): CacheControl {
  const { elements, whole } = splitList(value ?? '');
  let noStore = !whole;
  let noCache = false;
  let maxAgeSec: number | undefined;
  for (const element of elements) {
    const equals = element.indexOf('=');
    const name = (equals < 0 ? element : element.slice(0, equals)).trim().toLowerCase();
    if (name === 'no-store') noStore = true;
    else if (name === 'no-cache') noCache = true;
    else if (name === 'max-age') {
      const argument = equals < 0 ? '' : element.slice(equals + 1);
      maxAgeSec = Math.min(maxAgeSec ?? Number.POSITIVE_INFINITY, seconds(argument) ?? 0);
    }
  }
  return { noStore, noCache, ...(maxAgeSec === undefined ? {} : { maxAgeSec }) };
}

/** Whether an answer may be kept at all: not with `no-store`, nor with `Vary: *`, which no later request can match. */
export function mayStore(headers: Headers): boolean {
  return !parseCacheControl(headers.get('cache-control')).noStore && !varyNames(headers).includes('*');
}

/**
 * Tells how much longer an answer may be used without asking.
 *
 * `max-age` counts before `Expires`. The time it has spent in caches on its way is taken off, by `Age` or by its `Date`,
 * whichever is more.
 *
 * @param nowMs Time at which it came, in milliseconds since 1970.
 * @param delayMs Time it took to come, in milliseconds, which `Age` does not know of. Default 0.
 * @returns Milliseconds from `nowMs` on, 0 or more; nothing when the answer states no lifetime.
 * @see RFC 9111, sections 4.2.1 and 4.2.3
 */
export function freshnessMs(headers: Headers, nowMs: number, delayMs = 0): number | undefined {
  const { noStore, noCache, maxAgeSec } = parseCacheControl(headers.get('cache-control'));
  if (noStore || noCache) return 0;
  const date = headers.get('date');
  const dateMs = (date === null ? undefined : parseHttpDate(date, nowMs)) ?? nowMs;
  const lifetimeMs = maxAgeSec === undefined ? untilExpiry(headers, dateMs, nowMs) : maxAgeSec * 1_000;
  if (lifetimeMs === undefined) return undefined;
  const age = headers.get('age');
  const apparentAgeMs = Math.max(0, nowMs - dateMs);
  const correctedAgeMs = ((age === null ? undefined : seconds(age)) ?? 0) * 1_000 + delayMs;
  return Math.max(0, lifetimeMs - Math.max(apparentAgeMs, correctedAgeMs));
}

/** What a kept answer is asked about by. */
export interface Validators {
  readonly etag?: string;
  readonly lastModified?: string;
}

/** Takes the validators out of an answer. */
export function validatorsOf(headers: Headers): Validators {
  const etag = headers.get('etag');
  const lastModified = headers.get('last-modified');
  return { ...(etag !== null && { etag }), ...(lastModified !== null && { lastModified }) };
}

/**
 * Headers that ask whether a kept answer still holds.
 *
 * `Cache-Control: max-age=0` goes along: without it `fetch` itself adds `no-cache`, upon which servers answer in full.
 *
 * @returns Nothing when there is no validator: then it has to be fetched anew.
 * @see RFC 9110, section 13.1
 */
export function conditionalHeaders({ etag, lastModified }: Validators): Readonly<Record<string, string>> | undefined {
  if (etag === undefined && lastModified === undefined) return undefined;
  return {
    'cache-control': 'max-age=0',
    ...(etag !== undefined && { 'if-none-match': etag }),
    ...(lastModified !== undefined && { 'if-modified-since': lastModified }),
  };
}

/** A token (RFC 9110, section 5.6.2), which is what a header may be called. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;

/**
 * Lower-case names of the request headers an answer depends on, each once and in order. `*` is one of them, and stands in
 * for whatever is no name: `Headers` would not even look that up.
 */
export function varyNames(headers: Headers): readonly string[] {
  const names = (headers.get('vary') ?? '').split(',').map((name) => name.trim().toLowerCase());
  const known = names.filter((name) => name !== '').map((name) => (TOKEN.test(name) ? name : '*'));
  return [...new Set(known)].sort();
}

/** Whether two requests agree in every header an answer depends on. */
export function varyMatches(names: readonly string[], stored: Headers, asking: Headers): boolean {
  return names.every((name) => name !== '*' && stored.get(name) === asking.get(name));
}

/** Time between the answer's own `Date` and `Expires`; what is no date lies in the past. */
function untilExpiry(headers: Headers, dateMs: number, nowMs: number): number | undefined {
  const expires = headers.get('expires');
  if (expires === null) return undefined;
  return Math.max(0, (parseHttpDate(expires, nowMs) ?? dateMs) - dateMs);
}

/** Parts between the commas that stand outside of quotation marks; `whole` unless a quotation never ends. */
function splitList(text: string): { readonly elements: readonly string[]; readonly whole: boolean } {
  const elements: string[] = [];
  let quoted = false;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') quoted = !quoted;
    else if (quoted && character === '\\') at++;
    else if (!quoted && character === ',') {
      elements.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return { elements: [...elements, text.slice(start)], whole: !quoted };
}

// Larger numbers count as this: 2^31 seconds, some 68 years. RFC 9111, section 1.2.2.
const MAX_SECONDS = 2_147_483_648;

/** A number of seconds, also in quotation marks; nothing when it is none. */
function seconds(text: string): number | undefined {
  const digits = /^"?(\d+)"?$/.exec(text.trim())?.[1];
  return digits === undefined ? undefined : Math.min(Number(digits), MAX_SECONDS);
}
