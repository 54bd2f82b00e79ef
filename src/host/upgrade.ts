// Whether an HTTP request may become a connection: one pure decision for every host, made before any socket is accepted.
// What every protocol asks of a request comes first; what the phone asks besides (agent-phone v1, section 2) is here too.
// Who the caller really is, the handshake proves afterwards.

import { assertInteger, assertString } from '../bytes/assert.js';
import { SUBPROTOCOL } from '../channel/parties.js';
import { isLoopback } from '../http/party.js';
import { decodeDidKey } from '../identity/did-key.js';
import { callerFromUrl } from '../transport/websocket-accept.js';

/** What every host may be told. */
export interface HostOptions {
  /**
   * Origins of pages that may call, such as `https://app.example`, compared exactly; `*` for any. Callers that are no
   * browsers send none and are not asked. Default: any, but over loopback only pages that come from loopback too.
   */
  readonly allowedOrigins?: readonly string[] | '*';
  /**
   * Names callers may have dialled, without port, such as `agent.example`. Default: any, but over loopback only
   * `localhost`, `127.0.0.1` and `[::1]`, so that no page reaches a local agent through a name of its own.
   */
  readonly allowedHosts?: readonly string[];
  /**
   * Header in which a proxy of yours names the caller's address, such as `cf-connecting-ip` or `x-forwarded-for` (of
   * which the last entry counts, your proxy's). Anybody can send such a header: set this only where nobody can reach
   * the host past the proxy. Default: none, the address is the socket's.
   */
  readonly addressHeader?: string;
  /** Connections at once; one more is answered 503. 1 to 1,000,000; default 10,000. */
  readonly maxConnections?: number;
}

/** A request as every host can give it. */
export interface UpgradeRequest {
  readonly method: string;
  /** Absolute, or path and query. */
  readonly url: string;
  /** Value of a header by its lower-case name; nothing when it was not sent. */
  header(name: string): string | null | undefined;
  /** Far end of the socket, where the host knows it. */
  readonly remoteAddress?: string | undefined;
  /** Our end of the socket, or the address listened on, where the host knows it. */
  readonly localAddress?: string | undefined;
}

/** The request may become a connection. */
export interface Admission {
  readonly accepted: true;
  /** To be echoed, and nothing else; absent where none is. */
  readonly subprotocol?: string;
  readonly remoteAddress?: string;
}

/** The request may become a call. */
export interface Upgrade extends Admission {
  /** A usable did:key, not proved. */
  readonly callerDid: string;
  readonly subprotocol: string;
}

/** The request is answered with this instead. */
export interface Refusal {
  readonly accepted: false;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Plain text for whoever set the call up; repeats nothing of the request. */
  readonly body: string;
}

/**
 * Checks options before any I/O.
 *
 * @throws {TypeError | RangeError} naming the option.
 */
export function assertHostOptions(options: HostOptions): void {
  const { allowedOrigins = '*', allowedHosts = [], addressHeader, maxConnections } = options;
  if (allowedOrigins !== '*') {
    assertList(allowedOrigins, 'allowedOrigins', /^(?:null|[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+)$/, 'https://app.example');
  }
  assertList(allowedHosts, 'allowedHosts', /^(?:\[[0-9a-f:.]+\]|[^:/\s]+)$/i, 'agent.example');
  if (addressHeader !== undefined) assertString(addressHeader, 'addressHeader');
  if (maxConnections !== undefined) assertInteger(maxConnections, 'maxConnections', 1, 1_000_000);
}

/** What one protocol asks of a request, beyond what all of them ask. */
export interface Speaking {
  /** Said to a request that is no upgrade to it. */
  readonly how: string;
  /** Whether what the request offers can be that protocol. */
  readonly speaks: boolean;
  /** Looks at the rest; refuses by the answer it returns. */
  readonly claim?: () => Refusal | undefined;
}

/**
 * Decides about one request, whatever the protocol.
 *
 * | status | when |
 * |---|---|
 * | 403 | a page from an origin, or a host name, that is not allowed |
 * | 405 | not GET |
 * | 426 | no upgrade to WebSocket, or not to this protocol |
 * | 503 | `openConnections` has reached `maxConnections` |
 */
export function judgeVisit(
  request: UpgradeRequest,
  openConnections: number,
  options: HostOptions,
  { how, speaks, claim }: Speaking,
): Admission | Refusal {
  const remoteAddress = addressOf(request, options.addressHeader);
  const stranger = strangerIn(request, remoteAddress, options);
  if (stranger !== undefined) return refusal(403, `${stranger} is not allowed`);
  if (request.method !== 'GET') return refusal(405, 'use GET', { allow: 'GET' });
  if (request.header('upgrade')?.toLowerCase() !== 'websocket' || !speaks) {
    return refusal(426, how, { upgrade: 'websocket' });
  }
  const refused = claim?.();
  if (refused !== undefined) return refused;
  if (openConnections >= (options.maxConnections ?? 10_000)) return refusal(503, 'busy', { 'retry-after': '10' });
  return { accepted: true, ...(remoteAddress !== undefined && { remoteAddress }) };
}

/**
 * Decides about one request that should become a call: as {@link judgeVisit}, and 426 where `agent-phone.v1` is not
 * offered, 400 where `caller` is missing, there twice, or no strict did:key.
 */
export function judgeUpgrade(
  request: UpgradeRequest,
  openConnections: number,
  options: HostOptions,
): Upgrade | Refusal {
  let callerDid: string | undefined;
  const verdict = judgeVisit(request, openConnections, options, {
    how: `open a WebSocket with the subprotocol ${SUBPROTOCOL}`,
    speaks: offersPhone(request),
    claim() {
      callerDid = usableDid(callerFromUrl(request.url));
      if (callerDid !== undefined) return undefined;
      return refusal(400, 'the query parameter "caller" must be one did:key of an Ed25519 key');
    },
  });
  return verdict.accepted ? { ...verdict, callerDid: callerDid as string, subprotocol: SUBPROTOCOL } : verdict;
}

/** Which of the request's claims about the page behind it is not allowed; nothing when all are. */
function strangerIn(request: UpgradeRequest, address: string | undefined, options: HostOptions): string | undefined {
  const { addressHeader, allowedHosts, allowedOrigins } = options;
  const host = hostOf(request);
  // A browser on this machine can be led here by any page. Over loopback the page must therefore come from loopback
  // itself, and must have dialled it by name: a foreign name that resolves to 127.0.0.1 is DNS rebinding.
  const viaProxy = addressHeader !== undefined && request.header(addressHeader) != null;
  const local = [address, ...(viaProxy ? [] : [request.localAddress, host])].some((end) => isLocal(end));
  if (
    allowedHosts !== undefined ? !allowedHosts.some((name) => name.toLowerCase() === host) : local && !isLocal(host)
  ) {
    return 'the host name dialled (see the option allowedHosts)';
  }
  const origin = request.header('origin');
  if (origin == null || allowedOrigins === '*') return undefined;
  if (allowedOrigins !== undefined ? !allowedOrigins.includes(origin) : local && !isLocal(hostnameOf(origin))) {
    return 'the origin of the page (see the option allowedOrigins)';
  }
  return undefined;
}

function offersPhone(request: UpgradeRequest): boolean {
  const offered = request.header('sec-websocket-protocol') ?? '';
  return offered.split(',').some((name) => name.trim() === SUBPROTOCOL);
}

function usableDid(did: string | undefined): string | undefined {
  if (did === undefined) return undefined;
  try {
    return decodeDidKey(did).did;
  } catch {
    return undefined;
  }
}

function addressOf(request: UpgradeRequest, addressHeader: string | undefined): string | undefined {
  const named = addressHeader === undefined ? undefined : request.header(addressHeader)?.split(',').pop()?.trim();
  return named !== undefined && /^[0-9a-f.:]{2,45}$/i.test(named) ? named : request.remoteAddress;
}

/** Name of the host that was dialled, lower-case, without port. */
function hostOf(request: UpgradeRequest): string | undefined {
  const host = request.header('host');
  if (host == null) return hostnameOf(request.url);
  return /[@/\\?#\s]/.test(host) ? undefined : hostnameOf(`http://${host}`);
}

function hostnameOf(url: string): string | undefined {
  try {
    return new URL(url).hostname;
  } catch {
    return undefined;
  }
}

function isLocal(address: string | undefined): boolean {
  return address !== undefined && isLoopback(address);
}

function refusal(status: number, why: string, headers: Readonly<Record<string, string>> = {}): Refusal {
  return { accepted: false, status, headers: { 'content-type': 'text/plain', ...headers }, body: `${why}\n` };
}

function assertList(value: unknown, name: string, pattern: RegExp, example: string): void {
  if (!Array.isArray(value)) throw new TypeError(`${name} must be a list`);
  for (const entry of value) {
    assertString(entry, `${name}[]`);
    if (!pattern.test(entry)) throw new RangeError(`${name} must hold entries such as ${example}`);
  }
}
