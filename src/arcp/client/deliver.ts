// Commands that nothing answers where they are taken. Loaded with the first of them.

import { quiet } from '../../deferred.js';
import type { Message } from '../wire/envelope.js';
import type { MessageId } from '../wire/ids.js';
import type { CoreType, Payloads } from '../wire/payloads.js';
import type { CallFields } from './compose.js';
import type { Core } from './core.js';

/** What says that a command was taken; the last where it is the answer to a prompt, which every channel then hears is over. */
const REPLIES = ['ack', 'human.input.cancelled'] as const;

/**
 * Sends a command that is answered where it is refused and perhaps not at all where it is not. A ping goes behind it: what
 * was not refused when that is back was taken.
 *
 * @param sent Told the id of the command, before anything can answer it.
 * @returns A rejection that nobody looks at does no harm.
 */
export function deliver<T extends CoreType>(
  core: Core,
  type: T,
  payload: Payloads[T],
  signal?: AbortSignal,
  fields?: CallFields,
  sent?: (id: MessageId) => void,
): Promise<void> {
  const timeoutMs = core.options.requestTimeoutMs;
  return quiet(
    new Promise((resolve, reject) => {
      let isSettled = false;
      const settle = (_reply: unknown, error?: unknown) => {
        isSettled = true;
        if (error === undefined) resolve();
        else reject(error);
      };
      const id = core.call(type, payload, { replies: REPLIES, timeoutMs, signal, settle }, fields);
      sent?.(id);
      const passed = (pong: Message | undefined) => pong !== undefined && core.calls.settle(id, pong);
      if (!isSettled) core.call('ping', {}, { replies: ['pong'], timeoutMs, settle: passed });
    }),
  );
}
