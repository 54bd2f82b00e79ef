// Following a `jku` where a policy allows it, and nowhere else: see jku.ts.

import type { KeySource } from '../../documents/jwks.js';
import { A2aError } from '../errors.js';
import { type JkuOptions, type JkuPolicy, parseExact } from './jku.js';
import { originOf } from './origins.js';

/** Addresses whose keys are kept; the one that was opened first goes first. */
const MAX_OPEN = 32;

/**
 * Opens the keys at an address, if that is allowed.
 *
 * @param cardUrl Where the card came from.
 * @throws {A2aError} ERR_A2A_JKU_NOT_ALLOWED: it is not. Nothing was fetched.
 */
export async function jkuSource(
  { options, opened }: JkuPolicy,
  jku: string,
  cardUrl: string | undefined,
): Promise<KeySource> {
  const url = parseExact(jku, options);
  if (url === undefined || !isAllowed(url, options, cardUrl)) {
    throw new A2aError('ERR_A2A_JKU_NOT_ALLOWED', 'the header points to keys at an address that is not allowed');
  }
  let source = opened.get(url.href);
  if (source === undefined) {
    source = open(url.href, options);
    opened.set(url.href, source);
    // Code that did not load may load the next time.
    source.catch(() => opened.delete(url.href));
    if (opened.size > MAX_OPEN) opened.delete(opened.keys().next().value as string);
  }
  return source;
}

async function open(url: string, options: JkuOptions): Promise<KeySource> {
  if (options.open !== undefined) return options.open(url);
  const { remoteJwks } = await import('../../documents/remote-jwks.js');
  return remoteJwks(url, options.remote);
}

function isAllowed(url: URL, options: JkuOptions, cardUrl: string | undefined): boolean {
  const { allow = [], sameOrigin = false } = options;
  if (allow.some((entry) => covers(entry, url))) return true;
  return sameOrigin && cardUrl !== undefined && originOf(cardUrl) === url.origin;
}

/** @param entry In normal form, like `url`. */
function covers(entry: string, url: URL): boolean {
  if (entry === url.href) return true;
  // Below a prefix, an escaped slash or dot could lead out again once a server decodes it, and a query somewhere else.
  const isBelow = entry.endsWith('/') && url.href.startsWith(entry);
  return isBelow && url.search === '' && !/%(2e|2f|5c)/i.test(url.pathname);
}
