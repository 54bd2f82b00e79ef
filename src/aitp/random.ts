// Where nonces and identifiers come from. A source of one's own is for tests.

import { assertBytes } from '../bytes/assert.js';
import { randomBytes } from '../bytes/random.js';

/** Makes random bytes. For tests only: one that repeats itself breaks every promise of the protocol. */
export type RandomSource = (bytes: number) => Uint8Array;

/**
 * Asks a source, or the runtime's generator where there is none.
 *
 * @throws {TypeError | RangeError} the source returned something else than it was asked for.
 */
export function drawBytes(bytes: number, random: RandomSource = randomBytes): Uint8Array {
  const drawn = random(bytes);
  assertBytes(drawn, 'random', bytes);
  return drawn;
}
