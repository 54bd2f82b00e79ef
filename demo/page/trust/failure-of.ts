// Where the reason of a failure is found.

import { AitpError, AitpPeerError, isAitpWireCode } from 'ringline/aitp';
import { isSdkError } from 'ringline/errors';
import type { Failure } from './failure.js';

/** The reason in one word: as our own library gives it, as a message of the peer does, or as the answer to a call. */
export function failureOf(error: unknown): Failure {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof AitpPeerError) return { code: error.peerCode, text };
  if (error instanceof AitpError) return { code: error.wireCode, text };
  if (isSdkError(error)) return { code: isAitpWireCode(error.message) ? error.message : error.code, text };
  return { code: '', text };
}
