// Known answers (section 14): the precondition of a run. Fixtures are minted by the same rules that judge them, so that a
// wrong rule would agree with itself; these values were published, or computed by an implementation unrelated to ours.

import { encodeUtf8 } from '../../bytes/utf8.js';
import type { JsonObject } from '../../codec/json-value.js';
import { sha256 } from '../../curves/sha256.js';
import { type Aid, aidJkt } from '../aid.js';
import { DELEGATION_TYP, TCT_TYP, VOUCHER_TYP } from '../constants.js';
import { buildEnvelope, envelopeSigningInput } from '../envelope.js';
import { makePinnedProof } from '../identity-proof.js';
import { signJcs, verifyHashed } from '../jcs-profile.js';
import { signJws } from '../jws-profile.js';
import { signPop } from '../pop.js';
import { type Role, signerOfRole } from './test-keys.js';

const TIME = 1_711_900_000;
const KEY = {
  A: ['O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik', '9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw'],
  B: ['A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg', '1IG2tMH7J2wbJZnOf8LJzQitKf7LMvoAElsuDMVM54Y'],
  C: ['dqFZIESm5PURJlvKc6YE2QsFKdHfYCvjChmpJXZg0fU', 'LlsmkXmHJuXWkRZLv_FKl_mprfIV5aYVnXqCgsebsdU'],
  D: ['iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w', 'UDDReOZl1ipXAfp9wYsm13sDBMK5og--QWdBjzuf6o4'],
  P: ['p256:AweBDql0zqV3PmO4l_N-O-mgnnpf6blxpE0QZawqOpMR', '6uuEaX_87uMh4VKEtSDkENgjC0g7Evt6vliSnD7XSDE'],
  attacker: ['5zTqbCtiV95yNV5HKqBaTEh-a0Y8Ap7TBt8vAbVja1g', undefined],
} as const satisfies Record<Role, readonly [string, string | undefined]>;

/**
 * Computes the known answers again.
 *
 * @returns Names of those that came out otherwise; none when all is well.
 */
export async function differingAnswers(): Promise<readonly string[]> {
  const wrong: string[] = [];
  const expect = (name: string, made: unknown, known: unknown) => {
    if (made !== known) wrong.push(name);
  };
  await checkKeys(expect);
  await checkProofs(expect);
  await checkEnvelopes(expect);
  await checkArtifacts(expect);
  return wrong;
}

type Expect = (name: string, made: unknown, known: unknown) => void;

/** Sections 14.1 and 14.2. */
async function checkKeys(expect: Expect): Promise<void> {
  for (const role of Object.keys(KEY) as Role[]) {
    const [identifier, jkt] = KEY[role];
    const { aid } = await signerOfRole(role);
    expect(`key ${role}`, aid, `aid:pubkey:${identifier}`);
    if (jkt !== undefined) expect(`thumbprint ${role}`, await aidJkt(aid), jkt);
  }
}

/** Section 14.4. */
async function checkProofs(expect: Expect): Promise<void> {
  const [a, c] = [await signerOfRole('A'), await signerOfRole('C')];
  expect(
    'Manifest proof',
    await signPop('AAECAwQFBgcICQoLDA0ODw', a),
    '3cL6ITDAazeyYrS3pm6Wd1boPvXttQ5iJp27l5cPc5unJ3txxme1myOW3mvAnmlIQsvZGmt-A_VJvdkBbFJcCw',
  );
  const messageId = '770e8400-e29b-41d4-a716-446655440701';
  const popNonce = 'AAAAAAAAAAAAAAAAAAAAAA';
  expect(
    'pinned-key proof',
    await makePinnedProof({ sender: c.aid, receiver: a.aid, messageId, timestampSec: TIME, popNonce }, c),
    'vdLCEPGuUvVryXxnPdo_ZNYqaZmGuByZ5kRMU0ikKeVbn3SUjj2DD7y8e5pNBtp7jSHZ-Z0wzNdOl0NS1mSpCQ',
  );
}

/** Section 14.6: repeatable for Ed25519; of P-256 a signature made elsewhere has to hold. */
async function checkEnvelopes(expect: Expect): Promise<void> {
  const [a, p] = [await signerOfRole('A'), await signerOfRole('P')];
  const payload: JsonObject = { hello: true };
  const messageId = '770e8400-e29b-41d4-a716-446655441006';
  const content = { messageType: 'mutual_hello', payload, timestampSec: TIME } as const;
  const { signature } = await buildEnvelope({ ...content, messageId }, a);
  const known = 'IPzAcG5hNm_GAApU6j4NZ8EtaYoa-lReSGJeFZObDStXP_0PEM5ykz3fdk6NRVmFpEgp0kWnoMrcCj9rj-1vDA';
  expect('envelope', signature, known);
  const parts = { messageId: '770e8400-e29b-41d4-a716-446655441005', timestampSec: TIME, sender: p.aid, payload };
  const double = 'p256.2q_zGfNz6HV1qtA1BDMsEb85Ixl7YrR1SG0Vq07fnktQ-D3G7j96yi33yokBEDiWUIi3At4QzVvGSmHBBTN04A';
  const single = 'p256.x8byAWOkPakdN1zUauZZWaBm0hacdCOcWJ236euSREtnL_wz-SQFm-p-c4WSoWv_aPRH6QAYP2QMSkNcoYvCiQ';
  const input = await envelopeSigningInput(parts);
  expect('envelope of P-256', await holds(input, double, p.aid), true);
  expect('envelope of P-256, hashed once', await holds(input, single, p.aid), false);
}

async function holds(input: Uint8Array, signature: string, aid: Aid): Promise<boolean> {
  return verifyHashed(input, signature, aid, 'INVALID_SIGNATURE').then(
    () => true,
    () => false,
  );
}

/** Section 14.5: minted again, the signed examples have the same bytes. */
async function checkArtifacts(expect: Expect): Promise<void> {
  const [a, b, c] = [await signerOfRole('A'), await signerOfRole('B'), await signerOfRole('C')];
  const ver = 'aitp/0.2';
  const exp = TIME + 3_600;
  const jti = '550e8400-e29b-41d4-a716-446655440000';
  const grants = ['macp.mode.task.v1'];
  const held = { ver, iss: a.aid, sub: b.aid, iat: TIME, exp };
  const tct = await signJws({ ...held, jti, aud: b.aid, grants, cnf: { jkt: KEY.B[1] } }, TCT_TYP, a);
  expect('TCT', await digest(tct), '6d80abb413d34fd4546f48a638c9ff3a832e74a99df8db3eccafaeed387805d2');

  const voucherGrants = {
    grants: ['macp.mode.respond.v1', ...grants],
    src_jti: '550e8400-e29b-41d4-a716-446655440001',
  };
  const voucher = await signJws({ ...held, ...voucherGrants }, VOUCHER_TYP, a);
  expect('voucher', await digest(voucher), 'db2b2a5b26ba0654de69cf4224662dc2ac9bf94daa2f1df58d2204e2ca8029ad');

  const parties = { ver, iss: b.aid, sub: c.aid, aud: a.aid };
  const passed = { ...parties, scope: grants, exp: TIME + 1_800, cnf: { jkt: KEY.C[1] }, voucher };
  const delegation = await signJws(passed, DELEGATION_TYP, b);
  expect('delegation', await digest(delegation), '30b555257f8266d10990d2be895d751c962e1f18b75b07744ce48290d69bfef0');

  const listed = { jti: '550e8400-e29b-41d4-a716-446655440099', revoked_at: TIME + 60, reason: 'key_compromised' };
  const list = { version: ver, issuer: a.aid, published_at: TIME, expires_at: exp, entries: [listed] };
  const snapshot = 'DTmCoELd0lIRCRBdhDuLmEqvFK1VqpTSGyPEG6-C0InTOeF8LB4a-Rf4ercCvhLYD6H1t9_T-7FgQ1ufBfKkCQ';
  expect('snapshot', await signJcs(list, a), snapshot);

  const session = { session_id: '650e8400-e29b-41d4-a716-446655440000', issued_at: TIME, expires_at: exp };
  const bundle = { version: ver, coordinator: a.aid, ...session, participants: [{ aid: b.aid, tct }] };
  const coordinator = 'czzmjpVf5rtZ2-FvfMcviSUCeY2WSu69v2ZECpflHAKVaEikz4w6m5fOVuBZkCL8DXX-lkY905NvYxjQTg_TBw';
  expect('session bundle', await signJcs(bundle, a), coordinator);
}

async function digest(text: string): Promise<string> {
  return Array.from(await sha256(encodeUtf8(text)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
