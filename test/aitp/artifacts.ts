// One of every kind of signed artifact, made by our own builders, with the verifier that takes it.

import { issueDelegation, verifyDelegation } from '../../src/aitp/delegation.js';
import { answerPopChallenge, issuePopChallenge, verifyPopResponse } from '../../src/aitp/downstream-pop.js';
import { buildEnvelope, encodeEnvelope } from '../../src/aitp/envelope.js';
import { verifyEnvelope } from '../../src/aitp/envelope-verify.js';
import { buildInvocation, verifyInvocation } from '../../src/aitp/invocation.js';
import { encodeManifest, verifyManifest } from '../../src/aitp/manifest.js';
import { buildManifest } from '../../src/aitp/manifest-build.js';
import { extendDelegation, verifyDelegationMultihop } from '../../src/aitp/multihop.js';
import { buildRenewalRequest, renewTct } from '../../src/aitp/renewal.js';
import { memoryReplayStore } from '../../src/aitp/replay-store.js';
import { ownRevocations } from '../../src/aitp/revocation.js';
import { buildSnapshot, verifySnapshot } from '../../src/aitp/revocation-snapshot.js';
import { verifySessionBundle } from '../../src/aitp/session-bundle.js';
import { buildSessionBundle } from '../../src/aitp/session-bundle-shape.js';
import type { AitpSigner } from '../../src/aitp/signer.js';
import { issueTct, verifyTct } from '../../src/aitp/tct.js';
import { verifyVoucher } from '../../src/aitp/voucher.js';
import { decodeUtf8 } from '../../src/bytes/utf8.js';
import { type KeyName, signerOf, T } from './support.js';

/** A signed artifact as it travels. */
export interface Artifact {
  readonly name: string;
  /** Compact tokens are a text of their own; everything else is canonical JSON. */
  readonly form: 'token' | 'json';
  readonly text: string;
  /** Resolves where the input is accepted. */
  verify(input: string | Uint8Array): Promise<unknown>;
}

const now = () => T;
const pop = { dangerouslySkipPop: true } as const;
const replay = { dangerouslyAllowReplay: true } as const;
const revocation = ownRevocations(new Set());
const issuerManifest = { expiresAtSec: T + 86_400 };
const GRANTS = ['calendar.read', 'mail.send'];

/** What a verifier of tokens makes of bytes: the text they are, or one character for each where they are none. */
const asText = (input: string | Uint8Array): string => {
  if (typeof input === 'string') return input;
  try {
    return decodeUtf8(input);
  } catch {
    return Buffer.from(input).toString('latin1');
  }
};

/**
 * Makes one of each.
 *
 * @param granting Key of A, who grants, verifies delegations and coordinates. The others are B, C and D.
 */
export async function makeArtifacts(granting: KeyName = 'A'): Promise<readonly Artifact[]> {
  const [a, b, c, d] = (await Promise.all([granting, 'B', 'C', 'D'].map((name) => signerOf(name as KeyName)))) as [
    AitpSigner,
    AitpSigner,
    AitpSigner,
    AitpSigner,
  ];
  const { tct, voucher = '' } = await issueTct(a, { subject: b.aid, grants: GRANTS, now, issuerManifest });
  const other = await issueTct(a, { subject: c.aid, grants: GRANTS, now, issuerManifest });
  const decided = { issuer: a.aid, audience: b.aid, now, issuerManifest, revocation };
  const single = await issueDelegation(b, { voucher, delegatee: c.aid, scope: ['mail.send'], now });
  const named = await issueDelegation(b, {
    voucher,
    delegatee: c.aid,
    scope: GRANTS,
    now,
    jti: '550e8400-e29b-41d4-a716-446655440077',
  });
  const multihop = await extendDelegation(c, { prior: named, delegatee: d.aid, scope: ['mail.send'], now });
  const manifest = await buildManifest(
    {
      now,
      displayName: 'An agent',
      identity: { type: 'oidc', subject: 'agent', issuer: 'https://idp.example.com' },
      handshakeEndpoint: 'https://agents.example.com/aitp/handshake/',
      offeredCapabilities: GRANTS,
      requiredPeerCapabilities: ['mail.send'],
      acceptedSuites: ['ed25519', 'p256'],
      addresses: { revocationListUri: 'https://agents.example.com/revoked' },
      extensions: { 'com.example/x': { y: [1, true, null, '\u00e9'] } },
    },
    a,
  );
  const snapshot = await buildSnapshot(
    {
      publishedAtSec: T,
      expiresAtSec: T + 600,
      entries: [
        { jti: tct.jti, revokedAtSec: T, reason: 'key lost' },
        { jti: other.tct.jti, revokedAtSec: T - 1 },
      ],
    },
    a,
  );
  const bundle = await buildSessionBundle(a, { tcts: [tct, other.tct], now, extensions: { 'com.example/x': 1 } });
  const issued = await issuePopChallenge(a, tct, { now });
  const answering = { now, replay, verifier: a.aid, tct };
  const delegating = { verifier: a.aid, now, revocation, pop };

  const token = (name: string, text: string, verify: (token: string) => Promise<unknown>): Artifact => ({
    name,
    form: 'token',
    text,
    verify: (input) => verify(asText(input)),
  });
  const json = (name: string, text: string, verify: Artifact['verify']): Artifact => ({
    name,
    form: 'json',
    text,
    verify,
  });
  return [
    token('TCT', tct.token, (text) => verifyTct(text, decided)),
    token('voucher', voucher, (text) => verifyVoucher(text, { verifier: a.aid, now })),
    token('delegation', single, (text) => verifyDelegation(text, delegating)),
    token('multihop delegation', multihop, (text) =>
      verifyDelegationMultihop(text, { ...delegating, hopRevocation: revocation }),
    ),
    json('Manifest', encodeManifest(manifest), (input) => verifyManifest(input, { now })),
    json('revocation snapshot', snapshot, (input) => verifySnapshot(input)),
    json('session bundle', bundle, (input) => verifySessionBundle(input, { verifier: b.aid, now, revocation })),
    json(
      'invocation',
      await buildInvocation(b, { tct, capability: 'mail.send', arguments: { to: 'x', n: [1, 2] }, now }),
      (input) => verifyInvocation(input, { ...decided, replay, token: tct.token }),
    ),
    json('PoP challenge', issued.message, (input) => answerPopChallenge(input, b, answering)),
    json('PoP response', await answerPopChallenge(issued.message, b, answering), (input) =>
      verifyPopResponse(input, { challenge: issued.challenge, replay: memoryReplayStore({ now }), now }),
    ),
    json(
      'envelope',
      encodeEnvelope(await buildEnvelope({ messageType: 'tct', payload: { a: [1, { b: 'c' }] }, timestampSec: T }, a)),
      (input) => verifyEnvelope(input, { now, replay, messageTypes: ['tct'] }),
    ),
    json('renewal request', await buildRenewalRequest(b, tct), (input) =>
      renewTct(input, a, { now, ownManifest: issuerManifest, revocation, replay: memoryReplayStore({ now }) }),
    ),
  ];
}
