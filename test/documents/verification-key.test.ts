import { p256 } from '@noble/curves/nist.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { concatBytes } from '../../src/bytes/concat.js';
import { decodeBase64url, encodeBase64url } from '../../src/codec/base64url.js';
import { keyFromPem } from '../../src/documents/spki.js';
import { jwkThumbprint } from '../../src/documents/thumbprint.js';
import {
  keyFromBytes,
  keyFromCryptoKey,
  keyFromDid,
  keyFromJwk,
  keyToJwk,
} from '../../src/documents/verification-key.js';
import { decodeDidKey } from '../../src/identity/did-key.js';
import didKeys from '../../vectors/did-key/edge-cases.json' with { type: 'json' };
import keys from '../../vectors/jose/keys.json' with { type: 'json' };
import { unhex } from '../support/hex.js';

const ed = keys[0]!;
const ec = keys[1]!;
const unusable = { name: 'VerifyError', code: 'ERR_VERIFY_KEY_UNUSABLE' };
const refused = expect.objectContaining(unusable);
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256' };
const importJwk = (jwk: JsonWebKey, algorithm: string | EcKeyImportParams, usages: KeyUsage[], extractable = true) =>
  crypto.subtle.importKey('jwk', jwk, algorithm, extractable, usages);

afterEach(() => vi.restoreAllMocks());

describe('a key from a JWK', () => {
  it('is the point, with its name and, for Ed25519, its DID', () => {
    const key = keyFromJwk(ed.publicJwk);
    expect(key).toMatchObject({ curve: 'Ed25519', kid: 'ed', publicKey: decodeBase64url(ed.publicJwk.x) });
    expect(decodeDidKey(key.did!).publicKey).toEqual(key.publicKey);
    const point = keyFromJwk(ec.publicJwk);
    expect(point).toMatchObject({ curve: 'P-256', kid: 'ec' });
    expect(point.publicKey).toHaveLength(65);
    expect(point.did).toBeUndefined();
    expect('kid' in keyFromJwk({ ...ed.publicJwk, kid: undefined })).toBe(false);
  });

  it('ignores a private part, and says that there was one', () => {
    for (const d of [ed.privateJwk.d, '', null, 7]) {
      const key = keyFromJwk({ ...ed.publicJwk, d });
      expect(key.hadPrivate).toBe(true);
      expect(JSON.stringify(key)).not.toContain(ed.privateJwk.d);
    }
    expect(keyFromJwk(ed.publicJwk).hadPrivate).toBeUndefined();
  });

  it.each([
    ['use sig', { use: 'sig' }],
    ['key_ops with verify', { key_ops: ['sign', 'verify'] }],
    ['alg EdDSA', { alg: 'EdDSA' }],
    ['alg Ed25519', { alg: 'Ed25519' }],
    ['members nobody knows', { ext: true, x5c: ['AA'], nbf: 1 }],
  ])('takes %s', (_, members) => {
    expect(keyFromJwk({ ...ed.publicJwk, ...members }).curve).toBe('Ed25519');
  });

  it.each<[string, object]>([
    ['use enc', { use: 'enc' }],
    ['use null', { use: null }],
    ['key_ops without verify', { key_ops: ['sign'] }],
    ['key_ops empty', { key_ops: [] }],
    ['key_ops no list', { key_ops: 'verify' }],
    ['alg of another curve', { alg: 'ES256' }],
    ['alg in other letters', { alg: 'eddsa' }],
    ['alg none', { alg: 'none' }],
    ['alg null', { alg: null }],
    ['kid empty', { kid: '' }],
    ['kid a number', { kid: 1 }],
    ['kty EC', { kty: 'EC' }],
    ['kty oct', { kty: 'oct', k: 'AAAA' }],
    ['kty in other letters', { kty: 'okp' }],
    ['crv X25519', { crv: 'X25519' }],
    ['crv Ed448', { crv: 'Ed448' }],
    ['crv missing', { crv: undefined }],
    ['x missing', { x: undefined }],
    ['x a number', { x: 1 }],
    ['x short', { x: encodeBase64url(new Uint8Array(31)) }],
    ['x long', { x: encodeBase64url(new Uint8Array(33)) }],
    ['x in the other alphabet', { x: `${'+'.repeat(42)}A` }],
    ['x with unused bits', { x: `${ed.publicJwk.x.slice(0, -1)}${ed.publicJwk.x.endsWith('B') ? 'C' : 'B'}` }],
    ['x padded', { x: `${ed.publicJwk.x}=` }],
    ['x not on the curve', { x: encodeBase64url(unhex(`02${'00'.repeat(31)}`)) }],
    ['x of order 1', { x: encodeBase64url(unhex(`01${'00'.repeat(31)}`)) }],
    ['x of order 2', { x: encodeBase64url(unhex(`ec${'ff'.repeat(30)}7f`)) }],
    ['x = p + 3', { x: encodeBase64url(unhex(`f0${'ff'.repeat(30)}7f`)) }],
  ])('refuses an Ed25519 key with %s', (_, members) => {
    expect(() => keyFromJwk({ ...ed.publicJwk, ...members })).toThrow(refused);
  });

  it.each<[string, object]>([
    ['crv P-384', { crv: 'P-384' }],
    ['crv secp256k1', { crv: 'secp256k1' }],
    ['alg EdDSA', { alg: 'EdDSA' }],
    ['alg ES256K', { alg: 'ES256K' }],
    ['y missing', { y: undefined }],
    ['y short', { y: encodeBase64url(new Uint8Array(31)) }],
    ['y of the negative x', { y: ec.publicJwk.x }],
    ['coordinates of infinity', { x: encodeBase64url(new Uint8Array(32)), y: encodeBase64url(new Uint8Array(32)) }],
    ['x = p', { x: encodeBase64url(unhex(p256.Point.Fp.ORDER.toString(16))) }],
  ])('refuses a P-256 key with %s', (_, members) => {
    expect(() => keyFromJwk({ ...ec.publicJwk, ...members })).toThrow(refused);
  });

  it.each([[null], [undefined], ['{}'], [7], [[]], [{}]])('refuses %j', (jwk) => {
    expect(() => keyFromJwk(jwk)).toThrow(refused);
  });
});

describe('a key from bytes', () => {
  it('is copied', () => {
    const bytes = decodeBase64url(ed.publicJwk.x);
    const key = keyFromBytes('Ed25519', bytes, 'k');
    bytes.fill(0);
    expect(key).toMatchObject({ kid: 'k', publicKey: decodeBase64url(ed.publicJwk.x) });
  });

  it('may be compressed on P-256', () => {
    const whole = keyFromJwk(ec.publicJwk).publicKey;
    const compressed = concatBytes(Uint8Array.of(2 + ((whole[64] as number) & 1)), whole.subarray(1, 33));
    expect(keyFromBytes('P-256', compressed).publicKey).toEqual(whole);
    expect(keyFromBytes('P-256', whole).publicKey).toEqual(whole);
    expect(() => keyFromBytes('P-256', compressed.with(0, 5))).toThrow(refused);
  });

  it('is refused where it is no point', () => {
    expect(() => keyFromBytes('Ed25519', new Uint8Array(32))).toThrow(refused);
    expect(() => keyFromBytes('P-256', new Uint8Array(65))).toThrow(refused);
    expect(() => keyFromBytes('P-256', new Uint8Array(65).fill(4))).toThrow(refused);
  });

  it('names the argument that is wrong', () => {
    expect(() => keyFromBytes('Ed25519', new Uint8Array(33))).toThrow(RangeError);
    expect(() => keyFromBytes('P-256', new Uint8Array(64))).toThrow(RangeError);
    expect(() => keyFromBytes('P-384' as never, new Uint8Array(97))).toThrow(RangeError);
    expect(() => keyFromBytes('Ed25519', 'bytes' as never)).toThrow(TypeError);
    expect(() => keyFromBytes('Ed25519', decodeBase64url(ed.publicJwk.x), '')).toThrow(TypeError);
    expect(() => keyFromBytes('Ed25519', decodeBase64url(ed.publicJwk.x), 7 as never)).toThrow(TypeError);
  });
});

describe('a key from a DID', () => {
  it('goes by the DID', () => {
    const key = keyFromDid(didKeys.did);
    expect(key).toMatchObject({ curve: 'Ed25519', kid: didKeys.did, did: didKeys.did });
    expect(key.publicKey).toEqual(unhex(didKeys.publicKey));
  });

  it('is refused as everywhere', () => {
    for (const { did } of didKeys.refusedKey) {
      expect(() => keyFromDid(did)).toThrow(expect.objectContaining({ code: 'ERR_IDENTITY_KEY' }));
    }
    expect(() => keyFromDid(`${didKeys.did}#key`)).toThrow(expect.objectContaining({ code: 'ERR_IDENTITY_DID' }));
  });
});

describe('a key from a CryptoKey', () => {
  it('is the same key', async () => {
    const one = await keyFromCryptoKey(await importJwk(ed.publicJwk, 'Ed25519', ['verify']), 'k');
    expect(one).toMatchObject({ curve: 'Ed25519', kid: 'k', publicKey: keyFromJwk(ed.publicJwk).publicKey });
    const two = await keyFromCryptoKey(await importJwk(ec.publicJwk, ECDSA, ['verify']));
    expect(two).toMatchObject({ curve: 'P-256', publicKey: keyFromJwk(ec.publicJwk).publicKey });
  });

  it('is refused where it may not be looked at, may not verify, or is of another kind', async () => {
    const bad = await Promise.all([
      importJwk(ed.publicJwk, 'Ed25519', ['verify'], false),
      importJwk(ed.publicJwk, 'Ed25519', []),
      importJwk({ ...ec.publicJwk }, { name: 'ECDH', namedCurve: 'P-256' }, []),
      crypto.subtle
        .generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, true, ['sign', 'verify'])
        .then((pair) => pair.publicKey),
      crypto.subtle
        .generateKey({ name: 'RSA-PSS', modulusLength: 2048, publicExponent: unhex('010001'), hash: 'SHA-256' }, true, [
          'sign',
          'verify',
        ])
        .then((pair) => pair.publicKey),
    ]);
    for (const key of bad) await expect(keyFromCryptoKey(key)).rejects.toMatchObject(unusable);
  });

  it('names the argument that is wrong', async () => {
    const secret = await importJwk(ed.privateJwk, 'Ed25519', ['sign']);
    const shared = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, ['sign', 'verify']);
    for (const key of [secret, shared, undefined, null, 'key', {}]) {
      await expect(keyFromCryptoKey(key as never)).rejects.toThrow(TypeError);
    }
    const key = await importJwk(ed.publicJwk, 'Ed25519', ['verify']);
    await expect(keyFromCryptoKey(key, '')).rejects.toThrow(TypeError);
  });
});

describe('a key from PEM', () => {
  it.each(keys)('is the same key: $name', ({ pem, publicJwk }) => {
    expect(keyFromPem(pem, 'k')).toMatchObject({ kid: 'k', publicKey: keyFromJwk(publicJwk).publicKey });
    expect(keyFromPem(`\r\n${pem.replaceAll('\n', '\r\n')}  `).publicKey).toEqual(keyFromJwk(publicJwk).publicKey);
    expect(keyFromPem(pem.trim()).publicKey).toEqual(keyFromJwk(publicJwk).publicKey);
  });

  it('asks no WebCrypto', () => {
    vi.stubGlobal('crypto', undefined);
    expect(keyFromPem(ec.pem).curve).toBe('P-256');
    vi.unstubAllGlobals();
  });

  const body = ec.pem.split('\n').slice(1, -2).join('');
  const pemOf = (base64: string) => `-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----\n`;
  const der = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
  const changed = (at: number, value: number) => pemOf(btoa(String.fromCharCode(...der.with(at, value))));

  it.each<[string, unknown]>([
    ['nothing', ''],
    ['no text', 7],
    ['undefined', undefined],
    ['no armour', body],
    ['a private key', ec.pem.replaceAll('PUBLIC', 'PRIVATE')],
    ['a certificate', ec.pem.replaceAll('PUBLIC KEY', 'CERTIFICATE')],
    ['two keys', ec.pem + ec.pem],
    ['text before', `x${ec.pem}`],
    ['text behind', `${ec.pem}x`],
    ['no end', ec.pem.replace(/-----END.*/s, '')],
    ['base64url', pemOf('-_'.repeat(62))],
    ['a byte less', pemOf(btoa(String.fromCharCode(...der.subarray(0, -1))))],
    ['a byte more', pemOf(btoa(String.fromCharCode(...der, 0)))],
    ['padding too much', pemOf(`${body}=`)],
    ['padding missing', pemOf(body.replaceAll('=', ''))],
    ['another OID', changed(22, 8)],
    ['another length', changed(1, 90)],
    ['unused bits in the bit string', changed(25, 1)],
    ['hybrid form', changed(26, 6)],
    ['off the curve', changed(90, (der[90] as number) ^ 1)],
    ['513 characters', ec.pem.padEnd(513)],
  ])('refuses %s', (_, pem) => {
    expect(() => keyFromPem(pem)).toThrow(refused);
  });
});

describe('a key as a JWK', () => {
  it.each(keys)('reads as the same key again: $name', ({ publicJwk }) => {
    const key = keyFromJwk(publicJwk);
    const jwk = keyToJwk(key);
    expect(jwk).toMatchObject({ ...publicJwk, use: 'sig' });
    expect(keyFromJwk(jwk)).toMatchObject({ curve: key.curve, kid: key.kid!, publicKey: key.publicKey });
    expect('kid' in keyToJwk(keyFromBytes(key.curve, key.publicKey))).toBe(false);
  });

  it('has a thumbprint that nothing else in it changes', async () => {
    for (const { publicJwk, thumbprint } of keys) {
      expect(await jwkThumbprint({ ...publicJwk, kid: 'other', use: 'enc', alg: 'none' })).toBe(thumbprint);
      expect(await jwkThumbprint(keyToJwk(keyFromJwk(publicJwk)))).toBe(thumbprint);
    }
    await expect(jwkThumbprint({ kty: 'RSA', crv: '', x: '' })).rejects.toMatchObject(unusable);
    await expect(jwkThumbprint({ ...ec.publicJwk, y: undefined })).rejects.toMatchObject(unusable);
  });
});
