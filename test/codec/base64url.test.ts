import { describe, expect, it } from 'vitest';
import { encodeUtf8 } from '../../src/bytes/utf8.js';
import { decodeBase64url, encodeBase64url } from '../../src/codec/base64url.js';
import { codeOf } from './helpers.js';

describe('base64url', () => {
  it.each([
    // RFC 4648, section 10, without the padding; RFC 7515, appendix C.
    ['', ''],
    ['f', 'Zg'],
    ['fo', 'Zm8'],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg'],
    ['fooba', 'Zm9vYmE'],
    ['foobar', 'Zm9vYmFy'],
  ])('writes and reads %j as %j', (text, encoded) => {
    expect(encodeBase64url(encodeUtf8(text))).toBe(encoded);
    expect(decodeBase64url(encoded)).toEqual(encodeUtf8(text));
  });

  it('uses the alphabet for URLs', () => {
    expect(encodeBase64url(Uint8Array.of(3, 236, 255, 224, 193))).toBe('A-z_4ME');
    expect(decodeBase64url('A-z_4ME')).toEqual(Uint8Array.of(3, 236, 255, 224, 193));
  });

  it.each([
    ['padding', 'Zg=='],
    ['padding of a whole group', 'Zm9v===='],
    ['one character over', 'Z'],
    ['one character over a group', 'Zm9vY'],
    ['unused bits set, two characters', 'Zh'],
    ['unused bits set, three characters', 'Zm9'],
    ['the other alphabet, +', 'A+z_4ME'],
    ['the other alphabet, /', 'A-z/4ME'],
    ['a blank inside', 'Zm 9v'],
    ['a line break at the end', 'Zm9v\n'],
    ['a blank in front', ' Zm9v'],
    ['a NUL', 'Zm9\0'],
    ['a letter beyond ASCII', 'Zm9\u00fc'],
    ['a fullwidth letter', 'Zm9\uff56'],
    ['a lone surrogate', 'Zm9\ud800'],
  ])('refuses %s', (_, text) => {
    expect(codeOf(() => decodeBase64url(text))).toBe('ERR_CODEC_BASE64URL');
  });

  it('accepts exactly one last character for each remainder', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const accepted = (head: string) =>
      [...alphabet].filter((last) => codeOf(() => decodeBase64url(head + last)) === undefined);
    expect(accepted('A').join('')).toBe('AQgw');
    expect(accepted('AA').join('')).toBe('AEIMQUYcgkosw048');
    expect(accepted('AAA').join('')).toBe(alphabet);
  });

  it('keeps the text out of the error', () => {
    try {
      decodeBase64url('secret!');
      expect.unreachable();
    } catch (error) {
      expect(String(error)).not.toContain('secret');
      expect((error as Error).cause).toBeUndefined();
    }
  });

  it('throws TypeError for arguments of another kind', () => {
    expect(() => decodeBase64url(7 as unknown as string)).toThrow(TypeError);
    expect(() => encodeBase64url('Zg' as unknown as Uint8Array)).toThrow(TypeError);
    expect(() => encodeBase64url([1] as unknown as Uint8Array)).toThrow(TypeError);
  });
});
