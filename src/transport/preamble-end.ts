// One end of a connection without a URL: it may dial, which sends the preamble, or accept, which reads it. Once.

import { assertSignal, assertString } from '../bytes/assert.js';
import { ChannelError } from '../errors.js';
import type { Acceptor, Dialer, DialOffer, IncomingCall, Transport } from './contract.js';
import type { TransportCore } from './core.js';
import { encodePreamble, parsePreamble } from './preamble.js';

/** One end of a pair: the side that calls uses it as a dialer, the side that answers as an acceptor. */
export interface PairEnd extends Dialer, Acceptor {
  /**
   * Sends the preamble. Does not wait for the other end to accept.
   *
   * @throws {TypeError} the end has dialled or accepted before.
   * @throws {RangeError} subprotocol and DID do not fit a preamble: printable ASCII, 299 bytes together.
   * @throws {ChannelError} ERR_CHANNEL_REFUSED: the other end is gone.
   */
  dial(offer: DialOffer): Promise<Transport>;

  /**
   * Waits for the preamble. When it is wrong, or the signal ends the wait, the connection ends.
   *
   * @throws {TypeError} the end has dialled or accepted before.
   * @throws {ChannelError} ERR_CHANNEL_PROTOCOL: no preamble, or another subprotocol. ERR_CHANNEL_LOST: the other end
   *   went away first.
   */
  accept(options: { readonly subprotocol: string; readonly signal?: AbortSignal }): Promise<IncomingCall>;
}

/**
 * Makes an open transport an end that can be dialled or accepted on.
 *
 * @param core Open, nothing sent or received yet. Owned from here on.
 */
export function pairEnd(core: TransportCore): PairEnd {
  let used = false;
  const use = () => {
    if (used) throw new TypeError('this end of the pair is in use already');
    used = true;
  };
  return {
    async dial({ subprotocol, callerDid, signal }) {
      const preamble = encodePreamble(subprotocol, callerDid);
      assertSignal(signal);
      if (signal?.aborted) throw signal.reason;
      use();
      if (core.ended) throw new ChannelError('ERR_CHANNEL_REFUSED', 'the other end of the pair is gone');
      core.send(preamble);
      return core;
    },
    async accept({ subprotocol, signal }) {
      assertString(subprotocol, 'subprotocol');
      assertSignal(signal);
      if (signal?.aborted) throw signal.reason;
      use();
      try {
        const callerDid = parsePreamble(await core.takeFirst(signal), subprotocol);
        return { transport: core, callerDid, subprotocol };
      } catch (error) {
        // A malformed preamble gets a polite end with a code; after an abort nobody is left to be polite.
        if (signal?.aborted) core.abort();
        else core.close(1002, 'preamble');
        throw error;
      }
    },
  };
}
