// The side of a handshake that calls, over HTTP (AITP 0.2, section 9.1): which address each message goes to, and what an
// answer comes to. Servers have one address for both messages or one for each; where the first choice is not there, the
// other one is tried once, with a new handshake.

import { assertInteger } from '../../bytes/assert.js';
import type { Clock } from '../../clock.js';
import type { Verified } from '../../documents/verified.js';
import { type AddressRules, judgeUrl } from '../../http/address.js';
import { type BoundedResponse, boundedFetch, type FetchLike } from '../../http/bounded-fetch.js';
import type { AitpAgent } from '../agent.js';
import { MAX_ENVELOPE_BYTES } from '../constants.js';
import { AitpError } from '../errors.js';
import type { HandshakeOptions } from '../handshake/options.js';
import type { HandshakeResult } from '../handshake/second-round.js';
import { encodeManifest, type Manifest } from '../manifest.js';
import type { ManifestCache } from '../manifest-cache.js';
import type { AitpClock } from '../timestamps.js';
import { SESSION_HEADER } from './cors.js';
import { errorOfResponse, isEnvelope } from './error-body.js';
import { fetchManifest } from './fetch-manifest.js';

/** How a handshake over HTTP is done. */
export interface HandshakeOverHttpOptions extends AddressRules {
  /** What we want to be granted, at least one for the handshake to succeed. */
  readonly requestedGrants: readonly string[];
  /** AID the peer has to have, where it is known. */
  readonly expectedAid?: string;
  /** Where Manifests are kept between calls. Of use only with `expectedAid`. */
  readonly cache?: ManifestCache;
  /** What is to be different in this handshake from the options of the agent. */
  readonly session?: Partial<HandshakeOptions>;
  /** Default: the runtime's. It must not follow redirects when told `redirect: 'manual'`. */
  readonly fetch?: FetchLike;
  readonly signal?: AbortSignal;
  /** Time for each request, in milliseconds: 1 to 600,000. Default 10,000. */
  readonly timeoutMs?: number;
  /** Unix seconds. Default: the clock of the agent. */
  readonly now?: AitpClock;
  /** Timers. Default: the host's. */
  readonly clock?: Clock;
}

/** Where the two messages of a server go. */
interface Addresses {
  readonly hello: string;
  readonly commit: string;
}

const SESSION_NAME = /^[!-~]{1,128}$/;

/**
 * Shakes hands with an agent.
 *
 * @param peer Origin of the agent, such as `https://agent.example`, whose Manifest is then fetched; or its Manifest.
 * @throws {AitpError} codes of sections 4.2 and 8.3. {@link AitpPeerError}: the peer says that it has given up, signed or
 *   not; its words are a hint and nothing more.
 * @throws {HttpError} no answer, a redirect, or a status without an explanation, such as 429. ERR_HTTP_URL: also a Manifest
 *   whose endpoint is less public than the origin it was fetched from.
 * @throws `signal.reason`, untouched. @throws {TypeError | RangeError} an argument of the wrong kind or range.
 * @example
 * ```ts
 * const { tct, peer } = await handshakeOverHttp(agent, 'https://agent.example', { requestedGrants: ['calendar.read'] })
 * ```
 */
export async function handshakeOverHttp(
  agent: AitpAgent,
  peer: string | Verified<Manifest>,
  options: HandshakeOverHttpOptions,
): Promise<HandshakeResult> {
  const { timeoutMs = 10_000, expectedAid, signal } = options;
  assertInteger(timeoutMs, 'timeoutMs', 1, 600_000);
  signal?.throwIfAborted();
  const manifest =
    typeof peer === 'string'
      ? await fetchManifest(peer, { ...options, now: options.now ?? agent.now, timeoutMs })
      : peer;
  if (expectedAid !== undefined && manifest.aid !== expectedAid) {
    throw new AitpError('MANIFEST_SIGNATURE_INVALID', 'the Manifest is of another agent');
  }
  // As a redirect would be: an agent that was asked in public must not send us into our own network, whatever the rules.
  if (typeof peer === 'string') judgeUrl(manifest.handshakeEndpoint, options, new URL(peer));
  const [first, second] = addressesOf(manifest.handshakeEndpoint);
  return (
    (await attempt(agent, manifest, first, options, timeoutMs, true)) ??
    ((await attempt(agent, manifest, second, options, timeoutMs, false)) as HandshakeResult)
  );
}

/** One handshake. @returns `undefined` where there is nothing at the address and another one may be tried. */
async function attempt(
  agent: AitpAgent,
  manifest: Verified<Manifest>,
  addresses: Addresses,
  options: HandshakeOverHttpOptions,
  timeoutMs: number,
  mayMiss: boolean,
): Promise<HandshakeResult | undefined> {
  const { allowHttpLoopback, signal } = options;
  const step = signal === undefined ? {} : { signal };
  const loopback = allowHttpLoopback === undefined ? {} : { allowHttpLoopback };
  const session = agent.newSession({ ...loopback, ...options.session });
  let name: string | undefined;
  try {
    const hello = await session.buildHello(encodeManifest(manifest), options.requestedGrants, step);
    const ack = await post(addresses.hello, hello, undefined, options, timeoutMs);
    if (mayMiss && (ack.status === 404 || ack.status === 405)) return undefined;
    name = sessionName(ack);
    const commit = await take(ack, (body) => session.processHelloAck(body, step));
    const answer = await post(addresses.commit, commit, name, options, timeoutMs);
    return await take(answer, (body) => session.complete(body, step));
  } catch (error) {
    if (error instanceof AitpError && name !== undefined) {
      // So that the peer need not wait for what will not come. Whether it hears of it changes nothing here.
      const message = await agent.buildError(error.wireCode);
      await post(addresses.commit, message, name, options, timeoutMs).catch(() => {});
    }
    throw error;
  } finally {
    if (session.state !== 'done') session.abandon();
  }
}

/** Name the server gives the session; `undefined` where it gives none that can be sent back. */
function sessionName({ headers }: BoundedResponse): string | undefined {
  const name = headers.get(SESSION_HEADER) ?? '';
  return SESSION_NAME.test(name) ? name : undefined;
}

/** What an answer comes to. An envelope is for the session, whatever the status: its signature has the say. */
async function take<T>(response: BoundedResponse, step: (body: Uint8Array) => Promise<T>): Promise<T> {
  const { status, body } = response;
  const isGood = status >= 200 && status < 300;
  if (!isGood && !isEnvelope(response)) throw errorOfResponse(response);
  const taken = await step(body);
  if (isGood) return taken;
  throw errorOfResponse(response);
}

function post(
  url: string,
  body: string,
  session: string | undefined,
  { fetch, signal, clock, allowHttpLoopback, allowPrivateHosts }: HandshakeOverHttpOptions,
  timeoutMs: number,
): Promise<BoundedResponse> {
  return boundedFetch(url, {
    fetch,
    signal,
    clock,
    allowHttpLoopback,
    allowPrivateHosts,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(session === undefined ? {} : { [SESSION_HEADER]: session }),
    },
    body,
    timeoutMs,
    maxBodyBytes: MAX_ENVELOPE_BYTES,
    accept: 'application/json',
  });
}

/** The address form the endpoint suggests, and the other one. */
function addressesOf(endpoint: string): readonly [Addresses, Addresses] {
  const base = new URL(endpoint);
  const single: Addresses = { hello: base.href, commit: base.href };
  const below = (name: string) => {
    const url = new URL(base);
    url.pathname = `${url.pathname.replace(/\/$/, '')}/${name}`;
    return url.href;
  };
  const separate: Addresses = { hello: below('hello'), commit: below('commit') };
  return base.pathname.endsWith('/') ? [separate, single] : [single, separate];
}
