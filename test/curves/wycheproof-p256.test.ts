import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/concat.js';
import { decompressP256, isP256PublicKey } from '../../src/curves/field-p256.js';
import { p256Verifier } from '../../src/curves/verifier.js';
import { keyFromPem } from '../../src/documents/spki.js';
import { keyFromJwk } from '../../src/documents/verification-key.js';
import ecdh from '../../vectors/wycheproof/ecdh_secp256r1_ecpoint_test.json' with { type: 'json' };
import ecdsa from '../../vectors/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json' with { type: 'json' };
import { hex, unhex } from '../support/hex.js';

describe.each(['webcrypto', 'noble'] as const)('Wycheproof over %s', (backend) => {
  it('P-256, r | s: every verdict', async () => {
    let run = 0;
    for (const { publicKey, tests } of ecdsa.testGroups) {
      const verifier = p256Verifier(unhex(publicKey.uncompressed), backend);
      for (const test of tests) {
        const verdict = await verifier.verify(unhex(test.msg), unhex(test.sig));
        expect(verdict, `tcId ${test.tcId}`).toBe(test.result === 'valid');
        run++;
      }
    }
    expect(run).toBe(ecdsa.numberOfTests);
  }, 30_000);
});

describe('Wycheproof keys', () => {
  it('are the same in every form', () => {
    for (const { publicKey, publicKeyJwk, publicKeyPem } of ecdsa.testGroups) {
      const point = unhex(publicKey.uncompressed);
      expect(isP256PublicKey(point)).toBe(true);
      expect(keyFromPem(publicKeyPem).publicKey).toEqual(point);
      if (publicKeyJwk !== undefined) expect(keyFromJwk(publicKeyJwk).publicKey).toEqual(point);
      const compressed = concatBytes(Uint8Array.of(2 + ((point[64] as number) & 1)), point.subarray(1, 33));
      expect(hex(decompressP256(compressed))).toBe(hex(point));
    }
  });

  it('points are taken exactly when they are on the curve', () => {
    let [on, off] = [0, 0];
    for (const { tests } of ecdh.testGroups) {
      for (const test of tests) {
        const point = unhex(test.public);
        const good = test.result !== 'invalid';
        if (point.length === 33) {
          if (good) expect(isP256PublicKey(decompressP256(point)), `tcId ${test.tcId}`).toBe(true);
          // x of another curve may belong to a point of this one.
          if (test.flags.includes('InvalidCompressedPublic')) expect(() => decompressP256(point)).toThrow();
          expect(isP256PublicKey(point)).toBe(false);
          continue;
        }
        expect(isP256PublicKey(point), `tcId ${test.tcId}`).toBe(good);
        if (good) on++;
        else off++;
      }
    }
    expect(on).toBeGreaterThan(300);
    expect(off).toBeGreaterThan(10);
  });
});
