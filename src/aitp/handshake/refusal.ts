// What a peer gets to see of a failure (AITP 0.2, sections 3.1 and 8.4): an `error` envelope with the registered code and
// words that say nothing more than the code does.

import { buildEnvelope, encodeEnvelope } from '../envelope.js';
import { errorPayload } from '../error-payload.js';
import type { AitpWireCode } from '../errors.js';
import type { RandomSource } from '../random.js';
import type { AitpSigner } from '../signer.js';
import { type AitpClock, readClock } from '../timestamps.js';

/** How a refusal is made. */
export interface RefusalOptions {
  readonly signer: AitpSigner;
  readonly now: AitpClock;
  /** For tests: where the identifier comes from. */
  readonly random?: RandomSource;
}

/**
 * Makes the message that tells a peer why the exchange ended.
 *
 * @param code `wireCode` of the error. An error of any other kind is a local fault, and no peer's business.
 * @returns Signed envelope, JSON text.
 */
export async function buildRefusal(code: AitpWireCode, options: RefusalOptions): Promise<string> {
  const { signer, now, random } = options;
  const payload = errorPayload(code, 'the exchange was refused');
  const own = random === undefined ? {} : { random };
  const content = { messageType: 'error', payload, timestampSec: readClock(now), ...own } as const;
  return encodeEnvelope(await buildEnvelope(content, signer));
}
