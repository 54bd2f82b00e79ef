// From a verified card to a call. Three things have to be the same agent: the key that signed the card, the DID in the
// card, and whoever answers the phone. The first two are compared here; the handshake sees to the third.

import type { Verified } from '../../documents/verified.js';
import type { Dialer } from '../../transport/contract.js';
import { type WebSocketOptions, webSocket } from '../../transport/websocket.js';
import { parseAgentCard } from '../card/parse.js';
import type { VerifiedAgentCard } from '../card/verify.js';
import { A2aError } from '../errors.js';
import { readPhoneAddress } from './phone-interface.js';

/** The part of `connect`'s options that a card answers. */
export interface PhoneTarget {
  readonly transport: Dialer;
  readonly remoteDid: string;
}

/**
 * Turns a verified card into what `connect` has to know. Nothing is dialled yet.
 *
 * @param verified What `verifyAgentCard` returned. A card somebody else signed, be it somebody you trust, is refused:
 *   the agent itself has to say where its phone is.
 * @param options Of the WebSocket.
 * @throws {A2aError} ERR_A2A_SIGNER_MISMATCH: another key signed the card than the DID of its phone names.
 *   ERR_A2A_NO_COMPATIBLE_INTERFACE, ERR_A2A_INVALID_CARD: it names no phone, or a broken one.
 * @example
 * ```ts
 * const session = await connect({ identity, ...phoneTarget(await verifyAgentCard(text, { keys: agentDid })) })
 * ```
 */
export function phoneTarget(verified: Verified<VerifiedAgentCard>, options: WebSocketOptions = {}): PhoneTarget {
  // What was signed, and not the card, which by the caller's policy may hold more than that.
  const { url, did } = readPhoneAddress(parseAgentCard(verified.signedText, { missing: 'fill' }));
  if (verified.key.did !== did) {
    throw new A2aError('ERR_A2A_SIGNER_MISMATCH', `the card was not signed by ${did}, whose phone it names`);
  }
  return { transport: webSocket(url, options), remoteDid: did };
}
