import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64Strict } from '../../../src/arcp/wire/base64.js';
import { parseSha256, sha256Hex } from '../../../src/arcp/wire/sha256.js';
import { encodeBase64 } from '../../../src/codec/base64.js';

const REFUSED = expect.objectContaining({ code: 'ERR_ARCP_INVALID_ARGUMENT' });

function refusal(text: string, maxBytes?: number): unknown {
  try {
    return { decoded: decodeBase64Strict(text, maxBytes) };
  } catch (error) {
    return error;
  }
}

describe('base64 of artifacts', () => {
  it.each([
    // RFC 4648, section 10.
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
    ['hi', 'aGk='],
  ])('is of %j the text %j, both ways', (plain, text) => {
    expect(encodeBase64(Buffer.from(plain))).toBe(text);
    expect(Buffer.from(decodeBase64Strict(text)).toString()).toBe(plain);
  });

  it.each([
    ['another alphabet', 'not!base64!'],
    ['no padding', 'aGk'],
    ['url-safe characters', '_-8='],
    ['unused bits that are not zero, one byte', 'aB=='],
    ['unused bits that are not zero, two bytes', 'aGl='],
    ['too much padding', 'Zm9v===='],
    ['padding alone', '===='],
    ['a triple of padding', 'Z==='],
    ['padding inside', 'Zg==Zg=='],
    ['a space', 'aG k='],
    ['a line break', 'aGk=\n'],
    ['five characters', 'aGkxA'],
    ['letters beyond ASCII', 'aG\u00e9='],
  ])('[10.67] with %s is refused', (_, text) => {
    expect(refusal(text)).toEqual(REFUSED);
  });

  it('[10.67] takes 4,194,304 bytes and refuses 4,194,305, before decoding', () => {
    const most = encodeBase64(new Uint8Array(4_194_304).fill(7));
    expect(decodeBase64Strict(most).length).toBe(4_194_304);
    expect(refusal(encodeBase64(new Uint8Array(4_194_305)))).toEqual(REFUSED);
    expect(refusal('*'.repeat(8_000_000))).toEqual(REFUSED);
  });

  it.each([0, 1, 2, 3, 4, 5, 6])('judges %i bytes to the byte', (bytes) => {
    const text = encodeBase64(new Uint8Array(bytes));
    expect(decodeBase64Strict(text, bytes)).toHaveLength(bytes);
    if (bytes > 0) expect(refusal(text, bytes - 1)).toEqual(REFUSED);
  });

  it('agrees with Node both ways', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = encodeBase64(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64'));
        expect(decodeBase64Strict(text)).toEqual(bytes);
      }),
    );
    const long = new Uint8Array(50_000).map((_, i) => i * 7);
    expect(encodeBase64(long)).toBe(Buffer.from(long).toString('base64'));
  });

  it('takes no text that does not come out again', () => {
    const characters = fc.constantFrom(...'AQgw/+Zz=-_ \n');
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 12 }), (text) => {
        const isCanonical = Buffer.from(text, 'base64').toString('base64') === text;
        const outcome = refusal(text);
        if (isCanonical) expect(outcome).toEqual({ decoded: new Uint8Array(Buffer.from(text, 'base64')) });
        else expect(outcome).toEqual(REFUSED);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('SHA-256', () => {
  it('is written as lower-case hex', async () => {
    expect(await sha256Hex(new TextEncoder().encode('abc'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    const bytes = new Uint8Array([0, 1, 254, 255]);
    expect(await sha256Hex(bytes)).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  it('is read with and without its name in front, and in no other form', () => {
    const hex = 'ab'.repeat(32);
    expect(parseSha256(hex)).toBe(hex);
    expect(parseSha256(`sha256:${hex}`)).toBe(hex);
    for (const text of [hex.toUpperCase(), `SHA256:${hex}`, `sha1:${hex}`, hex.slice(1), `${hex}0`, `${hex}\n`, '']) {
      expect(parseSha256(text)).toBeUndefined();
    }
  });
});
