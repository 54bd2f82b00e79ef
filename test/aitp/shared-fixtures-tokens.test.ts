// The conformance fixtures of AITP about tokens, delegation and bundles, where they are at hand, and its signed examples.
// Placeholders are filled in here, and tokens minted by another implementation (tokens-oracle.ts).

import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { verifyDelegation } from '../../src/aitp/delegation.js';
import { answerPopChallenge, verifyPopResponse } from '../../src/aitp/downstream-pop.js';
import { buildEnvelope, encodeEnvelope } from '../../src/aitp/envelope.js';
import { authorizeInvocation, verifyInvocation } from '../../src/aitp/invocation.js';
import { chainHash, verifyDelegationMultihop } from '../../src/aitp/multihop.js';
import { memoryReplayStore } from '../../src/aitp/replay-store.js';
import { judgeRevocation, ownRevocations, type RevocationDecision } from '../../src/aitp/revocation.js';
import { verifySnapshot } from '../../src/aitp/revocation-snapshot.js';
import { verifySessionBundle } from '../../src/aitp/session-bundle.js';
import { type AitpSigner, aitpSignerFromSeed } from '../../src/aitp/signer.js';
import { verifyTct } from '../../src/aitp/tct.js';
import { verifyVoucher } from '../../src/aitp/voucher.js';
import { canonicalize } from '../../src/codec/jcs.js';
import type { JsonObject } from '../../src/codec/json-value.js';
import { sharedVectors } from '../support/shared-vectors.js';
import { DELEGATION, forge, GRANT, KEYS, NOW, signBytes, TCT, type TestKey, tamper } from './tokens-oracle.js';

// biome-ignore lint/suspicious/noExplicitAny: a fixture is whatever its file says.
type Loose = any;

interface Fixture {
  readonly input: Loose;
  readonly expected: { readonly outcome: string; readonly error_code?: string; readonly grants?: string[] };
}

const FIXTURES = [
  'tct-002-expired',
  'tct-003-signature-invalid',
  'tct-004-revoked',
  'tct-005-expires-after-manifest-rejected',
  'tct-008-alg-none-rejected',
  'tct-010-typ-mismatch-rejected',
  'tct-011-unknown-claim-rejected',
  'vch-001-success',
  'del-001-success',
  'del-002-source-tct-revoked',
  'del-003-scope-exceeded',
  'del-004-multihop-rejected-v01',
  'del-005-voucher-issuer-mismatch',
  'del-007-multihop-rejected-v02',
  'del-mh-001-success',
  'del-mh-002-scope-inflation',
  'del-mh-003-chain-hash-mismatch',
  'rev-004-invalid-sig-no-revocation-call',
  'bundle-001-success',
  'bundle-002-not-member',
  'bundle-004-signature-sibling-rejected',
  'bundle-005-extensions-accepted',
  'bundle-006-unknown-field-rejected',
];

const load = <T>(name: string) => sharedVectors<T>(`aitp/${name}.json`);
const keyOf = (aid: string): TestKey => Object.values(KEYS).find((key) => key.aid === aid) as TestKey;
const signerOf = (key: TestKey): Promise<AitpSigner> => aitpSignerFromSeed(key.seed);

/** Mints tokens where their claims stand beside them, innermost first, and drops the claims. */
function mint(value: Loose): Loose {
  if (typeof value === 'string') {
    const [, sign, seconds] = /^__NOW(?:_(PLUS|MINUS)_(\d+))?__$/.exec(value) ?? [];
    if (!value.startsWith('__NOW')) return value;
    return NOW + (sign === 'MINUS' ? -1 : 1) * Number(seconds ?? 0);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(mint);
  const members: Loose = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mint(member)]));
  for (const name of Object.keys(members).filter((text) => text.endsWith('_claims'))) {
    const target = name.slice(0, -'_claims'.length);
    const claims = members[name];
    delete members[name];
    members[target] = Array.isArray(claims)
      ? claims.map((each, at) => token(members[target][at], each))
      : token(members[target], claims);
  }
  return members;
}

function token(placeholder: string, claims: Loose): string {
  const key = keyOf(claims.iss);
  const typ = placeholder.includes('VOUCHER') ? GRANT : placeholder.includes('DELEGATION') ? DELEGATION : TCT;
  const named =
    claims.chain_hash === '__COMPUTED_CHAIN_HASH__' ? { ...claims, chain_hash: hash(claims.chain) } : claims;
  const text = canonicalize(named);
  if (placeholder.endsWith('ALG_NONE__')) {
    return `${forge(key, typ, text, { header: { alg: 'none', typ } })
      .split('.', 2)
      .join('.')}.${'A'.repeat(86)}`;
  }
  const made = forge(key, typ, text);
  return placeholder.includes('TAMPERED') ? tamper(made) : made;
}

const sha = (text: string) => createHash('sha256').update(text).digest('base64url');
const hash = (chain: readonly string[]) => sha(JSON.stringify(chain.map(sha)));
const sealed = (body: object, aid: string) =>
  Buffer.from(signBytes(keyOf(aid), createHash('sha256').update(canonicalize(body)).digest())).toString('base64url');

/** Signs a snapshot inside a fixture. */
const snapshotText = ({ revocation_list: list }: Loose) =>
  JSON.stringify({ revocation_list: list, signature: sealed(list, list.issuer) });

async function revocationOf(input: Loose): Promise<RevocationDecision> {
  const list = input.issuer_revocation_list;
  if (list === undefined) return ownRevocations(new Set());
  const snapshot = list.snapshot === undefined ? undefined : await verifySnapshot(snapshotText(list.snapshot));
  return { check: async (query) => judgeRevocation(snapshot, query, { failMode: list.fail_mode }) };
}

async function run(input: Loose): Promise<readonly string[]> {
  const now = () => input.now ?? NOW;
  const verifier: string = input.verifier_aid ?? input.self_aid ?? KEYS.A.aid;
  if (input.operation === 'verify_tct') {
    const { aud } = JSON.parse(Buffer.from(input.tct_token.split('.')[1], 'base64url').toString());
    const expires = input.issuer_manifest_expires_at ?? input.issuer_manifest?.expires_at;
    const { grants } = await verifyTct(input.tct_token, {
      issuer: { dangerouslyAcceptAnyIssuer: true },
      audience: input.expected_audience ?? input.self_aid ?? aud,
      now,
      issuerManifest: expires === undefined ? { dangerouslyIgnoreIssuerManifest: true } : { expiresAtSec: expires },
      revocation: await revocationOf(input),
    });
    return grants;
  }
  if (input.operation === 'verify_grant_voucher') {
    return (await verifyVoucher(input.voucher_token, { verifier, now })).grants;
  }
  if (input.operation === 'verify_delegation_token') {
    const listed = (input.revocation_snapshots ?? []).flatMap(({ snapshot }: Loose) =>
      snapshot.revocation_list.entries.map(({ jti }: Loose) => jti),
    );
    const options = {
      verifier,
      now,
      revocation: ownRevocations(new Set(listed)),
      pop: { dangerouslySkipPop: true },
    } as const;
    const presented = input.delegation_token ?? input.delegation;
    if (input.multihop !== true) return (await verifyDelegation(presented, options)).grants;
    return (await verifyDelegationMultihop(presented, { ...options, hopRevocation: options.revocation })).grants;
  }
  const { session_bundle: wrapped, signature } = input.session_bundle;
  const body = { ...wrapped };
  delete body.signature;
  const inside = 'signature' in wrapped ? { signature: sealed(body, body.coordinator) } : {};
  const beside = signature === undefined ? {} : { signature: sealed(body, body.coordinator) };
  const text = JSON.stringify({ session_bundle: { ...body, ...inside }, ...beside });
  return (await verifySessionBundle(text, { verifier, now, revocation: ownRevocations(new Set()) })).activeAids;
}

describe.runIf(load('fixtures/tct-002-expired') !== undefined)('conformance fixtures', () => {
  it.each(FIXTURES)('%s', async (name) => {
    const { input, expected } = load<Fixture>(`fixtures/${name}`) as Fixture;
    const verdict = run({ ...mint(input), multihop: name.includes('-mh-') });
    if (expected.outcome === 'failure') {
      await expect(verdict).rejects.toMatchObject({ wireCode: expected.error_code });
    } else if (expected.grants !== undefined) {
      expect(await verdict).toEqual(expected.grants);
    } else {
      await verdict;
    }
  });

  it('tct-006-pop-challenge-response', async () => {
    const { input } = load<Fixture>('fixtures/tct-006-pop-challenge-response') as Fixture;
    const now = () => NOW;
    const { tct_token, sequence } = mint(input);
    const audience = { dangerouslyAcceptAnyHolder: true } as const;
    const tct = await verifyTct(tct_token, {
      issuer: KEYS.A.aid,
      audience,
      now,
      issuerManifest: { dangerouslyIgnoreIssuerManifest: true },
      revocation: { dangerouslyIgnoreRevocation: true },
    });
    const nonce = 'HXikAJO7qb0kOxZSdw3H8g';
    const { message_id: messageId } = sequence[0].envelope;
    const payload = { tct_jti: tct.jti, nonce };
    const content = { messageType: 'pop_challenge', payload, timestampSec: NOW, messageId } as const;
    const message = encodeEnvelope(await buildEnvelope(content, await signerOf(KEYS.A)));
    const replay = memoryReplayStore({ now });
    const answer = await answerPopChallenge(message, await signerOf(KEYS.B), {
      now,
      replay,
      verifier: KEYS.A.aid,
      tct,
    });
    expect(Object.keys((JSON.parse(answer) as { payload: object }).payload).sort()).toEqual(
      Object.keys(sequence[1].envelope.payload).sort(),
    );
    const { jti, subject, jkt } = tct;
    const challenge = { jti, subject, jkt, nonce, freshUntilSec: NOW + 300 };
    expect(await verifyPopResponse(answer, { challenge, replay, now })).toMatchObject({ jti });
  });

  it('tct-007-pop-enforcement-required', async () => {
    const { input, expected: _all } = load<Fixture>('fixtures/tct-007-pop-enforcement-required') as Fixture;
    const now = () => NOW;
    const { tct_token, sequence, issuer_policy } = mint(input);
    const { message_type: messageType, message_id: messageId, payload } = sequence[0].envelope;
    const content = { messageType, messageId, payload: payload as JsonObject, timestampSec: NOW };
    const text = encodeEnvelope(await buildEnvelope(content as never, await signerOf(KEYS.B)));
    const invocation = await verifyInvocation(text, {
      token: tct_token,
      issuer: KEYS.A.aid,
      now,
      replay: memoryReplayStore({ now }),
      issuerManifest: { dangerouslyIgnoreIssuerManifest: true },
      revocation: { dangerouslyIgnoreRevocation: true },
    });
    const { error_code: wireCode } = sequence[2].expected;
    const authorize = () => authorizeInvocation(invocation, { popRequiredGrants: issuer_policy.pop_required_grants });
    expect(authorize).toThrow(expect.objectContaining({ wireCode }));
  });

  it('a bad signature asks nobody about revocation', async () => {
    const { input } = load<Fixture>('fixtures/rev-004-invalid-sig-no-revocation-call') as Fixture;
    const check = vi.fn();
    const { tct_token } = mint(input);
    await expect(
      verifyTct(tct_token, {
        issuer: { dangerouslyAcceptAnyIssuer: true },
        audience: { dangerouslyAcceptAnyHolder: true },
        now: () => NOW,
        issuerManifest: { dangerouslyIgnoreIssuerManifest: true },
        revocation: { check },
      }),
    ).rejects.toMatchObject({ wireCode: 'TCT_SIGNATURE_INVALID' });
    expect(check).not.toHaveBeenCalled();
  });
});

describe.runIf(load('known-answer/signed-examples/tct/kat-keypair-001-issues-002') !== undefined)(
  'signed examples',
  () => {
    const now = () => NOW;
    const example = (name: string) => load<Loose>(`known-answer/signed-examples/${name}`);

    it('the token', async () => {
      const { tct_token } = example('tct/kat-keypair-001-issues-002');
      await verifyTct(tct_token, {
        issuer: KEYS.A.aid,
        audience: KEYS.B.aid,
        now,
        issuerManifest: { dangerouslyIgnoreIssuerManifest: true },
        revocation: { dangerouslyIgnoreRevocation: true },
      });
    });

    it('the voucher', async () => {
      await verifyVoucher(example('grant-voucher/kat-voucher-001').voucher_token, { verifier: KEYS.A.aid, now });
    });

    it('the delegation', async () => {
      const revocation = ownRevocations(new Set());
      const pop = { dangerouslySkipPop: true } as const;
      const { delegation_token } = example('delegation/single-hop-001-002-003');
      await verifyDelegation(delegation_token, { verifier: KEYS.A.aid, now, revocation, pop });
    });

    it('the bundle', async () => {
      const { session_bundle } = example('session-bundle/kat-keypair-001-bundle');
      const text = JSON.stringify({ session_bundle });
      await verifySessionBundle(text, { verifier: KEYS.B.aid, now, revocation: ownRevocations(new Set()) });
    });

    it('[14.4] the chain', async () => {
      const { vectors } = load<Loose>('known-answer/jcs-sha256');
      const vector = vectors.find(({ id }: Loose) => id === 'kat-multihop-chain-001');
      const text = JSON.stringify(vector);
      const chain = vector.chain ?? vector.object ?? vector.input?.chain;
      expect(text).toContain('27qTmatfcU_X78-J80ezX7lbK1BViLdyeNh2XfJ-Zbw');
      expect(await chainHash(chain)).toBe('27qTmatfcU_X78-J80ezX7lbK1BViLdyeNh2XfJ-Zbw');
    });
  },
);
