// Watches the four messages of a handshake pass, at the end that answers, and spoils one of them where that is asked for.

import { COMMIT_METHOD, HELLO_METHOD } from 'ringline/aitp/phone';
import type { Handlers } from 'ringline/phone';
import type { PassedMessage } from './actors.js';
import { kindOf, spoil } from './message.js';

/** The handlers of AITP, with somebody looking on. */
export function witnessed(
  handlers: Handlers,
  tell: (message: PassedMessage) => void,
  spoiledNumber: () => number,
): Handlers {
  let startedAt = 0;

  const watch = (method: string, asked: 1 | 3, answered: 2 | 4): Handlers[string] => {
    const inner = handlers[method];
    return async (params, context) => {
      if (asked === 1) startedAt = performance.now();
      const say = (number: PassedMessage['number'], state: PassedMessage['state'], text: string) =>
        tell({ number, state, with: context.peer.did, text, atMs: performance.now() - startedAt });
      const text = spoiledNumber() === asked ? spoil(String(params)) : String(params);
      const isMessage = kindOf(text) !== 'error';
      if (isMessage) {
        // Nobody sends a commit who has not accepted the answer to its hello.
        if (asked === 3) say(2, 'accepted', '');
        say(asked, 'passed', text);
      }
      const answer = String(await inner?.(text, context));
      if (kindOf(answer) === 'error') {
        if (isMessage) say(asked, 'refused', answer);
        return answer;
      }
      say(asked, 'accepted', '');
      const sent = spoiledNumber() === answered ? spoil(answer) : answer;
      say(answered, 'passed', sent);
      return sent;
    };
  };

  return { ...handlers, [HELLO_METHOD]: watch(HELLO_METHOD, 1, 2), [COMMIT_METHOD]: watch(COMMIT_METHOD, 3, 4) };
}
