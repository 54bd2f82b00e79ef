// What every path of AITP over HTTP has in common: methods, what pages may read, and faults of our own, which stay at home.

import type { AllowedOrigins } from '../../http/cors.js';
import { corsHeaders, optionsResponse } from './cors.js';

/** Answers a request; nothing when it is for something else. */
export type AitpHandler = (request: Request) => Promise<Response | undefined>;

/** What is to be done about a path. */
export interface Endpoint {
  /** Methods it takes, OPTIONS among them. */
  readonly methods: readonly string[];
  /** Rejects with faults of our own only. */
  answer(request: Request): Promise<Response>;
}

/** How endpoints are served. */
export interface EndpointOptions {
  readonly allowedOrigins: AllowedOrigins;
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Methods of a document. */
export const READ: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/** Methods of a message. */
export const POST: readonly string[] = ['POST', 'OPTIONS'];

/**
 * Makes one handler of what there is at each path.
 *
 * @param route Finds it by path; nothing where the path is not ours.
 * @returns It never rejects: a fault of our own is answered 500, and `onError` is told.
 */
export function endpoints(
  route: (path: string) => Endpoint | undefined,
  { allowedOrigins, onError }: EndpointOptions,
): AitpHandler {
  return async (request) => {
    const found = route(new URL(request.url).pathname);
    if (found === undefined) return undefined;
    const headers = corsHeaders(request, allowedOrigins);
    const { method } = request;
    if (method === 'OPTIONS') return optionsResponse(request, headers, found.methods);
    if (!found.methods.includes(method)) {
      headers.set('allow', found.methods.join(', '));
      return new Response(null, { status: 405, headers });
    }
    let answer: Response;
    try {
      answer = await found.answer(request);
    } catch (error) {
      report(onError, error);
      answer = new Response(null, { status: 500, headers: { 'cache-control': 'no-store' } });
    }
    for (const [name, value] of headers) answer.headers.set(name, value);
    return method === 'HEAD' ? new Response(null, answer) : answer;
  };
}

function report(onError: ((error: unknown) => void) | undefined, error: unknown): void {
  try {
    onError?.(error);
  } catch {
    // Whoever listens is not allowed to break what it listens to.
  }
}
