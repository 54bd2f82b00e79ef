import { p256 } from '@noble/curves/nist.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/concat.js';
import {
  assertP256PublicKey,
  decompressP256,
  isOnP256,
  isP256PublicKey,
  isP256Signature,
} from '../../src/curves/field-p256.js';
import { unhex } from '../support/hex.js';

const numRuns = process.env.RINGLINE_LONG === '1' ? 20_000 : 200;
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const P = p256.Point.Fp.ORDER;
const N = p256.Point.Fn.ORDER;
const B = p256.Point.CURVE().b;

const big = (value: bigint) => unhex(value.toString(16).padStart(64, '0'));
const refusal = expect.objectContaining({ name: 'IdentityError', code: 'ERR_IDENTITY_KEY' });

/** What noble makes of a point in either form. */
function nobleSays(encoded: Uint8Array): Uint8Array | undefined {
  try {
    const point = p256.Point.fromBytes(encoded);
    point.assertValidity();
    return point.toBytes(false);
  } catch {
    return undefined;
  }
}

describe('P-256 arithmetic, held to noble', () => {
  it('decompresses exactly what noble does, to the same point', () => {
    let found = 0;
    fc.assert(
      fc.property(bytes32, fc.constantFrom(2, 3), (x, prefix) => {
        const compressed = concatBytes(Uint8Array.of(prefix), x);
        const expected = nobleSays(compressed);
        if (expected === undefined) {
          expect(() => decompressP256(compressed)).toThrow(refusal);
          return;
        }
        found++;
        expect(decompressP256(compressed)).toEqual(expected);
        expect(isP256PublicKey(expected)).toBe(true);
      }),
      { numRuns },
    );
    expect(found).toBeGreaterThan(0);
  }, 120_000);

  it('takes a point, and none with any bit of it changed', () => {
    fc.assert(
      fc.property(bytes32, fc.integer({ min: 0, max: 519 }), (secret, bit) => {
        if (!p256.utils.isValidSecretKey(secret)) return;
        const point = p256.getPublicKey(secret, false);
        expect(isOnP256(point.subarray(1, 33), point.subarray(33))).toBe(true);
        point[bit >> 3] = (point[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(isP256PublicKey(point)).toBe(false);
        expect(nobleSays(point)).toBeUndefined();
      }),
      { numRuns },
    );
  }, 120_000);

  it('reads points at any offset of a larger buffer', () => {
    const large = new Uint8Array(100).fill(255);
    large.set(p256.Point.BASE.toBytes(false), 7);
    const view = large.subarray(7, 72);
    expect(isP256PublicKey(view)).toBe(true);
    const compressed = concatBytes(Uint8Array.of(2 + ((view[64] as number) & 1)), view.subarray(1, 33));
    large.set(compressed, 30);
    expect(decompressP256(large.subarray(30, 63))).toEqual(p256.Point.BASE.toBytes(false));
  });

  it('finds the point with x = 0, both ways', () => {
    for (const prefix of [2, 3]) {
      const compressed = concatBytes(Uint8Array.of(prefix), new Uint8Array(32));
      const point = decompressP256(compressed);
      expect(point).toEqual(nobleSays(compressed));
      expect((point[64] as number) & 1).toBe(prefix - 2);
    }
  });
});

describe('points of P-256 that are none', () => {
  const base = p256.Point.BASE.toBytes(false);
  const [x, y] = [base.slice(1, 33), base.slice(33)];
  const zero = new Uint8Array(32);
  const atZero = decompressP256(concatBytes(Uint8Array.of(2), zero));
  // A key of Wycheproof whose y is short enough for y + p to have 32 bytes.
  const lowY = {
    x: 0xbcbb2914c79f045eaa6ecbbc612816b3be5d2d6796707d8125e9f851c18af015n,
    y: 0x1352bb4a0fa2ea4cceb9ab63dd684ade5a1127bcf300a698a7193bc2n,
  };
  // The curve 5 further up: a point of it satisfies everything but b.
  const shifted = (() => {
    for (let u = 1n; ; u++) {
      const square = p256.Point.Fp.create(u * u * u - 3n * u + B + 5n);
      try {
        return concatBytes(Uint8Array.of(4), big(u), big(p256.Point.Fp.sqrt(square)));
      } catch {
        // No square.
      }
    }
  })();

  it.each([
    ['infinity as zeros', concatBytes(Uint8Array.of(4), zero, zero)],
    ['infinity as one byte', Uint8Array.of(0)],
    ['nothing', new Uint8Array(0)],
    // The same points modulo p, written twice: their neighbours below p are taken, see the next test.
    ['x + p', concatBytes(Uint8Array.of(4), big(P), atZero.subarray(33))],
    ['y + p', concatBytes(Uint8Array.of(4), big(lowY.x), big(lowY.y + P))],
    ['y = 2^256 - 1', concatBytes(Uint8Array.of(4), zero, unhex('ff'.repeat(32)))],
    ['the y of another x', concatBytes(Uint8Array.of(4), zero, y)],
    ['x and y exchanged', concatBytes(Uint8Array.of(4), y, x)],
    ['a point of another curve', shifted],
    ['hybrid form, even', concatBytes(Uint8Array.of(6), x, y)],
    ['hybrid form, odd', concatBytes(Uint8Array.of(7), x, y)],
    ['compressed form', concatBytes(Uint8Array.of(3), x)],
    ['no first byte', concatBytes(x, y)],
    ['a byte more', concatBytes(base, Uint8Array.of(0))],
    ['a byte less', base.slice(0, 64)],
  ])('refuses %s', (_, key) => {
    expect(isP256PublicKey(key)).toBe(false);
    expect(() => assertP256PublicKey(key)).toThrow(refusal);
  });

  it('takes the points of which x + p and y + p were made', () => {
    expect(isP256PublicKey(atZero)).toBe(true);
    expect(isOnP256(big(lowY.x), big(lowY.y))).toBe(true);
  });

  it.each([
    ['x = p', concatBytes(Uint8Array.of(2), big(P))],
    ['x = 2^256 - 1', concatBytes(Uint8Array.of(2), unhex('ff'.repeat(32)))],
    ['first byte 4', concatBytes(Uint8Array.of(4), x)],
    ['first byte 0', concatBytes(Uint8Array.of(0), x)],
    ['first byte 1', concatBytes(Uint8Array.of(1), x)],
  ])('decompresses nothing: %s', (_, compressed) => {
    expect(() => decompressP256(compressed)).toThrow(refusal);
  });

  it('names the argument that is wrong', () => {
    expect(() => decompressP256(base)).toThrow(RangeError);
    expect(() => decompressP256('02' as never)).toThrow(TypeError);
    expect(isOnP256(x, y.slice(1))).toBe(false);
    expect(isOnP256(x.slice(1), y)).toBe(false);
  });
});

describe('r and s', () => {
  const half = N / 2n;
  const is = (r: bigint, s: bigint, low?: boolean) => isP256Signature(concatBytes(big(r), big(s)), low);

  it('run from 1 to n - 1', () => {
    for (const good of [1n, half, N - 1n]) {
      expect(is(good, 1n)).toBe(true);
      expect(is(1n, good)).toBe(true);
    }
    for (const bad of [0n, N, N + 1n, 2n ** 256n - 1n]) {
      expect(is(bad, 1n)).toBe(false);
      expect(is(1n, bad)).toBe(false);
    }
  });

  it('s is low up to half the order, as noble has it', () => {
    for (const [s, low] of [
      [half - 1n, true],
      [half, true],
      [half + 1n, false],
      [N - 1n, false],
      [0n, false],
    ] as const) {
      expect(is(1n, s, true)).toBe(low);
      if (s > 0n) expect(!new p256.Signature(1n, s).hasHighS()).toBe(low);
    }
    expect(is(N - 1n, 1n, true)).toBe(true);
  });

  it('are 64 bytes', () => {
    for (const length of [0, 63, 65, 70, 72]) expect(isP256Signature(new Uint8Array(length).fill(1))).toBe(false);
  });
});
