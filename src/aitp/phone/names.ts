// Names and sizes of AITP inside a phone session (agent-phone v1, section 8), and the one rule everything here rests on: an
// agent that speaks as an AID has to be the one whose key authenticated the session.

import { encodeUtf8 } from '../../bytes/utf8.js';
import type { Peer } from '../../phone/peer.js';
import { didFromAid } from '../aid.js';
import { AitpError, type AitpWireCode } from '../errors.js';

/** Carries a hello; answered with a hello_ack, or an `error` message. */
export const HELLO_METHOD = 'ringline.aitp.hello';

/** Carries a commit; answered with a commit_ack, or an `error` message. */
export const COMMIT_METHOD = 'ringline.aitp.commit';

/** Presents a token for the rest of the session. */
export const PRESENT_METHOD = 'ringline.aitp.present';

/** Longest message, in bytes of UTF-8. The frame it travels in has its own limit. */
export const MAX_PHONE_MESSAGE_BYTES = 64_000;

/** @throws {AitpError} INVALID_ENVELOPE: no text, or too long. */
export function readMessageText(value: unknown): string {
  if (typeof value !== 'string') throw new AitpError('INVALID_ENVELOPE', 'not a JSON text');
  // A unit of UTF-16 is one to three bytes of UTF-8, so most texts need no counting.
  const isLong = value.length > MAX_PHONE_MESSAGE_BYTES;
  if (isLong || (value.length * 3 > MAX_PHONE_MESSAGE_BYTES && encodeUtf8(value).length > MAX_PHONE_MESSAGE_BYTES)) {
    throw new AitpError('INVALID_ENVELOPE', 'a message that is too long');
  }
  return value;
}

/** @throws {AitpError} `code`: the AID is not of the key that authenticated the session. P-256 keys never are. */
export function checkSamePeer(aid: string, peer: Peer, code: AitpWireCode): void {
  if (didFromAid(aid) === peer.did) return;
  throw new AitpError(code, 'the agent is not the one this session was opened with');
}
