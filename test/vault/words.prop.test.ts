// Our packing of the words against the library's.

import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seedOfWords, wordsOfSeed } from '../../src/vault/words.js';

const numRuns = process.env.RINGLINE_LONG === '1' ? 20_000 : 500;
const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });

test('words and seeds are the library’s, both ways', async () => {
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const words = await wordsOfSeed(seed);
      expect(words.join(' ')).toBe(entropyToMnemonic(seed, wordlist));
      expect(await seedOfWords(words)).toEqual(seed);
    }),
    { numRuns },
  );
});

test('24 words of the list are taken exactly when the library takes them', async () => {
  const anyWords = fc.array(fc.constantFrom(...wordlist), { minLength: 24, maxLength: 24 });
  const nearly = fc.tuple(seeds, fc.nat(23), fc.constantFrom(...wordlist)).map(([seed, at, word]) => {
    const words = entropyToMnemonic(seed, wordlist).split(' ');
    words[at] = word;
    return words;
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(anyWords, nearly), async (words) => {
      let expected: Uint8Array | undefined;
      try {
        expected = mnemonicToEntropy(words.join(' '), wordlist);
      } catch {
        expected = undefined;
      }
      expect(await seedOfWords(words)).toEqual(expected);
    }),
    { numRuns },
  );
});
