// Two phone sessions over channels without cryptography, each with handlers of its own.

import { Session } from '../../src/phone/session.js';
import type { SessionOptions } from '../../src/phone/session-options.js';
import { type PlainChannel, plainChannels } from './plain-channel.js';

export interface PhoneSessions {
  readonly caller: Session;
  readonly callee: Session;
  /** The channel's end of each. */
  readonly channels: { readonly caller: PlainChannel; readonly callee: PlainChannel };
}

/** @param calling Options of the caller's session. @param answering Those of the callee's. */
export function phoneSessions(calling: SessionOptions, answering: SessionOptions): PhoneSessions {
  const { initiator, responder } = plainChannels();
  const record = (did: string, remoteAddress?: string) => ({
    peer: {
      did,
      proof: 'x25519' as const,
      agreementKey: new Uint8Array(32),
      ...(remoteAddress !== undefined && { remoteAddress }),
    },
  });
  return {
    caller: new Session(initiator, record(initiator.remoteDid), calling),
    callee: new Session(responder, record(responder.remoteDid, '203.0.113.9'), answering),
    channels: { caller: initiator, callee: responder },
  };
}
