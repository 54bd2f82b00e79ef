import { base58 } from '@scure/base';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { decodeBase58btc, encodeBase58btc } from '../../src/codec/base58btc.js';
import { decodeBase64url, encodeBase64url } from '../../src/codec/base64url.js';
import { codeOf, runs } from './helpers.js';

vi.setConfig({ testTimeout: 600_000 });

const bytes = fc.uint8Array({ maxLength: 80 });
// Near misses: mostly the alphabet, some padding, blanks and letters of other alphabets.
const nearText = (alphabet: string, strange: string) =>
  fc.string({
    unit: fc.oneof({ weight: 30, arbitrary: fc.constantFrom(...alphabet) }, fc.constantFrom(...strange)),
    maxLength: 60,
  });

it('base64url reads what it wrote, and agrees with Node', () => {
  fc.assert(
    fc.property(bytes, (data) => {
      const text = encodeBase64url(data);
      expect(text).toBe(Buffer.from(data).toString('base64url'));
      expect(decodeBase64url(text)).toEqual(data);
    }),
    runs(500),
  );
});

it('base64url accepts only what it writes', () => {
  const text = nearText('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', '=+/ \n\u00e4');
  fc.assert(
    fc.property(text, (candidate) => {
      const canonical = Buffer.from(candidate, 'base64url').toString('base64url') === candidate;
      expect(codeOf(() => decodeBase64url(candidate))).toBe(canonical ? undefined : 'ERR_CODEC_BASE64URL');
      if (canonical) expect(encodeBase64url(decodeBase64url(candidate))).toBe(candidate);
    }),
    runs(1_000),
  );
});

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** Base 58 by long division, slow and plain. */
function slowBase58(data: Uint8Array): string {
  let rest = data.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  let digits = '';
  for (; rest > 0n; rest /= 58n) digits = BASE58[Number(rest % 58n)] + digits;
  const zeros = data.findIndex((byte) => byte !== 0);
  return '1'.repeat(zeros < 0 ? data.length : zeros) + digits;
}

it('base58btc reads what it wrote, and agrees with long division and @scure/base', () => {
  const data = fc.tuple(fc.nat(4), bytes).map(([zeros, tail]) => Uint8Array.of(...new Array(zeros).fill(0), ...tail));
  fc.assert(
    fc.property(data, (original) => {
      const text = encodeBase58btc(original);
      expect(text).toBe(slowBase58(original));
      expect(text).toBe(base58.encode(original));
      expect(decodeBase58btc(text)).toEqual(original);
    }),
    runs(500),
  );
});

it('base58btc accepts only what it writes', () => {
  fc.assert(
    fc.property(nearText(BASE58, '0OIl =\u00e4'), (candidate) => {
      const valid = [...candidate].every((letter) => BASE58.includes(letter));
      expect(codeOf(() => decodeBase58btc(candidate))).toBe(valid ? undefined : 'ERR_CODEC_BASE58');
      if (!valid) return;
      expect(decodeBase58btc(candidate)).toEqual(base58.decode(candidate));
      expect(encodeBase58btc(decodeBase58btc(candidate))).toBe(candidate);
    }),
    runs(1_000),
  );
});
