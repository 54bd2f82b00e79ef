// The conformance fixtures of AITP about envelopes, Manifests and snapshots, where they are at hand; their placeholders are
// filled in here. Steps of the adapter's own (policy, key resolution) are not among them.

import { describe, expect, it } from 'vitest';
import { envelopeSigningInput } from '../../src/aitp/envelope.js';
import { verifyEnvelope } from '../../src/aitp/envelope-verify.js';
import { signHashed, signJcs, withoutMember } from '../../src/aitp/jcs-profile.js';
import { verifyManifest } from '../../src/aitp/manifest.js';
import { signPop } from '../../src/aitp/pop.js';
import { memoryReplayStore } from '../../src/aitp/replay-store.js';
import { type FailMode, judgeRevocation } from '../../src/aitp/revocation.js';
import { isUsable, verifySnapshot } from '../../src/aitp/revocation-snapshot.js';
import type { AitpSigner } from '../../src/aitp/signer.js';
import type { JsonObject } from '../../src/codec/json-value.js';
import primitives from '../../vectors/aitp/primitives.json' with { type: 'json' };
import signed from '../../vectors/aitp/signed.json' with { type: 'json' };
import { sharedVectors } from '../support/shared-vectors.js';
import { type KeyName, outcome, signerOf, T } from './support.js';

interface Fixture {
  input: {
    now?: number;
    tolerance_seconds?: number;
    envelope?: JsonObject;
    manifest?: JsonObject;
    snapshot?: { revocation_list: JsonObject; signature: string };
    expected_issuer?: string;
    queried_jti?: string;
    policy?: { fail_mode: FailMode; max_staleness_secs: number };
  };
  expected: { outcome: 'success' | 'failure'; error_code?: string };
}

async function signerOfAid(aid: unknown): Promise<AitpSigner> {
  const name = (Object.keys(primitives.keys) as KeyName[]).find((key) => primitives.keys[key].aid === aid);
  if (name === undefined) throw new Error(`no test key for ${aid}`);
  return signerOf(name);
}

async function runEnvelope({ envelope = {}, tolerance_seconds: toleranceSec = 300, now = T }: Fixture['input']) {
  const { message_id, timestamp, sender, payload } = envelope as never as Record<string, string>;
  const aid = (sender as never as JsonObject).agent_id;
  const parts = { messageId: message_id, timestampSec: timestamp, sender: aid, payload };
  const signature = await signHashed(await envelopeSigningInput(parts as never), await signerOfAid(aid));
  const text = JSON.stringify({ ...envelope, signature });
  return outcome(() =>
    verifyEnvelope(text, { now: () => now, toleranceSec, replay: memoryReplayStore({ now: () => now }) }),
  );
}

async function runManifest({ manifest = {}, now = T }: Fixture['input']) {
  const signer = await signerOfAid(manifest.aid);
  const { challenge } = manifest.proof_of_possession as { challenge: string };
  const body = withoutMember(
    { ...manifest, proof_of_possession: { challenge, signature: await signPop(challenge, signer) } },
    'signature',
  );
  const text = JSON.stringify({ manifest: { ...body, signature: await signJcs(body, signer) } });
  return outcome(() => verifyManifest(text, { now: () => now }));
}

async function runSnapshot({ snapshot, expected_issuer = '', queried_jti, policy, now = T }: Fixture['input']) {
  const body = snapshot?.revocation_list as JsonObject;
  const signature = await signJcs(body, await signerOfAid(body.issuer));
  return outcome(async () => {
    const verified = await verifySnapshot(JSON.stringify({ revocation_list: body, signature }));
    const { fail_mode: failMode, max_staleness_secs: maxStalenessSec } = policy!;
    // Asked about no token in particular, a stale snapshot fails under fail_closed alone.
    if (queried_jti === undefined && failMode !== 'fail_closed') {
      expect(isUsable(verified, expected_issuer, now, maxStalenessSec)).toBe(false);
      return;
    }
    const query = { issuer: expected_issuer, jti: queried_jti ?? '', grants: ['a'], nowSec: now };
    judgeRevocation(verified, query, { failMode, maxStalenessSec });
  });
}

const files = [
  ['env-001-timestamp-expired', runEnvelope],
  ['env-005-p256-envelope-success', runEnvelope],
  ['env-006-unknown-field-rejected', runEnvelope],
  ['env-007-extensions-unknown-key-accepted', runEnvelope],
  ['man-001-expired', runManifest],
  ['man-002-version-unknown', runManifest],
  ['man-004-unknown-field-rejected', runManifest],
  ['man-005-extensions-unknown-key-accepted', runManifest],
  ['man-006-schema-invalid', runManifest],
  ['man-007-identity-hint-oidc-public-key-rejected', runManifest],
  ['rev-001-stale-snapshot-fail-closed', runSnapshot],
  ['rev-003-success', runSnapshot],
  ['rev-005-unknown-field-rejected', runSnapshot],
  ['rev-006-extensions-unknown-key-accepted', runSnapshot],
  ['rev-007-schema-invalid', runSnapshot],
  ['rev-009-fail-open-stale-snapshot', runSnapshot],
] as const;

describe('conformance fixtures', () => {
  for (const [name, run] of files) {
    const fixture = sharedVectors<Fixture>(`aitp/fixtures/${name}.json`);
    it.skipIf(fixture === undefined)(name, async () => {
      const { input, expected } = fixture!;
      expect(await run(input)).toBe(expected.outcome === 'success' ? 'accepted' : expected.error_code);
    });
  }
});

describe('signed examples as published are those of our own vectors', () => {
  const manifest = sharedVectors<typeof signed.manifest>(
    'aitp/known-answer/signed-examples/manifest/kat-keypair-001-manifest.json',
  );
  it.skipIf(manifest === undefined)('the Manifest', () => {
    expect(manifest?.manifest).toEqual(signed.manifest.manifest);
  });
  const snapshot = sharedVectors<typeof signed.snapshot>(
    'aitp/known-answer/signed-examples/revocation/kat-keypair-001-snapshot.json',
  );
  it.skipIf(snapshot === undefined)('the snapshot', () => {
    expect(snapshot?.revocation_list).toEqual(signed.snapshot.revocation_list);
    expect(snapshot?.signature).toBe(signed.snapshot.signature);
  });
  const tct = sharedVectors<{ tct_token: string }>(
    'aitp/known-answer/signed-examples/tct/kat-keypair-001-issues-002.json',
  );
  it.skipIf(tct === undefined)('the token', () => {
    expect(tct?.tct_token).toBe(signed.tokens.tct);
  });
});
