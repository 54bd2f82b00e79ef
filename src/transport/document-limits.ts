// Limits of transports that carry whole documents as text, where frames of a channel are 64 KiB and these may be megabytes.

import { assertInteger } from '../bytes/assert.js';
import type { TransportOptions } from './core.js';

/** Longest message where nobody says otherwise: an artifact of 4 MiB in base64 fits, with its envelope. */
export const MAX_DOCUMENT_BYTES = 8_388_608;

/** The limits that have other defaults than in {@link TransportOptions}. */
export interface DocumentLimits {
  readonly maxMessageBytes: number;
  readonly maxBufferedBytes: number;
}

/**
 * Fills in the defaults. What waits to be sent is counted at two bytes per character of text, so there is room for two
 * of the longest messages.
 *
 * @throws {TypeError | RangeError} a limit of the wrong kind or range.
 */
export function documentLimits(options: TransportOptions): DocumentLimits {
  const { maxMessageBytes = MAX_DOCUMENT_BYTES } = options;
  assertInteger(maxMessageBytes, 'maxMessageBytes', 1, 2 ** 50);
  const { maxBufferedBytes = Math.max(4 * MAX_DOCUMENT_BYTES, 4 * maxMessageBytes) } = options;
  assertInteger(maxBufferedBytes, 'maxBufferedBytes', 1);
  return { maxMessageBytes, maxBufferedBytes };
}
