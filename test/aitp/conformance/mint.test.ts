// Placeholders, one by one; that what is minted holds is shown by the fixtures.

import { describe, expect, it } from 'vitest';
import { differingAnswers } from '../../../src/aitp/conformance/known-answers.js';
import { mintInput } from '../../../src/aitp/conformance/mint.js';
import { chainHash } from '../../../src/aitp/multihop.js';
import { T } from './in-process.js';

const A = 'aid:pubkey:O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik';
const B = 'aid:pubkey:A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg';

// biome-ignore lint/suspicious/noExplicitAny: fixtures are loose by nature
type Loose = any;
const mint = (input: Loose): Promise<Loose> => mintInput(input);
const header = (token: string) => JSON.parse(Buffer.from(token.split('.')[0] as string, 'base64url').toString());
const claims = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());

describe('the known answers', () => {
  it('come out', async () => {
    expect(await differingAnswers()).toEqual([]);
  });
});

describe('times and nonces', () => {
  it('are numbers around the reference clock', async () => {
    expect(await mint({ a: '__NOW__', b: ['__NOW_PLUS_60__', { c: '__NOW_MINUS_5__' }] })).toEqual({
      a: T,
      b: [T + 60, { c: T - 5 }],
    });
  });

  it('[13.7] are the published ones, counted from the start of each fixture', async () => {
    const input = { a: '__VALID_NONCE__', b: { c: '__VALID_NONCE__' }, d: '__VALID_NONCE__' };
    const known = { a: 'HXikAJO7qb0kOxZSdw3H8g', b: { c: 'lM2aeb_yLxUfq3xcFGFs4w' }, d: 'kKV5Xsv7Erns4aeeiaecqg' };
    expect(await mint(input)).toEqual(known);
    expect(await mint(input)).toEqual(known);
  });

  it('are echoed from the block they stand in, whatever the order of its members', async () => {
    const { a, b } = await mint({
      a: { echo: '__VALID_NONCE_ECHO__', nonce: '__VALID_NONCE__' },
      b: { nonce: '__VALID_NONCE__', inner: { echo: '__VALID_NONCE_ECHO__' } },
    });
    expect(a.echo).toBe(a.nonce);
    expect(b.inner.echo).toBe(b.nonce);
    expect(a.nonce).not.toBe(b.nonce);
  });

  it('are echoed by a later step from the last one before it', async () => {
    const { steps } = await mint({
      steps: [
        { n: '__VALID_NONCE__' },
        { e: '__VALID_NONCE_ECHO__' },
        { n: '__VALID_NONCE__' },
        { e: '__VALID_NONCE_ECHO__' },
      ],
    });
    expect([steps[1].e, steps[3].e]).toEqual([steps[0].n, steps[2].n]);
  });
});

describe('tokens', () => {
  const tct = { iss: A, x: 1 };

  it('are made of the claims beside them, which then go', async () => {
    const minted = await mint({ t: '__JWS_TCT__', t_claims: tct });
    expect(Object.keys(minted)).toEqual(['t']);
    expect(header(minted.t)).toEqual({ alg: 'EdDSA', typ: 'aitp-tct+jwt' });
    expect(claims(minted.t)).toEqual(tct);
  });

  it('have the defect they are named after', async () => {
    const made = async (name: string) => (await mint({ t: name, t_claims: tct })).t as string;
    const good = await made('__JWS_TCT__');
    const bad = await made('__JWS_TCT_TAMPERED_SIG__');
    const last = (token: string) => Buffer.from(token.split('.')[2] as string, 'base64url').at(-1) as number;
    expect(bad.split('.').slice(0, 2)).toEqual(good.split('.').slice(0, 2));
    expect(last(good) ^ last(bad)).toBe(1);
    const none = await made('__JWS_TCT_ALG_NONE__');
    expect(header(none).alg).toBe('none');
    expect(none.split('.')[2]).toBe('A'.repeat(86));
    expect(header(await made('__JWS_TCT_WRONG_ALG__')).alg).toBe('ES256');
    expect(header(await made('__JWS_VOUCHER_TAMPERED_SIG__')).typ).toBe('aitp-grant+jwt');
  });

  it('are minted from the inside out, and their chain is hashed', async () => {
    const inner = { iss: A, voucher: '__JWS_GRANT_VOUCHER__', voucher_claims: { iss: B } };
    const outer = {
      iss: B,
      chain: ['__JWS_DELEGATION__'],
      chain_claims: [inner],
      chain_hash: '__COMPUTED_CHAIN_HASH__',
    };
    const { d } = await mint({ d: '__JWS_DELEGATION__', d_claims: outer });
    const { chain, chain_hash } = claims(d);
    expect(chain_hash).toBe(await chainHash(chain));
    expect(claims(claims(chain[0]).voucher)).toEqual({ iss: B });
  });

  it('of an agent that is no test key are refused', async () => {
    await expect(mint({ t: '__JWS_TCT__', t_claims: { iss: 'aid:pubkey:nobody' } })).rejects.toThrow(TypeError);
  });
});

describe('a run ends at a placeholder', () => {
  it.each([
    ['nobody knows', { x: { y: ['__NOT_A_PLACEHOLDER__'] } }],
    ['that stands where it means nothing', { proof: '__VALID_JWT__' }],
    ['for a token without claims', { t: '__JWS_TCT__' }],
    ['for an echo of nothing', { e: '__VALID_NONCE_ECHO__' }],
  ])('%s', async (_, input) => {
    await expect(mint(input)).rejects.toThrow(/__/);
  });

  it('but texts that only look like one stay', async () => {
    expect(await mint({ a: '__lower__', b: '__A', c: 'x__NOW__' })).toEqual({
      a: '__lower__',
      b: '__A',
      c: 'x__NOW__',
    });
  });
});

describe('keys of made-up providers', () => {
  const identity = { type: 'oidc', issuer: 'https://idp.example.com', subject: 's', proof: '__VALID_JWT__' };
  const envelope = {
    message_id: '0a17c0de-0000-4000-8000-000000000001',
    timestamp: T,
    sender: { agent_id: B },
    payload: { identity, pop_nonce: 'AAAAAAAAAAAAAAAAAAAAAA' },
  };

  it('are handed over with the tokens they signed, unless the fixture has its own', async () => {
    const { resolved_issuer_keys: keys } = await mint({ envelope });
    expect(keys).toEqual({ 'https://idp.example.com': expect.stringMatching(/^[\w-]{43}$/) });
    expect((await mint({ envelope, resolved_issuer_keys: {} })).resolved_issuer_keys).toEqual({});
  });

  it('sign for the verifier of the fixture, or the default one', async () => {
    const audience = async (more: object) =>
      claims((await mint({ ...more, envelope })).envelope.payload.identity.proof).aud;
    expect(await audience({})).toBe(A);
    expect(await audience({ self_aid: B })).toBe(B);
  });
});
