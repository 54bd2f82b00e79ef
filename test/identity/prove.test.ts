import { describe, expect, it, vi } from 'vitest';
import type { Identity } from '../../src/identity/identity.js';
import { proveIdentity } from '../../src/identity/prove.js';
import { createIdentity, identityFromSeed } from '../../src/identity/seed-identity.js';
import cases from '../../vectors/did-key/edge-cases.json' with { type: 'json' };
import { hex, unhex } from '../support/hex.js';

const MISMATCH = { name: 'IdentityError', code: 'ERR_IDENTITY_MISMATCH' };

describe('proveIdentity', () => {
  it('accepts an honest identity and tells its X25519 key', async () => {
    const proven = await proveIdentity(await identityFromSeed(unhex(cases.seed)));
    expect(proven.did).toBe(cases.did);
    expect(hex(proven.x25519PublicKey)).toBe(cases.x25519);
  });

  it('asks each object once', async () => {
    const honest = await createIdentity();
    const identity = { ...honest, sign: vi.fn(honest.sign), agree: vi.fn(honest.agree) };
    const [first, second] = await Promise.all([proveIdentity(identity), proveIdentity(identity)]);
    expect(second).toBe(first);
    expect(await proveIdentity(identity)).toBe(first);
    expect(identity.sign).toHaveBeenCalledTimes(1);
    expect(identity.agree).toHaveBeenCalledTimes(1);
  });

  it('an identity under the DID of another is refused', async () => {
    const [near, far] = await Promise.all([createIdentity(), createIdentity()]);
    await expect(proveIdentity({ ...near, did: far.did })).rejects.toMatchObject(MISMATCH);
  });

  it('an identity that signs with another key is refused', async () => {
    const [near, far] = await Promise.all([createIdentity(), createIdentity()]);
    await expect(proveIdentity({ ...near, sign: far.sign })).rejects.toMatchObject(MISMATCH);
  });

  it('an identity that agrees with another key is refused', async () => {
    const [near, far] = await Promise.all([createIdentity(), createIdentity()]);
    await expect(proveIdentity({ ...near, agree: far.agree })).rejects.toMatchObject(MISMATCH);
  });

  it('an identity under its twin DID is refused', async () => {
    const identity = await identityFromSeed(unhex(cases.seed));
    await expect(proveIdentity({ ...identity, did: cases.twin })).rejects.toMatchObject(MISMATCH);
  });

  it('refuses an identity whose DID is none', async () => {
    const identity = await createIdentity();
    await expect(proveIdentity({ ...identity, did: 'bob' })).rejects.toMatchObject({ code: 'ERR_IDENTITY_DID' });
  });

  it('passes on what a wallet rejects with, and asks again', async () => {
    const honest = await createIdentity();
    const locked = new Error('locked');
    const sign = vi.fn(honest.sign).mockRejectedValueOnce(locked);
    const wallet: Identity = { ...honest, sign };
    await expect(proveIdentity(wallet)).rejects.toBe(locked);
    expect((await proveIdentity(wallet)).did).toBe(honest.did);
  });

  it('throws at once for what is no identity', () => {
    for (const value of [undefined, null, 'did', {}, { did: 'did:key:z' }]) {
      expect(() => proveIdentity(value as never)).toThrow(TypeError);
    }
  });
});
