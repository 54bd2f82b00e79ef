// What a browser has to be told before it lets a page read an answer (Fetch standard, section 3.2). A2A does not mention
// it; without it no page can talk to an agent.

/** Which pages may read answers: of any origin, of these (such as `https://app.example`, compared exactly), or of none. */
export type AllowedOrigins = '*' | readonly string[] | false;

/** Headers that clients of A2A send. `authorization` has to be named: a wildcard does not include it. */
export const CORS_REQUEST_HEADERS: readonly string[] = [
  'content-type',
  'accept',
  'authorization',
  'a2a-version',
  'a2a-extensions',
  'cache-control',
  'if-none-match',
  'if-modified-since',
];

/** Headers of answers that clients of A2A read. */
export const CORS_RESPONSE_HEADERS: readonly string[] = ['a2a-extensions', 'etag', 'www-authenticate', 'retry-after'];

/**
 * Checks an option before any request.
 *
 * @throws {TypeError} neither `*`, nor `false`, nor a list of origins.
 */
export function assertAllowedOrigins(origins: unknown, name = 'allowedOrigins'): asserts origins is AllowedOrigins {
  if (origins === '*' || origins === false) return;
  if (!Array.isArray(origins) || !origins.every((origin) => typeof origin === 'string')) {
    throw new TypeError(`${name} must be "*", false, or a list of origins`);
  }
}

/** Adds what a page of the request's origin is allowed to read. To be added to every answer, errors included. */
export function addCorsHeaders(headers: Headers, request: Request, origins: AllowedOrigins): void {
  if (origins === false) return;
  // The answer to one page must not be handed to another by a cache in between.
  if (origins !== '*') headers.append('vary', 'Origin');
  const origin = request.headers.get('origin');
  const allowed = origins === '*' ? '*' : origins.find((candidate) => candidate === origin);
  if (allowed === undefined) return;
  headers.set('access-control-allow-origin', allowed);
  headers.set('access-control-expose-headers', CORS_RESPONSE_HEADERS.join(', '));
}

/**
 * Adds the answer to a preflight, if the request is one from a page that is allowed anything.
 *
 * @param extraHeaders Further request headers to allow, such as that of an API key.
 */
export function addPreflightHeaders(
  headers: Headers,
  request: Request,
  methods: readonly string[],
  extraHeaders: readonly string[] = [],
): void {
  if (!headers.has('access-control-allow-origin') || !request.headers.has('access-control-request-method')) return;
  headers.delete('access-control-expose-headers');
  headers.set('access-control-allow-methods', methods.join(', '));
  headers.set('access-control-allow-headers', [...CORS_REQUEST_HEADERS, ...extraHeaders].join(', '));
  // Two hours is the most that Chromium heeds.
  headers.set('access-control-max-age', '7200');
}
