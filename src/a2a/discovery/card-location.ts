// Where the card of an agent can be: the well-known place of its domain, or of the path it lives under (A2A v1.0, section
// 8.2). Peers disagree about paths, so that there may be several addresses to try.

import { assertString } from '../../bytes/assert.js';
import { parseUrl } from '../../bytes/parse-url.js';
import { HttpError } from '../../errors.js';
import { trimEnd } from '../../http/trim-end.js';

/** Path of the card below an origin (RFC 8615). */
export const WELL_KNOWN_PATH = '/.well-known/agent-card.json';

/** Path of the card before version 0.3 of the protocol. */
export const LEGACY_PATH = '/.well-known/agent.json';

/** How to look for a card. */
export interface CardLocationOptions {
  /**
   * Path of the card instead of the well-known one: from the root of the origin when it begins with `/`, below the
   * address given otherwise. May hold a query, and must not leave the origin.
   */
  readonly path?: string;
  /** Whether to look at the path used before version 0.3 as well, last. Default: no. */
  readonly legacyPath?: boolean;
}

/**
 * Lists the addresses at which to look for a card, in order.
 *
 * An address whose path ends in `.json` is the card's own. For another one it is the well-known path below that path,
 * then the one at the root of the origin. Nothing is judged or fetched here.
 *
 * @param originOrUrl `https://agent.example`, `https://agent.example/agents/a`, the URL of a card, or a bare domain such
 *   as `agent.example:8443`, for which https is meant.
 * @returns One to four addresses, no two the same.
 * @throws {HttpError} ERR_HTTP_URL: no address of http or https, or one of more than 8,192 characters.
 * @throws {RangeError} `path` leads to another origin.
 * @throws {TypeError} an argument of the wrong kind.
 */
export function cardCandidates(originOrUrl: string, options: CardLocationOptions = {}): readonly string[] {
  assertString(originOrUrl, 'originOrUrl');
  const { path, legacyPath = false } = options;
  const base = parseBase(originOrUrl);
  if (path !== undefined) return [withPath(base, path)];
  if (base.pathname.endsWith('.json')) return [base.href];
  const below = trimEnd(base.pathname, '/');
  const paths = [below + WELL_KNOWN_PATH, WELL_KNOWN_PATH];
  if (legacyPath) paths.push(below + LEGACY_PATH, LEGACY_PATH);
  return [...new Set(paths.map((candidate) => base.origin + candidate))];
}

function parseBase(text: string): URL {
  // `agent.example:8443` would parse as a URL of the scheme `agent.example`, so the two slashes decide.
  const absolute = /^\s*[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text.trim()}`;
  const base = parseUrl(absolute);
  if (base === undefined || (base.protocol !== 'https:' && base.protocol !== 'http:')) {
    throw new HttpError('ERR_HTTP_URL', 'no address of an agent', { url: text });
  }
  // Would be lost on the way to the well-known path, and with it the reason to refuse.
  if (base.username !== '' || base.password !== '') {
    throw new HttpError('ERR_HTTP_URL', 'the address of an agent has no user name', { url: text });
  }
  base.hash = '';
  return base;
}

function withPath(base: URL, path: string): string {
  assertString(path, 'path');
  const folder = new URL(base);
  folder.search = '';
  if (!folder.pathname.endsWith('/')) folder.pathname += '/';
  const url = new URL(path, folder);
  if (url.origin !== base.origin || url.username !== '' || url.password !== '') {
    throw new RangeError('path must stay on the origin of the agent');
  }
  url.hash = '';
  return url.href;
}
