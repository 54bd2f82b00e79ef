import { importJWK, jwtVerify } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { type AitpSigner, aitpSignerFromSeed } from '../../src/aitp/signer.js';
import { issueTct } from '../../src/aitp/tct.js';
import { signVoucher, verifyVoucher } from '../../src/aitp/voucher.js';
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

const { A, B, C, P } = KEYS;

const verify = (token: unknown, verifier = A.aid) => verifyVoucher(token, { verifier, now });
const refuses = (token: unknown, wireCode: string, why?: string) =>
  expect(verify(token), why).rejects.toMatchObject({ code: `ERR_AITP_${wireCode}`, wireCode });

let a: AitpSigner;
beforeAll(async () => {
  a = await aitpSignerFromSeed(A.seed);
});

/** The voucher of a TCT with this jti, as the published example has it. */
async function mint(jti: string, grants: readonly string[], signer = a): Promise<string> {
  const issuerManifest = { dangerouslyIgnoreIssuerManifest: true } as const;
  const { voucher } = await issueTct(signer, { subject: B.aid, grants, now, issuerManifest, jti });
  return voucher as string;
}

it('[16.7] minting the published voucher gives the published bytes', async () => {
  const token = await mint(uuid(1), ['macp.mode.respond.v1', 'macp.mode.task.v1']);
  expect(token).toHaveLength(514);
  expect(digestOf(token)).toBe('db2b2a5b26ba0654de69cf4224662dc2ac9bf94daa2f1df58d2204e2ca8029ad');
});

it('says what its TCT says', async () => {
  expect(await verify(forge(A, GRANT, voucherClaims(A, B, { ext: { x: 1 } })))).toEqual({
    token: expect.any(String),
    issuer: A.aid,
    subject: B.aid,
    grants: ['read_data', 'write_data'],
    issuedAtSec: NOW,
    expiresAtSec: NOW + 3600,
    sourceJti: uuid(1),
    extensions: { x: 1 },
  });
});

it('[16.34] jose verifies ours', async () => {
  const { d: _secret, ...jwk } = A.privateKey.export({ format: 'jwk' }) as Record<string, string>;
  const { payload } = await jwtVerify(await mint(JTI, ['a']), await importJWK(jwk, 'EdDSA'), {
    typ: GRANT,
    currentDate: new Date(NOW * 1000),
  });
  expect(payload).toEqual(voucherClaims(A, B, { grants: ['a'], src_jti: JTI }));
});

describe('each step alone', () => {
  const claims = (overrides: object) => forge(A, GRANT, voucherClaims(A, B, overrides));
  const header = (members: object) => forge(A, GRANT, voucherClaims(A, B), { header: members });

  it.each<[string, string, unknown]>([
    ['no token', 'DELEGATION_INVALID_VOUCHER', undefined],
    ['two segments', 'DELEGATION_INVALID_VOUCHER', 'AAAA.AAAA'],
    ['header with kid', 'DELEGATION_INVALID_VOUCHER', header({ alg: 'EdDSA', kid: '1', typ: GRANT })],
    ['[16.25] TCT as voucher', 'TOKEN_TYP_MISMATCH', forge(A, TCT, tctClaims(A, B))],
    ['delegation as voucher', 'TOKEN_TYP_MISMATCH', forge(A, DELEGATION, delegationClaims(A, B, A))],
    ['alg none', 'TOKEN_ALG_MISMATCH', header({ alg: 'none', typ: GRANT })],
    ['[16.39] another issuer', 'DELEGATION_INVALID_VOUCHER', forge(C, GRANT, voucherClaims(C, B))],
    ['[16.39] issuer of the other suite', 'DELEGATION_INVALID_VOUCHER', forge(P, GRANT, voucherClaims(P, B))],
    ['flipped bit', 'DELEGATION_INVALID_VOUCHER', tamper(claims({}))],
    ['signed by the subject', 'DELEGATION_INVALID_VOUCHER', forge(A, GRANT, voucherClaims(A, B), { signer: B })],
    ['unknown claim', 'UNKNOWN_FIELD', claims({ jti: JTI })],
    ['other version', 'UNKNOWN_VERSION', claims({ ver: 'aitp/0.1' })],
    ['no version', 'DELEGATION_INVALID_VOUCHER', forge(A, GRANT, without(voucherClaims(A, B), 'ver'))],
    ['no grants', 'DELEGATION_INVALID_VOUCHER', claims({ grants: [] })],
    ['src_jti that is no UUID', 'DELEGATION_INVALID_VOUCHER', claims({ src_jti: '1' })],
    ['[16.33] exp is now', 'DELEGATION_EXPIRED', claims({ exp: NOW })],
  ])('%s is %s', async (_what, wireCode, token) => {
    await refuses(token, wireCode);
  });

  it('[16.9] a high S is refused', async () => {
    const token = (highS: boolean) => forge(P, GRANT, voucherClaims(P, B), { highS });
    await verify(token(false), P.aid);
    await expect(verify(token(true), P.aid)).rejects.toMatchObject({ wireCode: 'DELEGATION_INVALID_VOUCHER' });
  });
});

it('an earlier broken step wins over every later one', async () => {
  type Break = { code: string; header?: object; claims?: object; tamper?: true };
  const steps: readonly Break[] = [
    { code: 'DELEGATION_INVALID_VOUCHER', header: { kid: 'x' } },
    { code: 'TOKEN_TYP_MISMATCH', header: { typ: TCT } },
    { code: 'DELEGATION_INVALID_VOUCHER', claims: { iss: C.aid } },
    { code: 'TOKEN_ALG_MISMATCH', header: { alg: 'ES256' } },
    { code: 'DELEGATION_INVALID_VOUCHER', tamper: true },
    { code: 'UNKNOWN_FIELD', claims: { more: 1 } },
    { code: 'UNKNOWN_VERSION', claims: { ver: 'aitp/9' } },
    { code: 'DELEGATION_INVALID_VOUCHER', claims: { grants: [] } },
    { code: 'DELEGATION_EXPIRED', claims: { exp: NOW - 1 } },
  ];
  for (const [first, { code }] of steps.entries()) {
    for (let second = first; second < steps.length; second++) {
      const broken = [steps[first] as Break, steps[second] as Break];
      const header = Object.assign({ alg: 'EdDSA', typ: GRANT }, ...broken.map((step) => step.header));
      const claims = voucherClaims(A, B, Object.assign({}, ...broken.map((step) => step.claims)));
      const token = forge(A, GRANT, claims, { header });
      await refuses(broken.some((step) => step.tamper) ? tamper(token) : token, code, `${first} and ${second}`);
    }
  }
});

it('every changed byte of a minted voucher is refused', async () => {
  const bytes = Buffer.from(await mint(JTI, ['a']));
  for (let at = 0; at < bytes.length; at++) {
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] as number) ^ 1;
    await expect(verify(flipped.toString('latin1')), `byte ${at}`).rejects.toMatchObject({ name: 'AitpError' });
  }
});

it('only the issuer of a TCT signs its voucher', async () => {
  const issuerManifest = { dangerouslyIgnoreIssuerManifest: true } as const;
  const { tct } = await issueTct(a, { subject: B.aid, grants: ['a'], now, issuerManifest });
  await expect(signVoucher(await aitpSignerFromSeed(B.seed), tct)).rejects.toBeInstanceOf(TypeError);
});

it('a verifier and a clock are asked for', async () => {
  await expect(verifyVoucher('x', { now } as never)).rejects.toBeInstanceOf(TypeError);
  await expect(verifyVoucher('x', { verifier: A.aid } as never)).rejects.toBeInstanceOf(TypeError);
});
