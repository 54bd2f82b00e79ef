// What a request says about itself in its headers: version, extensions, kind of body (A2A v1.0, section 3.6 and 14.2).

import type { AgentCard } from '../card/agent-card.js';
import { A2aOperationError } from '../wire/errors.js';

/** Versions of the protocol that are spoken here. */
export const SUPPORTED_VERSIONS: readonly string[] = ['1.0'];

/** What a request without a version means. */
const UNSAID_VERSION = '0.3';

/** Extensions looked at in one request. */
const MAX_EXTENSIONS = 64;

/**
 * Checks the version of a request: its header, or a parameter of its query.
 *
 * @throws {A2aOperationError} ERR_A2A_VERSION_NOT_SUPPORTED, naming those that are.
 */
export function checkVersion(headers: Headers, query: URLSearchParams): void {
  const said = headers.get('A2A-Version')?.trim() || query.get('A2A-Version')?.trim() || UNSAID_VERSION;
  const [, version = said] = /^(\d{1,4}\.\d{1,4})\.\d{1,4}$/.exec(said) ?? [];
  if (SUPPORTED_VERSIONS.includes(version)) return;
  const supportedVersions = SUPPORTED_VERSIONS.join(',');
  throw new A2aOperationError('ERR_A2A_VERSION_NOT_SUPPORTED', `Supported protocol versions: ${supportedVersions}`, {
    metadata: { supportedVersions },
  });
}

/**
 * Agrees on extensions: those the client asks for and the card offers.
 *
 * @returns Their URIs, each once.
 * @throws {A2aOperationError} ERR_A2A_EXTENSION_SUPPORT_REQUIRED: the card requires one that the client does not ask for.
 */
export function agreeOnExtensions(headers: Headers, card: AgentCard): readonly string[] {
  const asked = new Set((headers.get('A2A-Extensions') ?? '').split(',', MAX_EXTENSIONS).map((uri) => uri.trim()));
  const agreed = new Set<string>();
  for (const { uri = '', required } of card.capabilities.extensions ?? []) {
    if (asked.has(uri)) agreed.add(uri);
    else if (required === true) {
      throw new A2aOperationError('ERR_A2A_EXTENSION_SUPPORT_REQUIRED', undefined, { metadata: { extension: uri } });
    }
  }
  return [...agreed];
}

/**
 * Checks what kind of body a request has.
 *
 * @param optional Whether there may be none.
 * @throws {A2aOperationError} ERR_A2A_CONTENT_TYPE_NOT_SUPPORTED, with HTTP status 415.
 */
export function checkContentType(request: Request, optional: boolean): void {
  const type = request.headers.get('Content-Type');
  // Where the runtime does not show it, a body without a type cannot be told from none, and none is what it is taken for.
  if (type === null && optional && !request.body) return;
  const [, essence = '', charset = 'utf-8'] = /^\s*([^\s;]+)(?:.*;\s*charset="?([^\s;"]+))?/i.exec(type ?? '') ?? [];
  const isJson = /^application\/(?:a2a\+)?json$/i.test(essence);
  if (isJson && /^utf-?8$/i.test(charset)) return;
  throw new A2aOperationError('ERR_A2A_CONTENT_TYPE_NOT_SUPPORTED', 'the body must be application/json in UTF-8', {
    httpStatus: 415,
  });
}
