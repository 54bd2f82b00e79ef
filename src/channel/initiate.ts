// The caller's side of the handshake, as the protocol diagram has it (agent-phone v1, sections 2 and 3):
//   -> e, es   (computed before the connection stands)     <- e, ee     -> s, se

import { assertInteger, assertSignal } from '../bytes/assert.js';
import { type Clock, systemClock } from '../clock.js';
import { ChannelError, NoiseError } from '../errors.js';
import { didToX25519 } from '../identity/did-key.js';
import type { Identity } from '../identity/identity.js';
import { proveIdentity } from '../identity/prove.js';
import { XkInitiator } from '../noise/handshake-xk.js';
import { buildPrologue } from '../noise/prologue.js';
import type { NoiseSuite } from '../noise/suite.js';
import type { Dialer, Transport } from '../transport/contract.js';
import { startDeadline, unlessAborted } from './deadline.js';
import { MessageReader } from './message-reader.js';
import { SUBPROTOCOL, staticKeyOf } from './parties.js';
import { SecureChannel } from './secure-channel.js';

/** What the caller's handshake needs. */
export interface InitiateOptions {
  readonly identity: Identity;
  /** The way to the peer. */
  readonly transport: Dialer;
  /** DID of the peer: nobody else can answer. */
  readonly remoteDid: string;
  readonly suite: NoiseSuite;
  /** Time for the connection to open, in milliseconds, 1 to 600,000. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** Time for the handshake after that, in milliseconds, 1 to 600,000. Default 10,000. */
  readonly handshakeTimeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/** Default of both deadlines. */
export const DEFAULT_TIMEOUT_MS = 10_000;

const MAX_TIMEOUT_MS = 600_000;

/**
 * Dials a peer and runs the handshake.
 *
 * @returns A channel on which nothing has been delivered yet.
 * @throws {IdentityError} ERR_IDENTITY_DID: `remoteDid` is no usable did:key; ERR_IDENTITY_MISMATCH: `identity` does not
 *   answer for its own DID.
 * @throws {ChannelError} ERR_CHANNEL_REFUSED, ERR_CHANNEL_TIMEOUT; ERR_CHANNEL_IMPOSTOR: whoever answered does not hold
 *   the key of `remoteDid`.
 * @throws the signal's reason, untouched.
 */
export async function initiate(options: InitiateOptions): Promise<SecureChannel> {
  const { identity, transport: dialer, remoteDid, suite, signal, clock = systemClock } = options;
  const { connectTimeoutMs = DEFAULT_TIMEOUT_MS, handshakeTimeoutMs = DEFAULT_TIMEOUT_MS } = options;
  assertInteger(connectTimeoutMs, 'connectTimeoutMs', 1, MAX_TIMEOUT_MS);
  assertInteger(handshakeTimeoutMs, 'handshakeTimeoutMs', 1, MAX_TIMEOUT_MS);
  assertSignal(signal);
  signal?.throwIfAborted();

  const initiator = new XkInitiator({
    suite,
    staticKey: staticKeyOf(identity),
    remoteStaticKey: didToX25519(remoteDid),
    prologue: buildPrologue(identity.did, remoteDid),
  });
  const connecting = startDeadline(clock, 'connecting', connectTimeoutMs, signal);
  let dialling: Promise<Transport> | undefined;
  let transport: Transport;
  let message1: Uint8Array;
  try {
    dialling = dialer.dial({ subprotocol: SUBPROTOCOL, callerDid: identity.did, signal: connecting.signal });
    const ready = Promise.all([dialling, initiator.writeMessage1(), proveIdentity(identity)]);
    [transport, message1] = await unlessAborted(connecting.signal, ready);
  } catch (error) {
    initiator.wipe();
    // A connection that opened before the other work failed, or opens after, must not stay.
    dialling?.then((late) => late.close(1008, '')).catch(() => {});
    throw error;
  } finally {
    connecting.release();
  }

  const handshaking = startDeadline(clock, 'the handshake', handshakeTimeoutMs, signal);
  try {
    const reader = new MessageReader(transport);
    transport.send(message1);
    const message2 = await reader.next(handshaking.signal);
    if (typeof message2 === 'string') throw new ChannelError('ERR_CHANNEL_PROTOCOL', 'text during the handshake');
    await unlessAborted(handshaking.signal, initiator.readMessage2(message2));
    transport.send(initiator.writeMessage3());
    return new SecureChannel({
      ...initiator.split(),
      role: 'initiator',
      localDid: identity.did,
      remoteDid,
      transport,
      reader,
    });
  } catch (error) {
    initiator.wipe();
    transport.close(1008, '');
    if (!(error instanceof NoiseError)) throw error;
    const what = `whoever answered does not hold the key of ${remoteDid}`;
    throw new ChannelError('ERR_CHANNEL_IMPOSTOR', what, { cause: error });
  } finally {
    handshaking.release();
  }
}
