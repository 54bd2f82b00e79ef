// Where a document may be fetched from: https, and nothing that is only meant for this machine or its network. Judged on
// what the URL parser makes of an address, so that every spelling of a number is one number. What a name resolves to
// cannot be seen from here: where the runtime allows it, hand in a `fetch` that also judges the address it connects to.

import { parseUrl } from '../bytes/parse-url.js';
import { HttpError } from '../errors.js';
import { parseIpv4, parseIpv6 } from './ip.js';
import { ipv4Kind, ipv6Kind, type NetworkKind } from './ip-ranges.js';
import { trimEnd } from './trim-end.js';

/** What a caller may open up. `undefined` is as good as absent. */
export interface AddressRules {
  /** Whether this machine may be asked, by `http` as well: for development. Default: no. */
  readonly allowHttpLoopback?: boolean | undefined;
  /** Whether private networks and this machine may be asked by `https`; link-local addresses never are. Default: no. */
  readonly allowPrivateHosts?: boolean | undefined;
}

// Names that never lead into the public Internet, each with everything below it: RFC 6761 (test, invalid), RFC 6762
// (local, and those of its appendix G that home and company networks use), RFC 7686 (onion), RFC 8375 (home.arpa),
// `internal`, which ICANN has set aside for private use, and those that clusters and clouds answer to from inside.
const PRIVATE_NAMES: readonly string[] = [
  'local',
  'localdomain',
  'internal',
  'intranet',
  'private',
  'corp',
  'home',
  'lan',
  'home.arpa',
  'test',
  'invalid',
  'onion',
  'svc',
  'kubernetes.default',
  'metadata.goog',
];

/** Longest name of a host, in characters, the dot of the root not counted (RFC 1035, section 3.1). */
const MAX_HOST_CHARACTERS = 253;

/**
 * Tells how far a host reaches, from its name or address alone.
 *
 * Names without a dot count as private, since only a local resolver knows them.
 *
 * @param hostname As `URL.hostname` has it, or as people write it: `127.1`, `[::1]`, `::1`, `agent.example.`.
 * @returns `reserved` for addresses no agent can have, and for what is no host at all.
 */
export function hostKind(hostname: string): NetworkKind {
  const normal = normalHostname(hostname);
  if (normal === undefined) return 'reserved';
  if (normal.startsWith('[')) {
    const groups = parseIpv6(normal.slice(1, -1));
    return groups === undefined ? 'reserved' : ipv6Kind(groups);
  }
  const number = parseIpv4(normal);
  if (number !== undefined) return ipv4Kind(number);
  if (normal === 'localhost' || normal.endsWith('.localhost')) return 'loopback';
  const isPrivate = PRIVATE_NAMES.some((name) => normal === name || normal.endsWith(`.${name}`));
  return isPrivate || !normal.includes('.') ? 'private' : 'public';
}

/** Whether a host is anything but a public one. See {@link hostKind}. */
export function isPrivateHost(hostname: string): boolean {
  return hostKind(hostname) !== 'public';
}

/**
 * Judges an address before it is asked.
 *
 * @param url Absolute. A fragment is dropped, for it is never sent.
 * @param from Address that redirected here. It may not lead to a host that is less public than itself, whatever the
 *   rules, nor from `https` to `http`.
 * @returns The address as it is to be asked.
 * @throws {HttpError} ERR_HTTP_URL: no URL, or one of more than 8,192 characters; another scheme, a user name or password,
 *   or a host that is not allowed.
 */
export function judgeUrl(url: string | URL, rules: AddressRules = {}, from?: URL): URL {
  const text = String(url);
  const refuse = (why: string) => new HttpError('ERR_HTTP_URL', why, { url: text });
  const judged = parseUrl(text);
  if (judged === undefined) throw refuse('not an absolute URL, or a very long one');
  if (judged.protocol !== 'https:' && judged.protocol !== 'http:') throw refuse('only https is fetched');
  // `https://agent.example@evil.example/` reads like the one and asks the other.
  if (judged.username !== '' || judged.password !== '') throw refuse('a URL with a user name is not fetched');
  const kind = hostKind(judged.hostname);
  if (!mayAsk(kind, rules)) throw refuse(`the host is not public: ${kind}`);
  if (judged.protocol === 'http:' && !(kind === 'loopback' && rules.allowHttpLoopback === true)) {
    throw refuse('only https is fetched');
  }
  if (from !== undefined) {
    if (from.protocol === 'https:' && judged.protocol !== 'https:') throw refuse('a redirect may not leave https');
    if (kind !== 'public' && hostKind(from.hostname) !== kind)
      throw refuse(`a redirect may not lead to a ${kind} host`);
  }
  judged.hash = '';
  return judged;
}

function mayAsk(kind: NetworkKind, { allowHttpLoopback, allowPrivateHosts }: AddressRules): boolean {
  if (kind === 'public') return true;
  if (kind === 'reserved') return false;
  return allowPrivateHosts === true || (kind === 'loopback' && allowHttpLoopback === true);
}

/** A host as the URL parser writes it, without the dot of the root; nothing when it is none. */
function normalHostname(hostname: string): string | undefined {
  if (hostname.length > MAX_HOST_CHARACTERS + 1) return undefined;
  // What would end the host of a URL has no place in one.
  if (/[/\\?#@\s]/.test(hostname)) return undefined;
  const bare = hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname;
  const parsed = parseUrl(`https://${bare}`);
  // Twice, because the parser takes one dot off a number and none off a name.
  const normal = parsed && parseUrl(`https://${trimEnd(parsed.hostname, '.')}`)?.hostname;
  return normal === undefined || normal.length > MAX_HOST_CHARACTERS ? undefined : normal;
}
