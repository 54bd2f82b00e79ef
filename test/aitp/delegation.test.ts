import { importJWK, jwtVerify } from 'jose';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  issueDelegation,
  issueTctForDelegatee,
  proveDelegation,
  type VerifyDelegationOptions,
  verifyDelegation,
} from '../../src/aitp/delegation.js';
import { signPop } from '../../src/aitp/pop.js';
import { ownRevocations, type RevocationCheck } from '../../src/aitp/revocation.js';
import { type AitpSigner, aitpSignerFromSeed } from '../../src/aitp/signer.js';
import { issueTct } from '../../src/aitp/tct.js';
import {
  DELEGATION,
  delegationClaims,
  digestOf,
  forge,
  GRANT,
  JTI,
  KEYS,
  NOW,
  now,
  TCT,
  tamper,
  tctClaims,
  uuid,
  voucherClaims,
  without,
} from './tokens-oracle.js';

const { A, B, C, D, P } = KEYS;

const skipPop = { dangerouslySkipPop: true } as const;
const options = (overrides: Partial<VerifyDelegationOptions> = {}): VerifyDelegationOptions => ({
  verifier: A.aid,
  now,
  revocation: ownRevocations(new Set()),
  pop: skipPop,
  ...overrides,
});
const verify = (token: unknown, overrides: Partial<VerifyDelegationOptions> = {}) =>
  verifyDelegation(token, options(overrides));
const refuses = (token: unknown, wireCode: string, overrides: Partial<VerifyDelegationOptions> = {}, why?: string) =>
  expect(verify(token, overrides), why).rejects.toMatchObject({ code: `ERR_AITP_${wireCode}`, wireCode });

const voucher = forge(A, GRANT, voucherClaims(A, B));
const delegate = (overrides: object = {}, forgery = {}) =>
  forge(B, DELEGATION, delegationClaims(B, C, A, { voucher, ...overrides }), forgery);

let a: AitpSigner;
let b: AitpSigner;
let c: AitpSigner;
beforeAll(async () => {
  a = await aitpSignerFromSeed(A.seed);
  b = await aitpSignerFromSeed(B.seed);
  c = await aitpSignerFromSeed(C.seed);
});

const issuerManifest = { dangerouslyIgnoreIssuerManifest: true } as const;

async function publishedVoucher(): Promise<string> {
  const grants = ['macp.mode.respond.v1', 'macp.mode.task.v1'];
  const { voucher: text } = await issueTct(a, { subject: B.aid, grants, now, issuerManifest, jti: uuid(1) });
  return text as string;
}

describe('known answers', () => {
  it('[16.7] minting the published delegation gives the published bytes', async () => {
    const token = await issueDelegation(b, {
      voucher: await publishedVoucher(),
      delegatee: C.aid,
      scope: ['macp.mode.task.v1'],
      now,
      ttlSec: 1800,
    });
    expect(token).toHaveLength(1268);
    expect(digestOf(token)).toBe('30b555257f8266d10990d2be895d751c962e1f18b75b07744ce48290d69bfef0');
    expect(await verify(token)).toMatchObject({ grants: ['macp.mode.task.v1'] });
  });

  it('[16.37] a good one returns its scope', async () => {
    expect(await verify(delegate())).toEqual({
      token: expect.any(String),
      delegator: B.aid,
      delegatee: C.aid,
      issuedBy: A.aid,
      grants: ['read_data'],
      expiresAtSec: NOW + 1800,
      jkt: C.jkt,
      sourceJti: uuid(1),
      hops: 2,
    });
  });

  it('[16.34] jose verifies ours', async () => {
    const token = await issueDelegation(b, { voucher, delegatee: C.aid, scope: ['read_data'], now });
    const { d: _secret, ...jwk } = B.privateKey.export({ format: 'jwk' }) as Record<string, string>;
    const { payload } = await jwtVerify(token, await importJWK(jwk, 'EdDSA'), {
      typ: DELEGATION,
      audience: A.aid,
      currentDate: new Date(NOW * 1000),
    });
    expect(payload).toEqual(delegationClaims(B, C, A, { voucher }));
  });
});

describe('each step alone', () => {
  const voucherOf = (overrides: object, key = A) => forge(key, GRANT, voucherClaims(key, B, overrides));
  const garbage = (claims: object) => `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.!`;

  it.each<[string, string, unknown]>([
    ['[16.44] chain with a garbage signature', 'DELEGATION_MULTIHOP_NOT_SUPPORTED', tamper(delegate({ chain: ['x'] }))],
    ['[16.44] chain and nothing else', 'DELEGATION_MULTIHOP_NOT_SUPPORTED', garbage({ chain: [] })],
    ['[16.44] chain in a token of another type', 'DELEGATION_MULTIHOP_NOT_SUPPORTED', forge(B, TCT, { chain: null })],
    ['[16.44] chain in an object of the old version', 'DELEGATION_MULTIHOP_NOT_SUPPORTED', { chain: [{}] }],
    ['jti without chain', 'UNKNOWN_FIELD', delegate({ jti: JTI })],
    ['chain_hash without chain', 'UNKNOWN_FIELD', delegate({ chain_hash: 'x' })],
    ['no token', 'DELEGATION_INVALID_SIGNATURE', undefined],
    ['garbage', 'DELEGATION_INVALID_SIGNATURE', 'a.b.c'],
    ['TCT as delegation', 'TOKEN_TYP_MISMATCH', forge(A, TCT, tctClaims(A, B))],
    ['voucher as delegation', 'TOKEN_TYP_MISMATCH', voucher],
    ['alg none', 'TOKEN_ALG_MISMATCH', delegate({}, { header: { alg: 'none', typ: DELEGATION } })],
    ['flipped bit', 'DELEGATION_INVALID_SIGNATURE', tamper(delegate())],
    ['signed by the delegatee', 'DELEGATION_INVALID_SIGNATURE', delegate({}, { signer: C })],
    ['unknown claim', 'UNKNOWN_FIELD', delegate({ iat: NOW })],
    ['other version', 'UNKNOWN_VERSION', delegate({ ver: 'aitp/0.1' })],
    ['empty scope', 'DELEGATION_INVALID_SIGNATURE', delegate({ scope: [] })],
    ['aud as a list', 'DELEGATION_INVALID_SIGNATURE', delegate({ aud: [A.aid] })],
    ['[16.41] other audience', 'DELEGATION_AUDIENCE_MISMATCH', delegate({ aud: D.aid })],
    ['exp is now', 'DELEGATION_EXPIRED', delegate({ exp: NOW })],
    ['no voucher', 'DELEGATION_INVALID_VOUCHER', forge(B, DELEGATION, delegationClaims(B, C, A))],
    ['a TCT as voucher', 'TOKEN_TYP_MISMATCH', delegate({ voucher: forge(A, TCT, tctClaims(A, B)) })],
    ['[16.39] voucher of somebody else', 'DELEGATION_INVALID_VOUCHER', delegate({ voucher: voucherOf({}, D) })],
    ['[16.39] voucher by the delegator itself', 'DELEGATION_INVALID_VOUCHER', delegate({ voucher: voucherOf({}, B) })],
    ['voucher with a flipped bit', 'DELEGATION_INVALID_VOUCHER', delegate({ voucher: tamper(voucher) })],
    [
      '[16.39] voucher for another subject',
      'DELEGATION_INVALID_VOUCHER',
      delegate({ voucher: forge(A, GRANT, voucherClaims(A, D)) }),
    ],
    ['expired voucher', 'DELEGATION_EXPIRED', delegate({ voucher: voucherOf({ exp: NOW }) })],
    ['[16.40] exp beyond the voucher', 'DELEGATION_EXPIRED', delegate({ exp: NOW + 3601 })],
    [
      '[16.38] scope beyond the voucher',
      'DELEGATION_SCOPE_EXCEEDED',
      delegate({ scope: ['read_data', 'delete_data'] }),
    ],
    [
      '[16.42] to the delegator itself',
      'DELEGATION_INVALID_SIGNATURE',
      forge(B, DELEGATION, delegationClaims(B, B, A, { voucher })),
    ],
    ['cnf of another key', 'DELEGATION_INVALID_SIGNATURE', delegate({ cnf: { jkt: D.jkt } })],
  ])('%s is %s', async (_what, wireCode, token) => {
    await refuses(token, wireCode);
  });

  it.each(['ver', 'iss', 'sub', 'aud', 'scope', 'exp', 'cnf'])('without %s it is malformed', async (name) => {
    const token = forge(B, DELEGATION, without(delegationClaims(B, C, A, { voucher }), name));
    await refuses(token, 'DELEGATION_INVALID_SIGNATURE');
  });

  it('[16.43] a revoked source is found out, and only after all signatures', async () => {
    const revocation = ownRevocations(new Set([uuid(1)]));
    await refuses(delegate(), 'DELEGATION_SOURCE_TCT_REVOKED', { revocation });
    const check = vi.fn<RevocationCheck['check']>();
    for (const token of [tamper(delegate()), delegate({ voucher: tamper(voucher) })]) {
      await expect(verify(token, { revocation: { check } })).rejects.toMatchObject({ name: 'AitpError' });
    }
    expect(check).not.toHaveBeenCalled();
  });

  it('a source that holds in part only does not hold', async () => {
    const check = async () => ({ grants: [], basis: 'soft_fail' as const });
    await refuses(delegate(), 'DELEGATION_SOURCE_TCT_REVOKED', { revocation: { check } });
  });

  it('other verdicts of the check come through', async () => {
    const check = () => Promise.reject(new RangeError('x'));
    await expect(verify(delegate(), { revocation: { check } })).rejects.toBeInstanceOf(RangeError);
  });

  it('the proof has to be by the delegatee, over the nonce', async () => {
    const [nonce, other] = ['AAECAwQFBgcICQoLDA0ODw', 'AAAAAAAAAAAAAAAAAAAAAA'];
    const signature = await signPop(nonce, c);
    await verify(delegate(), { pop: { nonce, signature } });
    await refuses(delegate(), 'DELEGATION_POP_FAILED', { pop: { nonce: other, signature } });
    await refuses(delegate(), 'DELEGATION_POP_FAILED', { pop: { nonce, signature: await signPop(nonce, b) } });
    await refuses(delegate(), 'DELEGATION_POP_FAILED', { pop: { nonce: 'short', signature } });
    const later = await verify(delegate());
    expect(await proveDelegation(later, { pop: { nonce, signature } })).toBe(later);
    await expect(proveDelegation(later, { pop: { nonce: other, signature } })).rejects.toMatchObject({
      wireCode: 'DELEGATION_POP_FAILED',
    });
  });

  it('a delegator and a verifier may be of different suites', async () => {
    const own = forge(P, GRANT, voucherClaims(P, B));
    const token = forge(B, DELEGATION, delegationClaims(B, C, P, { voucher: own }));
    expect(await verify(token, { verifier: P.aid })).toMatchObject({ issuedBy: P.aid });
  });
});

it('an earlier broken step wins over every later one', async () => {
  type Break = {
    code: string;
    header?: object;
    claims?: object;
    voucher?: object;
    more?: 'tamper' | 'revoked' | 'pop';
  };
  const steps: readonly Break[] = [
    { code: 'DELEGATION_MULTIHOP_NOT_SUPPORTED', claims: { chain: ['x'] } },
    { code: 'DELEGATION_INVALID_SIGNATURE', header: { kid: 'x' } },
    { code: 'TOKEN_TYP_MISMATCH', header: { typ: TCT } },
    { code: 'UNKNOWN_FIELD', claims: { jti: JTI } },
    { code: 'TOKEN_ALG_MISMATCH', header: { alg: 'ES256' } },
    { code: 'DELEGATION_INVALID_SIGNATURE', more: 'tamper' },
    { code: 'UNKNOWN_FIELD', claims: { unheard: 1 } },
    { code: 'UNKNOWN_VERSION', claims: { ver: 'aitp/9' } },
    { code: 'DELEGATION_INVALID_SIGNATURE', claims: { cnf: {} } },
    { code: 'DELEGATION_AUDIENCE_MISMATCH', claims: { aud: D.aid } },
    { code: 'DELEGATION_INVALID_VOUCHER', voucher: { src_jti: '1' } },
    { code: 'DELEGATION_INVALID_VOUCHER', voucher: { sub: D.aid } },
    { code: 'DELEGATION_EXPIRED', voucher: { exp: NOW } },
    { code: 'DELEGATION_EXPIRED', claims: { exp: NOW + 3601 } },
    { code: 'DELEGATION_SCOPE_EXCEEDED', claims: { scope: ['all'] } },
    { code: 'DELEGATION_SOURCE_TCT_REVOKED', more: 'revoked' },
    { code: 'DELEGATION_INVALID_SIGNATURE', claims: { cnf: { jkt: B.jkt } } },
    { code: 'DELEGATION_POP_FAILED', more: 'pop' },
  ];
  for (const [first, { code }] of steps.entries()) {
    for (let second = first; second < steps.length; second++) {
      const broken = [steps[second] as Break, steps[first] as Break];
      const header = Object.assign({ alg: 'EdDSA', typ: DELEGATION }, ...broken.map((step) => step.header));
      const own = forge(A, GRANT, voucherClaims(A, B, Object.assign({}, ...broken.map((step) => step.voucher))));
      const claims = Object.assign({ voucher: own }, ...broken.map((step) => step.claims));
      const token = delegate(claims, { header });
      const has = (more: string) => broken.some((step) => step.more === more);
      await refuses(
        has('tamper') ? tamper(token) : token,
        code,
        {
          revocation: ownRevocations(new Set(has('revoked') ? [uuid(1)] : [])),
          pop: has('pop') ? { nonce: 'x', signature: 'x' } : skipPop,
        },
        `${first} and ${second}`,
      );
    }
  }
});

it('every changed byte of a minted delegation is refused', async () => {
  const bytes = Buffer.from(await issueDelegation(b, { voucher, delegatee: C.aid, scope: ['read_data'], now }));
  for (let at = 0; at < bytes.length; at++) {
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] as number) ^ 1;
    await expect(verify(flipped.toString('latin1')), `byte ${at}`).rejects.toMatchObject({ name: 'AitpError' });
  }
});

describe('issuing', () => {
  const issue = (overrides: object = {}, signer = b) =>
    issueDelegation(signer, { voucher, delegatee: C.aid, scope: ['read_data'], now, ...overrides });

  it('never outlives the voucher', async () => {
    expect(await verify(await issue({ ttlSec: 99_999 }))).toMatchObject({ expiresAtSec: NOW + 3600 });
    expect(await verify(await issue())).toMatchObject({ expiresAtSec: NOW + 1800 });
  });

  it('refuses what a verifier would refuse', async () => {
    const refused = (wireCode: string, overrides: object, signer = b) =>
      expect(issue(overrides, signer)).rejects.toMatchObject({ wireCode });
    await refused('DELEGATION_SCOPE_EXCEEDED', { scope: ['all'] });
    await refused('DELEGATION_INVALID_VOUCHER', {}, c);
    await refused('DELEGATION_INVALID_VOUCHER', { voucher: tamper(voucher) });
    await refused('DELEGATION_INVALID_VOUCHER', { voucher: 'x' });
    await refused('DELEGATION_EXPIRED', { now: () => NOW + 3600 });
    await refused('DELEGATION_INVALID_SIGNATURE', { delegatee: B.aid });
    await refused('DELEGATION_INVALID_SIGNATURE', { delegatee: 'C' });
    await expect(issue({ scope: [] })).rejects.toBeInstanceOf(TypeError);
    await expect(issue({ jti: 'x' })).rejects.toBeInstanceOf(TypeError);
    await expect(issue({ ttlSec: 0 })).rejects.toBeInstanceOf(RangeError);
  });

  it('a delegatee gets a TCT within the scope, and not for longer than the delegation', async () => {
    const delegation = await verify(await issue({ scope: ['read_data', 'write_data'] }));
    const redeem = (overrides: object = {}, signer = a) =>
      issueTctForDelegatee(signer, delegation, { now, issuerManifest, ...overrides });
    const { tct } = await redeem();
    expect(tct).toMatchObject({ issuer: A.aid, subject: C.aid, expiresAtSec: NOW + 1800 });
    expect(tct.grants).toEqual(['read_data', 'write_data']);
    expect((await redeem({ grants: ['write_data', 'all'] })).tct.grants).toEqual(['write_data']);
    expect((await redeem({ issuerManifest: { expiresAtSec: NOW + 5 } })).tct.expiresAtSec).toBe(NOW + 5);
    await expect(redeem({ grants: ['all'] })).rejects.toMatchObject({ wireCode: 'POLICY_VIOLATION' });
    await expect(redeem({ now: () => NOW + 1800 })).rejects.toMatchObject({ wireCode: 'DELEGATION_EXPIRED' });
    await expect(redeem({}, b)).rejects.toMatchObject({ wireCode: 'DELEGATION_AUDIENCE_MISMATCH' });
  });
});

it.each<[string, object]>([
  ['verifier', { verifier: undefined }],
  ['clock', { now: undefined }],
  ['revocation', { revocation: undefined }],
  ['proof', { pop: undefined }],
  ['half a proof', { pop: { nonce: 'x' } }],
])('a decision that is missing is a TypeError: %s', async (_what, overrides) => {
  await expect(verify('garbage', overrides as Partial<VerifyDelegationOptions>)).rejects.toBeInstanceOf(TypeError);
});

describe('one key under two names', () => {
  const tagged = (key: typeof B) => key.aid.replace('aid:pubkey:', 'aid:pubkey:ed25519:');

  it('does not delegate to itself', async () => {
    const selfish = forge(B, DELEGATION, delegationClaims(B, { ...B, aid: tagged(B) }, A, { voucher }));
    await refuses(selfish, 'DELEGATION_INVALID_SIGNATURE');
    const issued = issueDelegation(b, { voucher, delegatee: tagged(B), scope: ['read_data'], now });
    await expect(issued).rejects.toMatchObject({ wireCode: 'DELEGATION_INVALID_SIGNATURE' });
  });

  it('is not the agent a voucher or a delegation names', async () => {
    const other = { ...B, aid: tagged(B) };
    await refuses(forge(other, DELEGATION, delegationClaims(other, C, A, { voucher })), 'DELEGATION_INVALID_VOUCHER');
    await refuses(delegate({ aud: tagged(A) }), 'DELEGATION_AUDIENCE_MISMATCH');
  });
});

it('an answer that carries the waiver as well is still looked at', async () => {
  const nonce = 'AAAAAAAAAAAAAAAAAAAAAA';
  const both = (signature: string) => ({ nonce, signature, dangerouslySkipPop: true }) as never;
  await refuses(delegate(), 'DELEGATION_POP_FAILED', { pop: both('x') });
  await refuses(delegate(), 'DELEGATION_POP_FAILED', { pop: both(await signPop(nonce, b)) });
  expect(await verify(delegate(), { pop: both(await signPop(nonce, c)) })).toMatchObject({ delegatee: C.aid });
});

it('the proof that was asked for is the one that counts, whoever changes the options meanwhile', async () => {
  const changing = { ...options({ pop: { nonce: 'AAAAAAAAAAAAAAAAAAAAAA', signature: 'x' } }) };
  const verdict = verifyDelegation(delegate(), changing);
  Object.assign(changing, { pop: skipPop, verifier: B.aid });
  await expect(verdict).rejects.toMatchObject({ wireCode: 'DELEGATION_POP_FAILED' });
});
