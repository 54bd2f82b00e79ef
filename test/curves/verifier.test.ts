import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { concatBytes } from '../../src/bytes/concat.js';
import { ed25519FromSeed, verifyEd25519 } from '../../src/curves/ed25519.js';
import { p256FromSecret } from '../../src/curves/p256.js';
import { ed25519Verifier, p256Verifier } from '../../src/curves/verifier.js';
import edge from '../../vectors/did-key/edge-cases.json' with { type: 'json' };
import eddsa from '../../vectors/wycheproof/ed25519_test.json' with { type: 'json' };
import { hex, unhex } from '../support/hex.js';

const seed = new Uint8Array(32).fill(7);
const message = unhex('00ff');

const curves = [
  { curve: 'Ed25519', verifier: ed25519Verifier, pair: () => ed25519FromSeed(seed) },
  { curve: 'P-256', verifier: p256Verifier, pair: () => p256FromSecret(seed) },
] as const;

afterEach(() => vi.restoreAllMocks());

describe.each(curves)('a $curve key to verify with', ({ verifier, pair }) => {
  it('is imported once, when it is first needed', async () => {
    const { publicKey, sign } = await pair();
    const signatures = await Promise.all([sign(message), sign(message), sign(message)]);
    await verifier(publicKey).verify(message, signatures[0]);
    const importKey = vi.spyOn(crypto.subtle, 'importKey');
    const held = verifier(publicKey, 'webcrypto');
    expect(importKey).not.toHaveBeenCalled();
    const verdicts = await Promise.all(signatures.map((signature) => held.verify(message, signature)));
    verdicts.push(await held.verify(message, signatures[0]), await held.verify(unhex('01ff'), signatures[0]));
    expect(verdicts).toEqual([true, true, true, true, false]);
    expect(importKey).toHaveBeenCalledTimes(1);
  });

  it('is not imported for what is no signature', async () => {
    const { publicKey } = await pair();
    const importKey = vi.spyOn(crypto.subtle, 'importKey');
    const held = verifier(publicKey, 'webcrypto');
    for (const bytes of [0, 63, 65]) expect(await held.verify(message, new Uint8Array(bytes).fill(3))).toBe(false);
    expect(await held.verify(message, new Uint8Array(64).fill(255))).toBe(false);
    expect(importKey).not.toHaveBeenCalled();
  });

  it.each(['webcrypto', 'noble'] as const)('copies its bytes, over %s', async (backend) => {
    const { publicKey, sign } = await pair();
    const signature = await sign(message);
    const mine = publicKey.slice();
    const held = verifier(mine, backend);
    mine.fill(0);
    expect(await held.verify(message, signature)).toBe(true);
  });

  it.each(['webcrypto', 'noble'] as const)('says no where the key is none, over %s', async (backend) => {
    const { publicKey, sign } = await pair();
    const signature = await sign(message);
    for (const key of [publicKey.slice(1), new Uint8Array(0), new Uint8Array(publicKey.length).fill(2)]) {
      expect(await verifier(key, backend).verify(message, signature)).toBe(false);
    }
  });

  it('names the argument that is wrong', async () => {
    const { publicKey, sign } = await pair();
    const held = verifier(publicKey);
    await expect(held.verify(message, undefined as never)).rejects.toThrow(TypeError);
    await expect(held.verify('text' as never, await sign(message))).rejects.toThrow(TypeError);
  });

  it('answers no where the runtime throws', async () => {
    const { publicKey, sign } = await pair();
    const signature = await sign(message);
    const held = verifier(publicKey, 'webcrypto');
    vi.spyOn(crypto.subtle, 'verify').mockRejectedValue(new DOMException('no', 'OperationError'));
    expect(await held.verify(message, signature)).toBe(false);
  });

  it('asks noble where WebCrypto lacks the curve', async () => {
    const { publicKey, sign } = await pair();
    const signature = await sign(message);
    vi.resetModules();
    const fresh = await import('../../src/curves/verifier.js');
    const notThere = new DOMException('no such algorithm', 'NotSupportedError');
    vi.spyOn(crypto.subtle, 'generateKey').mockRejectedValue(notThere);
    vi.spyOn(crypto.subtle, 'importKey').mockRejectedValue(notThere);
    const held = publicKey.length === 32 ? fresh.ed25519Verifier(publicKey) : fresh.p256Verifier(publicKey);
    expect(await held.verify(message, signature)).toBe(true);
    expect(await held.verify(unhex('01'), signature)).toBe(false);
  });
});

describe('a P-256 chunk that did not load', () => {
  it('is asked for again the next time', async () => {
    vi.resetModules();
    let attempts = 0;
    vi.doMock('../../src/curves/signature-backends.js', async (original) => ({
      ...(await original<typeof import('../../src/curves/signature-backends.js')>()),
      async loadNobleP256() {
        if (++attempts === 1) throw new TypeError('failed to fetch a module');
        return import('../../src/curves/noble-p256.js');
      },
    }));
    try {
      const fresh = await import('../../src/curves/verifier.js');
      const held = fresh.p256Verifier(p256.getPublicKey(seed, false), 'noble');
      const signature = p256.sign(message, seed);
      await expect(held.verify(message, signature)).rejects.toThrow(TypeError);
      expect(await held.verify(message, signature)).toBe(true);
      expect(await held.verify(message, signature)).toBe(true);
      expect(attempts).toBe(2);
    } finally {
      vi.doUnmock('../../src/curves/signature-backends.js');
      vi.resetModules();
    }
  });
});

describe.each(['webcrypto', 'noble'] as const)('Ed25519 under a held key, over %s', (backend) => {
  it('has the verdicts of Wycheproof and of verifyEd25519', async () => {
    let run = 0;
    for (const { publicKey, tests } of eddsa.testGroups) {
      const key = unhex(publicKey.pk);
      const held = ed25519Verifier(key, backend);
      for (const test of tests) {
        const [msg, sig] = [unhex(test.msg), unhex(test.sig)];
        const verdict = await held.verify(msg, sig);
        expect(verdict, `tcId ${test.tcId}`).toBe(test.result === 'valid');
        expect(verdict).toBe(await verifyEd25519(key, msg, sig, backend));
        run++;
      }
    }
    expect(run).toBe(eddsa.numberOfTests);
  }, 30_000);

  // Signatures made with chosen scalars that satisfy S B = R + k A: arithmetic alone would take them.
  const { Point } = ed25519;
  const { Fn } = Point;
  const scalar = (value: bigint) => unhex(value.toString(16).padStart(64, '0')).reverse();
  const little = (bytes: Uint8Array) => BigInt(`0x${hex(bytes.slice().reverse())}`);

  it('refuses a key of small order, under which one signature holds for every message', async () => {
    const signature = concatBytes(Point.BASE.multiply(5n).toBytes(), scalar(5n));
    const key = ed25519Verifier(Point.ZERO.toBytes(), backend);
    for (const text of ['', '00', 'ffff']) {
      expect(await key.verify(unhex(text), signature)).toBe(false);
      expect(await key.verify(unhex(text), unhex(edge.refusedSignature.signature))).toBe(false);
    }
  });

  it('refuses an R of small order under an honest key', async () => {
    const a = 123456789n;
    const publicKey = Point.BASE.multiply(a).toBytes();
    const R = Point.ZERO.toBytes();
    const k = Fn.create(little(sha512(concatBytes(R, publicKey, message))));
    const signature = concatBytes(R, scalar(Fn.create(k * a)));
    expect(await ed25519Verifier(publicKey, backend).verify(message, signature)).toBe(false);
  });

  it('refuses S + L', async () => {
    const { publicKey, sign } = await ed25519FromSeed(seed);
    const signature = await sign(message);
    const S = little(signature.slice(32));
    const grown = concatBytes(signature.subarray(0, 32), scalar(S + Fn.ORDER));
    expect(await ed25519Verifier(publicKey, backend).verify(message, grown)).toBe(false);
  });
});
