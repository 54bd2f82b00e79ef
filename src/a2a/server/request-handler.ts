// One request from its headers to its answer. The order of the checks is fixed; each one wins over all later ones:
//
//   path and verb, origin of the page, content type, size of the body, JSON, version, JSON-RPC method, authentication,
//   required extensions, capability, parameters, visibility of the task and authorisation, and then the operation itself.

import { onAbort } from '../../abort.js';
import type { Clock } from '../../clock.js';
import { isSdkError } from '../../errors.js';
import type { AllowedOrigins } from '../../http/cors.js';
import { readBody } from '../../http/read-body.js';
import { requestBody } from '../../http/request-body.js';
import { unlessAborted } from '../../unless-aborted.js';
import type { AgentCard } from '../card/agent-card.js';
import { addCorsHeaders, addPreflightHeaders } from '../discovery/cors.js';
import type { CardHandler } from '../discovery/serve-card.js';
import { publicError } from '../wire/error-json.js';
import { A2aOperationError } from '../wire/errors.js';
import type { Operation } from '../wire/operations.js';
import { parseParams } from '../wire/parse.js';
import { A2aUnauthenticatedError, type Authenticate, authenticateCaller } from './authentication.js';
import { feedEvent } from './event-feed.js';
import { eventStream } from './event-stream.js';
import { bindRpcCall, readRpcCall, rpcBinding } from './json-rpc-binding.js';
import type { A2aServerLimits } from './limits.js';
import { agreeOnExtensions, checkContentType, checkVersion } from './negotiation.js';
import type { Caller, Operations, Outcome } from './operations.js';
import { readJson } from './read-json.js';
import { restBinding, restParams } from './rest-binding.js';
import type { BoundRequest, PlainAnswer, ServerBinding } from './server-binding.js';
import { routeOf, type ServerPaths, type ServerRoute } from './server-routes.js';
import { viewOf } from './task-view.js';

/** What requests are answered with. */
export interface RequestHandlerParts {
  readonly card: AgentCard;
  /** Answers for the public card. */
  readonly discovery: CardHandler;
  readonly paths: ServerPaths;
  readonly limits: A2aServerLimits;
  readonly clock: Clock;
  readonly allowedOrigins: AllowedOrigins;
  /** Request headers that pages may send beside those of A2A. */
  readonly allowedHeaders: readonly string[];
  readonly authenticate?: Authenticate;
  readonly operations: Operations;
  /** Whether the server takes no more requests. */
  readonly closed: () => boolean;
  /** Keeps the host at work until a promise settles, which never rejects. */
  readonly waitUntil: (work: Promise<unknown>, context: unknown) => void;
  /** Told of faults. Does not throw. */
  readonly report: (error: unknown) => void;
}

const METHODS = ['GET', 'POST', 'DELETE', 'OPTIONS'];

type OperationRoute = Extract<ServerRoute, { kind: 'rpc' | 'rest' }>;

/** Makes the function that answers requests. It never rejects. */
export function createRequestHandler(
  parts: RequestHandlerParts,
): (request: Request, context?: unknown) => Promise<Response> {
  const { card, discovery, paths, limits, clock, allowedOrigins, allowedHeaders, authenticate, operations } = parts;
  const { report } = parts;
  return answer;

  async function answer(request: Request, context?: unknown): Promise<Response> {
    const headers = new Headers();
    try {
      const ours = await discovery(request);
      if (ours !== undefined) return ours;
      addCorsHeaders(headers, request, allowedOrigins);
      const url = new URL(request.url);
      return await answerRoute(routeOf(request.method, url.pathname, paths), request, url, headers, context);
    } catch (error) {
      report(error);
      return respond(restBinding.error(error), headers);
    }
  }

  async function answerRoute(
    route: ServerRoute,
    request: Request,
    url: URL,
    headers: Headers,
    context: unknown,
  ): Promise<Response> {
    switch (route.kind) {
      case 'preflight':
        addPreflightHeaders(headers, request, METHODS, allowedHeaders);
        headers.set('Allow', METHODS.join(', '));
        return new Response(null, { status: 204, headers });
      case 'nowhere':
        throw new A2aOperationError('ERR_A2A_METHOD_NOT_FOUND', 'Not found');
      case 'wrong-verb': {
        headers.set('Allow', route.allow.join(', '));
        const error = new A2aOperationError('ERR_A2A_METHOD_NOT_FOUND', 'Method not allowed', { httpStatus: 405 });
        return respond({ ...(route.rpc ? rpcBinding(null) : restBinding).error(error), status: 405 }, headers);
      }
      default:
        return answerOperation(route, request, url, headers, context);
    }
  }

  async function answerOperation(
    route: OperationRoute,
    request: Request,
    url: URL,
    headers: Headers,
    context: unknown,
  ): Promise<Response> {
    let binding: ServerBinding = route.kind === 'rpc' ? rpcBinding(null) : restBinding;
    // Some hosts have none, and then never tell that a caller has gone.
    const signal = request.signal ?? new AbortController().signal;
    try {
      if (parts.closed()) throw new A2aOperationError('ERR_A2A_UNAVAILABLE');
      checkOrigin(request, url, allowedOrigins);
      const body = await bodyOf(request, route, signal);
      const bound = bind(route, request, url, body, (found) => {
        binding = found;
      });
      const { operation } = bound;
      const user = authenticate && (await unlessAborted(signal, authenticateCaller(authenticate, { request, body })));
      const extensions = agreeOnExtensions(request.headers, card);
      if (extensions.length > 0) headers.set('A2A-Extensions', extensions.join(', '));
      checkCapability(operation, card);
      const params = parseParams(operation.request, bound.params) as { readonly tenant?: string };
      const { tenant } = params;
      const caller: Caller = {
        owner: user?.id ?? '',
        extensions,
        signal,
        waitUntil: (work) => parts.waitUntil(work, context),
        ...(user && { user }),
        ...(tenant !== undefined && { tenant }),
      };
      const perform = operations[operation.name] as (params: unknown, caller: Caller) => Promise<Outcome>;
      const outcome = await unlessGone(signal, perform(params, caller));
      if ('result' in outcome) return respond(binding.result(operation, outcome.result), headers);
      return await stream(outcome, binding, signal, headers);
    } catch (error) {
      // A caller that has gone is no fault, and hears of none.
      if (!signal.aborted) report(error);
      addErrorHeaders(headers, error);
      return respond(binding.error(error), headers);
    }
  }

  /** The body of a request, within its bounds; empty for verbs that have none. */
  async function bodyOf(request: Request, route: ServerRoute, signal: AbortSignal): Promise<Uint8Array> {
    if (request.method !== 'POST') return new Uint8Array(0);
    checkContentType(request, route.kind === 'rest');
    try {
      const announced = Number(request.headers.get('Content-Length'));
      // Not even begun with, so that its sender need not go on.
      if (announced > limits.maxBodyBytes) throw new A2aOperationError('ERR_A2A_TOO_LARGE');
      return await readBody(await requestBody(request), limits.maxBodyBytes, signal);
    } catch (error) {
      if (isSdkError(error) && error.code === 'ERR_LIMIT_EXCEEDED') throw new A2aOperationError('ERR_A2A_TOO_LARGE');
      throw error;
    }
  }

  /** @param found Told of the binding as soon as it is known, so that a later fault is answered in its form. */
  function bind(
    route: OperationRoute,
    request: Request,
    url: URL,
    body: Uint8Array,
    found: (binding: ServerBinding) => void,
  ): BoundRequest {
    const json = body.length === 0 && route.kind === 'rest' ? undefined : readJson(body, limits.maxJsonDepth);
    if (route.kind === 'rpc') {
      const call = readRpcCall(json);
      found(call.binding);
      checkVersion(request.headers, url.searchParams);
      return bindRpcCall(call);
    }
    const params = restParams(route.match, request.method, url.searchParams, json);
    checkVersion(request.headers, url.searchParams);
    return { operation: route.match.operation, params, binding: restBinding };
  }

  async function stream(
    { follower, historyLength }: Extract<Outcome, { follower: unknown }>,
    binding: ServerBinding,
    signal: AbortSignal,
    headers: Headers,
  ): Promise<Response> {
    let first: Awaited<ReturnType<typeof follower.next>>;
    try {
      first = await unlessAborted(signal, follower.next());
    } catch (error) {
      follower.leave();
      throw error;
    }
    // Not every host also cancels the body of a caller that has gone.
    onAbort(signal, () => follower.leave());
    const task = first?.event.task;
    if (task !== undefined && historyLength !== undefined) first = feedEvent({ task: viewOf(task, { historyLength }) });
    const body = eventStream(first, follower, { binding, keepAliveMs: limits.keepAliveMs, clock });
    headers.set('Content-Type', 'text/event-stream');
    headers.set('Cache-Control', 'no-cache');
    headers.set('X-Accel-Buffering', 'no');
    return new Response(body, { headers });
  }
}

/** What an operation comes to, unless its caller goes first: nobody takes then what it would have followed. */
async function unlessGone(signal: AbortSignal, work: Promise<Outcome>): Promise<Outcome> {
  try {
    return await unlessAborted(signal, work);
  } catch (error) {
    work.then(
      (late) => 'follower' in late && late.follower.leave(),
      () => {},
    );
    throw error;
  }
}

function respond({ status, contentType, body }: PlainAnswer, headers: Headers): Response {
  headers.set('Cache-Control', 'no-store');
  headers.set('X-Content-Type-Options', 'nosniff');
  if (contentType !== undefined) headers.set('Content-Type', contentType);
  return new Response(body ?? null, { status, headers });
}

function addErrorHeaders(headers: Headers, error: unknown): void {
  const { httpStatus } = publicError(error);
  if (httpStatus === 401) {
    headers.set('WWW-Authenticate', error instanceof A2aUnauthenticatedError ? error.challenge : 'Bearer');
  }
  if (httpStatus === 429 || httpStatus === 503) headers.set('Retry-After', '1');
}

/**
 * Refuses pages that have no leave to call. Keeping the answer from them is not enough: a browser sends a POST without a
 * body for any page, and asks nobody before. Pages of the host that is called are its own.
 *
 * @throws {A2aOperationError} ERR_A2A_PERMISSION_DENIED.
 */
function checkOrigin(request: Request, { host }: URL, allowed: AllowedOrigins): void {
  const origin = request.headers.get('Origin');
  if (origin === null || allowed === '*' || (allowed !== false && allowed.includes(origin))) return;
  if (URL.canParse(origin) && new URL(origin).host === host) return;
  throw new A2aOperationError('ERR_A2A_PERMISSION_DENIED');
}

/** @throws {A2aOperationError} the card does not offer what the operation needs. */
function checkCapability({ capability }: Operation, { capabilities }: AgentCard): void {
  if (capability === undefined || capabilities[capability] === true) return;
  throw new A2aOperationError(
    capability === 'pushNotifications' ? 'ERR_A2A_PUSH_NOTIFICATION_NOT_SUPPORTED' : 'ERR_A2A_UNSUPPORTED_OPERATION',
  );
}
