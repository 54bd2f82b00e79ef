// One request and its answer, under the rules every request has: an address that may be asked, no redirects, no cookies,
// the headers of protocol and caller, and one more try with new credentials.

import { onAbort } from '../../abort.js';
import { decodeUtf8 } from '../../bytes/utf8.js';
import { checkJsonBounds } from '../../codec/bounds.js';
import { HttpError, isSdkError } from '../../errors.js';
import { judgeUrl } from '../../http/address.js';
import { discardBody, readBody } from '../../http/read-body.js';
import { isBrowser } from '../../http/runtime.js';
import { invalidAnswer, isSuccess, type WireAnswer, type WireRequest } from './binding.js';
import { CredentialKeeper, type Credentials } from './credentials.js';
import type { A2aCallOptions, ResolvedOptions } from './options.js';

const VERSION = '1.0';

/** Headers that mean the same to every origin. */
const HEADERS_FOR_ALL = ['accept', 'accept-language', 'a2a-version', 'a2a-extensions'];

/** Deepest nesting of an answer: what walks it later may recurse. */
const BOUNDS = { maxJsonDepth: 128, maxJsonKeys: Number.MAX_SAFE_INTEGER };

/** Sends requests for one client. */
export class Exchange {
  readonly #options: ResolvedOptions;
  readonly #keepers = new Map<string, CredentialKeeper>();

  constructor(options: ResolvedOptions) {
    this.#options = options;
  }

  /**
   * Sends a request and waits for the head of its answer, whose body is the caller's to read or discard.
   *
   * @param isHome Whether it goes where the caller's own headers are meant to go.
   * @throws {HttpError} ERR_HTTP_URL, ERR_HTTP_NETWORK, ERR_HTTP_REDIRECT. @throws `signal.reason`, untouched.
   */
  async send(request: WireRequest, call: A2aCallOptions, isHome: boolean): Promise<Response> {
    const { signal } = call;
    // Also when it was aborted between the attempts of one call: nobody is to be asked for credentials any more.
    signal?.throwIfAborted();
    const url = this.#addressOf(request);
    const keeper = this.#keeperOf(url);
    const own = this.#ownHeaders(call, isHome);
    const credentials = keeper && (await abortable(keeper.current(url.href), signal));
    const response = await this.#sendOnce(url, request, call, this.#headersFor(request, own, credentials));
    if (keeper === undefined || response.status !== 401) return response;
    // Read whole, so that both the hook and whoever explains the error can.
    const { status, statusText, headers } = response;
    const body = await this.#bytesOf(response, url.href, signal);
    const copy = () => new Response(body, { status, statusText, headers });
    const renewed = await abortable(keeper.renew(credentials, url.href, copy), signal);
    if (renewed === undefined) return copy();
    return this.#sendOnce(url, request, call, this.#headersFor(request, own, renewed));
  }

  /**
   * Reads an answer that is no stream.
   *
   * @throws {HttpError} ERR_HTTP_TOO_LARGE, ERR_HTTP_NETWORK. @throws {LimitError} nested too deep.
   * @throws {A2aOperationError} ERR_A2A_INVALID_AGENT_RESPONSE: it says yes, and is no JSON.
   */
  async read(response: Response, request: WireRequest, signal?: AbortSignal): Promise<WireAnswer> {
    const { status } = response;
    const bytes = await this.#bytesOf(response, request.url, signal);
    if (bytes.length === 0) return { status, body: undefined };
    try {
      return { status, body: parseJson(decodeUtf8(bytes)) };
    } catch (cause) {
      if (isSdkError(cause) && cause.code === 'ERR_LIMIT_EXCEEDED') throw cause;
      // Proxies say no in HTML.
      if (!isSuccess(status)) return { status, body: undefined };
      throw invalidAnswer('the answer is no JSON', cause);
    }
  }

  #addressOf({ url }: WireRequest): URL {
    const address = judgeUrl(url, this.#options);
    // Appended by hand: `searchParams` would spell the rest of the query anew.
    if (this.#options.versionIn === 'query')
      address.search += `${address.search === '' ? '?' : '&'}A2A-Version=${VERSION}`;
    return address;
  }

  #keeperOf({ origin }: URL): CredentialKeeper | undefined {
    const { authenticate } = this.#options;
    if (authenticate === undefined) return undefined;
    let keeper = this.#keepers.get(origin);
    if (keeper === undefined) {
      keeper = new CredentialKeeper(authenticate);
      this.#keepers.set(origin, keeper);
    }
    return keeper;
  }

  async #sendOnce(url: URL, request: WireRequest, call: A2aCallOptions, headers: Headers): Promise<Response> {
    const { signal } = call;
    signal?.throwIfAborted();
    const init: RequestInit = {
      method: request.method,
      headers,
      redirect: 'manual',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      ...(request.body !== undefined && { body: request.body }),
      ...(signal !== undefined && { signal }),
      // An answer to "how is the task?" is never good a second time. Elsewhere the member throws.
      ...(isBrowser() && { cache: 'no-store' }),
    };
    const failure = (cause?: unknown) =>
      new HttpError('ERR_HTTP_NETWORK', `no answer from ${url.host}`, { url: url.href, cause });
    let response: Response;
    try {
      response = await abortable(this.#options.fetch(url.href, init), signal, ({ body }) => discardBody(body));
    } catch (cause) {
      signal?.throwIfAborted();
      throw failure(cause);
    }
    const { type, status, redirected } = response;
    if (type === 'error') throw failure();
    if (redirected || type === 'opaqueredirect' || [301, 302, 303, 307, 308].includes(status)) {
      discardBody(response.body);
      throw new HttpError('ERR_HTTP_REDIRECT', 'a redirect, which no operation follows', {
        url: url.href,
        ...(status !== 0 && { status }),
      });
    }
    return response;
  }

  /** The headers of client and call, as far as they are meant for where the request goes. */
  #ownHeaders({ headers }: A2aCallOptions, isHome: boolean): readonly [client: Headers, call: Headers] {
    const { crossOriginHeaders = [] } = this.#options;
    const everywhere = new Set([...HEADERS_FOR_ALL, ...crossOriginHeaders.map((name) => name.toLowerCase())]);
    const own = [new Headers(this.#options.headers), new Headers(headers)] as const;
    if (isHome) return own;
    for (const kept of own) for (const name of [...kept.keys()]) if (!everywhere.has(name)) kept.delete(name);
    return own;
  }

  /** The caller's headers stand over ours, and a call's over the client's; lists of extensions are joined. */
  #headersFor(request: WireRequest, [client, call]: readonly [Headers, Headers], credentials: Credentials): Headers {
    const { extensions = [], versionIn } = this.#options;
    const headers = new Headers({ accept: request.accept });
    if (request.body !== undefined) headers.set('content-type', 'application/json');
    if (versionIn !== 'query') headers.set('a2a-version', VERSION);
    const active = new Set(extensions);
    for (const source of [client, credentials?.headers ?? [], call]) {
      for (const [name, value] of source) {
        if (name !== 'a2a-extensions') headers.set(name, value);
        else for (const uri of value.split(',')) if (uri.trim() !== '') active.add(uri.trim());
      }
    }
    if (active.size > 0) headers.set('a2a-extensions', [...active].join(', '));
    return headers;
  }

  async #bytesOf(response: Response, url: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const { maxBodyBytes } = this.#options;
    const { status } = response;
    try {
      return await readBody(response.body, maxBodyBytes, signal);
    } catch (cause) {
      signal?.throwIfAborted();
      if (isSdkError(cause) && cause.code === 'ERR_LIMIT_EXCEEDED') {
        const what = `an answer of more than ${maxBodyBytes} bytes`;
        throw new HttpError('ERR_HTTP_TOO_LARGE', what, { url, status, cause });
      }
      throw new HttpError('ERR_HTTP_NETWORK', 'the answer broke off', { url, status, cause });
    }
  }
}

/**
 * Parses JSON of an agent's.
 *
 * @throws {SyntaxError} it is none. @throws {LimitError} nested too deep.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
  // Two characters for each level.
  if (text.length > 2 * BOUNDS.maxJsonDepth) checkJsonBounds(value, BOUNDS);
  return value;
}

/**
 * What work comes to, unless the signal aborts first, or has already; what it comes to afterwards is for `late`.
 *
 * @param late Must not throw.
 */
function abortable<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  late: (result: T) => void = () => {},
): Promise<T> {
  // A fetch or hook of the caller's own may not listen to the signal.
  return new Promise((resolve, reject) => {
    const removeAbort = onAbort(signal, reject);
    // Such a hook may also be what aborted it, just now.
    if (signal?.aborted) reject(signal.reason);
    work.then(
      (result) => {
        removeAbort();
        if (signal?.aborted) late(result);
        resolve(result);
      },
      (error) => {
        removeAbort();
        reject(error);
      },
    );
  });
}
