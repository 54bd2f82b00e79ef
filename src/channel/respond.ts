// The answering side of the handshake (agent-phone v1, section 3). Message 1 is answered before anything slow; the
// caller's key in message 3 is compared with the DID it claims, which is what makes the caller authentic.

import { equalBytes } from '../bytes/equal.js';
import { ChannelError, NoiseError } from '../errors.js';
import { didToX25519 } from '../identity/did-key.js';
import type { Identity } from '../identity/identity.js';
import { XkResponder } from '../noise/handshake-xk.js';
import { buildPrologue } from '../noise/prologue.js';
import type { NoiseSuite } from '../noise/suite.js';
import type { IncomingCall, Message } from '../transport/contract.js';
import { unlessAborted } from './deadline.js';
import { MessageReader } from './message-reader.js';
import { staticKeyOf } from './parties.js';
import { SecureChannel } from './secure-channel.js';

/** What the answering handshake needs. */
export interface RespondOptions {
  readonly identity: Identity;
  readonly incoming: IncomingCall;
  readonly suite: NoiseSuite;
  /** Ends the handshake: deadline and shutdown in one. */
  readonly signal: AbortSignal;
  /**
   * Called when message 1 has come and before any key is touched: the place to bound how many handshakes run at once.
   * Resolves when this one may go on.
   */
  readonly admit?: () => Promise<void>;
}

/**
 * Runs the handshake with a caller.
 *
 * @returns A channel whose `remoteDid` is proved, on which nothing has been delivered yet.
 * @throws {IdentityError} ERR_IDENTITY_DID: the claimed DID is no usable did:key.
 * @throws {ChannelError} ERR_CHANNEL_IMPOSTOR: the caller does not hold the key of the DID it claims, or called somebody
 *   else; ERR_CHANNEL_PROTOCOL, ERR_CHANNEL_REFUSED. @throws the signal's reason.
 * In every case the connection is closed with 1008 and no detail.
 */
export async function respond(options: RespondOptions): Promise<SecureChannel> {
  const { identity, incoming, suite, signal, admit } = options;
  const { transport, callerDid } = incoming;
  const reader = new MessageReader(transport);
  let responder: XkResponder | undefined;
  try {
    const claimedKey = didToX25519(callerDid);
    responder = new XkResponder({
      suite,
      staticKey: staticKeyOf(identity),
      prologue: buildPrologue(callerDid, identity.did),
    });
    const message1 = binary(await reader.next(signal));
    await admit?.();
    await unlessAborted(signal, responder.readMessage1(message1));
    transport.send(responder.writeMessage2());
    await unlessAborted(signal, responder.readMessage3(binary(await reader.next(signal))));
    const { remoteStaticKey, ...keys } = responder.split();
    if (!equalBytes(remoteStaticKey, claimedKey)) {
      keys.send.wipe();
      keys.receive.wipe();
      throw new ChannelError('ERR_CHANNEL_IMPOSTOR', `the caller does not hold the key of ${callerDid}`);
    }
    return new SecureChannel({
      ...keys,
      role: 'responder',
      localDid: identity.did,
      remoteDid: callerDid,
      transport,
      reader,
    });
  } catch (error) {
    responder?.wipe();
    transport.close(1008, '');
    if (!(error instanceof NoiseError)) throw error;
    const what = 'the caller meant another agent, or does not hold the key it uses';
    throw new ChannelError('ERR_CHANNEL_IMPOSTOR', what, { cause: error });
  }
}

function binary(message: Message): Uint8Array {
  if (typeof message === 'string') throw new ChannelError('ERR_CHANNEL_PROTOCOL', 'text during the handshake');
  return message;
}
