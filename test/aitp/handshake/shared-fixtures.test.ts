// The conformance fixtures of AITP about handshakes and identities, where they are at hand. Their placeholders are filled
// in as the people who wrote them say; known answers elsewhere hold the signing rules themselves to account.

import { createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { aidJkt } from '../../../src/aitp/aid.js';
import { buildEnvelope, type Envelope, encodeEnvelope } from '../../../src/aitp/envelope.js';
import type { ProvedPeer } from '../../../src/aitp/handshake/first-round.js';
import { readCommit } from '../../../src/aitp/handshake/messages.js';
import { handshakeSettings } from '../../../src/aitp/handshake/options.js';
import { HandshakeResponder } from '../../../src/aitp/handshake/responder.js';
import { judgeCommit } from '../../../src/aitp/handshake/second-round.js';
import { makePinnedProof } from '../../../src/aitp/identity-proof.js';
import { signJcs } from '../../../src/aitp/jcs-profile.js';
import { signJws } from '../../../src/aitp/jws-profile.js';
import { buildManifest } from '../../../src/aitp/manifest-build.js';
import { issuerKeys } from '../../../src/aitp/oidc-keys.js';
import { trustAnyPinnedKey } from '../../../src/aitp/pinned-keys.js';
import { signPop } from '../../../src/aitp/pop.js';
import { memoryReplayStore } from '../../../src/aitp/replay-store.js';
import { type AitpSigner, aitpSignerFromSeed } from '../../../src/aitp/signer.js';
import type { JsonObject } from '../../../src/codec/json-value.js';
import { sharedVectors } from '../../support/shared-vectors.js';
import { codeOf, NOW } from '../parties.js';

const FIRST_ROUND = [
  'mh-002-manifest-signature-invalid',
  'mh-003-manifest-pop-failed',
  'mh-004-incompatible-trust-anchors',
  'mh-009-identity-type-mismatch-rejected',
  'id-001-oidc-missing-aud',
  'id-002-oidc-wrong-aud',
  'id-004-pinned-key-cross-peer-replay',
  'id-005-pinned-legacy-proof-rejected',
  'id-006-pinned-wrong-pop-nonce-rejected',
  'id-007-pinned-untrusted-key-rejected',
  'id-008-oidc-public-key-rejected',
];
const SECOND_ROUND = ['mh-006-audience-mismatch', 'mh-008-pop-verification-failed'];

// biome-ignore lint/suspicious/noExplicitAny: fixtures are loose by nature
type Loose = any;

const SEEDS = [
  new Uint8Array(32),
  Uint8Array.from({ length: 32 }, (_, i) => i),
  ...[0xff, 1, 0xaa].map((byte) => new Uint8Array(32).fill(byte)),
];
const now = () => NOW;
const NONCE = 'AQEBAQEBAQEBAQEBAQEBAQ';
const PROVIDER_SEED = Buffer.alloc(32, 7);
const providerKey = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), PROVIDER_SEED]),
  format: 'der',
  type: 'pkcs8',
});

async function signerOfAid(aid: string): Promise<AitpSigner> {
  const signers = await Promise.all(SEEDS.map((seed) => aitpSignerFromSeed(seed)));
  return signers.find((signer) => signer.aid === aid) as AitpSigner;
}

function tampered(signature: string): string {
  const bytes = Buffer.from(signature, 'base64url');
  bytes[63] = (bytes[63] as number) ^ 1;
  return bytes.toString('base64url');
}

async function mintProof({ envelope, ...input }: Loose, signer: AitpSigner, receiver: string): Promise<string> {
  const { identity, pop_nonce: popNonce } = envelope.payload;
  const { message_id: messageId, timestamp: timestampSec } = envelope;
  const context = { sender: signer.aid, receiver: receiver as typeof signer.aid, messageId, timestampSec, popNonce };
  const claims = {
    iss: identity.issuer,
    sub: identity.subject,
    aud: input.jwt_aud_claim ?? receiver,
    iat: NOW,
    exp: NOW + 3_600,
    nonce: popNonce,
    cnf: { jkt: await aidJkt(signer.aid) },
  };
  const jwt = (body: object) => new SignJWT({ ...body }).setProtectedHeader({ alg: 'EdDSA' }).sign(providerKey);
  switch (identity.proof) {
    case '__VALID_JWT__':
    case '__VALID_JWT_FROM_UNKNOWN_ISSUER__':
    case '__JWT_AUD_TARGETS_DIFFERENT_PEER__':
      return jwt(claims);
    case '__JWT_MISSING_AUD_CLAIM__':
      return jwt({ ...claims, aud: undefined });
    case '__INVALID_POP_SIG_OVER_WRONG_NONCE__':
      return makePinnedProof({ ...context, popNonce: NONCE }, signer);
    case '__VALID_PINNED_PROOF__':
      return makePinnedProof(context, signer);
    case '__LEGACY_PINNED_PROOF__':
      return makePinnedProof({ ...context, messageId: `${messageId}|${timestampSec}` }, signer);
    case '__CAPTURED_PROOF_FROM_ORIGINAL_HANDSHAKE__': {
      const captured = input.captured_proof_context;
      return makePinnedProof(
        {
          sender: signer.aid,
          receiver: captured.original_receiver_aid,
          messageId: captured.original_message_id,
          timestampSec: captured.original_timestamp,
          popNonce: captured.original_pop_nonce,
        },
        signer,
      );
    }
    default:
      expect(identity.proof).not.toMatch(/^__/);
      return identity.proof;
  }
}

async function receiverOf(aid: string, anchors?: readonly string[]) {
  const signer = await signerOfAid(aid);
  const acceptedTrustAnchors = anchors ?? [
    'https://auth.openai.com',
    'https://auth.anthropic.com',
    'https://idp.example.com',
  ];
  const manifest = await buildManifest(
    {
      now,
      identity: { type: 'pinned_key', subject: 'self' },
      acceptedIdentityTypes: ['oidc', 'pinned_key'],
      acceptedTrustAnchors,
      handshakeEndpoint: 'https://self.example.com/',
      offeredCapabilities: ['macp.mode.task.v1'],
    },
    signer,
  );
  const provider = await aitpSignerFromSeed(PROVIDER_SEED);
  const keys = Object.fromEntries(acceptedTrustAnchors.map((issuer) => [issuer, [provider.aid.slice(11)]]));
  const revocation = { dangerouslyIgnoreRevocation: true } as const;
  const common = { signer, manifest, now, revocation, replay: memoryReplayStore({ now }) };
  return { ...common, issuerKeys: issuerKeys(keys), pinnedKeys: trustAnyPinnedKey() };
}

async function mintHello(input: Loose, receiver: string): Promise<string> {
  const { message_id: messageId, timestamp: timestampSec, sender, payload } = structuredClone(input.envelope);
  const signer = await signerOfAid(sender.agent_id);
  payload.identity.proof = await mintProof(input, signer, receiver);
  const { manifest } = payload;
  const { challenge, signature } = manifest.proof_of_possession;
  const proved = await signPop(signature === '__INVALID_POP_SIG__' ? NONCE : challenge, signer);
  manifest.proof_of_possession = { challenge, signature: proved };
  const { signature: wanted, ...body } = manifest;
  const signed = await signJcs(body, signer);
  manifest.signature = wanted === '__TAMPERED_SIGNATURE__' ? tampered(signed) : signed;
  return encodeEnvelope(await buildEnvelope({ messageType: 'mutual_hello', messageId, timestampSec, payload }, signer));
}

describe('hello', () => {
  for (const name of FIRST_ROUND) {
    const fixture = sharedVectors<Loose>(`aitp/fixtures/${name}.json`);
    it.skipIf(fixture === undefined)(name, async () => {
      const { input, expected } = fixture;
      const self = input.self_aid ?? (await signerOfAid(`aid:pubkey:O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik`)).aid;
      const options = await receiverOf(self, input.self_trust_anchors);
      const find = (subject: string, publicKey: string) =>
        (input.trust_store ?? []).includes(`aid:pubkey:${publicKey}`) ? { subject, publicKey } : undefined;
      const responder = new HandshakeResponder(
        input.trust_store === undefined ? options : { ...options, pinnedKeys: { find } },
      );
      expect(await codeOf(responder.processHello(await mintHello(input, self)))).toBe(expected.error_code);
    });
  }
});

describe('hello, with the one defect mended', () => {
  for (const name of FIRST_ROUND.filter((file) => /^id-00[12456]/.test(file))) {
    const fixture = sharedVectors<Loose>(`aitp/fixtures/${name}.json`);
    it.skipIf(fixture === undefined)(name, async () => {
      const { input } = structuredClone(fixture);
      const { identity } = input.envelope.payload;
      identity.proof = identity.type === 'oidc' ? '__VALID_JWT__' : '__VALID_PINNED_PROOF__';
      delete input.jwt_aud_claim;
      const responder = new HandshakeResponder(await receiverOf(input.self_aid));
      expect(await codeOf(responder.processHello(await mintHello(input, input.self_aid)))).toBe('accepted');
    });
  }
});

/** Judges one payload of the second round out of its session, as the fixtures have it. */
async function judge(payload: Loose, self: string, ownNonce: string, from: string): Promise<string> {
  const signer = await signerOfAid(from);
  const { tct_claims, grant_voucher_claims, ...rest } = payload;
  const wrong = rest.pop_signature === '__INVALID_POP_SIG_OVER_WRONG_NONCE__';
  const filled = {
    ...rest,
    tct: await signJws(tct_claims, 'aitp-tct+jwt', signer),
    pop_nonce_echo: rest.pop_nonce_echo.startsWith('__') ? ownNonce : rest.pop_nonce_echo,
    pop_signature: await signPop(wrong ? NONCE : ownNonce, signer),
    ...(grant_voucher_claims === undefined
      ? {}
      : { grant_voucher: await signJws(grant_voucher_claims, 'aitp-grant+jwt', signer) }),
  };
  const settings = handshakeSettings(await receiverOf(self));
  const { manifest } = await receiverOf(from);
  const peer = { aid: signer.aid, manifest, popNonce: ownNonce, requestedGrants: [] } as unknown as ProvedPeer;
  const commit = readCommit({ payload: filled as JsonObject } as Envelope);
  return codeOf(judgeCommit(commit, peer, ownNonce, settings, { nowSec: NOW, signal: undefined }));
}

describe('commit', () => {
  for (const name of SECOND_ROUND) {
    const fixture = sharedVectors<Loose>(`aitp/fixtures/${name}.json`);
    it.skipIf(fixture === undefined)(name, async () => {
      const { envelope, self_aid, self_pop_nonce_sent_in_hello_ack } = fixture.input;
      const { payload, sender } = envelope;
      const self = self_aid ?? payload.tct_claims.aud;
      const ownNonce = self_pop_nonce_sent_in_hello_ack ?? payload.pop_nonce_echo;
      expect(await judge(payload, self, ownNonce, sender.agent_id)).toBe(fixture.expected.error_code);
    });
  }

  const success = sharedVectors<Loose>('aitp/fixtures/mh-success-001.json');
  it.skipIf(success === undefined)('mh-success-001', async () => {
    for (const side of [success.input.peer_a, success.input.peer_b]) {
      const { received_payload: payload, self_aid } = side;
      expect(await judge(payload, self_aid, NONCE, payload.tct_claims.iss)).toBe('accepted');
    }
  });
});
