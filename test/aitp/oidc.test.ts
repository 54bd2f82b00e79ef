// Section 8.7. Tokens and keys are made by jose and node:crypto.

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { exportJWK, SignJWT } from 'jose';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { aidJkt } from '../../src/aitp/aid.js';
import { type OidcExpectation, verifyOidcProof } from '../../src/aitp/oidc.js';
import { type IssuerKeys, issuerKeys } from '../../src/aitp/oidc-keys.js';
import { codeOf, NOW, signerOf } from './parties.js';

const ISSUER = 'https://idp.example.com';
const NONCE = 'HXikAJO7qb0kOxZSdw3H8g';

type Alg = 'EdDSA' | 'ES256' | 'RS256';

function keyPair(alg: Alg, modulusLength = 2048): { privateKey: KeyObject; publicKey: KeyObject } {
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519');
  if (alg === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return generateKeyPairSync('rsa', { modulusLength });
}

const pairs = { EdDSA: keyPair('EdDSA'), ES256: keyPair('ES256'), RS256: keyPair('RS256') };
let expected: OidcExpectation;
let good: Record<string, unknown>;
let keys: IssuerKeys;

beforeAll(async () => {
  const [sender, audience] = [(await signerOf(1)).aid, (await signerOf(2)).aid];
  expected = { issuer: ISSUER, subject: 'agent-1', audience, nonce: NONCE, sender };
  const cnf = { jkt: await aidJkt(sender) };
  good = { iss: ISSUER, sub: 'agent-1', aud: audience, nonce: NONCE, iat: NOW, exp: NOW + 60, cnf };
  keys = issuerKeys({ [ISSUER]: await Promise.all((Object.keys(pairs) as Alg[]).map((alg) => jwkOf(alg))) });
});

async function jwkOf(alg: Alg, extra: object = { kid: alg }): Promise<object> {
  return { ...(await exportJWK(pairs[alg].publicKey)), ...extra };
}

async function tokenOf(
  claims: object,
  alg: Alg = 'EdDSA',
  header: object = { kid: alg },
  key: KeyObject = pairs[alg].privateKey,
): Promise<string> {
  return new SignJWT({ ...claims }).setProtectedHeader({ alg, ...header }).sign(key);
}

const verify = (proof: string, source: IssuerKeys = keys, trustAnchors = [ISSUER]) =>
  codeOf(verifyOidcProof(proof, expected, { trustAnchors, issuerKeys: source, now: NOW }));

describe('a proof is accepted', () => {
  it.each(['EdDSA', 'ES256', 'RS256'] as const)('signed with %s', async (alg) => {
    // ES256 is random, and either s may come out.
    for (let i = 0; i < 4; i++) expect(await verify(await tokenOf(good, alg))).toBe('accepted');
  });

  it('with further claims and header parameters, as providers add them', async () => {
    const claims = { ...good, email: 'a@example.com', jti: '1', azp: 'x', nbf: NOW, auth_time: NOW - 100.5 };
    expect(await verify(await tokenOf(claims, 'EdDSA', { kid: 'EdDSA', typ: 'JWT' }))).toBe('accepted');
  });

  it('without a kid where one key alone fits', async () => {
    expect(await verify(await tokenOf(good, 'EdDSA', {}))).toBe('accepted');
  });

  it('under a key that is known by its bytes alone, whatever its name', async () => {
    const { x } = (await jwkOf('EdDSA')) as { x: string };
    expect(await verify(await tokenOf(good), issuerKeys({ [ISSUER]: [x] }))).toBe('accepted');
  });

  it.each([-300, 300])('issued %i s off', async (off) => {
    expect(await verify(await tokenOf({ ...good, iat: NOW + off, exp: NOW + 900 }))).toBe('accepted');
  });
});

describe('[16.61] a proof is refused', () => {
  const without = (name: string) => (claims: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
  const changed = (change: object) => (claims: Record<string, unknown>) => ({ ...claims, ...change });

  it.each([
    ['without aud', without('aud')],
    ['with another aud', changed({ aud: 'aid:pubkey:JIrL26-eBQGW3nBL6i1odw5RkVDRA7WH2uLZytU92TA' })],
    ['with a list as aud', (claims: Record<string, unknown>) => ({ ...claims, aud: [claims.aud] })],
    ['without cnf', without('cnf')],
    ['with another cnf', changed({ cnf: { jkt: 'A'.repeat(43) } })],
    ['with a cnf that is no object', changed({ cnf: 'x' })],
    ['with the nonce of another message', changed({ nonce: 'lM2aeb_yLxUfq3xcFGFs4w' })],
    ['without a nonce', without('nonce')],
    ['issued 301 s ago', changed({ iat: NOW - 301 })],
    ['issued in 301 s', changed({ iat: NOW + 301 })],
    ['without iat', without('iat')],
    ['that has expired', changed({ exp: NOW })],
    ['without exp', without('exp')],
    ['whose exp is a text', changed({ exp: String(NOW + 60) })],
    ['of another issuer', changed({ iss: 'https://idp.example.com/' })],
    ['of another subject', changed({ sub: 'agent-2' })],
    ['that is not valid yet', changed({ nbf: NOW + 301 })],
  ])('%s', async (_what, change) => {
    const find = vi.fn(keys.find);
    expect(await verify(await tokenOf(change(good)), { find })).toBe('IDENTITY_FAILED');
    // What cannot hold makes nobody look up a key.
    expect(find).not.toHaveBeenCalled();
  });

  it('with a shared secret', async () => {
    const secret = new TextEncoder().encode('x'.repeat(32));
    const token = await new SignJWT({ ...good }).setProtectedHeader({ alg: 'HS256', kid: 'EdDSA' }).sign(secret);
    expect(await verify(token)).toBe('IDENTITY_FAILED');
  });

  it.each(['none', 'None', 'RS512', 'eddsa', 'Ed25519'])('with alg %s', async (alg) => {
    const [, claims, signature] = (await tokenOf(good)).split('.');
    const header = Buffer.from(JSON.stringify({ alg, kid: 'EdDSA' })).toString('base64url');
    expect(await verify(`${header}.${claims}.${signature}`)).toBe('IDENTITY_FAILED');
  });

  it('with an RSA key of 1024 bits, or an even or huge exponent', async () => {
    const weak = keyPair('RS256', 1024);
    const jwk = { ...(await exportJWK(weak.publicKey)), kid: 'weak' };
    // jose will not sign with such a key; the form is enough, since the key is refused before it is used.
    const token = await tokenOf(good, 'RS256', { kid: 'weak' });
    const full = await jwkOf('RS256', { kid: 'weak' });
    for (const key of [
      jwk,
      { ...full, e: 'BA' },
      { ...full, e: 'AQ' },
      { ...full, e: '____AAAB' },
      { ...full, n: 7 },
    ]) {
      expect(await verify(token, issuerKeys({ [ISSUER]: [key] }))).toBe('IDENTITY_FAILED');
    }
    expect(await verify(token, issuerKeys({ [ISSUER]: [full] }))).toBe('accepted');
  });

  it('under a key not meant to verify', async () => {
    for (const extra of [{ use: 'enc' }, { key_ops: ['sign'] }, { alg: 'RS384' }]) {
      const source = issuerKeys({ [ISSUER]: [await jwkOf('RS256', { kid: 'RS256', ...extra })] });
      expect(await verify(await tokenOf(good, 'RS256'), source)).toBe('IDENTITY_FAILED');
    }
  });

  it('with an unknown kid, or without one where several keys fit', async () => {
    expect(await verify(await tokenOf(good, 'EdDSA', { kid: 'nobody' }))).toBe('IDENTITY_FAILED');
    const two = issuerKeys({ [ISSUER]: [await jwkOf('EdDSA', { kid: '1' }), await jwkOf('EdDSA', { kid: '2' })] });
    expect(await verify(await tokenOf(good, 'EdDSA', {}), two)).toBe('IDENTITY_FAILED');
  });

  it('whose named key is of another kind than its alg', async () => {
    expect(await verify(await tokenOf(good, 'EdDSA', { kid: 'ES256' }))).toBe('IDENTITY_FAILED');
  });

  it('with a critical header, or signed by another key', async () => {
    const [, claims, signature] = (await tokenOf(good)).split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'EdDSA', kid: 'EdDSA', crit: ['x'], x: 1 })).toString('base64url');
    expect(await verify(`${header}.${claims}.${signature}`)).toBe('IDENTITY_FAILED');
    const other = await tokenOf(good, 'EdDSA', { kid: 'EdDSA' }, keyPair('EdDSA').privateKey);
    expect(await verify(other)).toBe('IDENTITY_FAILED');
  });

  it.each(['', 'x', 'a.b', 'a.b.c.d', '..', 'e30.e30.e30', `${'a'.repeat(16_000)}.${'b'.repeat(400)}.c`])(
    'that is no token: %.20s',
    async (proof) => {
      expect(await verify(proof)).toBe('IDENTITY_FAILED');
    },
  );

  it('with a claim twice', async () => {
    const payload = Buffer.from(`{"aud":"x",${JSON.stringify(good).slice(1)}`).toString('base64url');
    const [header, , signature] = (await tokenOf(good)).split('.');
    expect(await verify(`${header}.${payload}.${signature}`)).toBe('IDENTITY_FAILED');
  });

  it('of an issuer we do not believe, whose keys nobody looks up', async () => {
    const find = vi.fn(keys.find);
    expect(await verify(await tokenOf(good), { find }, ['https://idp.example.com/'])).toBe(
      'INCOMPATIBLE_TRUST_ANCHORS',
    );
    expect(find).not.toHaveBeenCalled();
  });

  it('where no source of keys can be reached', async () => {
    const token = await tokenOf(good);
    expect(await verify(token, { find: async () => undefined })).toBe('KEY_RESOLUTION_FAILED');
    expect(await verify(token, { find: () => Promise.reject(new Error('502')) })).toBe('KEY_RESOLUTION_FAILED');
    expect(await verify(token, { find: async () => 'keys' as never })).toBe('KEY_RESOLUTION_FAILED');
    expect(await verify(token, issuerKeys({}))).toBe('KEY_RESOLUTION_FAILED');
  });

  it('beyond the 64th key of an issuer', async () => {
    const filler = await jwkOf('EdDSA', { kid: 'filler' });
    const source = issuerKeys({ [ISSUER]: [...Array(64).fill(filler), await jwkOf('EdDSA')] });
    expect(await verify(await tokenOf(good), source)).toBe('IDENTITY_FAILED');
  });
});

it('hands over the reason of the signal untouched while keys are looked up', async () => {
  const controller = new AbortController();
  const reason = { mine: true };
  const find = () => new Promise<never>(() => controller.abort(reason));
  const options = { trustAnchors: [ISSUER], issuerKeys: { find }, now: NOW, signal: controller.signal };
  await expect(verifyOidcProof(await tokenOf(good), expected, options)).rejects.toBe(reason);
});

it('takes the high and the low s of a provider that signs with ES256', async () => {
  const [header, claims, signature] = (await tokenOf(good, 'ES256')).split('.');
  const bytes = Buffer.from(signature as string, 'base64url');
  const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
  const twin = (order - BigInt(`0x${bytes.subarray(32).toString('hex')}`)).toString(16).padStart(64, '0');
  const other = Buffer.concat([bytes.subarray(0, 32), Buffer.from(twin, 'hex')]).toString('base64url');
  expect(await verify(`${header}.${claims}.${other}`)).toBe('accepted');
});

it('a stranger does not make us read every key of an issuer: without a name two are enough to say no', async () => {
  const jwk = await jwkOf('RS256', {});
  const named = await jwkOf('RS256', { kid: 'same' });
  const imports = vi.spyOn(crypto.subtle, 'importKey');
  try {
    const forged = async (header: object) => (await tokenOf(good, 'RS256', header)).replace(/[^.]+$/, 'AAAA');
    const nameless = issuerKeys({ [ISSUER]: Array.from({ length: 64 }, () => jwk) });
    const proofs = [await forged({}), await forged({ kid: 'same' })];
    imports.mockClear();
    expect(await verify(proofs[0] as string, nameless)).toBe('IDENTITY_FAILED');
    expect(imports.mock.calls.length).toBe(2);
    const sameName = issuerKeys({ [ISSUER]: Array.from({ length: 64 }, () => named) });
    imports.mockClear();
    expect(await verify(proofs[1] as string, sameName)).toBe('IDENTITY_FAILED');
    expect(imports.mock.calls.length).toBe(4);
  } finally {
    imports.mockRestore();
  }
});
