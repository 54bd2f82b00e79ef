import { beforeAll, beforeEach, expect, it } from 'vitest';
import { issueDelegation, issueTctForDelegatee, verifyDelegation } from '../../src/aitp/delegation.js';
import { buildManifest } from '../../src/aitp/manifest-build.js';
import {
  buildRenewalRequest,
  MAX_RENEWALS,
  type ReadRenewalOptions,
  type RenewTctOptions,
  readRenewal,
  renewTct,
} from '../../src/aitp/renewal.js';
import { memoryReplayStore, type ReplayStore } from '../../src/aitp/replay-store.js';
import { ownRevocations } from '../../src/aitp/revocation.js';
import { type AitpSigner, aitpSignerFromSeed } from '../../src/aitp/signer.js';
import { issueTct, type Tct } from '../../src/aitp/tct.js';
import { verifyVoucherMirror } from '../../src/aitp/voucher.js';
import type { Verified } from '../../src/documents/verified.js';
import { KEYS, NOW } from './tokens-oracle.js';

const { A, B, C } = KEYS;
const DAY = 86_400;

let a: AitpSigner;
let b: AitpSigner;
let c: AitpSigner;
let at = NOW;
let replay: ReplayStore;
let tct: Verified<Tct>;
const now = () => at;
const revocation = ownRevocations(new Set());
const ownManifest = { expiresAtSec: NOW + 100_000 };

beforeAll(async () => {
  [a, b, c] = (await Promise.all([A, B, C].map(({ seed }) => aitpSignerFromSeed(seed)))) as [
    AitpSigner,
    AitpSigner,
    AitpSigner,
  ];
});
beforeEach(async () => {
  at = NOW;
  replay = memoryReplayStore({ now });
  ({ tct } = await issueTct(a, { subject: B.aid, grants: ['read', 'write'], now, issuerManifest: ownManifest }));
});

const renew = (request: string, overrides: Partial<RenewTctOptions> = {}, signer = a) =>
  renewTct(request, signer, { now, ownManifest, revocation, replay, ...overrides });
const refused = async (verdict: Promise<unknown>, wireCode: string) =>
  expect(verdict).rejects.toMatchObject({ code: `ERR_AITP_${wireCode}`, wireCode });
const read = (message: string, overrides: Partial<ReadRenewalOptions> = {}) =>
  readRenewal(message, { current: tct, now, issuerManifest: ownManifest, revocation, ...overrides });

it('[16.36] a new jti, the same holder and grants, a new voucher, a later end', async () => {
  at = NOW + 3000;
  const renewed = await renew(await buildRenewalRequest(b, tct));
  expect(renewed.tct).toMatchObject({
    issuer: A.aid,
    subject: B.aid,
    jkt: tct.jkt,
    grants: ['read', 'write'],
    issuedAtSec: NOW + 3000,
    expiresAtSec: NOW + 6600,
  });
  expect(renewed.tct.jti).not.toBe(tct.jti);
  await verifyVoucherMirror(renewed.voucher, renewed.tct);
  expect(await read(renewed.message)).toEqual({ tct: renewed.tct, voucher: renewed.voucher });
});

it('[16.36] expired, revoked, replayed nonce, wrong holder key, another issuer', async () => {
  const request = await buildRenewalRequest(b, tct);
  await refused(renew(request, { revocation: ownRevocations(new Set([tct.jti])) }), 'TCT_REVOKED');
  await refused(renew(request, {}, c), 'TCT_SIGNATURE_INVALID');
  const parsed = JSON.parse(request) as Record<string, string>;
  const byC = JSON.parse(await buildRenewalRequest(c, { ...tct, subject: C.aid as Tct['subject'] })) as object;
  await refused(renew(JSON.stringify({ ...byC, current_tct: tct.token })), 'POP_VERIFICATION_FAILED');
  await refused(renew(JSON.stringify({ ...parsed, pop_nonce: 'AAAAAAAAAAAAAAAAAAAAAA' })), 'POP_VERIFICATION_FAILED');
  // None of this used the request up.
  await renew(request);
  await refused(renew(request), 'REPLAY_DETECTED');
  at = NOW + 3600;
  await refused(renew(await buildRenewalRequest(b, tct)), 'TCT_EXPIRED');
});

it('[16.36] the lifetime ends with the Manifest, which has to hold', async () => {
  at = NOW + 3000;
  const until = (expiresAtSec: number) => ({ ownManifest: { expiresAtSec } });
  const { tct: short } = await renew(await buildRenewalRequest(b, tct), until(NOW + 3700));
  expect(short.expiresAtSec).toBe(NOW + 3700);
  await refused(renew(await buildRenewalRequest(b, tct), until(NOW + 3000)), 'MANIFEST_EXPIRED');
  await refused(renew(await buildRenewalRequest(b, tct), until(NOW + 3100)), 'TCT_EXPIRES_AFTER_MANIFEST');
});

it('the shape of a request is closed', async () => {
  const parsed = JSON.parse(await buildRenewalRequest(b, tct)) as object;
  await refused(renew('{'), 'INVALID_ENVELOPE');
  await refused(renew(JSON.stringify({ ...parsed, pop_nonce: 'x' })), 'INVALID_ENVELOPE');
  await refused(renew(JSON.stringify({ ...parsed, more: 1 })), 'UNKNOWN_FIELD');
});

it('policy narrows, and never widens', async () => {
  const request = () => buildRenewalRequest(b, tct);
  const { tct: less } = await renew(await request(), { policy: () => ['write', 'all'] });
  expect(less.grants).toEqual(['write']);
  await refused(renew(await request(), { policy: async () => ['all'] }), 'POLICY_VIOLATION');
  expect((await renew(await request(), { voucher: false })).voucher).toBeUndefined();
});

it('after eight renewals, or a day, a handshake is due', async () => {
  let current = tct;
  for (let round = 0; round < MAX_RENEWALS; round++) current = (await renew(await buildRenewalRequest(b, current))).tct;
  await refused(renew(await buildRenewalRequest(b, current)), 'POLICY_VIOLATION');
  const long = { subject: B.aid, grants: ['read'], now, issuerManifest: ownManifest, ttlSec: DAY + 10 };
  const { tct: lasting } = await issueTct(a, long);
  at = NOW + DAY - 1;
  await renew(await buildRenewalRequest(b, lasting));
  at = NOW + DAY;
  await refused(renew(await buildRenewalRequest(b, lasting)), 'POLICY_VIOLATION');
});

it('a holder does not take just any answer', async () => {
  const { message } = await renew(await buildRenewalRequest(b, tct));
  const answer = JSON.parse(message) as Record<string, string>;
  const other = async (options: object, signer = a) => {
    const base = { subject: B.aid, grants: ['read'], now, issuerManifest: ownManifest, ...options };
    return issueTct(signer, base);
  };
  await refused(read(JSON.stringify({ tct: tct.token })), 'TCT_SIGNATURE_INVALID');
  await refused(read(JSON.stringify({ tct: (await other({ grants: ['all'] })).tct.token })), 'GRANT_OVERFLOW');
  await refused(read(JSON.stringify({ tct: (await other({ subject: C.aid })).tct.token })), 'AUDIENCE_MISMATCH');
  await refused(read(JSON.stringify({ tct: (await other({}, c)).tct.token })), 'TCT_SIGNATURE_INVALID');
  const { voucher } = await other({});
  await refused(read(JSON.stringify({ ...answer, grant_voucher: voucher })), 'TCT_SIGNATURE_INVALID');
  await refused(read(JSON.stringify({ ...answer, more: 1 })), 'UNKNOWN_FIELD');
  expect(await read(JSON.stringify({ tct: answer.tct }))).toEqual({ tct: expect.anything() });
});

it('only the holder asks', async () => {
  await expect(buildRenewalRequest(c, tct)).rejects.toBeInstanceOf(TypeError);
});

it('a token issued for a delegation is not renewed beyond it, however often', async () => {
  const { voucher } = await issueTct(a, { subject: B.aid, grants: ['read'], now, issuerManifest: ownManifest });
  const scope = ['read'];
  const delegated = await issueDelegation(b, {
    voucher: voucher as string,
    delegatee: C.aid,
    scope,
    now,
    ttlSec: 1800,
  });
  const pop = { dangerouslySkipPop: true } as const;
  const delegation = await verifyDelegation(delegated, { verifier: A.aid, now, revocation, pop });
  let { tct: current } = await issueTctForDelegatee(a, delegation, { now, issuerManifest: ownManifest });
  expect(current.expiresAtSec).toBe(NOW + 1800);
  for (const later of [600, 1200, 1799]) {
    at = NOW + later;
    current = (await renew(await buildRenewalRequest(c, current))).tct;
    expect(current.expiresAtSec).toBe(NOW + 1800);
  }
  at = NOW + 1800;
  await refused(renew(await buildRenewalRequest(c, current)), 'TCT_EXPIRED');
});

it('a stolen token is not renewed with the proof the holder publishes in its Manifest', async () => {
  const manifest = await buildManifest(
    {
      now,
      identity: { type: 'pinned_key', subject: 'b' },
      handshakeEndpoint: 'https://b.example.com/aitp/',
      offeredCapabilities: [],
    },
    b,
  );
  const { challenge, signature } = manifest.body.proof_of_possession as { challenge: string; signature: string };
  const stolen = JSON.stringify({ current_tct: tct.token, pop_nonce: challenge, pop_signature: signature });
  const asked: string[] = [];
  const findManifest = async (holder: string) => {
    asked.push(holder);
    return manifest;
  };
  await refused(renew(stolen, { findManifest }), 'POP_VERIFICATION_FAILED');
  expect(asked).toEqual([B.aid]);
  await renew(await buildRenewalRequest(b, tct), { findManifest });
  await refused(
    renew(await buildRenewalRequest(b, tct), { findManifest: async () => undefined }),
    'POP_VERIFICATION_FAILED',
  );
});

it('neither policy nor a look-up that never answers outlives the signal', async () => {
  for (const name of ['policy', 'findManifest'] as const) {
    const controller = new AbortController();
    const reason = new Error('enough');
    const hangs = () => {
      controller.abort(reason);
      return new Promise<never>(() => {});
    };
    const renewal = renew(await buildRenewalRequest(b, tct), { [name]: hangs, signal: controller.signal });
    await expect(renewal).rejects.toBe(reason);
  }
});
