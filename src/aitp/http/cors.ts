// What a browser has to be told before it lets a page talk to an agent (Fetch standard, section 3.2; AITP 0.2, section 9.2
// of our digest). The protocol does not mention it.

/** Which pages may read answers: of any origin, of these (such as `https://app.example`, compared exactly), or of none. */
export type AllowedOrigins = '*' | readonly string[] | false;

/** Names the session of a handshake: in the answer to a hello, and in the request that carries the commit. */
export const SESSION_HEADER = 'x-aitp-session-id';

/** Carries a token. */
export const TCT_HEADER = 'x-aitp-tct';

/** Carries a signed invocation, in base64url. Ours; the protocol has none. */
export const INVOCATION_HEADER = 'x-aitp-invocation';

/** Carries a challenge to whoever presented a token, in base64url. */
export const POP_CHALLENGE_HEADER = 'x-aitp-pop-challenge';

/** Carries the answer to it, in base64url. */
export const POP_RESPONSE_HEADER = 'x-aitp-pop-response';

const REQUEST_HEADERS = ['content-type', SESSION_HEADER, TCT_HEADER, INVOCATION_HEADER, POP_RESPONSE_HEADER];
const RESPONSE_HEADERS = [SESSION_HEADER, POP_CHALLENGE_HEADER, 'retry-after'];

/** @throws {TypeError} neither `*`, nor `false`, nor a list of origins. */
export function assertAllowedOrigins(origins: unknown): asserts origins is AllowedOrigins {
  if (origins === '*' || origins === false) return;
  if (!Array.isArray(origins) || !origins.every((origin) => typeof origin === 'string')) {
    throw new TypeError('allowedOrigins must be "*", false, or a list of origins');
  }
}

/** Headers of an answer to a page of the request's origin. For every answer, errors included. */
export function corsHeaders(request: Request, origins: AllowedOrigins): Headers {
  const headers = new Headers();
  if (origins === false) return headers;
  // The answer to one page must not be handed to another by a cache in between.
  if (origins !== '*') headers.append('vary', 'Origin');
  const origin = request.headers.get('origin');
  const allowed = origins === '*' ? '*' : origins.find((candidate) => candidate === origin);
  if (allowed === undefined) return headers;
  headers.set('access-control-allow-origin', allowed);
  headers.set('access-control-expose-headers', RESPONSE_HEADERS.join(', '));
  return headers;
}

/**
 * The answer to OPTIONS, a preflight or not.
 *
 * @param headers Those of {@link corsHeaders}. Taken over.
 */
export function optionsResponse(request: Request, headers: Headers, methods: readonly string[]): Response {
  headers.set('allow', methods.join(', '));
  if (headers.has('access-control-allow-origin') && request.headers.has('access-control-request-method')) {
    headers.delete('access-control-expose-headers');
    headers.set('access-control-allow-methods', methods.join(', '));
    headers.set('access-control-allow-headers', REQUEST_HEADERS.join(', '));
    // Two hours is the most that Chromium heeds.
    headers.set('access-control-max-age', '7200');
  }
  return new Response(null, { status: 204, headers });
}
