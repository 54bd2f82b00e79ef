// The two parties of a channel as Noise sees them, and what it means when their handshake fails.

import { ChannelError, isSdkError, NoiseError } from '../errors.js';
import { didToX25519 } from '../identity/did-key.js';
import type { Identity } from '../identity/identity.js';
import type { DhKeyPair, NoiseSuite } from '../noise/suite.js';

/** WebSocket subprotocol of agent-phone v1. */
export const SUBPROTOCOL = 'agent-phone.v1';

/** An identity's static key: its DID's key on Curve25519, with the secret where it is. */
export function staticKeyOf(identity: Identity): DhKeyPair {
  return { publicKey: didToX25519(identity.did), agree: (publicKey) => identity.agree(publicKey) };
}

/**
 * What a failed handshake is reported as.
 *
 * @param error What the handshake threw.
 * @param who Says of the other side what a failed check means.
 * @returns ERR_CHANNEL_IMPOSTOR for a failed check; what our own identity, a wallet say, threw; else `error` itself.
 */
export function handshakeFault(error: unknown, who: string): unknown {
  if (!(error instanceof NoiseError)) return error;
  const { cause } = error;
  // Checks fail with an error of ours, or for an all-zero secret with a RangeError. Nothing else is the peer's doing.
  if (cause !== undefined && !isSdkError(cause) && !(cause instanceof RangeError)) return cause;
  return new ChannelError('ERR_CHANNEL_IMPOSTOR', who, { cause: error });
}

/** The suite itself, whichever way it was given. */
export async function loadSuite(suite: NoiseSuite | (() => Promise<NoiseSuite>)): Promise<NoiseSuite> {
  return typeof suite === 'function' ? suite() : suite;
}
