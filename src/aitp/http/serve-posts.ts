// Messages that are posted to an agent outside of a handshake, each answered by itself: how many at once, how often, how long
// and how fast, and what a refusal looks like (AITP 0.2, sections 9.1 and 9.2).

import { assertInteger } from '../../bytes/assert.js';
import { type Clock, systemClock } from '../../clock.js';
import { LimitError } from '../../errors.js';
import { type AllowedOrigins, assertAllowedOrigins } from '../../http/cors.js';
import { discardBody } from '../../http/read-body.js';
import { AitpError } from '../errors.js';
import { rateWindow } from '../rate-window.js';
import { type AitpClock, readClock } from '../timestamps.js';
import { addressName } from './address-name.js';
import { errorBody } from './error-body.js';
import { inFlight } from './in-flight.js';
import { readMessage } from './read-request.js';

/** How much is taken. */
export interface PostLimits {
  /** Time for the body of a request, in milliseconds: 1 to 60,000. Default 5,000. */
  readonly bodyTimeoutMs?: number;
  /** Requests read or judged at once; one more is answered 429: 1 to 65,536. Default 64. */
  readonly maxConcurrent?: number;
  /** Of those, of one address, where `addressOf` tells addresses: 1 to 65,536. Default 8. */
  readonly maxConcurrentPerAddress?: number;
  /** Requests of one address in 60 seconds, where `addressOf` tells addresses: 1 to 1,000,000. Default 30. */
  readonly maxRequestsPerAddress?: number;
}

/** What a handler of messages is told. */
export interface ServePostsOptions extends PostLimits {
  /** Pages that may call. */
  readonly allowedOrigins?: AllowedOrigins;
  /**
   * Address a request came from, as the host knows it: never a header that anybody may set. Of IPv6 the first 64 bits count.
   * Default: not known.
   */
  readonly addressOf?: (request: Request) => string | undefined;
  /** Told of faults of our own, which no peer is told of. Must not throw. */
  readonly onError?: (error: unknown) => void;
  /** Unix seconds. Default: the clock of the agent. */
  readonly now?: AitpClock;
  /** Timers. Default: the host's. */
  readonly clock?: Clock;
}

/** Somebody asks too often; it is told nothing but that. */
export class TooMany extends Error {}

/** Length of the window requests are counted in, in seconds. */
export const WINDOW_SEC = 60;

/**
 * Makes the answer to messages that are posted.
 *
 * @param take Judges one. {@link AitpError} is told the peer; {@link TooMany} and a full memory are 429; anything else is a
 *   fault of our own.
 */
export function posts(
  take: (message: Uint8Array, request: Request) => Promise<Response>,
  options: ServePostsOptions & { readonly now: AitpClock; readonly maxBodyBytes: number },
): (request: Request) => Promise<Response> {
  const { maxBodyBytes, bodyTimeoutMs: timeoutMs = 5_000, addressOf, now, clock = systemClock } = options;
  const { maxConcurrent = 64, maxConcurrentPerAddress = 8, maxRequestsPerAddress = 30 } = options;
  const room = inFlight({ max: maxConcurrent, maxPerAddress: maxConcurrentPerAddress });
  const byAddress = rateWindow({ max: maxRequestsPerAddress, windowSec: WINDOW_SEC }, now);

  async function judged(request: Request, name: string | undefined): Promise<Response> {
    try {
      if (name !== undefined && !byAddress.take(name)) throw new TooMany();
      return await take(await readMessage(request, { maxBodyBytes, timeoutMs, clock }), request);
    } catch (error) {
      if (error instanceof TooMany || error instanceof LimitError) return tooMany(request);
      if (error instanceof AitpError) return answerJson(errorBody(error.wireCode), 400);
      throw error;
    }
  }

  return async (request) => {
    const address = addressOf?.(request);
    const name = address === undefined ? undefined : addressName(address);
    const leave = room.enter(name);
    if (leave === undefined) return tooMany(request);
    try {
      return await judged(request, name);
    } finally {
      leave();
    }
  };
}

/** An answer nobody may keep. */
export function answerJson(text: string | null, status: number): Response {
  const headers = new Headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  if (text !== null) headers.set('content-type', 'application/json');
  return new Response(text, { status, headers });
}

function tooMany(request: Request): Response {
  if (!request.bodyUsed) discardBody(request.body ?? null);
  const answer = answerJson(null, 429);
  answer.headers.set('retry-after', String(WINDOW_SEC));
  return answer;
}

/** @throws {TypeError | RangeError} naming the option. */
export function assertServePostsOptions(options: ServePostsOptions): void {
  const { allowedOrigins, addressOf, onError, now } = options;
  if (allowedOrigins !== undefined) assertAllowedOrigins(allowedOrigins);
  for (const [name, hook] of Object.entries({ addressOf, onError })) {
    if (hook !== undefined && typeof hook !== 'function') throw new TypeError(`${name} must be a function`);
  }
  for (const [name, most] of Object.entries(MOST)) {
    const value = options[name as keyof typeof MOST];
    if (value !== undefined) assertInteger(value, name, 1, most);
  }
  if (now !== undefined) readClock(now);
}

const MOST = /* @__PURE__ */ Object.freeze({
  bodyTimeoutMs: 60_000,
  maxConcurrent: 65_536,
  maxConcurrentPerAddress: 65_536,
  maxRequestsPerAddress: 1_000_000,
});
