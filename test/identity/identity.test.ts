import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/concat.js';
import { generateX25519 } from '../../src/curves/x25519.js';
import { decodeDidKey, didToX25519 } from '../../src/identity/did-key.js';
import { identityFromKeys, importIdentityKeys } from '../../src/identity/key-identity.js';
import { createIdentity, identityFromSeed, identityOver } from '../../src/identity/seed-identity.js';
import { verifyWithDid } from '../../src/identity/verify.js';
import cases from '../../vectors/did-key/edge-cases.json' with { type: 'json' };
import { hex, unhex } from '../support/hex.js';

const seed = () => unhex(cases.seed);
const message = unhex('00112233');

const makers = {
  webcrypto: (s: Uint8Array) => identityOver(s, 'webcrypto'),
  noble: (s: Uint8Array) => identityOver(s, 'noble'),
  'two imported keys': async (s: Uint8Array) => identityFromKeys(cases.did, await importIdentityKeys(s)),
  'the best backend': identityFromSeed,
};

describe.each(Object.entries(makers))('identity over %s', (_, make) => {
  it('has the DID of its seed', async () => {
    expect((await make(seed())).did).toBe(cases.did);
  });

  it('signs what anybody can verify', async () => {
    const identity = await make(seed());
    const signature = await identity.sign(message);
    await verifyWithDid(cases.did, message, signature);
    expect(ed25519.verify(signature, message, unhex(cases.publicKey), { zip215: false })).toBe(true);
    await expect(verifyWithDid(cases.did, unhex('00'), signature)).rejects.toMatchObject({
      name: 'VerifyError',
      code: 'ERR_VERIFY_SIGNATURE',
    });
  });

  it('agrees under the X25519 key of its DID', async () => {
    const identity = await make(seed());
    const other = x25519.keygen();
    const expected = x25519.getSharedSecret(other.secretKey, unhex(cases.x25519));
    expect(await identity.agree(other.publicKey)).toEqual(expected);
  });

  it('refuses low-order points', async () => {
    const identity = await make(seed());
    await expect(identity.agree(new Uint8Array(32))).rejects.toMatchObject({ code: 'ERR_IDENTITY_AGREEMENT' });
  });

  it('names the argument that is wrong', async () => {
    const identity = await make(seed());
    await expect(identity.sign('text' as never)).rejects.toThrow(TypeError);
    await expect(identity.agree(new Uint8Array(31))).rejects.toThrow(RangeError);
  });

  it('leaves the seed to its owner', async () => {
    const own = seed();
    await make(own);
    expect(hex(own)).toBe(cases.seed);
  });
});

describe('createIdentity', () => {
  it('makes a new one each time', async () => {
    const [a, b] = await Promise.all([createIdentity(), createIdentity()]);
    expect(a.did).not.toBe(b.did);
    await verifyWithDid(a.did, message, await a.sign(message));
    const pair = await generateX25519();
    expect(await a.agree(pair.publicKey)).toEqual(await pair.agree(didToX25519(a.did)));
  });
});

describe('identityFromSeed', () => {
  it('names the argument that is wrong', async () => {
    await expect(identityFromSeed(new Uint8Array(64))).rejects.toThrow(RangeError);
    await expect(identityFromSeed(cases.seed as never)).rejects.toThrow(TypeError);
  });

  it('copies the seed at once', async () => {
    const own = seed();
    const pending = identityFromSeed(own);
    own.fill(0);
    expect((await pending).did).toBe(cases.did);
  });
});

describe('importIdentityKeys', () => {
  it('keeps keys that cannot be exported', async () => {
    const keys = await importIdentityKeys(seed());
    for (const key of [keys.signing, keys.agreement]) {
      expect(key.extractable).toBe(false);
      await expect(crypto.subtle.exportKey('pkcs8', key)).rejects.toThrow();
      await expect(crypto.subtle.exportKey('jwk', key)).rejects.toThrow();
    }
  });
});

describe('verifyWithDid', () => {
  it('refuses the trivial signature of a small-order key, with its key refused first', async () => {
    const { did, signature } = cases.refusedSignature;
    await expect(verifyWithDid(did, message, unhex(signature))).rejects.toMatchObject({ code: 'ERR_IDENTITY_KEY' });
  });

  it('holds the twin to its own signature', async () => {
    const signature = await (await identityFromSeed(seed())).sign(message);
    await expect(verifyWithDid(cases.twin, message, signature)).rejects.toMatchObject({ code: 'ERR_VERIFY_SIGNATURE' });
  });

  it('refuses S + L', async () => {
    const signature = await (await identityOver(seed(), 'noble')).sign(message);
    const s = BigInt(`0x${hex(signature.slice(32).reverse())}`) + ed25519.Point.Fn.ORDER;
    const grown = concatBytes(signature.slice(0, 32), unhex(s.toString(16).padStart(64, '0')).reverse());
    await expect(verifyWithDid(cases.did, message, grown)).rejects.toMatchObject({ code: 'ERR_VERIFY_SIGNATURE' });
  });

  it('refuses signatures of any other length, and DIDs that are none', async () => {
    for (const length of [0, 63, 65, 128]) {
      await expect(verifyWithDid(cases.did, message, new Uint8Array(length))).rejects.toMatchObject({
        code: 'ERR_VERIFY_SIGNATURE',
      });
    }
    await expect(verifyWithDid('did:key:z', message, new Uint8Array(64))).rejects.toMatchObject({
      code: 'ERR_IDENTITY_DID',
    });
  });

  it('names the argument that is wrong', async () => {
    await expect(verifyWithDid(7 as never, message, new Uint8Array(64))).rejects.toThrow(TypeError);
    await expect(verifyWithDid(cases.did, 'text' as never, new Uint8Array(64))).rejects.toThrow(TypeError);
    await expect(verifyWithDid(cases.did, message, [] as never)).rejects.toThrow(TypeError);
  });

  it('gives fresh keys to each reader of a DID', () => {
    const first = decodeDidKey(cases.did);
    first.publicKey.fill(0);
    expect(hex(decodeDidKey(cases.did).publicKey)).toBe(cases.publicKey);
  });
});
