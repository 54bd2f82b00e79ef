// A connection of a program's whose every message is written down as it passes: one with frames behind it once these are
// there, too, since without them it has not come.

import type { RawEnvelope } from '../../../src/arcp/wire/envelope.js';
import type { Message, Transport } from '../../../src/transport/contract.js';
import type { Arrival } from './app.js';

/**
 * Writes down what comes and what is said.
 *
 * @param sessionId Id of the session that the program has, or asks for.
 */
export function listening(
  inner: Transport,
  sessionId: () => string | undefined,
  arrivals: Arrival[],
  said: string[],
): Transport {
  // The `session.open` for a session of before, then the `resume` that is not answered.
  let resuming: string | undefined;
  let waiting: { readonly arrival: Arrival & { readonly frames: Uint8Array[] }; left: number } | undefined;

  const heard = (message: Message): void => {
    if (typeof message !== 'string') {
      if (waiting === undefined) return;
      waiting.arrival.frames.push(message);
      if (--waiting.left > 0) return;
      arrivals.push(waiting.arrival);
      waiting = undefined;
      return;
    }
    const { id, type, session_id, correlation_id, payload } = JSON.parse(message) as RawEnvelope;
    if (type === 'session.accepted' ? session_id !== sessionId() : correlation_id === resuming) resuming = undefined;
    const isEarly = resuming !== undefined;
    const arrival = { text: message, frames: [], id, type, sessionId: session_id ?? '', isEarly };
    const { frames } = (payload.sidecar ?? {}) as { readonly frames?: number };
    if (frames === undefined) arrivals.push(arrival);
    else waiting = { arrival, left: frames };
  };

  return new Proxy(inner, {
    get: (target, name) => {
      if (name === 'receive') {
        return (listener: (message: Message) => void) =>
          target.receive((message) => {
            heard(message);
            listener(message);
          });
      }
      if (name === 'send') {
        return (message: Message) => {
          if (typeof message === 'string') {
            said.push(message);
            const { id, type, session_id } = JSON.parse(message) as RawEnvelope;
            if (type === 'resume' || (type === 'session.open' && session_id !== undefined)) resuming = id;
          }
          target.send(message);
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
