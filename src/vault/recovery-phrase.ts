// A seed as 24 words to be written on paper (BIP-39's encoding of 32 bytes; its key derivation is not used, so a wallet
// makes other keys of the same words).

import { assertString } from '../bytes/assert.js';
import { wipe } from '../bytes/wipe.js';
import { VaultError } from '../errors.js';

const disposeKey: typeof Symbol.dispose = /* @__PURE__ */ (() =>
  Symbol.dispose ?? Symbol.for('Symbol.dispose'))() as typeof Symbol.dispose;

const WORDS = 24;

/** Longest phrase looked at: 24 words of at most 8 letters, and room for untidy spaces. */
const MAX_CHARACTERS = 1_024;

/**
 * The words that are the whole key. Show them, then dispose of them.
 *
 * Neither logging nor JSON gives them away; only `words` does. Strings cannot be wiped, so disposal drops them and
 * leaves the rest to the engine.
 */
export class RecoveryPhrase {
  #words: readonly string[] | undefined;

  /** @param words 24 words. Kept. */
  constructor(words: readonly string[]) {
    this.#words = words;
  }

  /**
   * The 24 words, in order.
   *
   * @throws {VaultError} ERR_VAULT_PHRASE: disposed of.
   */
  get words(): readonly string[] {
    if (this.#words === undefined) throw new VaultError('ERR_VAULT_PHRASE', 'the recovery phrase has been disposed of');
    return this.#words;
  }

  /** Forgets the words. Same as leaving a `using` block. */
  dispose(): void {
    this.#words = undefined;
  }

  [disposeKey](): void {
    this.dispose();
  }

  toString(): string {
    return '[RecoveryPhrase]';
  }

  toJSON(): string {
    return this.toString();
  }
}

/**
 * Writes a seed as words.
 *
 * @param seed 32 bytes. Copied at once.
 */
export async function writeRecoveryPhrase(seed: Uint8Array): Promise<RecoveryPhrase> {
  const own = new Uint8Array(seed);
  try {
    const { wordsOfSeed } = await import('./words.js');
    return new RecoveryPhrase(await wordsOfSeed(own));
  } finally {
    wipe(own);
  }
}

/**
 * Reads words as a seed. Case and extra spaces are forgiven, anything else is not.
 *
 * @param phrase 24 words.
 * @returns 32 bytes; the caller wipes them.
 * @throws {VaultError} ERR_VAULT_PHRASE: an unknown word, another number of words, a wrong checksum.
 * @throws {TypeError} not a string.
 */
export async function readRecoveryPhrase(phrase: string): Promise<Uint8Array> {
  assertString(phrase, 'phrase');
  const words = phrase.length > MAX_CHARACTERS ? [] : phrase.trim().toLowerCase().split(/\s+/u);
  if (words.length !== WORDS) throw badPhrase();
  const { seedOfWords } = await import('./words.js');
  const seed = await seedOfWords(words);
  // Not a word of them in the error.
  if (seed === undefined) throw badPhrase();
  return seed;
}

function badPhrase(): VaultError {
  return new VaultError(
    'ERR_VAULT_PHRASE',
    'not a recovery phrase: 24 words of the list, the last a check of the rest',
  );
}
