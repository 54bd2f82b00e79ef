// The caller's side of the handshake, as the protocol diagram has it (agent-phone v1, sections 2 and 3):
//   -> e, es   (computed before the connection stands)     <- e, ee     -> s, se

import { assertInteger, assertSignal, assertString } from '../bytes/assert.js';
import { type Clock, systemClock } from '../clock.js';
import { didToX25519 } from '../identity/did-key.js';
import type { Identity } from '../identity/identity.js';
import { assertIdentity, proveIdentity } from '../identity/prove.js';
import { XK_MESSAGE_BYTES, XkInitiator } from '../noise/handshake-xk.js';
import { buildPrologue } from '../noise/prologue.js';
import type { NoiseSuite } from '../noise/suite.js';
import type { Dialer, Transport } from '../transport/contract.js';
import { unlessAborted } from '../unless-aborted.js';
import { startDeadline } from './deadline.js';
import { MessageReader } from './message-reader.js';
import { handshakeFault, loadSuite, SUBPROTOCOL, staticKeyOf } from './parties.js';
import { SecureChannel } from './secure-channel.js';

/** What the caller's handshake needs. */
export interface InitiateOptions {
  readonly identity: Identity;
  /** The way to the peer. */
  readonly transport: Dialer;
  /** DID of the peer: nobody else can answer. */
  readonly remoteDid: string;
  /** Cryptography of the channel, or a function that loads it: called while the connection opens. */
  readonly suite: NoiseSuite | (() => Promise<NoiseSuite>);
  /** Time for the connection to open, in milliseconds, 1 to 600,000. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** Time for the handshake after that, in milliseconds, 1 to 600,000. Default 10,000. */
  readonly handshakeTimeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/** Default of both deadlines. */
export const DEFAULT_TIMEOUT_MS = 10_000;

/** Highest value of both. */
export const MAX_TIMEOUT_MS = 600_000;

/**
 * Dials a peer and runs the handshake.
 *
 * @returns A channel on which nothing has been delivered yet.
 * @throws {IdentityError} ERR_IDENTITY_DID: `remoteDid` is no usable did:key; ERR_IDENTITY_MISMATCH: `identity` does not
 *   answer for its own DID.
 * @throws {ChannelError} ERR_CHANNEL_REFUSED, ERR_CHANNEL_TIMEOUT; ERR_CHANNEL_IMPOSTOR: whoever answered does not hold
 *   the key of `remoteDid`; ERR_CHANNEL_PROTOCOL: it does not keep to the handshake. {LimitError} `maxEarlyBytes`.
 * @throws {TypeError | RangeError} options of the wrong kind or out of range, before any I/O.
 * @throws what `identity` itself rejects with. @throws the signal's reason, untouched.
 */
export async function initiate(options: InitiateOptions): Promise<SecureChannel> {
  const { identity, transport: dialer, remoteDid, suite, signal, clock = systemClock } = options;
  const { connectTimeoutMs = DEFAULT_TIMEOUT_MS, handshakeTimeoutMs = DEFAULT_TIMEOUT_MS } = options;
  assertIdentity(identity);
  if (typeof dialer?.dial !== 'function') throw new TypeError('transport must be a Dialer');
  assertString(remoteDid, 'remoteDid');
  assertInteger(connectTimeoutMs, 'connectTimeoutMs', 1, MAX_TIMEOUT_MS);
  assertInteger(handshakeTimeoutMs, 'handshakeTimeoutMs', 1, MAX_TIMEOUT_MS);
  assertSignal(signal);
  signal?.throwIfAborted();

  const staticKey = staticKeyOf(identity);
  const remoteStaticKey = didToX25519(remoteDid);
  const prologue = buildPrologue(identity.did, remoteDid);
  const connecting = startDeadline(clock, 'connecting', connectTimeoutMs, signal);
  const offer = { subprotocol: SUBPROTOCOL, callerDid: identity.did, signal: connecting.signal };
  // A function of its own, so that a dialer that throws is one that rejects.
  const dialling = (async () => dialer.dial(offer))();
  const beginning = (async () => {
    const begun = new XkInitiator({ suite: await loadSuite(suite), staticKey, remoteStaticKey, prologue });
    return { initiator: begun, message1: await begun.writeMessage1() };
  })();
  const preparing = Promise.all([dialling, beginning, proveIdentity(identity)]);
  let transport: Transport;
  let initiator: XkInitiator;
  let message1: Uint8Array;
  try {
    [transport, { initiator, message1 }] = await unlessAborted(connecting.signal, preparing);
  } catch (error) {
    // A dial under way goes no further, and what gets ready all the same must not stay.
    connecting.end(error);
    dialling.then((late) => late.close(1008, '')).catch(() => {});
    beginning.then((late) => late.initiator.wipe()).catch(() => {});
    throw error;
  } finally {
    connecting.release();
  }

  const handshaking = startDeadline(clock, 'the handshake', handshakeTimeoutMs, signal);
  const shakeHands = async () => {
    const reader = new MessageReader(transport, 0, handshaking);
    // Aborted meanwhile, or spoken to before we said anything.
    handshaking.signal.throwIfAborted();
    reader.expect(1);
    transport.send(message1);
    await initiator.readMessage2(await reader.next(XK_MESSAGE_BYTES[1]));
    reader.expect(Number.POSITIVE_INFINITY);
    transport.send(initiator.writeMessage3());
    return new SecureChannel({
      ...initiator.split(),
      role: 'initiator',
      localDid: identity.did,
      remoteDid,
      transport,
      reader,
    });
  };
  try {
    return await unlessAborted(handshaking.signal, shakeHands());
  } catch (error) {
    initiator.wipe();
    transport.close(1008, '');
    throw handshakeFault(error, `whoever answered does not hold the key of ${remoteDid}`);
  } finally {
    handshaking.release();
  }
}
