import { importJWK, jwtVerify } from 'jose';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { AitpSigner } from '../../src/aitp/signer.js';
import { aitpSignerFromSeed } from '../../src/aitp/signer.js';
import { type IssueTctOptions, issueTct, type VerifyTctOptions, verifyTct } from '../../src/aitp/tct.js';
import { verifyVoucherMirror } from '../../src/aitp/voucher.js';
import {
  DELEGATION,
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

const { A, B, C, P, attacker } = KEYS;

const noRevocation = { dangerouslyIgnoreRevocation: true } as const;
const noManifest = { dangerouslyIgnoreIssuerManifest: true } as const;

function options(overrides: Partial<VerifyTctOptions> = {}): VerifyTctOptions {
  return {
    issuer: A.aid,
    audience: B.aid,
    now,
    issuerManifest: noManifest,
    revocation: noRevocation,
    ...overrides,
  };
}

const verify = (token: unknown, overrides: Partial<VerifyTctOptions> = {}) => verifyTct(token, options(overrides));
const refuses = (token: unknown, wireCode: string, overrides: Partial<VerifyTctOptions> = {}, why?: string) =>
  expect(verify(token, overrides), why).rejects.toMatchObject({ code: `ERR_AITP_${wireCode}`, wireCode });

const good = forge(A, TCT, tctClaims(A, B));

let a: AitpSigner;
let p: AitpSigner;

beforeAll(async () => {
  a = await aitpSignerFromSeed(A.seed);
  p = await aitpSignerFromSeed(P.seed, { suite: 'p256' });
});

const issuing = (overrides: Partial<IssueTctOptions> = {}): IssueTctOptions => ({
  subject: B.aid,
  grants: ['macp.mode.task.v1'],
  now,
  issuerManifest: noManifest,
  jti: JTI,
  ...overrides,
});

describe('known answers', () => {
  it('[16.7] minting the published TCT gives the published bytes', async () => {
    const { tct } = await issueTct(a, issuing());
    expect(tct.token).toHaveLength(639);
    expect(digestOf(tct.token)).toBe('6d80abb413d34fd4546f48a638c9ff3a832e74a99df8db3eccafaeed387805d2');
  });

  it('the ES256 TCT of a second implementation verifies, and ours has the same covered text', async () => {
    const { tct } = await issueTct(p, issuing({ subject: A.aid }));
    const [header, payload] = tct.token.split('.');
    expect(header).toBe('eyJhbGciOiJFUzI1NiIsInR5cCI6ImFpdHAtdGN0K2p3dCJ9');
    const signature = 'uxAPx_0wrLMmET4cSqPe69o6VTmF5cKw_A6ck7mntZ8cFy5NEQc5vdorIeUNF-yeJaWJrm9XNZzO6OEGuW8j0g';
    const published = `${header}.${payload}.${signature}`;
    expect((await verify(published, { issuer: P.aid, audience: A.aid })).issuer).toBe(P.aid);
    expect((await verify(tct.token, { issuer: P.aid, audience: A.aid })).issuer).toBe(P.aid);
  });

  it('reads every claim', async () => {
    expect(await verify(forge(A, TCT, tctClaims(A, B, { ext: { 'x.y/z': [1] } })))).toEqual({
      token: expect.any(String),
      jti: JTI,
      issuer: A.aid,
      subject: B.aid,
      grants: ['macp.mode.task.v1'],
      claimedGrants: ['macp.mode.task.v1'],
      issuedAtSec: NOW,
      expiresAtSec: NOW + 3600,
      jkt: '1IG2tMH7J2wbJZnOf8LJzQitKf7LMvoAElsuDMVM54Y',
      extensions: { 'x.y/z': [1] },
    });
  });
});

describe('each step alone', () => {
  const claims = (overrides: object) => forge(A, TCT, tctClaims(A, B, overrides));
  const header = (text: string) => forge(A, TCT, tctClaims(A, B), { header: text });
  const [headerText, payloadText, signatureText] = good.split('.') as [string, string, string];
  const quoted = JSON.stringify(tctClaims(A, B));

  it.each<[string, string, unknown]>([
    ['[16.24] alg none', 'TOKEN_ALG_MISMATCH', header(`{"alg":"none","typ":"${TCT}"}`)],
    ['[16.24] alg None', 'TOKEN_ALG_MISMATCH', header(`{"alg":"None","typ":"${TCT}"}`)],
    ['[16.24] alg HS256', 'TOKEN_ALG_MISMATCH', header(`{"alg":"HS256","typ":"${TCT}"}`)],
    ['[16.24] alg ES256 of an Ed25519 issuer', 'TOKEN_ALG_MISMATCH', header(`{"alg":"ES256","typ":"${TCT}"}`)],
    ['[16.24] alg Ed25519, the other name', 'TOKEN_ALG_MISMATCH', header(`{"alg":"Ed25519","typ":"${TCT}"}`)],
    ['[16.25] voucher as TCT', 'TOKEN_TYP_MISMATCH', forge(A, GRANT, voucherClaims(A, B))],
    ['[16.25] delegation as TCT', 'TOKEN_TYP_MISMATCH', forge(A, DELEGATION, tctClaims(A, B))],
    ['[16.25] typ in other case', 'TOKEN_TYP_MISMATCH', forge(A, 'AITP-TCT+JWT', tctClaims(A, B))],
    ['[16.26] header with kid', 'TCT_SIGNATURE_INVALID', header(`{"alg":"EdDSA","kid":"1","typ":"${TCT}"}`)],
    ['[16.26] header with crit', 'TCT_SIGNATURE_INVALID', header(`{"alg":"EdDSA","crit":["b64"],"typ":"${TCT}"}`)],
    ['[16.26] header with alg twice', 'TCT_SIGNATURE_INVALID', header(`{"alg":"none","alg":"EdDSA","typ":"${TCT}"}`)],
    ['[16.26] header without typ', 'TCT_SIGNATURE_INVALID', header('{"alg":"EdDSA"}')],
    ['[16.26] header that is a list', 'TCT_SIGNATURE_INVALID', header('["EdDSA"]')],
    ['[16.26] two segments', 'TCT_SIGNATURE_INVALID', `${headerText}.${payloadText}`],
    ['[16.26] four segments', 'TCT_SIGNATURE_INVALID', `${good}.AAAA`],
    ['[16.26] empty signature', 'TCT_SIGNATURE_INVALID', `${headerText}.${payloadText}.`],
    ['[16.26] empty payload', 'TCT_SIGNATURE_INVALID', `${headerText}..${signatureText}`],
    ['[16.26] empty header', 'TCT_SIGNATURE_INVALID', `.${payloadText}.${signatureText}`],
    ['[16.26] padded segment', 'TCT_SIGNATURE_INVALID', `${headerText}.${payloadText}=.${signatureText}`],
    ['[16.26] whitespace', 'TCT_SIGNATURE_INVALID', ` ${good}`],
    ['[16.26] no text', 'TCT_SIGNATURE_INVALID', { token: good }],
    ['[16.26] too long', 'TCT_SIGNATURE_INVALID', `${headerText}.${'A'.repeat(65_536)}.${signatureText}`],
    ['[16.5] member twice', 'TCT_SIGNATURE_INVALID', forge(A, TCT, quoted.replace('{"jkt"', '{"jkt":"x","jkt"'))],
    ['[16.27] flipped bit', 'TCT_SIGNATURE_INVALID', tamper(good)],
    ['signed by somebody else', 'TCT_SIGNATURE_INVALID', forge(A, TCT, tctClaims(A, B), { signer: attacker })],
    ['another issuer', 'TCT_SIGNATURE_INVALID', forge(attacker, TCT, tctClaims(attacker, B))],
    ['no iss', 'TCT_SIGNATURE_INVALID', forge(A, TCT, without(tctClaims(A, B), 'iss'))],
    [
      'tagged form of the issuer',
      'TCT_SIGNATURE_INVALID',
      claims({ iss: A.aid.replace('pubkey:', 'pubkey:ed25519:') }),
    ],
    ['[16.28] unknown claim', 'UNKNOWN_FIELD', claims({ nbf: NOW })],
    ['[16.28] __proto__ as a claim', 'UNKNOWN_FIELD', forge(A, TCT, quoted.replace('{', '{"__proto__":{},'))],
    ['[16.28] unknown member of cnf', 'UNKNOWN_FIELD', claims({ cnf: { jkt: B.jkt, jwk: {} } })],
    ['[16.28] ext that is no object', 'TCT_SIGNATURE_INVALID', claims({ ext: [] })],
    ['ver of the past', 'UNKNOWN_VERSION', claims({ ver: 'aitp/0.1' })],
    ['ver that is no text', 'TCT_SIGNATURE_INVALID', claims({ ver: 2 })],
    ['[16.29] aud as a list', 'TCT_SIGNATURE_INVALID', claims({ aud: [B.aid] })],
    ['[16.29] aud is not sub', 'AUDIENCE_MISMATCH', claims({ sub: C.aid, cnf: { jkt: C.jkt } })],
    ['[16.29] for somebody else', 'AUDIENCE_MISMATCH', forge(A, TCT, tctClaims(A, C))],
    ['[16.30] exp is now', 'TCT_EXPIRED', claims({ exp: NOW })],
    ['[16.30] iat in the future', 'TCT_EXPIRED', claims({ iat: NOW + 1 })],
    ['exp with a fraction', 'TCT_SIGNATURE_INVALID', claims({ exp: NOW + 0.5 })],
    ['exp as text', 'TCT_SIGNATURE_INVALID', claims({ exp: String(NOW + 3600) })],
    ['iat below zero', 'TCT_SIGNATURE_INVALID', claims({ iat: -1 })],
    ['jti in upper case', 'TCT_SIGNATURE_INVALID', claims({ jti: JTI.toUpperCase() })],
    ['sub that is no AID', 'TCT_SIGNATURE_INVALID', claims({ sub: 'B', aud: 'B' })],
    ['[16.31] cnf of another key', 'TCT_SIGNATURE_INVALID', claims({ cnf: { jkt: C.jkt } })],
    ['[16.31] cnf without jkt', 'TCT_SIGNATURE_INVALID', claims({ cnf: {} })],
    ['[16.31] no grants', 'TCT_SIGNATURE_INVALID', claims({ grants: [] })],
    ['grant with a space', 'TCT_SIGNATURE_INVALID', claims({ grants: ['a b'] })],
    ['grant twice', 'TCT_SIGNATURE_INVALID', claims({ grants: ['a', 'a'] })],
    ['grants as text', 'TCT_SIGNATURE_INVALID', claims({ grants: 'a' })],
  ])('%s is %s', async (_what, wireCode, token) => {
    await refuses(token, wireCode);
  });

  it.each(['ver', 'jti', 'sub', 'aud', 'iat', 'exp', 'grants', 'cnf'])('without %s it is malformed', async (name) => {
    await refuses(forge(A, TCT, without(tctClaims(A, B), name)), 'TCT_SIGNATURE_INVALID');
  });

  it('[16.30] exp may reach the end of the Manifest and not a second more', async () => {
    await verify(good, { issuerManifest: { expiresAtSec: NOW + 3600 } });
    await refuses(good, 'TCT_EXPIRES_AFTER_MANIFEST', { issuerManifest: { aid: A.aid, expiresAtSec: NOW + 3599 } });
  });

  it('the second before exp is still good, and iat may be now', async () => {
    await verify(forge(A, TCT, tctClaims(A, B, { exp: NOW + 1 })));
  });

  it('[16.9] an ES256 signature with a high S is refused, its twin taken', async () => {
    const [low, high] = [false, true].map((highS) => forge(P, TCT, tctClaims(P, B), { highS }));
    await verify(low, { issuer: P.aid });
    await refuses(high, 'TCT_SIGNATURE_INVALID', { issuer: P.aid });
  });

  it('ES256 with EdDSA in the header is refused before any signature work', async () => {
    const token = forge(P, TCT, tctClaims(P, B), { header: { alg: 'EdDSA', typ: TCT } });
    await refuses(token, 'TOKEN_ALG_MISMATCH', { issuer: P.aid });
  });

  it('[16.32] a listed jti is revoked, and the check is told what it needs', async () => {
    const check = vi.fn(async ({ grants }) => ({ grants, basis: 'list' as const }));
    const { signal } = new AbortController();
    await verify(good, { revocation: { check }, signal });
    expect(check).toHaveBeenCalledExactlyOnceWith({
      issuer: A.aid,
      jti: JTI,
      grants: ['macp.mode.task.v1'],
      nowSec: NOW,
      signal,
    });
    const { ownRevocations } = await import('../../src/aitp/revocation.js');
    await refuses(good, 'TCT_REVOKED', { revocation: ownRevocations(new Set([JTI])) });
    await verify(good, { revocation: ownRevocations(new Set([uuid(9)])) });
  });

  it('a check counts, whatever stands beside it', async () => {
    const { ownRevocations } = await import('../../src/aitp/revocation.js');
    const { check } = ownRevocations(new Set([JTI]));
    for (const dangerouslyIgnoreRevocation of [undefined, false, true]) {
      const revocation = { check, dangerouslyIgnoreRevocation } as VerifyTctOptions['revocation'];
      await refuses(good, 'TCT_REVOKED', { revocation });
    }
  });

  it('a check that narrows the grants narrows what may be used, not what was said', async () => {
    const token = forge(A, TCT, tctClaims(A, B, { grants: ['a', 'b'] }));
    const check = async () => ({ grants: ['b'], basis: 'soft_fail' as const });
    expect(await verify(token, { revocation: { check } })).toMatchObject({ grants: ['b'], claimedGrants: ['a', 'b'] });
  });
});

describe('order', () => {
  // Each row breaks its own step; joined with every later one, the earlier code has to win.
  type Break = {
    readonly code: string;
    readonly header?: object;
    readonly claims?: object;
    readonly break?: 'signature';
  };
  const STEPS: readonly Break[] = [
    { code: 'TCT_SIGNATURE_INVALID', header: { kid: 'x' } },
    { code: 'TOKEN_TYP_MISMATCH', header: { typ: GRANT } },
    { code: 'UNKNOWN_FIELD', claims: { more: 1 } },
    { code: 'TOKEN_ALG_MISMATCH', header: { alg: 'none' } },
    { code: 'TCT_SIGNATURE_INVALID', break: 'signature' },
    { code: 'UNKNOWN_VERSION', claims: { ver: 'aitp/9' } },
    { code: 'TCT_SIGNATURE_INVALID', claims: { grants: [] } },
    { code: 'AUDIENCE_MISMATCH', claims: { aud: C.aid } },
    { code: 'TCT_EXPIRED', claims: { exp: NOW } },
    { code: 'TCT_SIGNATURE_INVALID', claims: { cnf: { jkt: A.jkt } } },
    { code: 'TCT_EXPIRES_AFTER_MANIFEST' },
    { code: 'TCT_REVOKED' },
  ];
  const build = (...broken: number[]) => {
    const steps = broken.map((at) => STEPS[at] as Break);
    const header = Object.assign({ alg: 'EdDSA', typ: TCT }, ...steps.map((step) => step.header));
    const token = forge(A, TCT, tctClaims(A, B, Object.assign({}, ...steps.map((step) => step.claims))), { header });
    const check = vi.fn(async ({ grants }) => ({ grants, basis: 'list' as const }));
    const revoked = { check: vi.fn(() => Promise.reject(Object.assign(new Error(), { wireCode: 'TCT_REVOKED' }))) };
    const revocation = broken.includes(11) ? revoked : { check };
    const issuerManifest = broken.includes(10) ? { expiresAtSec: NOW - 1 } : noManifest;
    const text = steps.some((step) => step.break === 'signature') ? tamper(token) : token;
    return { asked: revocation.check, verdict: verify(text, { revocation, issuerManifest }) };
  };

  it('nothing broken, nothing refused', () => build().verdict);

  for (const [first, { code }] of STEPS.entries()) {
    it(`step ${first + 1} alone, and before every later one, is ${code}`, async () => {
      await expect(build(first).verdict).rejects.toMatchObject({ wireCode: code });
      for (let second = first + 1; second < STEPS.length; second++) {
        const { verdict, asked } = build(first, second);
        await expect(verdict, `with step ${second + 1}`).rejects.toMatchObject({ wireCode: code });
        if (first < 11) expect(asked).not.toHaveBeenCalled();
      }
    });
  }
});

it('[16.27] every changed byte of a minted token is refused, without a look at revocation', async () => {
  const { tct } = await issueTct(a, issuing());
  const check = vi.fn();
  const fetched = vi.spyOn(globalThis, 'fetch');
  const bytes = Buffer.from(tct.token);
  for (let at = 0; at < bytes.length; at++) {
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] as number) ^ 1;
    await expect(verify(flipped.toString('latin1'), { revocation: { check } }), `byte ${at}`).rejects.toMatchObject({
      name: 'AitpError',
    });
  }
  expect(check).not.toHaveBeenCalled();
  expect(fetched).not.toHaveBeenCalled();
  fetched.mockRestore();
});

it('every shorter token is refused', async () => {
  for (let end = 0; end < good.length; end += 7) {
    await expect(verify(good.slice(0, end)), `${end}`).rejects.toMatchObject({ name: 'AitpError' });
  }
});

describe('[16.34] jose', () => {
  it.each(['EdDSA', 'ES256'] as const)('verifies what we sign with %s, and we what it signs', async (alg) => {
    const [signer, key] = alg === 'EdDSA' ? [a, A] : [p, P];
    const { tct } = await issueTct(signer, issuing());
    const jwk = { ...(key.privateKey.export({ format: 'jwk' }) as Record<string, string>) };
    const { d: _secret, ...publicJwk } = jwk;
    const { payload, protectedHeader } = await jwtVerify(tct.token, await importJWK(publicJwk, alg), {
      issuer: key.aid,
      audience: B.aid,
      typ: TCT,
      currentDate: new Date(NOW * 1000),
    });
    expect(protectedHeader).toEqual({ alg, typ: TCT });
    expect(payload).toEqual(tctClaims(key, B));
  });
});

describe('decisions', () => {
  it.each<[string, object]>([
    ['issuer', { issuer: undefined }],
    ['audience', { audience: undefined }],
    ['clock', { now: undefined }],
    ['Manifest', { issuerManifest: undefined }],
    ['revocation', { revocation: undefined }],
    ['waiver that is not true', { revocation: { dangerouslyIgnoreRevocation: false } }],
    ['Manifest of somebody else', { issuerManifest: { aid: B.aid, expiresAtSec: NOW * 2 } }],
  ])('a missing or wrong one is a TypeError: %s', async (_what, overrides) => {
    await expect(verify('garbage', overrides as Partial<VerifyTctOptions>)).rejects.toBeInstanceOf(TypeError);
  });

  it('leaving one out does not compile', () => {
    const decided = options();
    const rows = (): readonly VerifyTctOptions[] => {
      const { revocation: _r, ...noRevocationDecision } = decided;
      const { issuerManifest: _m, ...noManifestDecision } = decided;
      const { now: _n, ...noClock } = decided;
      const { issuer: _i, ...noIssuer } = decided;
      return [
        // @ts-expect-error: no word about revocation
        noRevocationDecision,
        // @ts-expect-error: no word about the Manifest
        noManifestDecision,
        // @ts-expect-error: no clock
        noClock,
        // @ts-expect-error: no issuer
        noIssuer,
        // @ts-expect-error: a waiver says true, or is none
        { ...decided, revocation: { dangerouslyIgnoreRevocation: false } },
      ];
    };
    expect(rows()).toHaveLength(5);
  });

  it('a clock in milliseconds and fractions is a RangeError', async () => {
    await expect(verify(good, { now: () => NOW + 0.5 })).rejects.toBeInstanceOf(RangeError);
  });

  it('any issuer and any holder, where the words are said', async () => {
    const token = forge(C, TCT, tctClaims(C, P));
    const tct = await verify(token, {
      issuer: { dangerouslyAcceptAnyIssuer: true },
      audience: { dangerouslyAcceptAnyHolder: true },
    });
    expect(tct).toMatchObject({ issuer: C.aid, subject: P.aid });
    await refuses(tamper(token), 'TCT_SIGNATURE_INVALID', { issuer: { dangerouslyAcceptAnyIssuer: true } });
    await refuses(forge(C, TCT, tctClaims(C, P, { aud: A.aid })), 'AUDIENCE_MISMATCH', {
      issuer: { dangerouslyAcceptAnyIssuer: true },
      audience: { dangerouslyAcceptAnyHolder: true },
    });
  });

  it('an aborted signal ends it with its own reason', async () => {
    const reason = new Error('enough');
    await expect(verify(good, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('a revocation check that never answers does not outlive the signal', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const check = () => {
      controller.abort(reason);
      return new Promise<never>(() => {});
    };
    await expect(verify(good, { signal: controller.signal, revocation: { check } })).rejects.toBe(reason);
  });

  it('a revocation check that answers about another token grants nothing this one does not', async () => {
    const check = async () => ({ grants: ['admin', 'macp.mode.task.v1'], basis: 'list' }) as const;
    const tct = await verify(good, { revocation: { check } });
    expect(tct.grants).toEqual(['macp.mode.task.v1']);
  });

  it('the end of one Manifest is not taken for a bound on the tokens of anybody else', async () => {
    const issuerManifest = { aid: A.aid, expiresAtSec: NOW + 9_999 };
    for (const issuer of [C.aid, { dangerouslyAcceptAnyIssuer: true }] as const) {
      await expect(verify(forge(C, TCT, tctClaims(C, B)), { issuer, issuerManifest })).rejects.toBeInstanceOf(
        TypeError,
      );
    }
    await expect(issueTct(a, issuing({ issuerManifest: { ...issuerManifest, aid: C.aid } }))).rejects.toBeInstanceOf(
      TypeError,
    );
    expect((await issueTct(a, issuing({ issuerManifest }))).tct.issuer).toBe(A.aid);
  });

  it('options that answer differently the second time decide nothing', async () => {
    let reads = 0;
    const shifty = {
      ...options(),
      get issuer() {
        reads++;
        return reads === 1 ? A.aid : (undefined as never);
      },
    };
    await expect(verifyTct(forge(attacker, TCT, tctClaims(attacker, B)), shifty)).rejects.toMatchObject({
      wireCode: 'TCT_SIGNATURE_INVALID',
    });
  });
});

it('a runtime without WebCrypto comes to the same verdicts', async () => {
  vi.resetModules();
  vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
  try {
    const { verifyTct: verifyThere } = await import('../../src/aitp/tct/index.js');
    const es256 = forge(P, TCT, tctClaims(P, B));
    expect(await verifyThere(good, options())).toMatchObject({ jti: JTI });
    expect(await verifyThere(es256, options({ issuer: P.aid }))).toMatchObject({ issuer: P.aid });
    for (const [token, issuer] of [
      [tamper(good), A.aid],
      [tamper(es256), P.aid],
      [forge(P, TCT, tctClaims(P, B), { highS: true }), P.aid],
    ] as const) {
      await expect(verifyThere(token, options({ issuer }))).rejects.toMatchObject({
        wireCode: 'TCT_SIGNATURE_INVALID',
      });
    }
  } finally {
    vi.unstubAllGlobals();
    vi.resetModules();
  }
});

describe('issuing', () => {
  it('makes a fresh jti, and a voucher that mirrors the token', async () => {
    const { jti: _unused, ...rest } = issuing();
    const [one, two] = [await issueTct(a, rest), await issueTct(a, rest)];
    expect(one.tct.jti).not.toBe(two.tct.jti);
    expect(await verifyVoucherMirror(one.voucher, one.tct)).toMatchObject({ sourceJti: one.tct.jti });
    await expect(verifyVoucherMirror(one.voucher, two.tct)).rejects.toMatchObject({
      wireCode: 'TCT_SIGNATURE_INVALID',
    });
    await expect(verifyVoucherMirror('x.y.z', two.tct)).rejects.toMatchObject({
      wireCode: 'TCT_SIGNATURE_INVALID',
      cause: { wireCode: 'DELEGATION_INVALID_VOUCHER' },
    });
    expect((await issueTct(a, issuing({ voucher: false }))).voucher).toBeUndefined();
  });

  it('what it returns is what a verifier reads', async () => {
    const { tct } = await issueTct(a, issuing({ grants: ['b', 'a'], extensions: { 'com.example/x': { y: [true] } } }));
    expect(await verify(tct.token)).toEqual(tct);
  });

  it('never outlives the Manifest or another end', async () => {
    const until = (expiresAtSec: number, notAfterSec?: number) =>
      issueTct(a, issuing({ issuerManifest: { expiresAtSec }, ...(notAfterSec ? { notAfterSec } : {}) }));
    expect((await until(NOW + 60)).tct.expiresAtSec).toBe(NOW + 60);
    expect((await until(NOW + 60, NOW + 30)).tct.expiresAtSec).toBe(NOW + 30);
    expect((await until(NOW + 9999)).tct.expiresAtSec).toBe(NOW + 3600);
    await expect(until(NOW)).rejects.toMatchObject({ wireCode: 'MANIFEST_EXPIRED' });
  });

  it('nothing granted is a violation of policy; nonsense is the fault of the caller', async () => {
    await expect(issueTct(a, issuing({ grants: [] }))).rejects.toMatchObject({ wireCode: 'POLICY_VIOLATION' });
    await expect(issueTct(a, issuing({ grants: ['a', 'a'] }))).rejects.toBeInstanceOf(TypeError);
    await expect(issueTct(a, issuing({ grants: ['a b'] }))).rejects.toBeInstanceOf(TypeError);
    await expect(issueTct(a, issuing({ jti: 'x' }))).rejects.toBeInstanceOf(TypeError);
    await expect(issueTct(a, issuing({ ttlSec: 0 }))).rejects.toBeInstanceOf(RangeError);
    await expect(issueTct(a, issuing({ subject: 'B' }))).rejects.toMatchObject({ wireCode: 'IDENTITY_FAILED' });
  });
});
