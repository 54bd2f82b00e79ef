// Fetching a document from a stranger: https to a public host, each redirect judged anew, one time limit over headers and
// body, a body of bounded size, no cookies and no referrer. The same in browsers, workers, Node, Deno and Bun.

import { assertInteger, assertSignal, assertString } from '../bytes/assert.js';
import { parseUrl } from '../bytes/parse-url.js';
import { type Clock, systemClock } from '../clock.js';
import { HttpError, isSdkError } from '../errors.js';
import { type AddressRules, judgeUrl } from './address.js';
import { type Deadline, startDeadline } from './deadline.js';
import { discardBody, readBody } from './read-body.js';
import { isBrowser } from './runtime.js';

/** A `fetch` of the caller's own: to judge the address behind a name, to add credentials, to keep to a proxy. */
export type FetchLike = (url: string, init: RequestInit) => Promise<Response>;

/** What {@link boundedFetch} may be told. `undefined` is as good as absent. */
export interface BoundedFetchOptions extends AddressRules {
  /** Default: the runtime's. It must not follow redirects when told `redirect: 'manual'`. */
  readonly fetch?: FetchLike | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Time for everything, redirects and the body included, in milliseconds: 1 to 600,000. Default 5,000. */
  readonly timeoutMs?: number | undefined;
  /** Length of the body once decompressed, in bytes: 0 to 1 GiB. Default 262,144. */
  readonly maxBodyBytes?: number | undefined;
  /**
   * Redirects that are followed, 0 to 10, of GET and HEAD only. Default 0: the first one fails. Browsers do not show
   * where a redirect leads, so there each one fails whatever is allowed.
   */
  readonly maxRedirects?: number | undefined;
  readonly clock?: Clock | undefined;
  /** Sent with every request to the origin first asked. Elsewhere `crossOriginHeaders` says which go along. */
  readonly headers?: HeadersInit | undefined;
  /** Names of headers that also go to another origin a redirect leads to, `accept` aside. Never a credential's. */
  readonly crossOriginHeaders?: readonly string[] | undefined;
  /** Default GET. */
  readonly method?: string | undefined;
  /** With methods that have one. Borrowed. */
  readonly body?: string | Uint8Array | undefined;
  /** Value of `Accept`, where `headers` has none. */
  readonly accept?: string | undefined;
  /** Statuses that count as an answer; another one fails, and its body is not read. Default: any but a redirect. */
  readonly expectStatus?: readonly number[] | undefined;
  /** Whether the browser's cookies go along. Default `omit`. */
  readonly credentials?: RequestCredentials | undefined;
  /** How a browser uses its HTTP cache; of no effect elsewhere. Default: the browser's own. */
  readonly cache?: RequestCache | undefined;
}

/** An answer, read to its end. */
export interface BoundedResponse {
  readonly status: number;
  readonly headers: Headers;
  /** Fresh. Empty where the answer had none. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** Address that answered, after redirects, without fragment. */
  readonly url: string;
}

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
const BODILESS: readonly number[] = [204, 205, 304];

/**
 * Fetches an address within limits.
 *
 * Refused before anything is sent: another scheme than https, user names, and hosts that are given as an address, or a
 * name reserved for, this machine or a private network (see {@link AddressRules} to open these up). The same holds for
 * every address a redirect leads to, and none may lead from a public host to another kind. The connection is let go of
 * on every path.
 *
 * @param url Absolute.
 * @throws {HttpError} ERR_HTTP_URL: the address is not one to ask. ERR_HTTP_NETWORK: no answer, or one that broke off.
 *   ERR_HTTP_TIMEOUT. ERR_HTTP_REDIRECT: a redirect too many, or one that cannot be followed. ERR_HTTP_STATUS: not one
 *   of `expectStatus`. ERR_HTTP_TOO_LARGE: the body, or what its Content-Length announces.
 * @throws `signal.reason`, untouched.
 * @throws {TypeError | RangeError} an argument of the wrong kind or out of range; a header that cannot be sent.
 */
export async function boundedFetch(url: string, options: BoundedFetchOptions = {}): Promise<BoundedResponse> {
  const { maxBodyBytes = 262_144, timeoutMs = 5_000, clock = systemClock, signal } = options;
  const request = prepare(url, options);
  signal?.throwIfAborted();
  const deadline = startDeadline(clock, timeoutMs, request.url.href, signal);
  try {
    const { response, asked } = await follow(request, deadline);
    const { status, headers } = response;
    const body = await bodyOf(response, asked.href, request.method, maxBodyBytes, deadline.signal);
    return { status, headers, body, url: asked.href };
  } finally {
    deadline.release();
  }
}

/** A request whose parts have all been checked. */
interface Prepared {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly crossOriginHeaders: ReadonlySet<string>;
  readonly maxRedirects: number;
  readonly fetch: FetchLike;
  readonly options: BoundedFetchOptions;
}

function prepare(url: string, options: BoundedFetchOptions): Prepared {
  const { maxBodyBytes, timeoutMs, maxRedirects = 0, signal, accept } = options;
  const method = (options.method ?? 'GET').toUpperCase();
  // Looked up at each call, and called as a plain function: workerd and browsers refuse a detached one.
  const runtimeFetch: FetchLike = (address, init) => fetch(address, init);
  const chosen = options.fetch ?? runtimeFetch;
  assertString(url, 'url');
  if (options.body !== undefined && isSafe(method)) throw new TypeError(`body cannot be sent with ${method}`);
  if (maxBodyBytes !== undefined) assertInteger(maxBodyBytes, 'maxBodyBytes', 0, 2 ** 30);
  if (timeoutMs !== undefined) assertInteger(timeoutMs, 'timeoutMs', 1, 600_000);
  assertInteger(maxRedirects, 'maxRedirects', 0, 10);
  assertSignal(signal);
  if (typeof chosen !== 'function') throw new TypeError('fetch must be a function');
  const headers = new Headers(options.headers);
  if (accept !== undefined && !headers.has('accept')) headers.set('accept', accept);
  const crossOriginHeaders = new Set(
    ['accept', ...(options.crossOriginHeaders ?? [])].map((name) => name.toLowerCase()),
  );
  return { url: judgeUrl(url, options), method, headers, crossOriginHeaders, maxRedirects, fetch: chosen, options };
}

/** Asks, and goes where redirects lead, until there is an answer. */
async function follow(
  request: Prepared,
  deadline: Deadline,
): Promise<{ readonly response: Response; readonly asked: URL }> {
  let { url: asked, headers } = request;
  for (let redirects = 0; ; redirects++) {
    const response = await ask(request, asked, headers, deadline);
    const target = redirectTarget(response, asked.href);
    if (target === undefined) {
      const { expectStatus } = request.options;
      if (expectStatus !== undefined && !expectStatus.includes(response.status)) {
        discardBody(response.body);
        throw new HttpError('ERR_HTTP_STATUS', `status ${response.status}`, {
          url: asked.href,
          status: response.status,
        });
      }
      return { response, asked };
    }
    discardBody(response.body);
    if (!isSafe(request.method) || redirects === request.maxRedirects) {
      throw new HttpError('ERR_HTTP_REDIRECT', 'a redirect that is not followed', {
        url: asked.href,
        status: response.status,
      });
    }
    const next = judgeUrl(target, request.options, asked);
    // For good: a stranger may lead back to where it came from, but not in the caller's name.
    if (next.origin !== asked.origin) headers = publicHeaders(headers, request.crossOriginHeaders);
    asked = next;
  }
}

async function ask(request: Prepared, url: URL, headers: Headers, { signal, race }: Deadline): Promise<Response> {
  const { method, options } = request;
  const init: RequestInit = {
    method,
    headers,
    redirect: 'manual',
    credentials: options.credentials ?? 'omit',
    referrerPolicy: 'no-referrer',
    signal,
  };
  if (options.body !== undefined) init.body = options.body as BodyInit;
  if (options.cache !== undefined && isBrowser()) init.cache = options.cache;
  let response: Response;
  try {
    response = await race(request.fetch(url.href, init), ({ body }) => discardBody(body));
  } catch (cause) {
    signal.throwIfAborted();
    throw new HttpError('ERR_HTTP_NETWORK', `no answer from ${url.host}`, { url: url.href, cause });
  }
  if (response.type === 'error')
    throw new HttpError('ERR_HTTP_NETWORK', `no answer from ${url.host}`, { url: url.href });
  if (response.redirected) {
    discardBody(response.body);
    // Past hosts that nobody judged.
    throw new HttpError('ERR_HTTP_REDIRECT', 'the fetch given followed a redirect by itself', { url: url.href });
  }
  return response;
}

/** Whether asking again elsewhere does nothing twice. */
function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** The headers that were not meant for one origin alone. */
function publicHeaders(headers: Headers, names: ReadonlySet<string>): Headers {
  const kept = new Headers();
  for (const [name, value] of headers) if (names.has(name)) kept.set(name, value);
  return kept;
}

/** Where an answer redirects to; nothing when it does not. */
function redirectTarget(response: Response, asked: string): URL | undefined {
  const { status, headers } = response;
  const refuse = (why: string) => {
    discardBody(response.body);
    return new HttpError('ERR_HTTP_REDIRECT', why, { url: asked, ...(status === 0 ? {} : { status }) });
  };
  // All a browser shows of a redirect is that there is one.
  if (response.type === 'opaqueredirect') throw refuse('a redirect, which a browser does not let scripts follow');
  if (!REDIRECTS.includes(status)) return undefined;
  const location = headers.get('location');
  if (location === null) throw refuse('a redirect that leads nowhere');
  const target = parseUrl(location, asked);
  if (target === undefined) throw refuse('a redirect to something that is no address');
  return target;
}

async function bodyOf(
  response: Response,
  url: string,
  method: string,
  maxBodyBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const { status } = response;
  const tooLarge = (why: { cause?: unknown } = {}) =>
    new HttpError('ERR_HTTP_TOO_LARGE', `a body of more than ${maxBodyBytes} bytes`, { url, status, ...why });
  // An answer without a body still says how long it would have been.
  const announced = method === 'HEAD' || BODILESS.includes(status) ? 0 : Number(response.headers.get('content-length'));
  if (announced > maxBodyBytes) {
    discardBody(response.body);
    throw tooLarge();
  }
  try {
    return await readBody(response.body, maxBodyBytes, signal);
  } catch (cause) {
    signal.throwIfAborted();
    if (isSdkError(cause) && cause.code === 'ERR_LIMIT_EXCEEDED') throw tooLarge({ cause });
    throw new HttpError('ERR_HTTP_NETWORK', 'the answer broke off', { url, status, cause });
  }
}
