import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { issueDelegation, verifyDelegation } from '../../src/aitp/delegation.js';
import {
  chainHash,
  extendDelegation,
  type VerifyMultihopOptions,
  verifyDelegationMultihop,
} from '../../src/aitp/multihop.js';
import { ownRevocations } from '../../src/aitp/revocation.js';
import { type AitpSigner, aitpSignerFromSeed } from '../../src/aitp/signer.js';
import {
  DELEGATION,
  delegationClaims,
  forge,
  GRANT,
  KEYS,
  NOW,
  now,
  TCT,
  type TestKey,
  tamper,
  uuid,
  voucherClaims,
  without,
} from './tokens-oracle.js';

const { A, B, C, D, P, attacker } = KEYS;

const nothingRevoked = ownRevocations(new Set());
const verify = (token: unknown, overrides: Partial<VerifyMultihopOptions> = {}) =>
  verifyDelegationMultihop(token, {
    verifier: A.aid,
    now,
    revocation: nothingRevoked,
    hopRevocation: nothingRevoked,
    pop: { dangerouslySkipPop: true },
    ...overrides,
  });
const refuses = (token: unknown, wireCode: string, overrides: Partial<VerifyMultihopOptions> = {}, why?: string) =>
  expect(verify(token, overrides), why).rejects.toMatchObject({ code: `ERR_AITP_${wireCode}`, wireCode });

const sha = (text: string) => createHash('sha256').update(text).digest('base64url');
/** The same commitment by another implementation. */
const hashOf = (chain: readonly string[]) => sha(JSON.stringify(chain.map(sha)));

const voucher = forge(A, GRANT, voucherClaims(A, B, { exp: NOW + 5000 }));
const first = (overrides: object = {}) =>
  forge(B, DELEGATION, delegationClaims(B, C, A, { voucher, jti: uuid(2), exp: NOW + 4000, ...overrides }));

function hop(from: TestKey, to: TestKey, chain: readonly string[], jti: string, overrides: object = {}, forgery = {}) {
  const more = { jti, chain, chain_hash: hashOf(chain), ...overrides };
  return forge(from, DELEGATION, delegationClaims(from, to, A, more), forgery);
}
const three = (overrides: object = {}, forgery = {}, begin = first()) =>
  hop(C, D, [begin], uuid(3), overrides, forgery);

let b: AitpSigner;
let c: AitpSigner;
let d: AitpSigner;
beforeAll(async () => {
  b = await aitpSignerFromSeed(B.seed);
  c = await aitpSignerFromSeed(C.seed);
  d = await aitpSignerFromSeed(D.seed);
});

describe('chain hash', () => {
  it('of an empty chain is the published one', async () => {
    expect(await chainHash([])).toBe('T1PNoYwrqgwDVLtfmj7L5e0Sq02OEbqHPC8RFhICuUU');
  });

  it('is that of another implementation', async () => {
    expect(await chainHash(['a.b.c', 'd.e.f'])).toBe(hashOf(['a.b.c', 'd.e.f']));
    // What the published vector hashes, from the digest of its one entry on.
    expect(sha('["ser99B3D-7baXJGh8Dte_3mWfdBq8Xc1MbVpeO7UVPo"]')).toBe('27qTmatfcU_X78-J80ezX7lbK1BViLdyeNh2XfJ-Zbw');
  });
});

it('three hops return the last scope', async () => {
  expect(await verify(three())).toEqual({
    token: expect.any(String),
    delegator: C.aid,
    delegatee: D.aid,
    issuedBy: A.aid,
    grants: ['read_data'],
    expiresAtSec: NOW + 1800,
    jkt: D.jkt,
    sourceJti: uuid(1),
    hops: 3,
  });
});

it('a single hop is taken too, with a jti or without', async () => {
  expect(await verify(first())).toMatchObject({ hops: 2, delegatee: C.aid });
  expect(await verify(first({ jti: undefined }))).toMatchObject({ hops: 2 });
});

it('our own chains verify, up to the limit that is set', async () => {
  const one = await issueDelegation(b, {
    voucher,
    delegatee: C.aid,
    scope: ['read_data', 'write_data'],
    now,
    jti: uuid(2),
  });
  const two = await extendDelegation(c, { prior: one, delegatee: D.aid, scope: ['write_data', 'read_data'], now });
  const end = await extendDelegation(d, { prior: two, delegatee: P.aid, scope: ['read_data'], now, ttlSec: 60 });
  expect(await verify(two)).toMatchObject({ hops: 3, grants: ['write_data', 'read_data'] });
  await refuses(end, 'DELEGATION_HOP_LIMIT_EXCEEDED');
  expect(await verify(end, { maxDelegationHops: 4 })).toMatchObject({ delegatee: P.aid, expiresAtSec: NOW + 60 });
  await refuses(two, 'DELEGATION_HOP_LIMIT_EXCEEDED', { maxDelegationHops: 2 });
});

it('[16.44] a verifier without the draft refuses every chain', async () => {
  const core = { verifier: A.aid, now, revocation: nothingRevoked, pop: { dangerouslySkipPop: true } } as const;
  await expect(verifyDelegation(three(), core)).rejects.toMatchObject({
    wireCode: 'DELEGATION_MULTIHOP_NOT_SUPPORTED',
  });
});

describe('[16.45] each check alone', () => {
  it.each<[string, string, () => string]>([
    ['four hops', 'DELEGATION_HOP_LIMIT_EXCEEDED', () => hop(D, P, [first(), three()], uuid(4))],
    ['four hops of garbage', 'DELEGATION_HOP_LIMIT_EXCEEDED', () => tamper(hop(D, P, ['x', 'y'], uuid(4)))],
    ['a wrong hash', 'DELEGATION_CHAIN_HASH_MISMATCH', () => three({ chain_hash: hashOf(['x']) })],
    ['no hash', 'DELEGATION_CHAIN_HASH_MISMATCH', () => three({ chain_hash: undefined })],
    ['the hash of an empty chain', 'DELEGATION_CHAIN_HASH_MISMATCH', () => three({ chain_hash: hashOf([]) })],
    ['an empty chain', 'DELEGATION_CHAIN_HASH_MISMATCH', () => hop(C, D, [], uuid(3))],
    ['a hash without a chain', 'DELEGATION_CHAIN_HASH_MISMATCH', () => first({ chain_hash: hashOf([]) })],
    ['a chain that is no list', 'DELEGATION_INVALID_SIGNATURE', () => three({ chain: 'x' })],
    ['a chain of objects', 'DELEGATION_INVALID_SIGNATURE', () => three({ chain: [{}] })],
    ['a first hop with a flipped bit', 'DELEGATION_INVALID_SIGNATURE', () => three({}, {}, tamper(first()))],
    ['a last hop with a flipped bit', 'DELEGATION_INVALID_SIGNATURE', () => tamper(three())],
    ['a voucher as first hop', 'TOKEN_TYP_MISMATCH', () => three({}, {}, voucher)],
    ['an unknown claim in the first', 'UNKNOWN_FIELD', () => three({}, {}, first({ nbf: 1 }))],
    ['a first hop for somebody else', 'DELEGATION_AUDIENCE_MISMATCH', () => three({}, {}, first({ aud: D.aid }))],
    ['a last hop for somebody else', 'DELEGATION_AUDIENCE_MISMATCH', () => three({ aud: D.aid })],
    ['a first hop that has expired', 'DELEGATION_EXPIRED', () => three({}, {}, first({ exp: NOW }))],
    [
      'a first hop bound to another key',
      'DELEGATION_INVALID_SIGNATURE',
      () => three({}, {}, first({ cnf: { jkt: D.jkt } })),
    ],
    ['a hop to itself', 'DELEGATION_INVALID_SIGNATURE', () => hop(C, C, [first()], uuid(3))],
    ['a first hop without jti', 'DELEGATION_INVALID_VOUCHER', () => three({}, {}, first({ jti: undefined }))],
    ['a last hop without jti', 'DELEGATION_INVALID_VOUCHER', () => three({ jti: undefined })],
    ['a jti twice', 'DELEGATION_INVALID_VOUCHER', () => three({ jti: uuid(2) })],
    ['no voucher', 'DELEGATION_INVALID_VOUCHER', () => three({}, {}, first({ voucher: undefined }))],
    ['a second voucher', 'DELEGATION_INVALID_VOUCHER', () => three({ voucher })],
    ['a hop by a stranger', 'DELEGATION_INVALID_VOUCHER', () => hop(attacker, D, [first()], uuid(3))],
    ['a last hop that lives longer', 'DELEGATION_EXPIRED', () => three({ exp: NOW + 4001 })],
    ['a first hop beyond the voucher', 'DELEGATION_EXPIRED', () => three({}, {}, first({ exp: NOW + 5001 }))],
    ['a hop that widens', 'DELEGATION_SCOPE_EXCEEDED', () => three({ scope: ['read_data', 'write_data'] })],
    ['a first hop that widens', 'DELEGATION_SCOPE_EXCEEDED', () => three({}, {}, first({ scope: ['all'] }))],
  ])('%s is %s', async (_what, wireCode, token) => {
    await refuses(token(), wireCode);
  });

  it('a middle hop that widens is found out even where the last one narrows again', async () => {
    const begin = first();
    const middle = hop(C, D, [begin], uuid(3), { scope: ['read_data', 'write_data'] });
    const end = hop(D, P, [begin, middle], uuid(4));
    await refuses(end, 'DELEGATION_SCOPE_EXCEEDED', { maxDelegationHops: 4 });
  });

  it('a middle hop may leave its own chain out, and must not tell another story', async () => {
    const begin = first();
    const limit = { maxDelegationHops: 4 };
    const through = (claims: object) => hop(D, P, [begin, hop(C, D, [begin], uuid(3), claims)], uuid(4));
    await verify(through({}), limit);
    await verify(through({ chain: undefined, chain_hash: undefined }), limit);
    const other = [first({ jti: uuid(7) })];
    await refuses(through({ chain: other, chain_hash: hashOf(other) }), 'DELEGATION_INVALID_VOUCHER', limit);
    await refuses(through({ chain_hash: hashOf(other) }), 'DELEGATION_INVALID_VOUCHER', limit);
    await refuses(through({ chain: undefined }), 'DELEGATION_INVALID_VOUCHER', limit);
  });

  it('a revoked source or hop is found out, after all signatures, at the issuer of each', async () => {
    const revoked = (jti: string) => ownRevocations(new Set([jti]));
    await refuses(three(), 'DELEGATION_SOURCE_TCT_REVOKED', { revocation: revoked(uuid(1)) });
    await refuses(three(), 'DELEGATION_SOURCE_TCT_REVOKED', { hopRevocation: revoked(uuid(2)) });
    await refuses(three(), 'DELEGATION_SOURCE_TCT_REVOKED', { hopRevocation: revoked(uuid(3)) });
    const check = vi.fn(async ({ grants }) => ({ grants, basis: 'list' as const }));
    await verify(three(), { hopRevocation: { check } });
    expect(check.mock.calls.map(([{ issuer, jti }]) => [issuer, jti])).toEqual([
      [B.aid, uuid(2)],
      [C.aid, uuid(3)],
    ]);
    check.mockClear();
    await refuses(tamper(three()), 'DELEGATION_INVALID_SIGNATURE', { revocation: { check }, hopRevocation: { check } });
    expect(check).not.toHaveBeenCalled();
  });

  it('the last delegatee has to prove its key', async () => {
    await refuses(three(), 'DELEGATION_POP_FAILED', { pop: { nonce: 'AAAAAAAAAAAAAAAAAAAAAA', signature: 'x' } });
  });
});

it('an earlier broken step wins over every later one', async () => {
  type Break = { code: string; header?: object; first?: object; last?: object; more?: 'tamper' | 'revoked' };
  const steps: readonly Break[] = [
    { code: 'TOKEN_TYP_MISMATCH', header: { typ: TCT } },
    { code: 'DELEGATION_CHAIN_HASH_MISMATCH', last: { chain_hash: 'x' } },
    { code: 'DELEGATION_AUDIENCE_MISMATCH', first: { aud: D.aid } },
    { code: 'DELEGATION_INVALID_SIGNATURE', more: 'tamper' },
    { code: 'DELEGATION_EXPIRED', last: { exp: NOW } },
    { code: 'DELEGATION_INVALID_VOUCHER', last: { jti: uuid(2) } },
    { code: 'DELEGATION_SCOPE_EXCEEDED', first: { scope: ['all'] } },
    { code: 'DELEGATION_INVALID_VOUCHER', last: { voucher } },
    { code: 'DELEGATION_SOURCE_TCT_REVOKED', more: 'revoked' },
  ];
  for (const [at, { code }] of steps.entries()) {
    for (const later of steps.slice(at)) {
      const broken = [later, steps[at] as Break];
      const header = Object.assign({ alg: 'EdDSA', typ: DELEGATION }, ...broken.map((step) => step.header));
      const begin = first(Object.assign({}, ...broken.map((step) => step.first)));
      const token = three(Object.assign({}, ...broken.map((step) => step.last)), { header }, begin);
      const has = (more: string) => broken.some((step) => step.more === more);
      const revocation = ownRevocations(new Set(has('revoked') ? [uuid(1)] : []));
      await refuses(has('tamper') ? tamper(token) : token, code, { revocation }, `${at} and ${later.code}`);
    }
  }
});

describe('extending', () => {
  const extend = (overrides: object = {}, signer = c) =>
    extendDelegation(signer, { prior: first(), delegatee: D.aid, scope: ['read_data'], now, ...overrides });

  it('refuses what a verifier would refuse', async () => {
    const refused = (wireCode: string, overrides: object, signer = c) =>
      expect(extend(overrides, signer)).rejects.toMatchObject({ wireCode });
    await refused('DELEGATION_INVALID_VOUCHER', {}, d);
    await refused('DELEGATION_INVALID_VOUCHER', {
      prior: forge(B, DELEGATION, without(delegationClaims(B, C, A), 'jti')),
    });
    await refused('DELEGATION_SCOPE_EXCEEDED', { scope: ['write_data'] });
    await refused('DELEGATION_EXPIRED', { now: () => NOW + 4000 });
    await refused('DELEGATION_INVALID_SIGNATURE', { delegatee: C.aid });
    await refused('DELEGATION_INVALID_SIGNATURE', { prior: tamper(first()) });
    await expect(extend({ jti: 'x' })).rejects.toBeInstanceOf(TypeError);
  });

  it('never outlives the hop before', async () => {
    expect(await verify(await extend({ ttlSec: 99_999 }))).toMatchObject({ expiresAtSec: NOW + 4000 });
  });
});

it.each<[string, object]>([
  ['hop revocation', { hopRevocation: undefined }],
  ['limit', { maxDelegationHops: '3' }],
])('a decision that is missing or wrong is a TypeError: %s', async (_what, overrides) => {
  await expect(verify('x', overrides as Partial<VerifyMultihopOptions>)).rejects.toBeInstanceOf(TypeError);
});
