import { afterEach, describe, expect, it, vi } from 'vitest';
import { generateX25519, x25519FromSecret } from '../../src/curves/x25519.js';
import vectors from '../../vectors/rfc7748/x25519.json' with { type: 'json' };
import { hex, unhex } from '../support/hex.js';
import { X25519_SMALL_ORDER } from '../support/small-order.js';

const rounds = process.env.RINGLINE_LONG === '1' ? 1000 : 1;

afterEach(() => vi.restoreAllMocks());

describe.each(['webcrypto', 'noble', undefined] as const)('x25519 over %s', (backend) => {
  it.each(vectors.scalarMult)('multiplies as RFC 7748, section 5.2: $u', async ({ scalar, u, out }) => {
    const pair = await x25519FromSecret(unhex(scalar), backend);
    expect(hex(await pair.agree(unhex(u)))).toBe(out);
  });

  it(`iterates as RFC 7748, section 5.2: ${rounds}`, async () => {
    let k = unhex(vectors.iterated.start) as Uint8Array;
    let u = k;
    for (let i = 0; i < rounds; i++) {
      const pair = await x25519FromSecret(k, backend);
      [k, u] = [await pair.agree(u), k];
    }
    expect(hex(k)).toBe(rounds === 1 ? vectors.iterated.after1 : vectors.iterated.after1000);
  });

  it('derives keys and secret of RFC 7748, section 6.1', async () => {
    const { aliceSecret, alicePublic, bobSecret, bobPublic, shared } = vectors.agreement;
    const alice = await x25519FromSecret(unhex(aliceSecret), backend);
    const bob = await x25519FromSecret(unhex(bobSecret), backend);
    expect(hex(alice.publicKey)).toBe(alicePublic);
    expect(hex(bob.publicKey)).toBe(bobPublic);
    expect(hex(await alice.agree(bob.publicKey))).toBe(shared);
    expect(hex(await bob.agree(alice.publicKey))).toBe(shared);
  });

  it('makes fresh pairs that agree with either backend', async () => {
    const near = await generateX25519(backend);
    for (const other of ['webcrypto', 'noble'] as const) {
      const far = await generateX25519(other);
      expect(near.publicKey).not.toEqual(far.publicKey);
      expect(await near.agree(far.publicKey)).toEqual(await far.agree(near.publicKey));
    }
  });

  it.each(X25519_SMALL_ORDER)('refuses the low-order point %s, with bit 255 clear or set', async (point) => {
    const pair = await generateX25519(backend);
    const masked = unhex(point);
    masked[31] = (masked[31] as number) | 0x80;
    for (const u of [unhex(point), masked]) {
      await expect(pair.agree(u)).rejects.toMatchObject({ name: 'IdentityError', code: 'ERR_IDENTITY_AGREEMENT' });
    }
  });

  it('copies the secret and leaves the original alone', async () => {
    const secret = unhex(vectors.agreement.aliceSecret);
    const pending = x25519FromSecret(secret, backend);
    secret.fill(0);
    expect(hex((await pending).publicKey)).toBe(vectors.agreement.alicePublic);
    const kept = unhex(vectors.agreement.aliceSecret);
    await x25519FromSecret(kept, backend);
    expect(hex(kept)).toBe(vectors.agreement.aliceSecret);
  });

  it('refuses to agree once wiped', async () => {
    const pair = await generateX25519(backend);
    pair.wipe();
    pair.wipe();
    await expect(pair.agree(pair.publicKey)).rejects.toMatchObject({ code: 'ERR_IDENTITY_KEY' });
  });

  it('names the argument that is wrong', async () => {
    await expect(x25519FromSecret(new Uint8Array(31), backend)).rejects.toThrow(RangeError);
    await expect(x25519FromSecret('secret' as never, backend)).rejects.toThrow(TypeError);
    const pair = await generateX25519(backend);
    await expect(pair.agree(new Uint8Array(33))).rejects.toThrow(RangeError);
    await expect(pair.agree([] as never)).rejects.toThrow(TypeError);
  });
});

describe('x25519 in a runtime of its own mind', () => {
  it('refuses an all-zero secret that the runtime let through', async () => {
    const pair = await generateX25519('webcrypto');
    vi.spyOn(crypto.subtle, 'deriveBits').mockResolvedValue(new ArrayBuffer(32));
    await expect(pair.agree(pair.publicKey)).rejects.toMatchObject({ code: 'ERR_IDENTITY_AGREEMENT' });
  });

  it('turns to noble where WebCrypto lacks the curve', async () => {
    vi.resetModules();
    const fresh = await import('../../src/curves/x25519.js');
    const refuse = vi.spyOn(crypto.subtle, 'generateKey').mockRejectedValue(new DOMException('', 'NotSupportedError'));
    const [near, far] = [await fresh.generateX25519(), await fresh.generateX25519()];
    expect(await near.agree(far.publicKey)).toEqual(await far.agree(near.publicKey));
    expect(refuse).toHaveBeenCalledTimes(1);
  });
});
