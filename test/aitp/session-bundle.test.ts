import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { ownRevocations } from '../../src/aitp/revocation.js';
import { sessionBook } from '../../src/aitp/session-book.js';
import { type VerifySessionBundleOptions, verifySessionBundle } from '../../src/aitp/session-bundle.js';
import { buildSessionBundle } from '../../src/aitp/session-bundle-shape.js';
import { type AitpSigner, aitpSignerFromSeed } from '../../src/aitp/signer.js';
import { issueTct, type Tct } from '../../src/aitp/tct.js';
import { canonicalize } from '../../src/codec/jcs.js';
import {
  digestOf,
  forge,
  GRANT,
  JTI,
  KEYS,
  NOW,
  now,
  signBytes,
  TCT,
  type TestKey,
  tamper,
  tctClaims,
  uuid,
  voucherClaims,
  without,
} from './tokens-oracle.js';

const { A, B, C, D, attacker } = KEYS;
const SESSION = '650e8400-e29b-41d4-a716-446655440000';
const issuerManifest = { dangerouslyIgnoreIssuerManifest: true } as const;

/** A token of the coordinator's for a member. */
const token = (member: TestKey, number: number, overrides: object = {}, issuer = A) =>
  forge(issuer, TCT, tctClaims(issuer, member, { jti: uuid(number), ...overrides }));

const honest = () => ({
  version: 'aitp/0.2',
  session_id: SESSION,
  coordinator: A.aid,
  issued_at: NOW,
  expires_at: NOW + 3600,
  participants: [
    { aid: B.aid, tct: token(B, 1) },
    { aid: C.aid, tct: token(C, 2, { exp: NOW + 4000 }) },
  ],
});

/** Signs a body, by another implementation. */
function sign(body: object, key: TestKey = A): string {
  const digest = createHash('sha256').update(canonicalize(body)).digest();
  return Buffer.from(signBytes(key, digest)).toString('base64url');
}
const seal = (overrides: object = {}, key: TestKey = A) => {
  const body = JSON.parse(JSON.stringify({ ...honest(), ...overrides })) as object;
  return JSON.stringify({ session_bundle: { ...body, signature: sign(body, key) } });
};

const verify = (input: string, overrides: Partial<VerifySessionBundleOptions> = {}) =>
  verifySessionBundle(input, { verifier: B.aid, now, revocation: ownRevocations(new Set()), ...overrides });
const refuses = (input: string, wireCode: string, overrides: Partial<VerifySessionBundleOptions> = {}, why?: string) =>
  expect(verify(input, overrides), why).rejects.toMatchObject({ code: `ERR_AITP_${wireCode}`, wireCode });

let a: AitpSigner;
beforeAll(async () => {
  a = await aitpSignerFromSeed(A.seed);
});

it('[16.7] building the published bundle gives the published signature', async () => {
  const { tct } = await issueTct(a, { subject: B.aid, grants: ['macp.mode.task.v1'], now, issuerManifest, jti: JTI });
  const built = await buildSessionBundle(a, { tcts: [tct], now, sessionId: SESSION });
  const { signature, ...body } = (JSON.parse(built) as { session_bundle: { signature: string } }).session_bundle;
  expect(digestOf(canonicalize(body))).toBe('c577854d144c912e145e8ec6cbab09361ceb709a43be5cbd1ef538085b1aa5e5');
  expect(signature).toBe('czzmjpVf5rtZ2-FvfMcviSUCeY2WSu69v2ZECpflHAKVaEikz4w6m5fOVuBZkCL8DXX-lkY905NvYxjQTg_TBw');
  expect(await verify(built)).toMatchObject({ kind: 'clear', activeAids: [B.aid] });
});

it('a member reads who else is there', async () => {
  const bundle = await verify(seal({ extensions: { 'com.example/x': 1 } }));
  expect(bundle).toMatchObject({
    kind: 'clear',
    sessionId: SESSION,
    coordinator: A.aid,
    issuedAtSec: NOW,
    expiresAtSec: NOW + 3600,
    activeAids: [B.aid, C.aid],
    droppedAids: [],
  });
  expect(bundle.members[1]?.tct.jti).toBe(uuid(2));
});

describe('[16.66] each check alone', () => {
  const members = (...participants: readonly (readonly [TestKey, string])[]) => ({
    participants: participants.map(([{ aid }, tct]) => ({ aid, tct })),
  });
  const body = (change: (bundle: Record<string, unknown>) => unknown) =>
    JSON.stringify(change((JSON.parse(seal()) as { session_bundle: Record<string, unknown> }).session_bundle));

  it.each<[string, string, () => string]>([
    ['no JSON', 'SESSION_BUNDLE_INVALID', () => '{'],
    ['a bare body', 'SESSION_BUNDLE_INVALID', () => body((bundle) => bundle)],
    [
      'the signature beside the body',
      'SESSION_BUNDLE_INVALID',
      () => body(({ signature, ...rest }) => ({ session_bundle: rest, signature })),
    ],
    [
      'a second signature beside the body',
      'SESSION_BUNDLE_INVALID',
      () => body((bundle) => ({ session_bundle: bundle, signature: bundle.signature })),
    ],
    ['no signature', 'SESSION_BUNDLE_INVALID', () => body(({ signature: _, ...rest }) => ({ session_bundle: rest }))],
    ['a member twice', 'SESSION_BUNDLE_INVALID', () => seal().replace('"version"', '"version":"x","version"')],
    ['no session', 'SESSION_BUNDLE_INVALID', () => seal({ session_id: undefined })],
    ['an unknown member beside it', 'UNKNOWN_FIELD', () => body((bundle) => ({ session_bundle: bundle, x: 1 }))],
    ['an unknown member', 'UNKNOWN_FIELD', () => seal({ more: 1 })],
    ['another version', 'BUNDLE_VERSION_MISMATCH', () => seal({ version: 'aitp/0.1' })],
    ['the end of its time', 'BUNDLE_EXPIRED', () => seal({ expires_at: NOW })],
    ['an end before the first token', 'BUNDLE_EXPIRY_WINDOW_INVARIANT', () => seal({ expires_at: NOW + 3599 })],
    ['an end after the first token', 'BUNDLE_EXPIRY_WINDOW_INVARIANT', () => seal({ expires_at: NOW + 4000 })],
    ['no participants', 'BUNDLE_EMPTY_PARTICIPANTS', () => seal({ participants: [] })],
    ['a signature of somebody else', 'BUNDLE_INVALID_SIGNATURE', () => seal({}, attacker)],
    [
      'a signature over the wrapper',
      'BUNDLE_INVALID_SIGNATURE',
      () => JSON.stringify({ session_bundle: { ...honest(), signature: sign({ session_bundle: honest() }) } }),
    ],
    [
      'a changed body',
      'BUNDLE_INVALID_SIGNATURE',
      () => seal().replace(`"issued_at":${NOW}`, `"issued_at":${NOW - 1}`),
    ],
    [
      'a token of another issuer',
      'BUNDLE_COORDINATOR_ISSUER_MISMATCH',
      () => seal(members([B, token(B, 1)], [C, token(C, 2, {}, D)])),
    ],
    ['a token for somebody else', 'BUNDLE_AUDIENCE_MISMATCH', () => seal(members([B, token(B, 1)], [C, token(D, 2)]))],
    [
      'a token with a flipped bit',
      'BUNDLE_PARTICIPANT_TCT_INVALID',
      () => seal(members([B, token(B, 1)], [C, tamper(token(C, 2))])),
    ],
    [
      'a voucher for a token',
      'BUNDLE_PARTICIPANT_TCT_INVALID',
      () => seal(members([B, token(B, 1)], [C, forge(A, GRANT, voucherClaims(A, C))])),
    ],
    ['garbage for a token', 'BUNDLE_PARTICIPANT_TCT_INVALID', () => seal(members([B, token(B, 1)], [C, 'x']))],
    [
      'a token without an end',
      'BUNDLE_PARTICIPANT_TCT_INVALID',
      () => seal(members([B, token(B, 1)], [C, forge(A, TCT, without(tctClaims(A, C), 'exp'))])),
    ],
    ['a verifier that is no member', 'BUNDLE_NOT_MEMBER', () => seal(members([C, token(C, 2)]))],
  ])('%s is %s', async (_what, wireCode, input) => {
    await refuses(input(), wireCode);
  });

  it('a member whose token was revoked is dropped, the verifier itself refused', async () => {
    expect(await verify(seal(), { revocation: ownRevocations(new Set([uuid(2)])) })).toMatchObject({
      kind: 'degraded',
      activeAids: [B.aid],
      droppedAids: [C.aid],
    });
    await refuses(seal(), 'BUNDLE_PARTICIPANT_TCT_INVALID', { revocation: ownRevocations(new Set([uuid(1)])) });
  });

  it('revocation is not asked about before the signature holds', async () => {
    const check = vi.fn();
    await refuses(seal({}, attacker), 'BUNDLE_INVALID_SIGNATURE', { revocation: { check } });
    expect(check).not.toHaveBeenCalled();
  });

  it('another coordinator than the one wanted', async () => {
    await verify(seal(), { coordinator: A.aid });
    await refuses(seal(), 'BUNDLE_INVALID_SIGNATURE', { coordinator: D.aid });
  });

  it("the coordinator's Manifest, where one is asked for", async () => {
    const find = (manifest: { aid: string; expiresAtSec: number } | undefined) => ({
      findManifest: async () => manifest,
    });
    await verify(seal(), find({ aid: A.aid, expiresAtSec: NOW + 9000 }));
    await refuses(seal(), 'KEY_RESOLUTION_FAILED', find(undefined));
    await refuses(seal(), 'KEY_RESOLUTION_FAILED', find({ aid: D.aid, expiresAtSec: NOW + 9000 }));
    await refuses(seal(), 'KEY_RESOLUTION_FAILED', { findManifest: () => Promise.reject(new Error('down')) });
    await refuses(seal(), 'BUNDLE_PARTICIPANT_TCT_INVALID', find({ aid: A.aid, expiresAtSec: NOW + 3999 }));
  });

  it('longer than the limit', async () => {
    const input = seal();
    await verify(input, { maxBytes: input.length });
    await refuses(input, 'SESSION_BUNDLE_INVALID', { maxBytes: input.length - 1 });
  });
});

it('an earlier broken step wins over every later one', async () => {
  type Break = { code: string; body?: object; more?: 'signer' | 'outsider' | 'manifest' };
  const steps: readonly Break[] = [
    { code: 'UNKNOWN_FIELD', body: { more: 1 } },
    { code: 'BUNDLE_VERSION_MISMATCH', body: { version: 'x' } },
    { code: 'BUNDLE_EXPIRED', body: { expires_at: NOW } },
    { code: 'BUNDLE_EXPIRY_WINDOW_INVARIANT', body: { expires_at: NOW + 1 } },
    { code: 'BUNDLE_EMPTY_PARTICIPANTS', body: { participants: [] } },
    { code: 'KEY_RESOLUTION_FAILED', more: 'manifest' },
    { code: 'BUNDLE_INVALID_SIGNATURE', more: 'signer' },
    { code: 'BUNDLE_PARTICIPANT_TCT_INVALID', body: { participants: [{ aid: B.aid, tct: tamper(token(B, 1)) }] } },
    { code: 'BUNDLE_NOT_MEMBER', more: 'outsider' },
  ];
  for (const [at, { code, body }] of steps.entries()) {
    for (const later of steps.slice(at)) {
      // Without participants there is no window to be wrong.
      if (code === 'BUNDLE_EXPIRY_WINDOW_INVARIANT' && later.code === 'BUNDLE_EMPTY_PARTICIPANTS') continue;
      const has = (more: string) => later.more === more || steps[at]?.more === more;
      await refuses(
        seal({ ...later.body, ...body }, has('signer') ? attacker : A),
        code,
        {
          verifier: has('outsider') ? D.aid : B.aid,
          ...(has('manifest') ? { findManifest: async () => undefined } : {}),
        },
        `${at} and ${later.code}`,
      );
    }
  }
});

it('every changed byte is refused', async () => {
  const bytes = Buffer.from(seal());
  for (let at = 0; at < bytes.length; at += 3) {
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] as number) ^ 1;
    await expect(verify(flipped.toString('latin1')), `byte ${at}`).rejects.toMatchObject({ name: 'AitpError' });
  }
});

describe('building', () => {
  const tct = (overrides: Partial<Tct> = {}) => ({
    token: token(B, 1),
    issuer: a.aid,
    subject: B.aid as Tct['subject'],
    expiresAtSec: NOW + 3600,
    ...overrides,
  });

  it('refuses what a verifier would refuse', async () => {
    const refused = (wireCode: string, tcts: ReturnType<typeof tct>[]) =>
      expect(buildSessionBundle(a, { tcts, now })).rejects.toMatchObject({ wireCode });
    await refused('BUNDLE_EMPTY_PARTICIPANTS', []);
    await refused('BUNDLE_COORDINATOR_ISSUER_MISMATCH', [tct({ issuer: D.aid as Tct['issuer'] })]);
    await refused('BUNDLE_EXPIRED', [tct({ expiresAtSec: NOW })]);
    await expect(buildSessionBundle(a, { tcts: [tct()], now, sessionId: 'x' })).rejects.toBeInstanceOf(TypeError);
  });
});

describe('book', () => {
  it('[16.66] the same session with another signature is refused', async () => {
    const book = sessionBook({ now });
    const bundle = await verify(seal());
    expect(book.accept(bundle)).toBe(true);
    expect(book.accept(await verify(seal()))).toBe(false);
    const other = await verify(seal({ issued_at: NOW - 1 }));
    expect(() => book.accept(other)).toThrow(expect.objectContaining({ wireCode: 'SESSION_BUNDLE_INVALID' }));
    expect(book.get(SESSION)).toBe(bundle);
  });

  it('is bounded, and forgets what has ended', async () => {
    let at = NOW;
    const book = sessionBook({ now: () => at, maxSessions: 1 });
    const bundle = await verify(seal());
    const next = await verify(seal({ session_id: uuid(5) }));
    book.accept(bundle);
    expect(() => book.accept(next)).toThrow(expect.objectContaining({ code: 'ERR_LIMIT_EXCEEDED' }));
    at = NOW + 3600;
    expect(book.get(SESSION)).toBeUndefined();
    expect(() => book.accept(bundle)).toThrow(expect.objectContaining({ wireCode: 'BUNDLE_EXPIRED' }));
    expect(book.accept({ ...next, expiresAtSec: NOW + 9000 } as typeof next)).toBe(true);
  });

  it('a coordinator whose bundles hold for years does not use up the room of the others', async () => {
    const book = sessionBook({ now, maxSessions: 3, maxSessionsPerCoordinator: 2 });
    const bundle = await verify(seal());
    const of = (coordinator: string, number: number) =>
      ({ ...bundle, coordinator, sessionId: uuid(number), expiresAtSec: NOW + 1e9 }) as typeof bundle;
    expect(book.accept(of('flood', 5))).toBe(true);
    expect(book.accept(of('flood', 6))).toBe(true);
    expect(() => book.accept(of('flood', 7))).toThrow(expect.objectContaining({ code: 'ERR_LIMIT_EXCEEDED' }));
    expect(book.accept(of('flood', 6))).toBe(false);
    expect(book.accept(of('honest', 8))).toBe(true);
    expect(() => sessionBook({ now, maxSessionsPerCoordinator: 0 })).toThrow(RangeError);
  });
});

it.each<[string, object]>([
  ['verifier', { verifier: undefined }],
  ['clock', { now: undefined }],
  ['revocation', { revocation: undefined }],
])('a decision that is missing is a TypeError: %s', async (_what, overrides) => {
  await expect(verify('{', overrides as Partial<VerifySessionBundleOptions>)).rejects.toBeInstanceOf(TypeError);
});

describe('what a stranger gets for a bundle nobody asked for', () => {
  // Of the form of a P-256 name, and of no point of the curve.
  const nobody = `aid:pubkey:p256:A${'_'.repeat(43)}`;

  it('no curve arithmetic for the thousands of names in it', async () => {
    const participants = [{ aid: nobody, tct: token(B, 1) }];
    const unsigned = JSON.stringify({ session_bundle: { ...honest(), participants, signature: 'x' } });
    await refuses(unsigned, 'BUNDLE_INVALID_SIGNATURE');
    await refuses(unsigned.replace(nobody, 'aid:web:x'), 'SESSION_BUNDLE_INVALID');
  });

  it('no member without a usable key, even from a coordinator who signs for it', async () => {
    const tct = forge(A, TCT, { ...tctClaims(A, B, { jti: uuid(1) }), sub: nobody, aud: nobody });
    await refuses(seal({ participants: [{ aid: nobody, tct }] }), 'BUNDLE_PARTICIPANT_TCT_INVALID');
  });

  it('no look-up in the name of a coordinator who is not the one wanted', async () => {
    const findManifest = vi.fn(async () => undefined);
    await refuses(seal({}, attacker), 'BUNDLE_INVALID_SIGNATURE', { coordinator: B.aid, findManifest });
    expect(findManifest).not.toHaveBeenCalled();
  });
});

describe('a look-up of the coordinator', () => {
  it('that never answers does not outlive the signal', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const findManifest = () => {
      controller.abort(reason);
      return new Promise<never>(() => {});
    };
    await expect(verify(seal(), { findManifest, signal: controller.signal })).rejects.toBe(reason);
  });

  it('that fails because it was aborted is told of as aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const findManifest = async () => {
      controller.abort(reason);
      throw new Error('the fetch was aborted');
    };
    await expect(verify(seal(), { findManifest, signal: controller.signal })).rejects.toBe(reason);
  });

  it('that throws at once is a look-up that failed', async () => {
    const findManifest = () => {
      throw new Error('no');
    };
    await refuses(seal(), 'KEY_RESOLUTION_FAILED', { findManifest });
  });
});
