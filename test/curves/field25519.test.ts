import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import {
  assertEd25519PublicKey,
  edwardsToMontgomery,
  isCanonicalScalar,
  isStrictEncoding,
  montgomeryToEdwards,
} from '../../src/curves/field25519.js';
import { hex, unhex } from '../support/hex.js';

const P = 2n ** 255n - 19n;

function bytes32(value: bigint): Uint8Array {
  return unhex(value.toString(16).padStart(64, '0')).reverse();
}

function accepts(publicKey: Uint8Array): boolean {
  try {
    assertEd25519PublicKey(publicKey);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ name: 'IdentityError', code: 'ERR_IDENTITY_KEY' });
    return false;
  }
}

describe('field25519', () => {
  it('refuses the eight points of small order, with either sign bit', () => {
    const torsion = ed25519.Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');
    const seen = new Set<string>();
    for (let i = 0, point = ed25519.Point.ZERO; i < 8; i++, point = point.add(torsion)) {
      const encoded = point.toBytes();
      seen.add(hex(encoded));
      for (const sign of [0, 0x80]) {
        const key = encoded.slice();
        key[31] = ((key[31] as number) & 0x7f) | sign;
        expect(accepts(key)).toBe(false);
        expect(isStrictEncoding(key)).toBe(false);
      }
    }
    expect(seen.size).toBe(8);
  });

  it('refuses y = p and above', () => {
    for (let y = P; y < 2n ** 255n; y++) {
      expect(accepts(bytes32(y))).toBe(false);
      expect(accepts(bytes32(y + 2n ** 255n))).toBe(false);
    }
  });

  it('agrees with noble for the 2,000 smallest and largest y', () => {
    for (let i = 2n; i < 1000n; i++) {
      for (const y of [i, P - i]) {
        const key = bytes32(y);
        let expected: Uint8Array | undefined;
        try {
          expected = ed25519.utils.toMontgomery(key);
        } catch {
          // Not on the curve.
        }
        expect(accepts(key)).toBe(expected !== undefined);
        if (expected !== undefined) expect(edwardsToMontgomery(key)).toEqual(expected);
      }
    }
  });

  it('maps the base points onto each other', () => {
    const edwards = ed25519.Point.BASE.toBytes();
    expect(edwardsToMontgomery(edwards)).toEqual(x25519.GuBytes);
    expect(montgomeryToEdwards(x25519.GuBytes)).toEqual(edwards);
  });

  it('loses the sign bit only', () => {
    const { publicKey } = ed25519.keygen(new Uint8Array(32).fill(2));
    const twin = publicKey.slice();
    twin[31] = (twin[31] as number) ^ 0x80;
    expect(edwardsToMontgomery(twin)).toEqual(edwardsToMontgomery(publicKey));
  });

  it('answers zero where the map is not defined', () => {
    expect(montgomeryToEdwards(bytes32(P - 1n))).toEqual(new Uint8Array(32));
  });

  it('knows the order of the group', () => {
    const L = ed25519.Point.Fn.ORDER;
    expect(isCanonicalScalar(bytes32(0n))).toBe(true);
    expect(isCanonicalScalar(bytes32(L - 1n))).toBe(true);
    expect(isCanonicalScalar(bytes32(L))).toBe(false);
    expect(isCanonicalScalar(new Uint8Array(32).fill(255))).toBe(false);
  });
});
