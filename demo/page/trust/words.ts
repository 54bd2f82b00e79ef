// The codes of AITP in plain words. A code is shown beside its words, since it is what programs switch on.

import type { AitpWireCode } from 'ringline/aitp';
import { explainCode } from '../explain.js';
import { AgentFailure } from './failure.js';

const WORDS: Partial<Record<AitpWireCode, string>> = {
  INVALID_ENVELOPE: 'What came is no message of this handshake, or not at its turn.',
  INVALID_SIGNATURE: 'The signature does not fit what the message says: one of them was changed on the way.',
  REPLAY_DETECTED: 'This message has been here before.',
  TIMESTAMP_EXPIRED: 'The message is too old, or the handshake took too long.',
  UNKNOWN_VERSION: 'The other side speaks a version that is not understood here.',
  IDENTITY_FAILED: 'It proved a key, and nobody has introduced that key.',
  POLICY_VIOLATION: 'No token it has presented grants this.',
  GRANT_OVERFLOW: 'The other side grants more than it said it offers.',
  INSUFFICIENT_GRANTS: 'The other side does not grant what is required of it.',
  NONCE_MISMATCH: 'The answer belongs to another handshake.',
  POP_VERIFICATION_FAILED: 'The other side did not prove that it holds its key.',
  MANIFEST_NOT_FOUND: 'The agent has no Manifest at its address.',
  MANIFEST_EXPIRED: 'What the agent says of itself has run out.',
  MANIFEST_SIGNATURE_INVALID: 'What the agent says of itself is not signed with the key that was expected.',
  AUDIENCE_MISMATCH: 'The token is for somebody else.',
  TCT_EXPIRED: 'The time of the token is over.',
  TCT_REVOKED: 'The token has been taken back.',
  TCT_SIGNATURE_INVALID: 'The token is not what was signed.',
  DELEGATION_SCOPE_EXCEEDED: 'More was passed on than there was.',
  DELEGATION_EXPIRED: 'The delegation has run out.',
  DELEGATION_POP_FAILED: 'It did not prove that it is the one to whom this was passed on.',
  DELEGATION_SOURCE_TCT_REVOKED: 'What was passed on has been taken back.',
};

/** What went wrong, for a person. */
export function wordsFor(error: unknown): string {
  const code = codeOf(error);
  const known = (WORDS as Partial<Record<string, string>>)[code] ?? explainCode(code);
  if (known !== undefined) return known;
  return error instanceof Error ? error.message : String(error);
}

/** The code, as AITP spells it; empty where there is none. */
export function codeOf(error: unknown): string {
  return error instanceof AgentFailure ? error.code : '';
}
