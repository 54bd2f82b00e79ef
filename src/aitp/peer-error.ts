// What a peer says went wrong (AITP 0.2, sections 3.1 and 11). It ends the exchange, and that is all it does: a code from
// the other side is a hint, and never a reason to trust or to distrust anything.

import { SdkError } from '../errors.js';
import type { ErrorPayload } from './error-payload.js';

const MAX_CODE_CHARACTERS = 64;
const MAX_REASON_CHARACTERS = 256;

declare module '../errors.js' {
  interface SdkErrorCodes {
    readonly aitpPeer: 'ERR_AITP_PEER';
  }
}

/** The peer ended the exchange. Never thrown for a local fault. */
export class AitpPeerError extends SdkError<'ERR_AITP_PEER'> {
  override readonly name = 'AitpPeerError';
  /** The code the peer gave, registered or not, at most 64 characters. */
  readonly peerCode: string;
  /** The peer's words, at most 256 characters. From the network: not for logs that interpret what they show. */
  readonly reason: string;
  /** Whether the same may succeed later. False for a code we do not know. */
  readonly retryable: boolean;

  constructor({ code, reason, retryable }: ErrorPayload) {
    super('ERR_AITP_PEER', 'the peer ended the exchange with an error');
    this.peerCode = code.slice(0, MAX_CODE_CHARACTERS);
    this.reason = reason.slice(0, MAX_REASON_CHARACTERS);
    this.retryable = retryable;
  }
}
