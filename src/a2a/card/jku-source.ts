// Following a `jku` where a policy allows it, and nowhere else: see jku.ts.

import { originOf } from '../../bytes/origin.js';
import { MAX_URL_CHARACTERS } from '../../bytes/parse-url.js';
import type { KeySource } from '../../documents/jwks.js';
import { A2aError } from '../errors.js';
import { type JkuOptions, type JkuPolicy, parseExact } from './jku.js';

/** Addresses whose keys are kept; the one that was opened first goes first. */
const MAX_OPEN = 32;

/** Different addresses that the signatures of one card may send a verifier to. */
const MAX_FOLLOWED = 4;

/**
 * Opens the keys at an address, if that is allowed.
 *
 * @param cardUrl Where the card came from.
 * @param followed The addresses this verification has followed. Added to.
 * @throws {A2aError} ERR_A2A_JKU_NOT_ALLOWED, at once: it is not, or it is one too many. Nothing was fetched.
 */
export function jkuSource(
  { options, opened }: JkuPolicy,
  jku: string,
  cardUrl: string | undefined,
  followed: Set<string>,
): Promise<KeySource> {
  const url = jku.length > MAX_URL_CHARACTERS ? undefined : parseExact(jku, options);
  if (url === undefined || !isAllowed(url, options, cardUrl)) {
    throw new A2aError('ERR_A2A_JKU_NOT_ALLOWED', 'the header points to keys at an address that is not allowed');
  }
  if (!followed.has(url.href) && followed.size === MAX_FOLLOWED) {
    throw new A2aError('ERR_A2A_JKU_NOT_ALLOWED', `the headers point to keys at more than ${MAX_FOLLOWED} addresses`);
  }
  followed.add(url.href);
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
  if (!entry.endsWith('/') || !url.href.startsWith(entry)) return false;
  // Below a prefix, an escaped slash or dot could lead out again once a server decodes it, twice where two of them do;
  // so could `..;`, which is `..` with a parameter to some; and a query could lead anywhere.
  return !/[;?]|%(2e|2f|5c|25|3b)/i.test(url.href.slice(entry.length));
}
