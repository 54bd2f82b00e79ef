// The headers of AITP over HTTP, and what pages are told of them (AITP 0.2, section 9.2). The protocol does
// not mention pages.

import { type AllowedOrigins, allowOrigin, answerPreflight } from '../../http/cors.js';

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

/** Headers of an answer to a page of the request's origin. For every answer, errors included. */
export function corsHeaders(request: Request, origins: AllowedOrigins): Headers {
  const headers = new Headers();
  allowOrigin(headers, request, origins, RESPONSE_HEADERS);
  return headers;
}

/**
 * The answer to OPTIONS, a preflight or not.
 *
 * @param headers Those of {@link corsHeaders}. Taken over.
 */
export function optionsResponse(request: Request, headers: Headers, methods: readonly string[]): Response {
  headers.set('allow', methods.join(', '));
  answerPreflight(headers, request, methods, REQUEST_HEADERS);
  return new Response(null, { status: 204, headers });
}
