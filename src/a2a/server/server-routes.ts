// Where a server is: the paths it answers at, and what a request to one of them is.

import type { AgentCard } from '../card/agent-card.js';
import { matchRestRoute, type RestMatch } from '../wire/rest-routes.js';

/** Paths of a server; the URL of a request is compared with them as it was sent. */
export interface ServerPaths {
  readonly rpcPath?: string;
  /** Without a slash at its end. */
  readonly restBase?: string;
}

/** What a request is, judged by verb and path. */
export type ServerRoute =
  | { readonly kind: 'rpc' }
  | { readonly kind: 'rest'; readonly match: RestMatch }
  | { readonly kind: 'preflight' }
  | { readonly kind: 'wrong-verb'; readonly allow: readonly string[]; readonly rpc: boolean }
  | { readonly kind: 'nowhere' };

/**
 * The paths a server is to answer at.
 *
 * @throws {TypeError} a path that is none, or no path at all.
 */
export function serverPaths(card: AgentCard, rpcPath?: string | false, restBase?: string | false): ServerPaths {
  const rpc = rpcPath ?? pathOf(card, 'JSONRPC');
  const rest = restBase ?? pathOf(card, 'HTTP+JSON');
  for (const [name, path] of Object.entries({ rpcPath: rpc, restBase: rest })) {
    if (path === undefined || path === false || path === '') continue;
    if (typeof path !== 'string' || !path.startsWith('/')) throw new TypeError(`${name} must begin with "/"`);
  }
  const paths = {
    ...(typeof rpc === 'string' && { rpcPath: rpc === '' ? '/' : rpc }),
    ...(typeof rest === 'string' && { restBase: rest.replace(/\/$/, '') }),
  };
  if (Object.keys(paths).length === 0) {
    throw new TypeError('the card names no JSONRPC or HTTP+JSON interface: set rpcPath or restBase');
  }
  return paths;
}

/** Finds what a request is. */
export function routeOf(verb: string, path: string, { rpcPath, restBase }: ServerPaths): ServerRoute {
  const below = restBase !== undefined && path.startsWith(`${restBase}/`) ? path.slice(restBase.length) : undefined;
  if (verb === 'OPTIONS' && (path === rpcPath || below !== undefined)) return { kind: 'preflight' };
  const routing = below === undefined ? undefined : matchRestRoute(verb, below);
  if (routing !== undefined && 'match' in routing) return { kind: 'rest', match: routing.match };
  if (path === rpcPath) {
    return verb === 'POST' ? { kind: 'rpc' } : { kind: 'wrong-verb', allow: ['POST', 'OPTIONS'], rpc: true };
  }
  if (routing !== undefined) return { kind: 'wrong-verb', allow: [...routing.allow, 'OPTIONS'], rpc: false };
  return { kind: 'nowhere' };
}

function pathOf(card: AgentCard, binding: string): string | undefined {
  const entry = card.supportedInterfaces.find(
    ({ protocolBinding, protocolVersion }) =>
      protocolBinding.toUpperCase() === binding && /^1\.0(?:\.|$)/.test(protocolVersion),
  );
  return entry === undefined ? undefined : new URL(entry.url).pathname;
}
