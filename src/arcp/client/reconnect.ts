// A connection that replaces a lost one: tried until it stands, or until there is no point in trying.

import { ArcpError, arcpError } from '../errors.js';
import type { SessionId } from '../wire/ids.js';
import { delayMs, pause } from './backoff.js';
import { establish } from './establish.js';
import type { Authenticated } from './handshake.js';
import type { ResolvedConnect } from './options.js';

/**
 * Connects again.
 *
 * @param signal Ends it; rejects with its reason.
 * @param flaps How many connections before were lost as soon as they stood: so much longer are the waits.
 * @param waits Given a way to cut each wait short.
 * @throws {ArcpError} what the runtime refuses for good; ERR_ARCP_UNAVAILABLE: it took too long.
 */
export async function reconnect(
  options: ResolvedConnect,
  backoff: NonNullable<ResolvedConnect['backoff']>,
  sessionId: SessionId,
  signal: AbortSignal,
  flaps: number,
  waits: (wake: () => void) => void,
): Promise<Authenticated> {
  const { clock, random } = options;
  const sinceMs = clock.now();
  for (let attempt = 0; ; attempt++) {
    const wait = new AbortController();
    waits(() => wait.abort());
    await pause(clock, delayMs(backoff, flaps + attempt, random()), wait.signal);
    try {
      return await establish(options, sessionId, signal);
    } catch (error) {
      if (signal.aborted || (error instanceof ArcpError && !error.retryable)) throw error;
      if (clock.now() - sinceMs >= backoff.giveUpMs) {
        throw arcpError('UNAVAILABLE', 'the connection was lost', { cause: error });
      }
    }
  }
}
