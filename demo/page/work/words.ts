// What goes wrong with work, in plain words.

import type { ArcpErrorCode } from 'ringline/arcp/client';
import { codeOf, explain } from '../explain.js';

const WORDS: Partial<Record<ArcpErrorCode, string>> = {
  ERR_ARCP_CANCELLED: 'It was cancelled.',
  ERR_ARCP_INVALID_ARGUMENT: 'The agent cannot take that answer: it does not fit what was asked.',
  ERR_ARCP_DEADLINE_EXCEEDED: 'Nobody answered in time.',
  ERR_ARCP_FAILED_PRECONDITION: 'This was settled before.',
  ERR_ARCP_NOT_FOUND: 'The agent knows nothing of it, or not any more.',
  ERR_ARCP_PERMISSION_DENIED: 'That belongs to another key.',
  ERR_ARCP_UNAVAILABLE: 'The agent cannot be reached.',
  ERR_ARCP_DATA_LOSS: 'What came is not what was announced, or something is missing for good.',
  ERR_ARCP_BACKPRESSURE_OVERFLOW: 'It came faster than it was read.',
};

/** What went wrong, for a person. */
export function wordsFor(error: unknown): string {
  return (WORDS as Partial<Record<string, string>>)[codeOf(error)] ?? explain(error);
}
