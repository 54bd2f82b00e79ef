// Every known answer of AITP: computed again from our own vectors, which a lone clone has, and where the published files are
// at hand, each of their entries compared with what we make. An entry nobody looks at fails.

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseAid } from '../../src/aitp/aid.js';
import { issueDelegation, verifyDelegation } from '../../src/aitp/delegation.js';
import { makePinnedProof, pinnedProofInput, verifyPinnedProof } from '../../src/aitp/identity-proof.js';
import { canonicalBytes, signJcs } from '../../src/aitp/jcs-profile.js';
import { signJws } from '../../src/aitp/jws-profile.js';
import { verifyManifest } from '../../src/aitp/manifest.js';
import { buildManifest } from '../../src/aitp/manifest-build.js';
import { chainHash, extendDelegation, verifyDelegationMultihop } from '../../src/aitp/multihop.js';
import { pinnedKeys } from '../../src/aitp/pinned-keys.js';
import { signPop } from '../../src/aitp/pop.js';
import { ownRevocations } from '../../src/aitp/revocation.js';
import { buildSnapshot, verifySnapshot } from '../../src/aitp/revocation-snapshot.js';
import { verifySessionBundle } from '../../src/aitp/session-bundle.js';
import { buildSessionBundle } from '../../src/aitp/session-bundle-shape.js';
import { issueTct, verifyTct } from '../../src/aitp/tct.js';
import { verifyVoucher } from '../../src/aitp/voucher.js';
import { decodeBase64url } from '../../src/codec/base64url.js';
import { canonicalize } from '../../src/codec/jcs.js';
import type { JsonObject } from '../../src/codec/json-value.js';
import primitives from '../../vectors/aitp/primitives.json' with { type: 'json' };
import signed from '../../vectors/aitp/signed.json' with { type: 'json' };
import { hex } from '../support/hex.js';
import { sharedVectors } from '../support/shared-vectors.js';
import { type KeyName, signerOf, T } from './support.js';

// biome-ignore lint/suspicious/noExplicitAny: a published file is whatever it says.
type Loose = any;

const now = () => T;
const { A, B, C, D } = primitives.keys;
const revocation = ownRevocations(new Set());
const pop = { dangerouslySkipPop: true } as const;
const issuerManifest = { dangerouslyIgnoreIssuerManifest: true } as const;
const sha = (bytes: Uint8Array | string) => createHash('sha256').update(bytes);

describe('[14.4] the published chain of three hops, in a lone clone', () => {
  const scope = ['macp.mode.task.v1'];
  /** Digests of the two tokens that AITP publishes. */
  const ENTRY = 'b1eafdf41dc3fbb6da5c91a1f03b5eff79967dd06af1773531b56978eed454fa';
  const OUTER = 'e9d4b027dab874337549d30daea25421450c77e6160584bc2457acbf04573f11';

  async function chain() {
    const first = await issueDelegation(await signerOf('B'), {
      voucher: signed.tokens.voucher,
      delegatee: C.aid,
      scope: ['macp.mode.respond.v1', ...scope],
      now,
      ttlSec: 3_000,
      jti: '550e8400-e29b-41d4-a716-446655440011',
    });
    const last = await extendDelegation(await signerOf('C'), {
      prior: first,
      delegatee: D.aid,
      scope,
      now,
      ttlSec: 2_000,
      jti: '550e8400-e29b-41d4-a716-446655440012',
    });
    return { first, last };
  }

  it('both of its tokens come out to the byte', async () => {
    const { first, last } = await chain();
    expect(first).toBe(primitives.chain.entries[0]);
    expect([first, last].map((token) => sha(token).digest('hex'))).toEqual([ENTRY, OUTER]);
    expect(sha(first).digest('base64url')).toBe(primitives.chain.entrySha256);
  });

  it('its hash is the published one, and that of nothing is another', async () => {
    expect(await chainHash(primitives.chain.entries)).toBe(primitives.chain.hash);
    expect(await chainHash([])).toBe(primitives.chain.emptyHash);
    expect(primitives.chain.hash).not.toBe(primitives.chain.emptyHash);
  });

  it('it holds, with the draft on', async () => {
    const { last } = await chain();
    const options = { verifier: A.aid, now, revocation, hopRevocation: revocation, pop };
    expect(await verifyDelegationMultihop(last, options)).toMatchObject({ hops: 3, grants: scope, delegatee: D.aid });
  });
});

it('headers of both suites are the published segments', async () => {
  const { headers } = primitives;
  const [a, p] = [await signerOf('A'), await signerOf('P')];
  const segment = async (typ: Parameters<typeof signJws>[1], signer: typeof a) =>
    (await signJws({ iss: signer.aid }, typ, signer)).split('.')[0];
  expect({
    tct: await segment('aitp-tct+jwt', a),
    grant: await segment('aitp-grant+jwt', a),
    delegation: await segment('aitp-delegation+jwt', a),
    tctP256: await segment('aitp-tct+jwt', p),
    grantP256: await segment('aitp-grant+jwt', p),
    delegationP256: await segment('aitp-delegation+jwt', p),
  }).toEqual(headers);
});

/** What the published files name our test keys. */
const NAMES: Readonly<Record<string, KeyName>> = {
  'kat-keypair-001': 'A',
  'kat-keypair-002': 'B',
  'kat-keypair-003': 'C',
  'kat-keypair-004': 'D',
  'kat-keypair-005-p256': 'P',
  'kat-keypair-006-attacker': 'attacker',
};
const published = <T>(name: string) => sharedVectors<T>(`aitp/known-answer/${name}.json`);

const keypairs = published<{ vectors: Loose[] }>('keypairs');
describe.runIf(keypairs !== undefined)('published key pairs', () => {
  it.each((keypairs?.vectors ?? []).map((vector) => [vector.id, vector] as const))('%s', async (id, vector) => {
    const name = NAMES[id] as KeyName;
    const own = primitives.keys[name];
    expect(vector.seed_hex ?? vector.private_scalar_hex).toBe(own.seedHex);
    expect((await signerOf(name)).aid).toBe(vector.aid);
    expect(parseAid(vector.aid).identifier).toBe(vector.pubkey_b64url);
    if (vector.pubkey_compressed_hex !== undefined) {
      expect(hex(decodeBase64url(vector.pubkey_b64url))).toBe(vector.pubkey_compressed_hex);
    }
  });

  it('are all of ours', () => {
    expect(keypairs?.vectors.map(({ id }) => NAMES[id]).sort()).toEqual(Object.keys(primitives.keys).sort());
  });
});

const thumbprints = published<{ vectors: Loose[] }>('jwk-thumbprints');
describe.runIf(thumbprints !== undefined)('published thumbprints', () => {
  it.each((thumbprints?.vectors ?? []).map((vector) => [vector.id, vector] as const))('%s', async (_, vector) => {
    const own = primitives.keys[NAMES[vector.keypair_ref] as KeyName];
    expect(await parseAid(own.aid).jkt()).toBe(vector.jkt);
    const text = canonicalize(own.jwk as JsonObject);
    expect([text, hex(new TextEncoder().encode(text))]).toEqual([vector.jwk_canonical, vector.jwk_canonical_hex]);
    expect(hex(decodeBase64url(vector.jkt))).toBe(vector.sha256_hex);
  });
});

const inputs = published<{ vectors: Loose[] }>('jcs-sha256');
describe.runIf(inputs !== undefined)('published signing inputs', () => {
  /** What is compared with a body of the JCS profile. */
  const body = (own: { readonly value: unknown }) => async (vector: Loose) => {
    expect(vector.object).toEqual(own.value);
    const bytes = canonicalBytes(vector.object);
    expect(hex(bytes)).toBe(vector.jcs_canonical_hex);
    expect(bytes).toHaveLength(vector.jcs_canonical_len_bytes);
    expect(sha(bytes).digest('hex')).toBe(vector.sha256_hex);
    expect(sha(bytes).digest('base64url')).toBe(vector.sha256_b64url);
    if (vector.coordinator_signature_b64url === undefined) return;
    expect(await signJcs(vector.object, await signerOf('A'))).toBe(vector.coordinator_signature_b64url);
  };

  const CHECKS: Readonly<Record<string, (vector: Loose) => Promise<void>>> = {
    'kat-manifest-001': body(primitives.bodies.manifest),
    'kat-revocation-001': body(primitives.bodies.revocation),
    'kat-session-bundle-001': body(primitives.bodies.bundle),
    async 'kat-manifest-pop-001'(vector) {
      const signer = await signerOf(NAMES[vector.signing_keypair_id] as KeyName);
      const challenge = decodeBase64url(vector.challenge);
      expect([signer.aid, hex(challenge)]).toEqual([vector.signer_aid, vector.decoded_hex]);
      expect(sha(challenge).digest('hex')).toBe(vector.sha256_hex);
      expect(await signPop(vector.challenge, signer)).toBe(vector.signature_b64url);
      expect(primitives.pop).toMatchObject({ challenge: vector.challenge, signature: vector.signature_b64url });
    },
    async 'kat-pinned-key-proof-001'(vector) {
      const context = {
        sender: vector.sender_aid,
        receiver: vector.receiver_aid,
        messageId: vector.message_id,
        timestampSec: vector.timestamp,
        popNonce: vector.pop_nonce,
      };
      const input = pinnedProofInput(context);
      expect([hex(input), input.length]).toEqual([vector.proof_input_hex, vector.proof_input_len_bytes]);
      expect(sha(input).digest('hex')).toBe(vector.sha256_hex);
      const proof = await makePinnedProof(context, await signerOf('C'));
      expect(proof).toBe(vector.signature_b64url);
      const publicKey = parseAid(vector.sender_aid).identifier;
      const descriptor = { type: 'pinned_key', subject: 'c', publicKey, proof } as const;
      await verifyPinnedProof(descriptor, context, pinnedKeys([{ subject: 'c', publicKey }]));
      const { inputHex, signature } = primitives.pinned;
      expect([inputHex, signature]).toEqual([vector.proof_input_hex, vector.signature_b64url]);
    },
    async 'kat-multihop-chain-001'(vector) {
      expect(vector.voucher_jws).toBe(signed.tokens.voucher);
      expect(vector.chain).toEqual(primitives.chain.entries);
      const digests = vector.chain.map((token: string) => sha(token).digest('base64url'));
      expect(digests).toEqual(vector.chain_entry_sha256_b64url);
      expect(canonicalize(digests)).toBe(vector.digest_array_jcs);
      expect(await chainHash(vector.chain)).toBe(vector.chain_hash);
      const again = await extendDelegation(await signerOf('C'), {
        prior: vector.chain[0],
        delegatee: D.aid,
        scope: ['macp.mode.task.v1'],
        now,
        ttlSec: 2_000,
        jti: '550e8400-e29b-41d4-a716-446655440012',
      });
      expect(again).toBe(vector.outer_delegation_jws);
      const options = { verifier: A.aid, now, revocation, hopRevocation: revocation, pop };
      await verifyDelegationMultihop(vector.outer_delegation_jws, options);
    },
    async 'kat-multihop-truncation-001'(vector) {
      expect(await chainHash(vector.chain_truncated)).toBe(vector.chain_hash_truncated);
      expect(await chainHash(primitives.chain.entries)).toBe(vector.chain_hash_full);
      expect(vector.chain_hash_truncated !== vector.chain_hash_full).toBe(vector.must_differ);
    },
  };

  it.each((inputs?.vectors ?? []).map((vector) => [vector.id, vector] as const))('%s', async (id, vector) => {
    await (CHECKS[id] as (vector: Loose) => Promise<void>)(vector);
  });

  it('are all known here', () => {
    expect(inputs?.vectors.map(({ id }) => id).sort()).toEqual(Object.keys(CHECKS).sort());
  });
});

describe.runIf(keypairs !== undefined)(
  'published signed examples: as ours, made again to the byte, and verified',
  () => {
    const example = (name: string) => published<Loose>(`signed-examples/${name}`) as Loose;

    it('the Manifest', async () => {
      const { manifest } = example('manifest/kat-keypair-001-manifest');
      expect(manifest).toEqual(signed.manifest.manifest);
      const text = JSON.stringify({ manifest });
      expect(await verifyManifest(text, { now })).toMatchObject({ aid: A.aid });
      const challenge = decodeBase64url(manifest.proof_of_possession.challenge);
      const content = {
        now,
        identity: { type: 'pinned_key', subject: manifest.identity_hint.subject },
        displayName: manifest.display_name,
        handshakeEndpoint: manifest.handshake_endpoint,
        acceptedTrustAnchors: manifest.accepted_trust_anchors,
        offeredCapabilities: manifest.offered_capabilities,
        random: () => challenge,
      } as const;
      const made = await buildManifest(content, await signerOf('A'));
      expect(made.body).toEqual(manifest);
    });

    it('the snapshot', async () => {
      const { revocation_list: list, signature } = example('revocation/kat-keypair-001-snapshot');
      expect({ revocation_list: list, signature }).toEqual(signed.snapshot);
      const text = canonicalize({ revocation_list: list, signature });
      expect(await verifySnapshot(text)).toMatchObject({ issuer: A.aid });
      const content = {
        publishedAtSec: list.published_at,
        expiresAtSec: list.expires_at,
        entries: list.entries.map(({ jti, revoked_at, reason }: Loose) => ({ jti, revokedAtSec: revoked_at, reason })),
      };
      expect(await buildSnapshot(content, await signerOf('A'))).toBe(text);
    });

    it('the token', async () => {
      const { tct_token, decoded_claims } = example('tct/kat-keypair-001-issues-002');
      expect([tct_token, decoded_claims]).toEqual([signed.tokens.tct, signed.claims.tct]);
      const { jti, grants } = decoded_claims;
      const { tct } = await issueTct(await signerOf('A'), { subject: B.aid, grants, now, issuerManifest, jti });
      expect(tct.token).toBe(tct_token);
      await verifyTct(tct_token, { issuer: A.aid, audience: B.aid, now, issuerManifest, revocation });
    });

    it('the voucher', async () => {
      const { voucher_token, decoded_claims } = example('grant-voucher/kat-voucher-001');
      expect([voucher_token, decoded_claims]).toEqual([signed.tokens.voucher, signed.claims.voucher]);
      const { src_jti: jti, grants } = decoded_claims;
      const { voucher } = await issueTct(await signerOf('A'), { subject: B.aid, grants, now, issuerManifest, jti });
      expect(voucher).toBe(voucher_token);
      await verifyVoucher(voucher_token, { verifier: A.aid, now });
    });

    it('the delegation', async () => {
      const { delegation_token, decoded_claims } = example('delegation/single-hop-001-002-003');
      expect([delegation_token, decoded_claims]).toEqual([signed.tokens.delegation, signed.claims.delegation]);
      const { voucher, scope } = decoded_claims;
      const content = { voucher, delegatee: C.aid, scope, now, ttlSec: 1_800 };
      expect(await issueDelegation(await signerOf('B'), content)).toBe(delegation_token);
      await verifyDelegation(delegation_token, { verifier: A.aid, now, revocation, pop });
    });

    it('the bundle', async () => {
      const { session_bundle } = example('session-bundle/kat-keypair-001-bundle');
      expect(session_bundle).toEqual(signed.bundle.session_bundle);
      const text = canonicalize({ session_bundle });
      await verifySessionBundle(text, { verifier: B.aid, now, revocation });
      const { jti, grants } = signed.claims.tct;
      const { tct } = await issueTct(await signerOf('A'), { subject: B.aid, grants, now, issuerManifest, jti });
      const { session_id: sessionId } = session_bundle;
      expect(await buildSessionBundle(await signerOf('A'), { tcts: [tct], now, sessionId })).toBe(text);
    });
  },
);
