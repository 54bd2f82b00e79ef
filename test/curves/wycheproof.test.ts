import { describe, expect, it } from 'vitest';
import { verifyEd25519 } from '../../src/curves/ed25519.js';
import { x25519FromSecret } from '../../src/curves/x25519.js';
import eddsa from '../../vectors/wycheproof/ed25519_test.json' with { type: 'json' };
import xdh from '../../vectors/wycheproof/x25519_test.json' with { type: 'json' };
import { hex, unhex } from '../support/hex.js';

describe.each(['webcrypto', 'noble'] as const)('Wycheproof over %s', (backend) => {
  it('x25519: every agreement, and none of the all-zero ones', async () => {
    let run = 0;
    for (const { tests } of xdh.testGroups) {
      for (const test of tests) {
        const pair = await x25519FromSecret(unhex(test.private), backend);
        const agreed = pair.agree(unhex(test.public));
        if (test.flags.includes('ZeroSharedSecret')) {
          await expect(agreed, `tcId ${test.tcId}`).rejects.toMatchObject({ code: 'ERR_IDENTITY_AGREEMENT' });
        } else {
          expect(hex(await agreed), `tcId ${test.tcId}`).toBe(test.shared);
        }
        run++;
      }
    }
    expect(run).toBe(xdh.numberOfTests);
  }, 30_000);

  it('ed25519: every verdict', async () => {
    let run = 0;
    for (const { publicKey, tests } of eddsa.testGroups) {
      for (const test of tests) {
        const verdict = await verifyEd25519(unhex(publicKey.pk), unhex(test.msg), unhex(test.sig), backend);
        expect(verdict, `tcId ${test.tcId}`).toBe(test.result === 'valid');
        run++;
      }
    }
    expect(run).toBe(eddsa.numberOfTests);
  }, 30_000);
});
