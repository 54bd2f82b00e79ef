// The answering side of the handshake (agent-phone v1, section 3). Message 1 is answered before anything slow; the
// caller's key in message 3 is compared with the DID it claims, which is what makes the caller authentic.

import { equalBytes } from '../bytes/equal.js';
import { ChannelError } from '../errors.js';
import { didToX25519 } from '../identity/did-key.js';
import type { Identity } from '../identity/identity.js';
import { XK_MESSAGE_BYTES, XkResponder } from '../noise/handshake-xk.js';
import { buildPrologue } from '../noise/prologue.js';
import type { NoiseSuite } from '../noise/suite.js';
import type { IncomingCall } from '../transport/contract.js';
import { unlessAborted } from '../unless-aborted.js';
import { startAttempt } from './deadline.js';
import { MessageReader } from './message-reader.js';
import { handshakeFault, loadSuite, staticKeyOf } from './parties.js';
import { SecureChannel } from './secure-channel.js';

/** What the answering handshake needs. */
export interface RespondOptions {
  readonly identity: Identity;
  readonly incoming: IncomingCall;
  /** Cryptography of the channel, or a function that loads it. */
  readonly suite: NoiseSuite | (() => Promise<NoiseSuite>);
  /** Ends the handshake, whatever it waits for: deadline and shutdown in one. */
  readonly signal: AbortSignal;
  /**
   * Called when message 1 has come and before any key is touched: the place to bound how many handshakes run at once.
   * Resolves when this one may go on; what it rejects with ends it. `signal` aborts when it has ended some other way.
   */
  readonly admit?: (signal: AbortSignal) => Promise<void>;
}

/**
 * Runs the handshake with a caller.
 *
 * @returns A channel whose `remoteDid` is proved, on which nothing has been delivered yet.
 * @throws {IdentityError} ERR_IDENTITY_DID: the claimed DID is no usable did:key.
 * @throws {ChannelError} ERR_CHANNEL_IMPOSTOR: the caller does not hold the key of the DID it claims, or called somebody
 *   else; ERR_CHANNEL_PROTOCOL: it does not keep to the handshake; ERR_CHANNEL_REFUSED: it went away. {LimitError}
 *   `maxEarlyBytes`, `maxEarlyFrames`. @throws what `identity` or `admit` rejects with. @throws the signal's reason.
 * In every case the connection is closed with 1008 and no detail.
 */
export async function respond(options: RespondOptions): Promise<SecureChannel> {
  const { identity, incoming, suite, signal, admit } = options;
  const { transport, callerDid } = incoming;
  const attempt = startAttempt(signal);
  let responder: XkResponder | undefined;
  try {
    const claimedKey = didToX25519(callerDid);
    const prologue = buildPrologue(callerDid, identity.did);
    return await unlessAborted(attempt.signal, shakeHands(prologue, claimedKey));
  } catch (error) {
    responder?.wipe();
    transport.close(1008, '');
    throw handshakeFault(error, 'the caller meant another agent, or does not hold the key it uses');
  } finally {
    attempt.release();
  }

  async function shakeHands(prologue: Uint8Array, claimedKey: Uint8Array): Promise<SecureChannel> {
    const reader = new MessageReader(transport, 1, attempt);
    responder = new XkResponder({ suite: await loadSuite(suite), staticKey: staticKeyOf(identity), prologue });
    attempt.signal.throwIfAborted();
    const message1 = await reader.next(XK_MESSAGE_BYTES[0]);
    await admit?.(attempt.signal);
    await responder.readMessage1(message1);
    // Message 3, and right behind it what the caller has to say.
    reader.expect(Number.POSITIVE_INFINITY);
    transport.send(responder.writeMessage2());
    await responder.readMessage3(await reader.next(XK_MESSAGE_BYTES[2]));
    const keys = responder.split();
    if (!equalBytes(keys.remoteStaticKey, claimedKey)) {
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
  }
}
