import { afterEach, describe, expect, it, vi } from 'vitest';
import { encodeUtf8 } from '../../src/bytes/utf8.js';
import { encodeBase64url } from '../../src/codec/base64url.js';
import type { JsonObject } from '../../src/codec/json-value.js';
import { keySet, oneKey } from '../../src/documents/jwks.js';
import { signCompact, signDetached } from '../../src/documents/sign.js';
import { type JwsSigner, signerFromCryptoKey, signerFromIdentity, signerFromJwk } from '../../src/documents/signer.js';
import { keyFromDid } from '../../src/documents/verification-key.js';
import { verifyCompact, verifyDetached } from '../../src/documents/verify.js';
import { createIdentity } from '../../src/identity/seed-identity.js';
import keys from '../../vectors/jose/keys.json' with { type: 'json' };

const [ed, ec, edOther, ecOther] = keys as [Key, Key, Key, Key];
type Key = (typeof keys)[number];

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256' };
const badKey = { name: 'IdentityError', code: 'ERR_IDENTITY_KEY' };
const payload = encodeUtf8('{"hello":"world"}');
const set = keySet(keys.map(({ publicJwk }) => publicJwk));
const headerOf = (token: string) => Buffer.from(token.split('.')[0]!, 'base64url').toString();

afterEach(() => vi.restoreAllMocks());

describe('a signer', () => {
  it('from an identity signs with EdDSA under its DID', async () => {
    const identity = await createIdentity();
    const signer = signerFromIdentity(identity);
    expect(signer).toMatchObject({ alg: 'EdDSA', curve: 'Ed25519', kid: identity.did });
    const token = await signCompact(payload, signer);
    const verified = await verifyCompact(token, { keys: keySet([keyFromDid(identity.did)]) });
    expect(verified.payload).toEqual(payload);
    expect(verified.key.did).toBe(identity.did);
    expect(signerFromIdentity(identity, 'k').kid).toBe('k');
    expect(() => signerFromIdentity(identity, '')).toThrow(TypeError);
    expect(() => signerFromIdentity(undefined as never)).toThrow(TypeError);
    expect(() => signerFromIdentity({ ...identity, did: 'did:key:z' })).toThrow(
      expect.objectContaining({ code: 'ERR_IDENTITY_DID' }),
    );
  });

  it.each(keys)('from a JWK: $name', async ({ name, privateJwk, publicJwk }) => {
    const signer = await signerFromJwk(privateJwk);
    expect(signer).toMatchObject({ kid: name, alg: publicJwk.kty === 'EC' ? 'ES256' : 'EdDSA' });
    const verified = await verifyCompact(await signCompact(payload, signer), { keys: set });
    expect(verified.key.kid).toBe(name);
    expect((await signerFromJwk(privateJwk, 'other')).kid).toBe('other');
    expect('kid' in (await signerFromJwk({ ...privateJwk, kid: undefined }))).toBe(false);
  });

  it.each<[string, unknown]>([
    ['a public key', ed.publicJwk],
    ['d missing on P-256', ec.publicJwk],
    ['d short', { ...ed.privateJwk, d: ed.privateJwk.d.slice(1) }],
    ['d padded', { ...ed.privateJwk, d: `${ed.privateJwk.d}=` }],
    ['d with unused bits', { ...ed.privateJwk, d: `${'A'.repeat(42)}B` }],
    ['d a number', { ...ed.privateJwk, d: 7 }],
    ['d of another key', { ...ed.privateJwk, d: edOther.privateJwk.d }],
    ['d of another key on P-256', { ...ec.privateJwk, d: ecOther.privateJwk.d }],
    ['d zero on P-256', { ...ec.privateJwk, d: encodeBase64url(new Uint8Array(32)) }],
    ['d over the order on P-256', { ...ec.privateJwk, d: encodeBase64url(new Uint8Array(32).fill(255)) }],
    ['x missing', { ...ed.privateJwk, x: undefined }],
    ['y missing', { ...ec.privateJwk, y: undefined }],
    ['use enc', { ...ed.privateJwk, use: 'enc' }],
    ['key_ops without sign', { ...ed.privateJwk, key_ops: ['verify'] }],
    ['alg of another curve', { ...ed.privateJwk, alg: 'ES256' }],
    ['an oct key', { kty: 'oct', k: ed.privateJwk.d, d: ed.privateJwk.d }],
    ['no object', null],
    ['text', JSON.stringify(ed.privateJwk)],
  ])('is not made of %s', async (_, jwk) => {
    await expect(signerFromJwk(jwk)).rejects.toMatchObject(badKey);
  });

  it('never puts a secret into an error', async () => {
    for (const { privateJwk } of keys) {
      const error = await signerFromJwk({ ...privateJwk, x: 'AA', use: privateJwk.d }).catch((cause: unknown) => cause);
      for (let at = error; at instanceof Error; at = at.cause) expect(at.message).not.toContain(privateJwk.d);
    }
  });

  it.each<[string, AlgorithmIdentifier | EcKeyGenParams]>([
    ['Ed25519', 'Ed25519'],
    ['P-256', ECDSA],
  ])('from keys of WebCrypto that nobody can read: %s', async (curve, algorithm) => {
    const pair = (await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])) as CryptoKeyPair;
    expect(pair.privateKey.extractable).toBe(false);
    const jwk = (await crypto.subtle.exportKey('jwk', pair.publicKey)) as { kty: string; crv: string; x: string };
    for (const publicKey of [
      pair.publicKey,
      { kty: jwk.kty, crv: jwk.crv, x: jwk.x, ...('y' in jwk ? { y: jwk.y as string } : {}) },
    ]) {
      const signer = await signerFromCryptoKey(pair.privateKey, publicKey, 'k');
      expect(signer).toMatchObject({ curve, kid: 'k' });
      const verified = await verifyCompact(await signCompact(payload, signer), { keys: oneKey(jwk) });
      expect(verified.header.kid).toBe('k');
    }
  });

  it('is not made of keys of WebCrypto that cannot sign together', async () => {
    const edPair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
    const ecPair = await crypto.subtle.generateKey(ECDSA, true, ['sign', 'verify']);
    const ecdh = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
    await expect(signerFromCryptoKey(edPair.publicKey, edPair.publicKey)).rejects.toMatchObject(badKey);
    await expect(signerFromCryptoKey(edPair.privateKey, ecPair.publicKey)).rejects.toMatchObject(badKey);
    await expect(signerFromCryptoKey(ecPair.privateKey, ed.publicJwk)).rejects.toMatchObject(badKey);
    await expect(signerFromCryptoKey(ecdh.privateKey, ecPair.publicKey)).rejects.toMatchObject(badKey);
    await expect(signerFromCryptoKey(edPair.privateKey, { ...ed.publicJwk, use: 'enc' })).rejects.toMatchObject({
      code: 'ERR_VERIFY_KEY_UNUSABLE',
    });
    await expect(signerFromCryptoKey(edPair.privateKey, edPair.privateKey)).rejects.toThrow(TypeError);
    await expect(signerFromCryptoKey(undefined as never, edPair.publicKey)).rejects.toThrow(TypeError);
    await expect(signerFromCryptoKey(edPair.privateKey, undefined as never)).rejects.toThrow(TypeError);
    await expect(signerFromCryptoKey(edPair.privateKey, edPair.publicKey, '')).rejects.toThrow(TypeError);
  });
});

describe('the header we write', () => {
  let signer: JwsSigner;
  const written = async (header?: JsonObject) => headerOf(await signCompact(payload, signer, header));

  it('has its members in order, and says nothing it was not told', async () => {
    signer = await signerFromJwk(ed.privateJwk);
    expect(await written()).toBe('{"alg":"EdDSA","kid":"ed"}');
    expect(await written({ z: 1, jku: 'https://a.example', a: [null, { b: 1 }], typ: 'JOSE' })).toBe(
      '{"alg":"EdDSA","typ":"JOSE","kid":"ed","jku":"https://a.example","z":1,"a":[null,{"b":1}]}',
    );
    expect(await written({ kid: 'other', typ: undefined as never })).toBe('{"alg":"EdDSA","kid":"other"}');
    expect(await written({ n: 'ſ\u007f\u2028"\\/' })).toBe('{"alg":"EdDSA","kid":"ed","n":"ſ\u007f\u2028\\"\\\\/"}');
    expect(await written(JSON.parse('{"__proto__":{"alg":"none"}}'))).toBe(
      '{"alg":"EdDSA","kid":"ed","__proto__":{"alg":"none"}}',
    );
    signer = await signerFromJwk({ ...ec.privateJwk, kid: undefined });
    expect(await written()).toBe('{"alg":"ES256"}');
  });

  it.each<[string, unknown]>([
    ['alg', { alg: 'EdDSA' }],
    ['alg undefined', { alg: undefined }],
    ['crit', { crit: ['exp'] }],
    ['b64', { b64: true }],
    ['kid empty', { kid: '' }],
    ['kid a number', { kid: 1 }],
    ['kid null', { kid: null }],
    ['typ a number', { typ: 1 }],
    ['jku an object', { jku: {} }],
    ['NaN', { a: Number.NaN }],
    ['an integer no double can hold', { a: 2 ** 53 }],
    ['BigInt', { a: 1n }],
    ['a date', { a: new Date() }],
    ['a lone surrogate', { a: '\ud800' }],
    ['a lone surrogate in a name', { '\udc00': 1 }],
    ['undefined, deep inside', { a: { b: undefined } }],
    ['a function', { a: () => 1 }],
    ['17,000 bytes', { a: 'x'.repeat(17_000) }],
  ])('never holds %s', async (_, header) => {
    signer = await signerFromJwk(ed.privateJwk);
    await expect(signCompact(payload, signer, header as JsonObject)).rejects.toThrow(TypeError);
    await expect(signDetached(payload, signer, header as JsonObject)).rejects.toThrow(TypeError);
  });
});

describe('signing', () => {
  it('detached and compact cover the same', async () => {
    const signer = await signerFromJwk(ed.privateJwk);
    const header = { typ: 'x' };
    const [segment, body, signature] = (await signCompact(payload, signer, header)).split('.') as [
      string,
      string,
      string,
    ];
    expect(body).toBe(encodeBase64url(payload));
    const detached = await signDetached(payload, signer, header);
    expect(Object.keys(detached)).toEqual(['protected', 'signature']);
    expect(detached.protected).toBe(segment);
    for (const entry of [detached, { protected: segment, signature }]) {
      expect((await verifyDetached(entry, payload, { keys: set })).payload).toEqual(payload);
    }
  });

  it('covers the payload as it was when it was called', async () => {
    for (const { privateJwk } of [ed, ec]) {
      const signer = await signerFromJwk(privateJwk);
      const mine = payload.slice();
      const pending = Promise.all([signCompact(mine, signer), signDetached(mine, signer)]);
      mine.fill(0);
      const [token, entry] = await pending;
      expect((await verifyCompact(token, { keys: set })).payload).toEqual(payload);
      expect((await verifyDetached(entry, payload, { keys: set })).payload).toEqual(payload);
    }
  });

  it('never hands out a signature that does not hold', async () => {
    const mismatch = { name: 'IdentityError', code: 'ERR_IDENTITY_MISMATCH' };
    const [honest, other] = [await signerFromJwk(ed.privateJwk), await signerFromJwk(edOther.privateJwk)];
    const broken: JwsSigner[] = [
      { ...honest, publicKey: other.publicKey },
      { ...honest, sign: (message) => other.sign(message) },
      { ...honest, sign: async () => new Uint8Array(64) },
      { ...honest, sign: async (message) => (await honest.sign(message)).subarray(1) },
    ];
    const pair = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
    broken.push(await signerFromCryptoKey(pair.privateKey, ed.publicJwk));
    for (const signer of broken) {
      await expect(signCompact(payload, signer)).rejects.toMatchObject(mismatch);
      await expect(signDetached(payload, signer)).rejects.toMatchObject(mismatch);
    }
  });

  it('passes on what the signer rejects with', async () => {
    const locked = new Error('the wallet is locked');
    const signer = { ...(await signerFromJwk(ed.privateJwk)), sign: () => Promise.reject(locked) };
    await expect(signCompact(payload, signer)).rejects.toBe(locked);
  });

  it('imports the public key of a signer once', async () => {
    const signer = await signerFromJwk(ec.privateJwk);
    const importKey = vi.spyOn(crypto.subtle, 'importKey');
    for (let i = 0; i < 3; i++) await signCompact(payload, signer);
    expect(importKey).toHaveBeenCalledTimes(1);
  });

  it('names the argument that is wrong', async () => {
    const signer = await signerFromJwk(ed.privateJwk);
    await expect(signCompact('text' as never, signer)).rejects.toThrow(TypeError);
    await expect(signDetached('text' as never, signer)).rejects.toThrow(TypeError);
    for (const bad of [
      undefined,
      {},
      { ...signer, alg: 'none' },
      { ...signer, alg: 'ES256' },
      { ...signer, curve: 'P-256' },
      { ...signer, publicKey: 'key' },
      { ...signer, sign: undefined },
    ]) {
      await expect(signCompact(payload, bad as never)).rejects.toThrow(TypeError);
    }
  });
});
