// The agent's side of discovery: a fetch handler for the card, for every host that has Request and Response. It signs
// nothing: a card is signed when it changes, and served as it is.

import { assertInteger } from '../../bytes/assert.js';
import { encodeUtf8 } from '../../bytes/utf8.js';
import { type AllowedOrigins, assertAllowedOrigins } from '../../http/cors.js';
import type { AgentCard } from '../card/agent-card.js';
import { WELL_KNOWN_PATH } from './card-location.js';
import { addCorsHeaders, addPreflightHeaders } from './cors.js';
import { matchesEtag, strongEtag } from './etag.js';

/** What {@link serveAgentCard} may be told. */
export interface ServeAgentCardOptions {
  /** Path or paths of the card, compared exactly. Default `/.well-known/agent-card.json`. */
  readonly path?: string | readonly string[];
  /** How long clients may use the card without asking, in seconds: 0 to 31,536,000. Default 300. */
  readonly maxAgeSec?: number;
  /** Pages that may read the card. Default `*`: the card is public. */
  readonly allowedOrigins?: AllowedOrigins;
  /** Further request headers a page may send. Default: those of A2A clients. */
  readonly allowedHeaders?: readonly string[];
  /**
   * Request headers by which the card given as a function differs, such as `A2A-Version` where older clients get an
   * older form. Default: none.
   */
  readonly vary?: readonly string[];
}

/**
 * The card, or what finds the one for a request. The same object is serialized once; to change a card, give another one.
 * Its type is that of the JSON it becomes: a card with `signatures` is served with them.
 */
export type CardSource = AgentCard | ((request: Request) => AgentCard | Promise<AgentCard>);

/** Answers a request for the card; nothing when the request is for something else. */
export type CardHandler = (request: Request) => Promise<Response | undefined>;

interface Serialized {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly etag: string;
}

const METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Serves a card.
 *
 * GET and HEAD carry a strong ETag over the very bytes, and are answered 304 when the client has them; OPTIONS answers
 * pages that ask for leave; any other method is answered 405.
 *
 * @param card Must serialize to one JSON object, the same each time.
 * @returns Handler to compose with others. It rejects with what the function given throws.
 * @throws {TypeError | RangeError} an argument of the wrong kind or out of range.
 * @example
 * ```ts
 * const discovery = serveAgentCard(card)
 * export default { fetch: async (request) => (await discovery(request)) ?? new Response(null, { status: 404 }) }
 * ```
 */
export function serveAgentCard(card: CardSource, options: ServeAgentCardOptions = {}): CardHandler {
  const { path = WELL_KNOWN_PATH, maxAgeSec = 300, allowedOrigins = '*', allowedHeaders = [], vary = [] } = options;
  if (typeof card !== 'function' && (typeof card !== 'object' || card === null)) {
    throw new TypeError('card must be a card or a function');
  }
  const paths = typeof path === 'string' ? [path] : [...path];
  for (const entry of paths) if (!entry.startsWith('/')) throw new RangeError('path must begin with "/"');
  assertInteger(maxAgeSec, 'maxAgeSec', 0, 31_536_000);
  assertAllowedOrigins(allowedOrigins);
  const serialized = new WeakMap<AgentCard, Promise<Serialized>>();

  function serializedOnce(current: AgentCard): Promise<Serialized> {
    let pending = serialized.get(current);
    if (pending === undefined) {
      pending = serialize(current);
      serialized.set(current, pending);
      // What failed once, for want of a hash function perhaps, is tried again.
      pending.catch(() => serialized.delete(current));
    }
    return pending;
  }

  return async (request) => {
    if (!paths.includes(new URL(request.url).pathname)) return undefined;
    const headers = new Headers();
    for (const name of vary) headers.append('vary', name);
    addCorsHeaders(headers, request, allowedOrigins);
    if (request.method === 'OPTIONS') {
      headers.set('allow', METHODS.join(', '));
      addPreflightHeaders(headers, request, METHODS, allowedHeaders);
      return new Response(null, { status: 204, headers });
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      headers.set('allow', METHODS.join(', '));
      return new Response(null, { status: 405, headers });
    }
    const { bytes, etag } = await serializedOnce(typeof card === 'function' ? await card(request) : card);
    headers.set('etag', etag);
    headers.set('cache-control', `public, max-age=${maxAgeSec}`);
    if (matchesEtag(request.headers.get('if-none-match'), etag)) return new Response(null, { status: 304, headers });
    headers.set('content-type', 'application/json');
    headers.set('content-length', String(bytes.length));
    headers.set('x-content-type-options', 'nosniff');
    return new Response(request.method === 'HEAD' ? null : bytes, { headers });
  };
}

async function serialize(card: AgentCard): Promise<Serialized> {
  const text = JSON.stringify(card);
  if (typeof text !== 'string' || !text.startsWith('{')) throw new TypeError('card must serialize to a JSON object');
  const bytes = encodeUtf8(text);
  return { bytes, etag: await strongEtag(bytes) };
}
