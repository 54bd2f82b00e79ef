// The 2,048 English words of BIP-39, as a chunk of its own: loaded only when a phrase is made or read.

import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';

/** 32 bytes as 24 words, the last of which holds a checksum. */
export function wordsOfSeed(seed: Uint8Array): string[] {
  return entropyToMnemonic(seed, wordlist).split(' ');
}

/** The bytes of a phrase of any BIP-39 length. @throws {Error} an unknown word, another length, a wrong checksum. */
export function seedOfWords(words: readonly string[]): Uint8Array {
  return mnemonicToEntropy(words.join(' '), wordlist);
}
