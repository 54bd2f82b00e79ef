// What a browser has to be told before it lets a page read an answer (Fetch standard, section 3.2), for every protocol
// over HTTP: which headers those are, each says itself.

/** Which pages may read answers: of any origin, of these (such as `https://app.example`, compared exactly), or of none. */
export type AllowedOrigins = '*' | readonly string[] | false;

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

/**
 * Adds what a page of the request's origin is allowed to read. To be added to every answer, errors included.
 *
 * @param exposed Headers of the answer that the page may read.
 */
export function allowOrigin(
  headers: Headers,
  request: Request,
  origins: AllowedOrigins,
  exposed: readonly string[],
): void {
  if (origins === false) return;
  // The answer to one page must not be handed to another by a cache in between.
  if (origins !== '*') headers.append('vary', 'Origin');
  const origin = request.headers.get('origin');
  const allowed = origins === '*' ? '*' : origins.find((candidate) => candidate === origin);
  if (allowed === undefined) return;
  headers.set('access-control-allow-origin', allowed);
  headers.set('access-control-expose-headers', exposed.join(', '));
}

/**
 * Adds the answer to a preflight, if the request is one from a page that is allowed anything.
 *
 * @param headers Those of {@link allowOrigin}.
 * @param sent Headers that the page may send.
 */
export function answerPreflight(
  headers: Headers,
  request: Request,
  methods: readonly string[],
  sent: readonly string[],
): void {
  if (!headers.has('access-control-allow-origin') || !request.headers.has('access-control-request-method')) return;
  headers.delete('access-control-expose-headers');
  headers.set('access-control-allow-methods', methods.join(', '));
  headers.set('access-control-allow-headers', sent.join(', '));
  // Two hours is the most that Chromium heeds.
  headers.set('access-control-max-age', '7200');
}
