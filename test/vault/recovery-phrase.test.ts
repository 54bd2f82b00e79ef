import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { RecoveryPhrase, readRecoveryPhrase, writeRecoveryPhrase } from '../../src/vault/recovery-phrase.js';
import { hex, unhex } from '../support/hex.js';

// Of BIP-39's own test vectors, those of 256 bits that can be said in a line.
const KNOWN = [
  ['00', `${'abandon '.repeat(23)}art`],
  [
    '7f',
    `${'legal winner thank year wave sausage worth useful '.repeat(2)}legal winner thank year wave sausage worth title`,
  ],
  [
    '80',
    `${'letter advice cage absurd amount doctor acoustic avoid '.repeat(2)}letter advice cage absurd amount doctor acoustic bless`,
  ],
  ['ff', `${'zoo '.repeat(23)}vote`],
] as const;

const BAD = { name: 'VaultError', code: 'ERR_VAULT_PHRASE' };

describe('recovery phrase', () => {
  it.each(KNOWN)('is that of BIP-39 for %s', async (byte, text) => {
    const phrase = await writeRecoveryPhrase(unhex(byte.repeat(32)));
    expect(phrase.words.join(' ')).toBe(text);
    expect(hex(await readRecoveryPhrase(text))).toBe(byte.repeat(32));
  });

  it('forgives case and spaces', async () => {
    const text = `\n  ${KNOWN[0][1].toUpperCase().replaceAll(' ', ' \t ')}  `;
    expect(hex(await readRecoveryPhrase(text))).toBe('00'.repeat(32));
  });

  it('refuses other words, other numbers of words, and a wrong checksum', async () => {
    const words = KNOWN[0][1].split(' ');
    const abandon = (count: number) => 'abandon '.repeat(count).trim();
    for (const text of [
      '',
      words.slice(1).join(' '),
      `${KNOWN[0][1]} abandon`,
      abandon(24),
      `${abandon(11)} about`,
      `${abandon(23)} arte`,
      `${abandon(23)} \u0430rt`,
      words.join(','),
      `${KNOWN[0][1]}${' '.repeat(2000)}`,
    ]) {
      await expect(readRecoveryPhrase(text)).rejects.toMatchObject(BAD);
    }
    await expect(readRecoveryPhrase(7 as never)).rejects.toThrow(TypeError);
  });

  it('does not repeat the words in its errors', async () => {
    const error = await readRecoveryPhrase(`${'abandon '.repeat(23)}secretword`).catch((thrown) => thrown);
    expect(inspect(error, { depth: 9 })).not.toMatch(/abandon|secretword/);
  });

  it('is not given away by logs, JSON, templates or cloning', async () => {
    const phrase = new RecoveryPhrase(KNOWN[0][1].split(' '));
    const seen = [
      inspect(phrase, { showHidden: true, depth: 9 }),
      JSON.stringify({ phrase }),
      `${phrase}`,
      String(phrase),
    ];
    for (const text of seen) expect(text).not.toMatch(/abandon|art/);
    expect(structuredClone(phrase)).toEqual({});
  });

  it('is gone once disposed of, by hand or at the end of a block', () => {
    const byHand = new RecoveryPhrase(['zoo']);
    byHand.dispose();
    byHand.dispose();
    const kept: RecoveryPhrase[] = [byHand];
    {
      using phrase = new RecoveryPhrase(['zoo']);
      kept.push(phrase);
      expect(phrase.words).toEqual(['zoo']);
    }
    for (const phrase of kept) expect(() => phrase.words).toThrow(expect.objectContaining(BAD));
  });
});
