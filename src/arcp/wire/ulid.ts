// ULIDs: 48 bits of time and 80 of randomness as 26 characters of Crockford's base 32, upper case. Monotonic: those of one
// factory sort in the order they were made, also within a millisecond and while the clock stands or goes back.

import { randomBytes } from '../../bytes/random.js';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_CHARS = 10;
const RANDOM_CHARS = 16;
const MAX_TIME_MS = 2 ** 48 - 1;

/** Where time and randomness come from. */
export interface UlidSources {
  /** Unix time in milliseconds. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** Fresh random bytes, as many as asked. Default the runtime's cryptographic generator. */
  readonly random?: ((bytes: number) => Uint8Array) | undefined;
}

/**
 * Makes a source of ULIDs.
 *
 * @returns A function that returns the next one, 26 characters.
 * @throws {RangeError} from that function: the clock tells no time between 1970 and 10889.
 */
export function ulidFactory(sources: UlidSources = {}): () => string {
  const { now = Date.now, random = randomBytes } = sources;
  const digits = new Uint8Array(RANDOM_CHARS);
  let lastMs = Number.NEGATIVE_INFINITY;
  let head = '';
  const enter = (timeMs: number): void => {
    if (!(timeMs >= 0 && timeMs <= MAX_TIME_MS)) throw new RangeError('now must tell Unix milliseconds');
    lastMs = timeMs;
    head = timeText(timeMs);
    // A byte is five random bits; sixteen of them are the 80.
    const bytes = random(RANDOM_CHARS);
    for (let i = 0; i < RANDOM_CHARS; i++) digits[i] = (bytes[i] as number) & 31;
  };
  return () => {
    const timeMs = Math.floor(now());
    // `!` so that NaN is judged rather than passed over.
    if (!(timeMs <= lastMs)) enter(timeMs);
    else if (!increment(digits)) enter(lastMs + 1);
    let text = head;
    for (let i = 0; i < RANDOM_CHARS; i++) text += ALPHABET[digits[i] as number];
    return text;
  };
}

/** Adds one. False when all digits were the highest: they are zero then. */
function increment(digits: Uint8Array): boolean {
  for (let i = digits.length - 1; i >= 0; i--) {
    const digit = digits[i] as number;
    if (digit < 31) {
      digits[i] = digit + 1;
      return true;
    }
    digits[i] = 0;
  }
  return false;
}

function timeText(timeMs: number): string {
  let text = '';
  let rest = timeMs;
  for (let i = 0; i < TIME_CHARS; i++) {
    text = `${ALPHABET[rest % 32]}${text}`;
    rest = Math.floor(rest / 32);
  }
  return text;
}
