// Routes of HTTP+JSON, there and back (A2A v1.0, section 11). Matching works on the path as it was sent: an id may hold
// `/` and `:` in their percent-encoded form, and only an action that was written with a bare colon is one.

import type { JsonObject } from '../../codec/json-value.js';
import { OPERATIONS, type Operation, type OperationName } from './operations.js';
import { snakeCase } from './proto-json.js';

/** How a request goes out over HTTP+JSON. */
export interface RestRequest {
  readonly verb: 'GET' | 'POST' | 'DELETE';
  /** Below the URL of the interface, with a leading `/` and, where there is one, the tenant. */
  readonly path: string;
  /** Without its `?`; empty where there is none. */
  readonly query: string;
  /** Absent for GET and DELETE. */
  readonly body?: JsonObject;
}

/**
 * Spells a request as HTTP+JSON has it.
 *
 * @param request As `emit` made it: no `undefined`, no `null`.
 * @param verb One of the operation's. Default: the first.
 * @throws {RangeError} an id or tenant that no path can carry: `.`, `..`, or with a lone surrogate.
 */
export function buildRestRequest(operation: Operation, request: object, verb = operation.verbs[0]): RestRequest {
  const rest = { ...request } as Record<string, unknown>;
  const { tenant } = rest;
  let path = operation.route.replace(/\{(\w+)\}(:?)/g, (_, name: string, colon: string) => {
    const segment = encodeSegment(rest[name], name, colon !== '');
    // Create names its task in the path and in the configuration that is its body.
    if (operation.name !== 'CreateTaskPushNotificationConfig') delete rest[name];
    return segment + colon;
  });
  if (typeof tenant === 'string' && tenant !== '') path = `/${encodeSegment(tenant, 'tenant', false)}${path}`;
  if (verb === 'POST') return { verb, path, query: '', body: rest as JsonObject };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(rest)) if (name !== 'tenant') query.set(name, String(value));
  return { verb: verb ?? 'GET', path, query: query.toString() };
}

/** @param followed More text follows in the same segment, so that it cannot come to `.` or `..`. */
function encodeSegment(value: unknown, name: string, followed: boolean): string {
  const text = String(value);
  if (!followed && !isPathSegment(text)) {
    throw new RangeError(`${name} must be well-formed text, and not "." or "..": no URL can carry it`);
  }
  try {
    return encodeURIComponent(text);
  } catch {
    throw new RangeError(`${name} must be well-formed text`);
  }
}

/** Whether a path can carry a text as one segment: anything but `.`, `..`, and what has a lone surrogate. */
export function isPathSegment(text: string): boolean {
  // Every URL parser resolves these two away, also percent-encoded: the request would go to another route.
  if (text === '.' || text === '..') return false;
  try {
    encodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** A path that leads to an operation. */
export interface RestMatch {
  readonly operation: Operation;
  /** Decoded; absent where the path names none. */
  readonly tenant?: string;
  /** Members of the request that the path holds, decoded. */
  readonly params: Readonly<Record<string, string>>;
}

/** What a path leads to: operations, or only other verbs than the one asked with; nothing for neither. */
export type RestRouting = { readonly match: RestMatch } | { readonly allow: readonly string[] } | undefined;

/**
 * Finds the operation of a request.
 *
 * @param verb As sent, such as `POST`.
 * @param path Below the base of the agent, with its leading `/`, exactly as sent: not decoded.
 * @returns The match; or the verbs the path has, for a 405; or `undefined`, for a 404.
 */
export function matchRestRoute(verb: string, path: string): RestRouting {
  const segments = path.split('/').slice(1);
  const allow = new Set<string>();
  // A literal route wins over one whose first segment would be a tenant.
  for (const tenantSegments of [0, 1]) {
    if (segments.length <= tenantSegments) continue;
    const tenant = tenantSegments === 0 ? undefined : decodeSegment(segments[0] as string);
    if (tenantSegments === 1 && tenant === undefined) continue;
    for (const name of Object.keys(OPERATIONS) as OperationName[]) {
      const operation = OPERATIONS[name] as unknown as Operation;
      const params = matchSegments(operation.route, segments.slice(tenantSegments));
      if (params === undefined) continue;
      if ((operation.verbs as readonly string[]).includes(verb)) {
        return { match: tenant === undefined ? { operation, params } : { operation, params, tenant } };
      }
      for (const other of operation.verbs) allow.add(other);
    }
  }
  return allow.size === 0 ? undefined : { allow: [...allow] };
}

function matchSegments(route: string, segments: readonly string[]): Record<string, string> | undefined {
  const patterns = route.split('/').slice(1);
  if (patterns.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, pattern] of patterns.entries()) {
    let segment = segments[index] as string;
    const [, name, action = ''] = /^\{(\w+)\}(:\w+)?$/.exec(pattern) ?? [];
    if (name === undefined) {
      if (segment !== pattern) return undefined;
      continue;
    }
    if ((/:(?:cancel|subscribe)$/.exec(segment)?.[0] ?? '') !== action && patterns.length === 2) return undefined;
    segment = segment.slice(0, segment.length - action.length);
    const value = decodeSegment(segment);
    if (value === undefined) return undefined;
    params[name] = value;
  }
  return params;
}

/** @returns `undefined` for a segment that is empty or broken. */
function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment) || undefined;
  } catch {
    return undefined;
  }
}

/**
 * The request that a path and its query make, ready for the operation's reader.
 *
 * @param query As sent. A parameter may be spelled in snake_case, as in JSON; of several with one name the first counts.
 * @returns Text throughout, but for `true` and `false`.
 */
export function requestOfQuery(match: RestMatch, query: URLSearchParams): Record<string, unknown> {
  const request: Record<string, unknown> = {};
  for (const [name, value] of query) {
    if (!Object.hasOwn(request, name) && name !== '__proto__')
      request[name] = BOOLEAN_PARAMETERS.has(name) ? asFlag(value) : value;
  }
  return requestOfBody(match, request);
}

const BOOLEAN_PARAMETERS: ReadonlySet<string> = /* @__PURE__ */ new Set(['includeArtifacts', 'include_artifacts']);

/** Anything but the two words stays text, for the reader to refuse. */
function asFlag(text: string): boolean | string {
  return text === 'true' || (text === 'false' ? false : text);
}

/**
 * The request that a path and its body make, ready for the operation's reader. What the path says wins.
 *
 * @param body Object of the body; `{}` where it is empty. Not modified.
 */
export function requestOfBody(match: RestMatch, body: object): Record<string, unknown> {
  const request: Record<string, unknown> = { ...body };
  const members = match.tenant === undefined ? match.params : { ...match.params, tenant: match.tenant };
  for (const [name, value] of Object.entries(members)) {
    // The other spelling would make two of one member.
    delete request[snakeCase(name)];
    request[name] = value;
  }
  return request;
}
