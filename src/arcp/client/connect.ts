// The call that clients begin with.

import { establish } from './establish.js';
import { type ConnectOptions, resolveConnect } from './options.js';
import type { ClientSession } from './session.js';
import { sessionOf } from './start-session.js';

/**
 * Opens a session with a runtime.
 *
 * The first connection is tried once. Once the session stands, a lost connection is replaced, after 0.5 s at first and 30 s
 * at most between tries, and the session resumed; see {@link ConnectOptions.reconnect}.
 *
 * @throws {ArcpError} ERR_ARCP_UNAUTHENTICATED: credentials refused, a challenge nobody answers, another fingerprint than
 *   pinned; ERR_ARCP_UNIMPLEMENTED: a required capability is missing; ERR_ARCP_UNAVAILABLE: no answer in time, or the
 *   connection ended; any other code the runtime refuses with.
 * @throws {TypeError} @throws {RangeError} an option that is none, before any I/O.
 * @throws what `dial`, `auth` or `answerChallenge` throw, and the reason of `signal`, untouched.
 *
 * @example
 * ```ts
 * const session = await connect({
 *   dial: ({ signal }) => openWebSocket('wss://runtime.example', { signal }),
 *   auth: { scheme: 'bearer', token },
 *   client: { kind: 'my-page', version: '1.0.0' },
 *   capabilities: { streaming: true, human_input: true },
 * })
 * const job = session.invoke('text.count', { text: 'a b c' })
 * for await (const event of job.events) if (event.type === 'job.progress') console.log(event.payload.percent)
 * console.log(await job.result)
 * await session.close()
 * ```
 */
export async function connect(options: ConnectOptions): Promise<ClientSession> {
  const resolved = resolveConnect(options);
  const first = await establish(resolved, resolved.resume?.sessionId, options.signal);
  const session = sessionOf(first, resolved, resolved);
  session.signal.throwIfAborted();
  return session;
}
