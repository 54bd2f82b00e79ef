// The two parties of a channel as Noise sees them.

import { didToX25519 } from '../identity/did-key.js';
import type { Identity } from '../identity/identity.js';
import type { DhKeyPair } from '../noise/suite.js';

/** WebSocket subprotocol of agent-phone v1. */
export const SUBPROTOCOL = 'agent-phone.v1';

/** An identity's static key: its DID's key on Curve25519, with the secret where it is. */
export function staticKeyOf(identity: Identity): DhKeyPair {
  return { publicKey: didToX25519(identity.did), agree: (publicKey) => identity.agree(publicKey) };
}
