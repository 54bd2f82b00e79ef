// From nothing to an authenticated session: dials, answers challenges, and holds the runtime to what the caller asks of it.

import { onAbort } from '../../abort.js';
import { arcpError } from '../errors.js';
import type { SessionId } from '../wire/ids.js';
import { type Authenticated, openHandshake } from './handshake.js';
import type { ResolvedConnect } from './options.js';

/** Responses to a challenge before we give up, as many as a runtime takes. */
const MAX_RESPONSES = 3;

/**
 * Opens a connection and a session on it, within `requestTimeoutMs`.
 *
 * @param sessionId A session of before that is wanted back.
 * @param signal Ends it; rejects with its reason.
 * @throws {ArcpError} the runtime's refusal; ERR_ARCP_UNAVAILABLE: no answer; ERR_ARCP_UNAUTHENTICATED: another
 *   fingerprint, or a challenge nobody answers.
 * @throws what `dial`, `auth` and `answerChallenge` throw.
 */
export async function establish(
  options: ResolvedConnect,
  sessionId: SessionId | undefined,
  signal: AbortSignal | undefined,
): Promise<Authenticated> {
  const { clock, requestTimeoutMs: timeoutMs } = options;
  const ended = new AbortController();
  const end = (reason: unknown) => ended.abort(reason);
  const stopTimer = clock.setTimer(() => end(arcpError('UNAVAILABLE', 'no answer in time')), timeoutMs);
  const stopListening = onAbort(signal, end);
  if (signal?.aborted) end(signal.reason);
  try {
    // Whoever dials or signs may pay no heed to the signal: then what comes of it is thrown away.
    return await new Promise<Authenticated>((resolve, reject) => {
      onAbort(ended.signal, reject);
      open(options, sessionId, ended.signal).then(resolve, reject);
    });
  } finally {
    stopTimer();
    stopListening();
  }
}

async function open(options: ResolvedConnect, sessionId: SessionId | undefined, signal: AbortSignal) {
  const { client, capabilities, required, fingerprint, answerChallenge, auth } = options;
  signal.throwIfAborted();
  const credentials = typeof auth === 'function' ? await auth() : auth;
  signal.throwIfAborted();
  const transport = await options.dial({ signal });
  const abort = () => transport.abort();
  const stopListening = onAbort(signal, abort);
  try {
    const handshake = openHandshake(transport, { ...options, signal });
    let step = await handshake.open({
      auth: credentials,
      client,
      capabilities: required === undefined ? capabilities : { ...capabilities, required },
      sessionId,
    });
    for (let attempt = 1; step.state === 'challenged'; attempt++) {
      const { challenge, refusal } = step;
      if (answerChallenge === undefined || attempt > MAX_RESPONSES) {
        throw refusal ?? arcpError('UNAUTHENTICATED', 'a challenge');
      }
      step = await step.authenticate(await answerChallenge(challenge, { attempt, refusal }));
    }
    if (fingerprint !== undefined && step.runtime.fingerprint !== fingerprint) {
      throw arcpError('UNAUTHENTICATED', 'another fingerprint');
    }
    return step;
  } catch (error) {
    abort();
    throw error;
  } finally {
    stopListening();
  }
}
