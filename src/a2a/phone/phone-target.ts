// From a verified card to a call. Three things have to be the same agent: the key that signed the card, the DID in the
// card, and whoever answers the phone. The first two are compared here; the handshake sees to the third.

import type { Verified } from '../../documents/verified.js';
import { hostKind } from '../../http/address.js';
import type { Dialer } from '../../transport/contract.js';
import { type WebSocketOptions, webSocket } from '../../transport/websocket.js';
import { parseAgentCard } from '../card/parse.js';
import type { VerifiedAgentCard } from '../card/verify.js';
import { A2aError } from '../errors.js';
import { findPhone } from './phone-interface.js';

/** The part of `connect`'s options that a card answers. */
export interface PhoneTarget {
  readonly transport: Dialer;
  readonly remoteDid: string;
}

/** Options of {@link phoneTarget}: those of the WebSocket, and where it may lead. */
export interface PhoneTargetOptions extends WebSocketOptions {
  /** Whether this machine may be dialled, by `ws:` as well: for development. Default: no. */
  readonly allowLoopback?: boolean;
  /**
   * Whether private networks and this machine may be dialled, by `ws:` as well; link-local addresses never are. Default:
   * no.
   */
  readonly allowPrivateHosts?: boolean;
}

/**
 * Turns a verified card into what `connect` has to know. Nothing is dialled yet.
 *
 * That a card is verified makes its signer known, and no friend: it could name an address of your own network. So a phone
 * has to be at a public host, by `wss:`, unless the options say otherwise. What a name resolves to cannot be seen from here.
 *
 * @param verified What `verifyAgentCard` returned. A card somebody else signed, be it somebody you trust, is refused:
 *   the agent itself has to say where its phone is.
 * @throws {A2aError} ERR_A2A_SIGNER_MISMATCH: another key signed the card than the DID of its phone names.
 *   ERR_A2A_ADDRESS_NOT_ALLOWED, with the pointer to it: its phone is not at a public host, or not by `wss:`.
 *   ERR_A2A_NO_COMPATIBLE_INTERFACE, ERR_A2A_INVALID_CARD: it names no phone, or a broken one.
 * @example
 * ```ts
 * const session = await connect({ identity, ...phoneTarget(await verifyAgentCard(text, { keys: agentDid })) })
 * ```
 */
export function phoneTarget(verified: Verified<VerifiedAgentCard>, options: PhoneTargetOptions = {}): PhoneTarget {
  const { allowLoopback, allowPrivateHosts, ...socketOptions } = options;
  // What was signed, and not the card, which by the caller's policy may hold more than that.
  const { address, pointer } = findPhone(parseAgentCard(verified.signedText, { missing: 'fill' }));
  const { url, did } = address;
  if (verified.key.did !== did) {
    throw new A2aError('ERR_A2A_SIGNER_MISMATCH', `the card was not signed by ${did}, whose phone it names`);
  }
  const why = refusalOf(new URL(url), options);
  if (why !== undefined)
    throw new A2aError('ERR_A2A_ADDRESS_NOT_ALLOWED', `the phone is not dialled: ${why}`, { pointer });
  return { transport: webSocket(url, socketOptions), remoteDid: did };
}

/** Why an address is not dialled; nothing when it is. The same rules as for what is fetched, see `AddressRules`. */
function refusalOf(
  { hostname, protocol }: URL,
  { allowLoopback, allowPrivateHosts }: PhoneTargetOptions,
): string | undefined {
  const kind = hostKind(hostname);
  if (kind === 'public') return protocol === 'wss:' ? undefined : 'a public host is dialled by wss only';
  const isOpen = kind !== 'reserved' && (allowPrivateHosts === true || (kind === 'loopback' && allowLoopback === true));
  return isOpen ? undefined : `its host is not public: ${kind}`;
}
