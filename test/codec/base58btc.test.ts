import { describe, expect, it } from 'vitest';
import { decodeBase58btc, encodeBase58btc } from '../../src/codec/base58btc.js';
import { hex, unhex } from '../support/hex.js';
import { codeOf } from './helpers.js';

describe('base58btc', () => {
  it.each([
    ['', ''],
    ['00', '1'],
    ['0000', '11'],
    ['61', '2g'],
    ['626262', 'a3gV'],
    ['516b6fcd0f', 'ABnLTmg'],
    ['00eb15231dfceb60925886b67d065299925915aeb172c06647', '1NS17iag9jJgTHD1VXjvLCEnZuQ3rJDE9L'],
    [
      '000111d38e5fc9071ffcd20b4a763cc9ae4f252bb4e48fd66a835e252ada93ff480d6dd43dc62a641155a5',
      '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz',
    ],
  ])('writes and reads %s', (bytes, text) => {
    expect(encodeBase58btc(unhex(bytes))).toBe(text);
    expect(hex(decodeBase58btc(text))).toBe(bytes);
  });

  it.each(['0', 'O', 'I', 'l', '+', '-', '_', ' a3gV', 'a3gV\n', 'a3 gV', 'a3g\u0130', 'a3g\ud800', 'a3g\0'])(
    'refuses the foreign character in %j',
    (text) => {
      expect(codeOf(() => decodeBase58btc(text))).toBe('ERR_CODEC_BASE58');
    },
  );

  it('refuses one character more than asked for, before decoding', () => {
    expect(decodeBase58btc('1'.repeat(127))).toHaveLength(127);
    expect(decodeBase58btc('1'.repeat(128))).toHaveLength(128);
    expect(codeOf(() => decodeBase58btc('1'.repeat(129)))).toBe('ERR_CODEC_BASE58');
    expect(decodeBase58btc('1111', 4)).toHaveLength(4);
    expect(codeOf(() => decodeBase58btc('11111', 4))).toBe('ERR_CODEC_BASE58');
    // Answered from the length alone.
    expect(codeOf(() => decodeBase58btc('z'.repeat(5_000_000), 4_096))).toBe('ERR_CODEC_BASE58');
  });

  it('encodes at most 2,048 bytes', () => {
    const longest = new Uint8Array(2_048).fill(255);
    expect(decodeBase58btc(encodeBase58btc(longest), 4_096)).toEqual(longest);
    expect(() => encodeBase58btc(new Uint8Array(2_049))).toThrow(RangeError);
  });

  it('throws TypeError and RangeError for wrong arguments', () => {
    expect(() => decodeBase58btc(7 as unknown as string)).toThrow(TypeError);
    expect(() => encodeBase58btc('a' as unknown as Uint8Array)).toThrow(TypeError);
    expect(() => decodeBase58btc('a', '4' as unknown as number)).toThrow(TypeError);
    for (const bad of [0, -1, 1.5, Number.NaN, 4_097]) expect(() => decodeBase58btc('a', bad)).toThrow(RangeError);
  });
});
