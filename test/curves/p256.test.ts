import { p256 as oracle } from '@noble/curves/nist.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { concatBytes } from '../../src/bytes/concat.js';
import { encodeUtf8 } from '../../src/bytes/utf8.js';
import { generateP256, p256FromPair, p256FromSecret, verifyP256 } from '../../src/curves/p256.js';
import rfc6979 from '../../vectors/rfc6979/p256.json' with { type: 'json' };
import { hex, unhex } from '../support/hex.js';

const N = oracle.Point.Fn.ORDER;
const big = (value: bigint) => unhex(value.toString(16).padStart(64, '0'));
const number = (bytes: Uint8Array) => BigInt(`0x${hex(bytes)}`);
const secret = unhex(rfc6979.secret);
const publicKey = unhex(`04${rfc6979.x}${rfc6979.y}`);
const badKey = { name: 'IdentityError', code: 'ERR_IDENTITY_KEY' };
const backends = ['webcrypto', 'noble'] as const;

/** The signature as it is and its twin, low s first. */
function twins(signature: Uint8Array): [low: Uint8Array, high: Uint8Array] {
  const s = number(signature.subarray(32));
  const other = concatBytes(signature.subarray(0, 32), big(N - s));
  return s <= N / 2n ? [signature, other] : [other, signature];
}

afterEach(() => vi.restoreAllMocks());

describe.each([...backends, undefined])('P-256 over %s', (backend) => {
  it('knows the key of RFC 6979, appendix A.2.5', async () => {
    expect((await p256FromSecret(secret, backend)).publicKey).toEqual(publicKey);
    expect((await p256FromPair(secret, publicKey, backend)).publicKey).toEqual(publicKey);
  });

  it.each(rfc6979.signatures)('verifies its signature of "$message"', async ({ message, r, s }) => {
    expect(await verifyP256(publicKey, encodeUtf8(message), unhex(r + s), { backend })).toBe(true);
    expect(await verifyP256(publicKey, encodeUtf8(`${message}.`), unhex(r + s), { backend })).toBe(false);
  });

  it('signs what the other backend and another implementation verify', async () => {
    const message = crypto.getRandomValues(new Uint8Array(100));
    for (const pair of [
      await generateP256(backend),
      await p256FromSecret(secret, backend),
      await p256FromPair(secret, publicKey, backend),
    ]) {
      const signature = await pair.sign(message);
      expect(signature).toHaveLength(64);
      for (const other of backends) {
        expect(await verifyP256(pair.publicKey, message, signature, { backend: other })).toBe(true);
      }
      expect(oracle.verify(signature, message, pair.publicKey, { lowS: false })).toBe(true);
    }
  });

  it('makes another key each time', async () => {
    const [one, two] = [await generateP256(backend), await generateP256(backend)];
    expect(one.publicKey).not.toEqual(two.publicKey);
  });

  it('takes high s and low s alike, unless low s is asked for', async () => {
    const pair = await generateP256(backend);
    for (let i = 0; i < 8; i++) {
      const message = Uint8Array.of(i);
      const [low, high] = twins(await pair.sign(message));
      const verify = (signature: Uint8Array, requireLowS?: boolean) =>
        verifyP256(pair.publicKey, message, signature, {
          backend,
          ...(requireLowS === undefined ? {} : { requireLowS }),
        });
      expect([await verify(low), await verify(high)]).toEqual([true, true]);
      expect([await verify(low, false), await verify(high, false)]).toEqual([true, true]);
      expect([await verify(low, true), await verify(high, true)]).toEqual([true, false]);
    }
  });

  it('refuses any flipped bit of signature and message', async () => {
    const pair = await p256FromSecret(secret, backend);
    const message = unhex('00ff');
    const signature = await pair.sign(message);
    for (let bit = 0; bit < 512; bit += backend === 'noble' ? 37 : 3) {
      const forged = signature.slice();
      forged[bit >> 3] = (forged[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(await verifyP256(pair.publicKey, message, forged, { backend })).toBe(false);
    }
    expect(await verifyP256(pair.publicKey, unhex('01ff'), signature, { backend })).toBe(false);
  });

  it.each<[string, (signature: Uint8Array) => Uint8Array]>([
    ['r = 0', (s) => concatBytes(big(0n), s.subarray(32))],
    ['s = 0', (s) => concatBytes(s.subarray(0, 32), big(0n))],
    ['r = s = 0', () => new Uint8Array(64)],
    ['r = n', (s) => concatBytes(big(N), s.subarray(32))],
    ['s = n', (s) => concatBytes(s.subarray(0, 32), big(N))],
    ['r = n + 1', (s) => concatBytes(big(N + 1n), s.subarray(32))],
    ['r = s = 1', () => concatBytes(big(1n), big(1n))],
    ['r = s = n - 1', () => concatBytes(big(N - 1n), big(N - 1n))],
    ['r = s = 2^256 - 1', () => new Uint8Array(64).fill(255)],
    ['r and s swapped', (s) => concatBytes(s.subarray(32), s.subarray(0, 32))],
    ['n - r', (s) => concatBytes(big(N - number(s.subarray(0, 32))), s.subarray(32))],
    ['63 bytes', (s) => s.subarray(1)],
    ['63 bytes, the last one gone', (s) => s.subarray(0, 63)],
    ['65 bytes, a zero in front', (s) => concatBytes(Uint8Array.of(0), s)],
    ['65 bytes, a zero behind', (s) => concatBytes(s, Uint8Array.of(0))],
    ['65 bytes, with a recovery byte', (s) => concatBytes(Uint8Array.of(27), s)],
    ['DER', (s) => oracle.Signature.fromBytes(s).toBytes('der')],
    ['no bytes', () => new Uint8Array(0)],
    ['r alone', (s) => s.subarray(0, 32)],
  ])('refuses a signature: %s', async (_, change) => {
    const message = encodeUtf8('edge');
    const pair = await p256FromSecret(secret, backend);
    const signature = change(await pair.sign(message));
    expect(await verifyP256(publicKey, message, signature, { backend })).toBe(false);
  });

  it.each<[string, Uint8Array]>([
    ['compressed', oracle.getPublicKey(secret, true)],
    ['hybrid', concatBytes(Uint8Array.of(6 + ((publicKey[64] as number) & 1)), publicKey.subarray(1))],
    ['without its first byte', publicKey.subarray(1)],
    ['infinity', concatBytes(Uint8Array.of(4), new Uint8Array(64))],
    ['one byte of infinity', Uint8Array.of(0)],
    ['off the curve', publicKey.with(64, (publicKey[64] as number) ^ 1)],
    [
      'the negative',
      concatBytes(publicKey.subarray(0, 33), big(oracle.Point.Fp.ORDER - number(publicKey.subarray(33)))),
    ],
    ['another', oracle.getPublicKey(big(7n), false)],
    ['none', new Uint8Array(0)],
  ])('refuses every signature under a key that is %s', async (_, key) => {
    const message = encodeUtf8('edge');
    const signature = oracle.sign(message, secret);
    expect(await verifyP256(publicKey, message, signature, { backend })).toBe(true);
    expect(await verifyP256(key, message, signature, { backend })).toBe(false);
  });

  it.each<[string, Uint8Array]>([
    ['0', big(0n)],
    ['n', big(N)],
    ['n + 5', big(N + 5n)],
    ['2^256 - 1', new Uint8Array(32).fill(255)],
  ])('makes no pair of the secret %s', async (_, bad) => {
    await expect(p256FromSecret(bad, backend)).rejects.toMatchObject(badKey);
    await expect(p256FromPair(bad, publicKey, backend)).rejects.toMatchObject(badKey);
    await expect(p256FromPair(bad, oracle.getPublicKey(big(5n), false), backend)).rejects.toMatchObject(badKey);
  });

  it('makes no pair of two halves that do not belong together', async () => {
    const other = oracle.getPublicKey(big(7n), false);
    await expect(p256FromPair(secret, other, backend)).rejects.toMatchObject(badKey);
    const offCurve = publicKey.with(64, (publicKey[64] as number) ^ 1);
    await expect(p256FromPair(secret, offCurve, backend)).rejects.toMatchObject(badKey);
  });

  it('copies what it is given', async () => {
    const [mine, point] = [secret.slice(), publicKey.slice()];
    const pending = Promise.all([p256FromSecret(mine, backend), p256FromPair(mine, point, backend)]);
    mine.fill(0);
    point.fill(0);
    for (const pair of await pending) {
      const signature = await pair.sign(unhex('dd'));
      expect(await verifyP256(publicKey, unhex('dd'), signature, { backend })).toBe(true);
      expect(pair.publicKey).toEqual(publicKey);
    }
  });

  it('names the argument that is wrong', async () => {
    await expect(p256FromSecret(new Uint8Array(33), backend)).rejects.toThrow(RangeError);
    await expect(p256FromSecret('secret' as never, backend)).rejects.toThrow(TypeError);
    await expect(p256FromPair(secret, publicKey.slice(1), backend)).rejects.toThrow(RangeError);
    const pair = await generateP256(backend);
    await expect(pair.sign('text' as never)).rejects.toThrow(TypeError);
  });
});

describe('P-256 over noble', () => {
  it.each(rfc6979.signatures)('signs "$message" as RFC 6979 has it, with the low s', async ({ message, r, s }) => {
    const pair = await p256FromSecret(secret, 'noble');
    expect(await pair.sign(encodeUtf8(message))).toEqual(twins(unhex(r + s))[0]);
  });
});

describe('P-256 in WebCrypto', () => {
  it('keeps a key that cannot be exported', async () => {
    const keys: CryptoKey[] = [];
    const sign = crypto.subtle.sign.bind(crypto.subtle);
    vi.spyOn(crypto.subtle, 'sign').mockImplementation((algorithm, key, data) => {
      keys.push(key);
      return sign(algorithm, key, data);
    });
    await (await generateP256('webcrypto')).sign(unhex('00'));
    await (await p256FromSecret(secret, 'webcrypto')).sign(unhex('00'));
    await (await p256FromPair(secret, publicKey, 'webcrypto')).sign(unhex('00'));
    expect(keys.length).toBeGreaterThan(2);
    for (const key of keys) expect(key.extractable).toBe(false);
  });

  it('turns to noble where WebCrypto does not verify what it signed', async () => {
    vi.resetModules();
    const fresh = await import('../../src/curves/p256.js');
    const importKey = vi.spyOn(crypto.subtle, 'importKey');
    vi.spyOn(crypto.subtle, 'verify').mockResolvedValue(false);
    const pair = await fresh.p256FromSecret(secret);
    expect(await fresh.verifyP256(publicKey, unhex('00'), await pair.sign(unhex('00')))).toBe(true);
    expect(importKey).not.toHaveBeenCalled();
  });
});

describe('verdicts of both backends', () => {
  it('are the same for random signatures, twins, and signatures under another key', async () => {
    for (let i = 0; i < 40; i++) {
      const pair = await generateP256(i % 2 ? 'webcrypto' : 'noble');
      const message = crypto.getRandomValues(new Uint8Array(i));
      const signature = await pair.sign(message);
      const random = crypto.getRandomValues(new Uint8Array(64));
      for (const claimed of [...twins(signature), random, signature.with(i, (signature[i] as number) ^ 0x80)]) {
        const [one, two] = await Promise.all(
          backends.map((backend) => verifyP256(pair.publicKey, message, claimed, { backend })),
        );
        expect(one).toBe(two);
      }
    }
  });
});
