import { afterEach, describe, expect, it, vi } from 'vitest';
import { decodeUtf8 } from '../../src/bytes/utf8.js';
import { assertPassphrase, derivePassphraseKey } from '../../src/vault/passphrase-key.js';
import wycheproof from '../../vectors/wycheproof/pbkdf2_hmacsha256_test.json' with { type: 'json' };
import { hex, unhex } from '../support/hex.js';

afterEach(() => vi.restoreAllMocks());

/** What hosted Workers do: no more than 100,000 iterations. */
function capIterations(): void {
  const native = crypto.subtle.deriveBits.bind(crypto.subtle);
  vi.spyOn(crypto.subtle, 'deriveBits').mockImplementation(async (algorithm, key, length) => {
    if ((algorithm as Pbkdf2Params).iterations > 100_000) throw new DOMException('capped', 'NotSupportedError');
    return native(algorithm, key, length);
  });
}

/** Passwords of the set that are text in the form we normalise to; the rest cannot be typed here. */
const typed = wycheproof.testGroups
  .flatMap(({ tests }) => tests)
  .flatMap((test) => {
    try {
      const password = decodeUtf8(unhex(test.password));
      return password === password.normalize('NFKD') && test.dkLen >= 32 ? [{ ...test, password }] : [];
    } catch {
      return [];
    }
  });

describe('derivePassphraseKey', () => {
  it.each(['WebCrypto', 'noble'])('answers as Wycheproof has it, over %s', async (engine) => {
    expect(typed.length).toBeGreaterThan(20);
    if (engine === 'noble')
      vi.spyOn(crypto.subtle, 'deriveBits').mockRejectedValue(new DOMException('', 'NotSupportedError'));
    // noble takes its time: the long ones run on WebCrypto alone.
    const cases = typed.filter(({ iterationCount }) => engine === 'WebCrypto' || iterationCount <= 10_000);
    for (const { tcId, password, salt, iterationCount, dk } of cases) {
      const key = await derivePassphraseKey(password, unhex(salt), iterationCount);
      expect(hex(key), `tcId ${tcId}`).toBe(dk.slice(0, 64));
    }
  });

  it('derives the same 600,000 times over where the host caps WebCrypto at 100,000', async () => {
    const salt = new Uint8Array(16).fill(1);
    const native = await derivePassphraseKey('correct horse', salt, 600_000);
    capIterations();
    expect(await derivePassphraseKey('correct horse', salt, 600_000)).toEqual(native);
  }, 60_000);

  it('takes what looks alike for one passphrase, and nothing else', async () => {
    const derive = async (passphrase: string) => hex(await derivePassphraseKey(passphrase, new Uint8Array(16), 1));
    expect(await derive('\u00e9')).toBe(await derive('e\u0301'));
    expect(await derive('\ufb01')).toBe(await derive('fi'));
    expect(await derive('a')).not.toBe(await derive('A'));
    expect(await derive('a')).not.toBe(await derive('a '));
  });

  it('refuses what is no passphrase', () => {
    expect(() => assertPassphrase('')).toThrow(RangeError);
    expect(() => assertPassphrase(undefined)).toThrow(TypeError);
  });
});
