import { wordlist } from '@scure/bip39/wordlists/english.js';
import { expect, it } from 'vitest';
import { packedWords, packWords } from '../../scripts/build/page-plugins.mjs';

it('packs the recovery words and gets the same ones back', async () => {
  const load = packedWords.load as (id: string) => Promise<string | undefined>;
  expect(await load('/somewhere/@scure/bip39/wordlists/french.js')).toBeUndefined();
  const code = await load('/somewhere/@scure/bip39/wordlists/english.js');
  const unpacked = (await import(`data:text/javascript,${encodeURIComponent(code as string)}`)) as {
    wordlist: string[];
  };
  expect(unpacked.wordlist).toEqual(wordlist);
  expect(packWords(wordlist).length).toBeLessThan(wordlist.join(' ').length * 0.7);
});

it('packs words that share everything, or nothing', () => {
  expect(packWords(['a', 'a', 'ab', 'b'])).toBe('AaBBbAb');
});
