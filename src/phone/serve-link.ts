// What a served call asks of its session: how answers go out, and who hears of a fault that stays at home.

import type { AnsweringLink } from './answerer.js';
import { chunkText, endText, errorText, resultText } from './frame-encode.js';
import { reportFault } from './report-fault.js';
import type { ServeLink } from './served-call.js';
import type { SessionOptions } from './session-options.js';

/** Makes the link of one session's served calls. */
export function serveLink(link: AnsweringLink, { authorize, onFault }: SessionOptions): ServeLink {
  const { session, channel } = link;
  const { highWaterBytes } = link.limits;

  async function tellFault(fault: unknown, method: string, correlationId: string): Promise<void> {
    try {
      await onFault?.(fault, { method, peer: session.peer, correlationId });
    } catch {
      // A listener that throws, now or later, must not take the process with it.
    }
  }

  return {
    session,
    authorize,
    get writable() {
      return channel.bufferedBytes <= highWaterBytes;
    },
    whenWritable: (signal) => channel.drained({ belowBytes: highWaterBytes, signal }),
    sendResult: (streamId, result) => link.answer(resultText(streamId, result)),
    sendChunk: (streamId, seq, item) => link.answer(chunkText(streamId, seq, item)),
    sendEnd: (streamId, seq, reason) => link.answerQuietly(endText(streamId, seq, reason)),
    sendFault(streamId, method, fault) {
      const { wire, correlationId } = reportFault(fault);
      link.answerQuietly(errorText(streamId, wire));
      if (correlationId !== undefined) void tellFault(fault, method, correlationId);
    },
  };
}
