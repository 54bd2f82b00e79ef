// A 32-byte seed as 24 words of the English BIP-39 list, eleven bits each: 256 bits of seed, then the first eight bits of
// its SHA-256. A chunk of its own, for the list in it: loaded only when a phrase is made or read. The library's own
// packing would bring a second SHA-2 along; it is the oracle of the tests instead.

import { wordlist } from '@scure/bip39/wordlists/english.js';
import { concatBytes } from '../bytes/concat.js';
import { equalBytes } from '../bytes/equal.js';
import { wipe } from '../bytes/wipe.js';

const SEED_BYTES = 32;
const BITS_PER_WORD = 11;

/** 32 bytes as 24 words, the last of which holds a checksum. @param seed Borrowed. */
export async function wordsOfSeed(seed: Uint8Array): Promise<string[]> {
  const checked = await withChecksum(seed);
  const words: string[] = [];
  let bits = 0;
  let bitCount = 0;
  for (const byte of checked) {
    bits = (bits << 8) | byte;
    bitCount += 8;
    if (bitCount < BITS_PER_WORD) continue;
    bitCount -= BITS_PER_WORD;
    words.push(wordlist[bits >>> bitCount] as string);
    bits &= (1 << bitCount) - 1;
  }
  wipe(checked);
  return words;
}

/**
 * The bytes of a phrase.
 *
 * @param words 24 words.
 * @returns 32 bytes, fresh; the caller wipes them. `undefined`: an unknown word or a wrong checksum.
 */
export async function seedOfWords(words: readonly string[]): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(SEED_BYTES + 1);
  let bits = 0;
  let bitCount = 0;
  let length = 0;
  for (const word of words) {
    const index = wordlist.indexOf(word);
    if (index < 0) return undefined;
    bits = (bits << BITS_PER_WORD) | index;
    bitCount += BITS_PER_WORD;
    while (bitCount >= 8) {
      bitCount -= 8;
      bytes[length++] = bits >>> bitCount;
      bits &= (1 << bitCount) - 1;
    }
  }
  const seed = bytes.slice(0, SEED_BYTES);
  const checked = await withChecksum(seed);
  const right = equalBytes(checked, bytes);
  wipe(bytes, checked);
  if (right) return seed;
  wipe(seed);
  return undefined;
}

/** The seed and the one byte of its hash that the last word carries. */
async function withChecksum(seed: Uint8Array): Promise<Uint8Array> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(seed)));
  return concatBytes(seed, hash.subarray(0, 1));
}
