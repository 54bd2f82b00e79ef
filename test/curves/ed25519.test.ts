import { ed25519 as oracle } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { concatBytes } from '../../src/bytes/concat.js';
import { ed25519FromSeed, importEd25519, verifyEd25519, x25519SecretOfSeed } from '../../src/curves/ed25519.js';
import vectors from '../../vectors/rfc8032/ed25519.json' with { type: 'json' };
import { hex, unhex } from '../support/hex.js';

const { Point } = oracle;
const { Fn } = Point;
const ORDER_8 = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');

function little(bytes: Uint8Array): bigint {
  return BigInt(`0x${hex(bytes.slice().reverse()) || '0'}`);
}

function bytes32(value: bigint): Uint8Array {
  return unhex(value.toString(16).padStart(64, '0')).reverse();
}

/** Signs with chosen scalars, and with any point added to the key and to R. */
function craft(message: Uint8Array, addedToKey = Point.ZERO, addedToR = Point.ZERO) {
  const [a, r] = [123456789n, 987654321n];
  const publicKey = Point.BASE.multiply(a).add(addedToKey).toBytes();
  const R = Point.BASE.multiply(r).add(addedToR).toBytes();
  const k = Fn.create(little(sha512(concatBytes(R, publicKey, message))));
  return { publicKey, k, signature: concatBytes(R, bytes32(Fn.create(r + k * a))) };
}

afterEach(() => vi.restoreAllMocks());

describe.each(['webcrypto', 'noble', undefined] as const)('ed25519 over %s', (backend) => {
  it.each(vectors)('answers as RFC 8032, section 7.1: $name', async ({ seed, publicKey, message, signature }) => {
    const pair = await ed25519FromSeed(unhex(seed), backend);
    expect(hex(pair.publicKey)).toBe(publicKey);
    const verify = (s: Uint8Array) => verifyEd25519(pair.publicKey, unhex(message), s, backend);
    expect(await verify(unhex(signature))).toBe(true);
    expect(await verify(await pair.sign(unhex(message)))).toBe(true);
  });

  it('signs what the other backend and another implementation verify', async () => {
    const pair = await ed25519FromSeed(crypto.getRandomValues(new Uint8Array(32)), backend);
    const message = crypto.getRandomValues(new Uint8Array(100));
    const signature = await pair.sign(message);
    for (const other of ['webcrypto', 'noble'] as const) {
      expect(await verifyEd25519(pair.publicKey, message, signature, other)).toBe(true);
    }
    expect(oracle.verify(signature, message, pair.publicKey)).toBe(true);
  });

  it('finds the public key whichever sign bit it has', async () => {
    const signs = new Set<number>();
    for (let i = 0; i < 12; i++) {
      const seed = new Uint8Array(32).fill(i);
      const { publicKey } = await ed25519FromSeed(seed, backend);
      expect(publicKey).toEqual(oracle.getPublicKey(seed));
      signs.add((publicKey[31] as number) >> 7);
    }
    expect(signs.size).toBe(2);
  });

  it('refuses any flipped bit of signature and message', async () => {
    const pair = await ed25519FromSeed(new Uint8Array(32).fill(5), backend);
    const message = unhex('00ff');
    const signature = await pair.sign(message);
    for (let bit = 0; bit < 512; bit += backend === 'noble' ? 37 : 7) {
      const forged = signature.slice();
      forged[bit >> 3] = (forged[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(await verifyEd25519(pair.publicKey, message, forged, backend)).toBe(false);
    }
    expect(await verifyEd25519(pair.publicKey, unhex('01ff'), signature, backend)).toBe(false);
  });

  it('judges a key with a part of small order without the cofactor: true one time in eight', async () => {
    const verdicts = new Set<boolean>();
    for (let i = 0; i < 24; i++) {
      const message = Uint8Array.of(i);
      const { publicKey, k, signature } = craft(message, ORDER_8);
      const verdict = await verifyEd25519(publicKey, message, signature, backend);
      expect(verdict).toBe(k % 8n === 0n);
      verdicts.add(verdict);
    }
    expect(verdicts.size).toBe(2);
  });

  it('refuses an R with a part of small order, which a check with the cofactor accepts', async () => {
    const message = unhex('aa');
    const { publicKey, signature } = craft(message, Point.ZERO, ORDER_8);
    expect(oracle.verify(signature, message, publicKey)).toBe(true);
    expect(await verifyEd25519(publicKey, message, signature, backend)).toBe(false);
    const plain = craft(message);
    expect(await verifyEd25519(plain.publicKey, message, plain.signature, backend)).toBe(true);
  });

  it('refuses every small-order and non-canonical key and R, in each of their encodings', async () => {
    const p = 2n ** 255n - 19n;
    const bad = new Set<string>();
    for (let i = 0, point = Point.ZERO; i < 8; i++, point = point.add(ORDER_8)) bad.add(point.toHex());
    for (let y = p; y < 2n ** 255n; y++) bad.add(hex(bytes32(y)));
    const message = new Uint8Array(1);
    const zero = new Uint8Array(32);
    const honest = craft(message);
    for (const encoded of bad) {
      for (const sign of [0, 0x80]) {
        const point = unhex(encoded);
        point[31] = ((point[31] as number) & 0x7f) | sign;
        expect(await verifyEd25519(point, message, concatBytes(bytes32(1n), zero), backend)).toBe(false);
        expect(await verifyEd25519(point, message, concatBytes(point, zero), backend)).toBe(false);
        expect(await verifyEd25519(honest.publicKey, message, concatBytes(point, zero), backend)).toBe(false);
      }
    }
  });

  it('refuses S + L and S = L', async () => {
    const message = unhex('bb');
    const { publicKey, signature } = craft(message);
    const L = Fn.ORDER;
    const s = little(signature.slice(32));
    for (const grown of [s + L, s + 2n * L, L]) {
      const forged = concatBytes(signature.slice(0, 32), bytes32(grown));
      expect(await verifyEd25519(publicKey, message, forged, backend)).toBe(false);
    }
  });

  it('refuses keys that are not on the curve, and wrong lengths', async () => {
    const { publicKey, signature } = craft(unhex('cc'));
    expect(await verifyEd25519(bytes32(2n), unhex('cc'), signature, backend)).toBe(false);
    for (const [key, claimed] of [
      [publicKey.slice(1), signature],
      [concatBytes(publicKey, Uint8Array.of(0)), signature],
      [publicKey, signature.slice(1)],
      [publicKey, concatBytes(signature, Uint8Array.of(0))],
      [new Uint8Array(0), new Uint8Array(0)],
    ] as const) {
      expect(await verifyEd25519(key, unhex('cc'), claimed, backend)).toBe(false);
    }
  });

  it('derives the X25519 secret of a seed', async () => {
    const seed = new Uint8Array(32).fill(3);
    const secret = await x25519SecretOfSeed(seed, backend);
    const clamp = (bytes: Uint8Array) => {
      const clamped = bytes.slice();
      clamped[0] = (clamped[0] as number) & 248;
      clamped[31] = ((clamped[31] as number) & 127) | 64;
      return clamped;
    };
    expect(clamp(secret)).toEqual(oracle.utils.toMontgomerySecret(seed));
  });

  it('copies the seed and leaves the original alone', async () => {
    const seed = new Uint8Array(32).fill(9);
    const pending = ed25519FromSeed(seed, backend);
    seed.fill(0);
    const pair = await pending;
    expect(pair.publicKey).toEqual(oracle.getPublicKey(new Uint8Array(32).fill(9)));
    const signature = await pair.sign(unhex('dd'));
    expect(await verifyEd25519(pair.publicKey, unhex('dd'), signature, backend)).toBe(true);
  });

  it('names the argument that is wrong', async () => {
    await expect(ed25519FromSeed(new Uint8Array(33), backend)).rejects.toThrow(RangeError);
    await expect(ed25519FromSeed(undefined as never, backend)).rejects.toThrow(TypeError);
  });
});

describe('ed25519 in WebCrypto', () => {
  it('keeps a key that cannot be exported', async () => {
    const key = await importEd25519(new Uint8Array(32).fill(1));
    expect(key.extractable).toBe(false);
    for (const format of ['pkcs8', 'jwk', 'raw'] as const)
      await expect(crypto.subtle.exportKey(format, key)).rejects.toThrow();
  });
});

describe('ed25519 in a runtime of its own mind', () => {
  it('turns to noble where WebCrypto does not verify what it signed', async () => {
    vi.resetModules();
    const fresh = await import('../../src/curves/ed25519.js');
    vi.spyOn(crypto.subtle, 'verify').mockResolvedValue(false);
    const pair = await fresh.ed25519FromSeed(new Uint8Array(32).fill(1));
    expect(pair.publicKey).toEqual(oracle.getPublicKey(new Uint8Array(32).fill(1)));
    expect(await fresh.verifyEd25519(pair.publicKey, unhex('00'), await pair.sign(unhex('00')))).toBe(true);
  });
});
