// The scheme signed_jwt, held to tokens that an independent library makes.

import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { jwtAuthenticator } from '../../../src/arcp/runtime/jwt.js';
import { encodeBase64url } from '../../../src/codec/base64url.js';
import { keySet } from '../../../src/documents/jwks.js';
import { EPOCH_MS, testRuntime } from '../support/raw-peer.js';

const NOW = EPOCH_MS / 1_000;
const secret = new Uint8Array(32).fill(7);
const claims: JWTPayload = { aud: 'runtime-1', sub: 'alice', exp: NOW + 600 };

function hs256(payload: JWTPayload, alg = 'HS256', key = secret): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg }).sign(key);
}

/** What a runtime answers to a token, and the principal it found. */
async function open(token: string | undefined, options: Partial<Parameters<typeof jwtAuthenticator>[0]> = {}) {
  const defaults = options.keys === undefined ? { hs256Secret: secret } : {};
  const authenticator = jwtAuthenticator({ audience: 'runtime-1', ...defaults, ...options });
  const { connect, runtime, faults } = testRuntime({ authenticators: [authenticator] });
  const peer = connect();
  const id = peer.send('session.open', {
    auth: { scheme: 'signed_jwt', ...(token === undefined ? undefined : { token }) },
    client: { kind: 'x', version: '1' },
  });
  const { type, payload } = await peer.answerTo(id);
  expect(faults).toEqual([]);
  return { type, code: payload.code, principal: runtime.sessions()[0]?.principal };
}

const REJECTED = { type: 'session.rejected', code: 'UNAUTHENTICATED', principal: undefined };
const ACCEPTED = { type: 'session.accepted', code: undefined, principal: 'alice' };

describe('HS256', () => {
  test('[10.18] with the right audience, subject and a future expiry is accepted; the principal is the subject', async () => {
    expect(await open(await hs256(claims))).toEqual(ACCEPTED);
    expect(await open(await hs256({ ...claims, aud: ['other', 'runtime-1'] }))).toEqual(ACCEPTED);
  });

  test.each([
    ['expired by 60 s, which is the leeway', { exp: NOW - 60 }, ACCEPTED],
    ['[10.18] expired by more', { exp: NOW - 61 }, REJECTED],
    ['[10.18] without an expiry', { exp: undefined }, REJECTED],
    ['[10.18] for another audience', { aud: 'runtime-2' }, REJECTED],
    ['[10.18] for several others', { aud: ['runtime-2', 'runtime-10'] }, REJECTED],
    ['[10.18] without an audience', { aud: undefined }, REJECTED],
    ['without a subject', { sub: undefined }, REJECTED],
    ['for a stranger', { sub: 'anonymous:sess_1' }, REJECTED],
    ['not valid before long', { nbf: NOW + 61 }, REJECTED],
    ['valid from now on, as far as clocks agree', { nbf: NOW + 60 }, ACCEPTED],
  ])('%s', async (_title, change, answer) => {
    const payload = Object.fromEntries(
      Object.entries({ ...claims, ...change }).filter(([, value]) => value !== undefined),
    );
    expect(await open(await hs256(payload))).toEqual(answer);
  });

  test('of another issuer than the one wanted is rejected', async () => {
    expect(await open(await hs256({ ...claims, iss: 'them' }), { issuer: 'us' })).toEqual(REJECTED);
    expect(await open(await hs256({ ...claims, iss: 'us' }), { issuer: 'us' })).toEqual(ACCEPTED);
  });

  test('[10.18] unsigned, of another algorithm, another key, or cut, is rejected', async () => {
    const token = await hs256(claims);
    const unsigned = new UnsecuredJWT(claims).encode();
    const tokens = [
      undefined,
      '',
      'a.b',
      'a.b.c',
      unsigned,
      `${unsigned}x`,
      `${token}.x`,
      token.slice(0, -2),
      token.slice(0, token.lastIndexOf('.') + 1),
      await hs256(claims, 'HS512', new Uint8Array(64).fill(7)),
      await hs256(claims, 'HS256', new Uint8Array(32).fill(8)),
      `${token.slice(0, token.lastIndexOf('.'))}.${'A'.repeat(43)}`,
    ];
    for (const wrong of tokens) expect(await open(wrong)).toEqual(REJECTED);
  });
});

test.each(['none', 'HS512', 'RS256', undefined])(
  '[10.18] a token that says alg %s over a good HS256 signature is rejected',
  async (alg) => {
    const encode = (value: object) => encodeBase64url(new TextEncoder().encode(JSON.stringify(value)));
    const sign = async (header: object) => {
      const covered = `${encode(header)}.${encode(claims)}`;
      const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
      const signature = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(covered));
      return `${covered}.${encodeBase64url(new Uint8Array(signature))}`;
    };
    expect(await open(await sign({ alg: 'HS256' }))).toEqual(ACCEPTED);
    expect(await open(await sign({ alg }))).toEqual(REJECTED);
  },
);

describe.each(['EdDSA', 'ES256'])('%s', (alg) => {
  test('[10.18] signed by a key of the set is accepted, by another one rejected', async () => {
    const ours = await generateKeyPair(alg, { extractable: true });
    const theirs = await generateKeyPair(alg, { extractable: true });
    const keys = keySet({ keys: [(await exportJWK(ours.publicKey)) as never] });
    const sign = (key: CryptoKey) => new SignJWT(claims).setProtectedHeader({ alg }).sign(key);
    expect(await open(await sign(ours.privateKey), { keys })).toEqual(ACCEPTED);
    expect(await open(await sign(theirs.privateKey), { keys })).toEqual(REJECTED);
  });

  test('[10.18] HS256 keyed with the public key is rejected where keys are configured', async () => {
    const { publicKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = await exportJWK(publicKey);
    const raw = new TextEncoder().encode(`${jwk.x}${jwk.x}`);
    expect(await open(await hs256(claims, 'HS256', raw), { keys: keySet({ keys: [jwk as never] }) })).toEqual(REJECTED);
  });
});

test.each([
  ['no keys at all', {}, TypeError],
  ['both kinds of keys', { keys: keySet([]), hs256Secret: secret }, TypeError],
  ['a secret that is too short', { hs256Secret: secret.subarray(1) }, RangeError],
  ['no audience', { audience: '', hs256Secret: secret }, TypeError],
  ['a leeway of an hour', { hs256Secret: secret, leewaySeconds: 3_600 }, RangeError],
])('an authenticator with %s is not made', (_title, options, ErrorOfKind) => {
  expect(() => jwtAuthenticator({ audience: 'runtime-1', ...options })).toThrow(ErrorOfKind);
});
