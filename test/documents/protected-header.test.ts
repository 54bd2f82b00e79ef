import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeUtf8 } from '../../src/bytes/utf8.js';
import { encodeBase64url } from '../../src/codec/base64url.js';
import { checkUnprotectedHeader, decodeProtectedHeader } from '../../src/documents/protected-header.js';

const encode = (header: unknown) =>
  encodeBase64url(encodeUtf8(typeof header === 'string' ? header : JSON.stringify(header)));
const code = (expected: string) => expect.objectContaining({ name: 'VerifyError', code: expected });

/** A header of an exact number of bytes. */
const sized = (bytes: number) => {
  const frame = '{"alg":"EdDSA","a":""}';
  return encode(frame.replace('""', `"${'x'.repeat(bytes - frame.length)}"`));
};

describe('the protected header', () => {
  it('is read into what it says, the rest kept apart', () => {
    const segment = encode({
      alg: 'EdDSA',
      kid: 'k',
      typ: 'JOSE',
      jku: 'https://a.example',
      jwk: { kty: 'OKP' },
      n: [1],
    });
    expect(decodeProtectedHeader(segment)).toEqual({
      alg: 'EdDSA',
      kid: 'k',
      typ: 'JOSE',
      jku: 'https://a.example',
      extra: { jwk: { kty: 'OKP' }, n: [1] },
      segment,
    });
  });

  it('has only the members that are there', () => {
    const segment = encode({ alg: 'x', typ: null, jku: null });
    expect(Object.keys(decodeProtectedHeader(segment)).sort()).toEqual(['alg', 'extra', 'segment']);
  });

  it('names no algorithm of ours: judging that is left to others', () => {
    expect(decodeProtectedHeader(encode({ alg: 'none' })).alg).toBe('none');
  });

  it('keeps parameters named like parts of Object as data', () => {
    const header = decodeProtectedHeader(encode('{"alg":"EdDSA","__proto__":{"kid":"evil"},"constructor":1}'));
    expect(header.kid).toBeUndefined();
    expect(Object.keys(header.extra)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(header.extra)).toBeNull();
    expect(header.extra.toString).toBeUndefined();
    expect(({} as { kid?: unknown }).kid).toBeUndefined();
  });

  it('is at most 16,384 bytes long', () => {
    expect(decodeProtectedHeader(sized(16_383)).alg).toBe('EdDSA');
    expect(decodeProtectedHeader(sized(16_384)).alg).toBe('EdDSA');
    expect(() => decodeProtectedHeader(sized(16_385))).toThrow(code('ERR_VERIFY_HEADER'));
    expect(() => decodeProtectedHeader(sized(1_000_000))).toThrow(code('ERR_VERIFY_HEADER'));
    // Not even decoded.
    expect(() => decodeProtectedHeader('!'.repeat(1_000_000))).toThrow(code('ERR_VERIFY_HEADER'));
  });

  it('may be nested 64 levels deep, and no deeper', () => {
    const nested = (levels: number) => `{"alg":"EdDSA","a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    expect(decodeProtectedHeader(encode(nested(64))).alg).toBe('EdDSA');
    expect(() => decodeProtectedHeader(encode(nested(65)))).toThrow(code('ERR_VERIFY_HEADER'));
    expect(() => decodeProtectedHeader(encode(nested(8_000)))).toThrow(code('ERR_VERIFY_HEADER'));
  });

  it('takes any text without throwing anything but a VerifyError', () => {
    const codes = /^ERR_VERIFY_(HEADER|HEADER_ENCODING|CRITICAL)$/;
    const attempt = (segment: string) => {
      try {
        expect(decodeProtectedHeader(segment).segment).toBe(segment);
      } catch (error) {
        expect(error).toMatchObject({ name: 'VerifyError', code: expect.stringMatching(codes) });
      }
    };
    fc.assert(fc.property(fc.string(), attempt));
    fc.assert(fc.property(fc.json(), (json) => attempt(encode(json))));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => attempt(encodeBase64url(bytes))));
    fc.assert(
      fc.property(
        fc.record(
          { alg: fc.jsonValue(), kid: fc.jsonValue(), crit: fc.jsonValue(), b64: fc.jsonValue() },
          { requiredKeys: [] },
        ),
        (header) => attempt(encode(header)),
      ),
    );
  });

  it('names the argument that is wrong', () => {
    expect(() => decodeProtectedHeader(7 as never)).toThrow(TypeError);
    expect(() => decodeProtectedHeader(undefined as never)).toThrow(TypeError);
  });

  it('never repeats in an error what a stranger wrote', () => {
    for (const header of [
      '{"alg":"s3cret"',
      '{"alg":1,"kid":"s3cret"}',
      '{"alg":"a","crit":["s3cret"]}',
      '["s3cret"]',
    ]) {
      let seen: unknown;
      try {
        decodeProtectedHeader(encode(header));
      } catch (error) {
        seen = error;
      }
      expect(seen).toBeInstanceOf(Error);
      for (let at = seen; at instanceof Error; at = at.cause) expect(at.message).not.toContain('s3cret');
    }
  });
});

describe('the unprotected header', () => {
  const protectedHeader = decodeProtectedHeader(encode({ alg: 'EdDSA', kid: 'k', x5t: 'a', jku: null }));
  const check = (header: unknown) => () => checkUnprotectedHeader(header, protectedHeader);

  it('may be missing, or hold parameters that are not protected', () => {
    for (const header of [undefined, {}, { typ: 'JOSE' }, { jku: 'https://a.example' }, { toString: 1, segment: 2 }]) {
      expect(check(header)).not.toThrow();
    }
  });

  it.each([[null], [[]], ['{}'], [1], [true]])('must be an object, not %j', (header) => {
    expect(check(header)).toThrow(code('ERR_VERIFY_HEADER'));
  });

  it.each(['alg', 'kid', 'x5t'])('must not repeat the protected %s', (name) => {
    expect(check({ [name]: 'other' })).toThrow(code('ERR_VERIFY_HEADER'));
  });

  it('must not hold crit or b64', () => {
    expect(check({ crit: ['exp'] })).toThrow(code('ERR_VERIFY_CRITICAL'));
    expect(check({ crit: [] })).toThrow(code('ERR_VERIFY_HEADER'));
    expect(check({ b64: true })).toThrow(code('ERR_VERIFY_CRITICAL'));
  });
});
