// The headers that A2A over HTTP has to open to pages. A2A does not mention it; without it no page can talk to an agent.

import { type AllowedOrigins, allowOrigin, answerPreflight } from '../../http/cors.js';

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

/** Adds what a page of the request's origin is allowed to read. To be added to every answer, errors included. */
export function addCorsHeaders(headers: Headers, request: Request, origins: AllowedOrigins): void {
  allowOrigin(headers, request, origins, CORS_RESPONSE_HEADERS);
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
  answerPreflight(headers, request, methods, [...CORS_REQUEST_HEADERS, ...extraHeaders]);
}
