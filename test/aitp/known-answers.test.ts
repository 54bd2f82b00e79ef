import { describe, expect, it } from 'vitest';
import { parseAid } from '../../src/aitp/aid.js';
import { buildEnvelope, envelopeSigningInput } from '../../src/aitp/envelope.js';
import { verifyEnvelope } from '../../src/aitp/envelope-verify.js';
import {
  canonicalBytes,
  signHashed,
  signJcs,
  verifyHashed,
  verifyJcs,
  withoutMember,
} from '../../src/aitp/jcs-profile.js';
import { signJws, verifyJws } from '../../src/aitp/jws-profile.js';
import { verifyManifest } from '../../src/aitp/manifest.js';
import { signPop, verifyPop } from '../../src/aitp/pop.js';
import { verifySnapshot } from '../../src/aitp/revocation-snapshot.js';
import type { JsonObject } from '../../src/codec/json-value.js';
import { sha256 } from '../../src/curves/sha256.js';
import primitives from '../../vectors/aitp/primitives.json' with { type: 'json' };
import signed from '../../vectors/aitp/signed.json' with { type: 'json' };
import { hex, unhex } from '../support/hex.js';
import { type KeyName, outcome, signerOf, T } from './support.js';

const names = Object.keys(primitives.keys) as KeyName[];
const { tokens, claims } = signed;

describe('[16.1] [16.2] keys and thumbprints of the vectors', () => {
  it.each(names)('%s: the seed gives the AID, and the AID the key and the thumbprint', async (name) => {
    const { aid, identifier, suite, jkt, jwk } = primitives.keys[name];
    expect((await signerOf(name)).aid).toBe(aid);
    const parsed = parseAid(aid);
    expect(parsed).toMatchObject({ aid, identifier, suite, tagged: suite === 'p256' });
    expect(parsed.key.publicKey).toHaveLength(suite === 'p256' ? 65 : 32);
    expect(await parsed.jkt()).toBe(jkt);
    expect(jwk.crv).toBe(parsed.key.curve);
    if (suite === 'p256') return;
    const tagged = parseAid(`aid:pubkey:ed25519:${identifier}`);
    expect(tagged).toMatchObject({ tagged: true, identifier });
    expect(await tagged.jkt()).toBe(jkt);
  });
});

describe('[16.6] digests of inner bodies', () => {
  it.each(Object.entries(primitives.bodies))('%s', async (_, { value, bytes, canonical, ...digests }) => {
    const canonicalForm = canonicalBytes(value as JsonObject);
    expect(new TextDecoder().decode(canonicalForm)).toBe(canonical);
    expect(canonicalForm).toHaveLength(bytes);
    expect(hex(await sha256(canonicalForm))).toBe(digests.sha256);
    expect(digests.wrappedSha256).not.toBe(digests.sha256);
  });
});

describe('proofs of section 14.4', () => {
  it('signs the decoded challenge of the Manifest proof, and never its text', async () => {
    const { challenge, signature, overText } = primitives.pop;
    const a = await signerOf('A');
    expect(await signPop(challenge, a)).toBe(signature);
    await verifyPop(challenge, signature, a.aid, 'MANIFEST_POP_FAILED');
    expect(await outcome(() => verifyPop(challenge, overText, a.aid, 'MANIFEST_POP_FAILED'))).toBe(
      'MANIFEST_POP_FAILED',
    );
  });

  it('signs the pinned-key input, and does not take the time in binary', async () => {
    const { inputHex, signature, withBinaryTime } = primitives.pinned;
    const c = await signerOf('C');
    const input = unhex(inputHex);
    expect(await signHashed(input, c)).toBe(signature);
    const check = (text: string) => outcome(() => verifyHashed(input, text, c.aid, 'IDENTITY_FAILED'));
    expect(await check(signature)).toBe('accepted');
    expect(await check(withBinaryTime)).toBe('IDENTITY_FAILED');
  });
});

describe('[16.7] signed examples verify, and minting them again gives the same bytes', () => {
  it('the Manifest', async () => {
    const { manifest } = signed.manifest;
    const verified = await verifyManifest(JSON.stringify(signed.manifest), { now: () => T });
    expect(verified.aid).toBe(primitives.keys.A.aid);
    // Not normalised: the slash belongs to the name of the issuer.
    expect(verified.acceptedTrustAnchors).toEqual(['https://idp.example.com/']);
    const body = withoutMember(manifest, 'signature');
    expect(await signJcs(body, await signerOf('A'))).toBe(manifest.signature);
  });

  it('the revocation snapshot', async () => {
    const snapshot = await verifySnapshot(JSON.stringify(signed.snapshot));
    expect(snapshot).toMatchObject({ issuer: primitives.keys.A.aid, publishedAtSec: T, expiresAtSec: T + 3600 });
    expect(snapshot.entries).toEqual([
      { jti: '550e8400-e29b-41d4-a716-446655440099', revokedAtSec: T + 60, reason: 'key_compromised' },
    ]);
    const minted = await signJcs(signed.snapshot.revocation_list, await signerOf('A'));
    expect(minted).toBe(signed.snapshot.signature);
  });

  it('the session bundle', async () => {
    const { signature, ...body } = signed.bundle.session_bundle;
    expect(await signJcs(body, await signerOf('A'))).toBe(signature);
    await verifyJcs(body, signature, body.coordinator, 'BUNDLE_INVALID_SIGNATURE');
  });

  it.each([
    ['tct', 'aitp-tct+jwt', 'A'],
    ['voucher', 'aitp-grant+jwt', 'A'],
    ['delegation', 'aitp-delegation+jwt', 'B'],
  ] as const)('the token: %s', async (name, typ, issuer) => {
    const signer = await signerOf(issuer);
    expect(await signJws(claims[name] as JsonObject, typ, signer)).toBe(tokens[name]);
    const claimNames = Object.keys(claims[name]);
    const jws = await verifyJws(tokens[name], { typ, code: 'TCT_SIGNATURE_INVALID', claimNames, issuer: signer.aid });
    expect(jws.claims).toEqual(claims[name]);
    expect(jws.token).toBe(tokens[name]);
  });

  it('the P-256 token verifies, and one of ours has the same two segments', async () => {
    const p = await signerOf('P');
    const ours = await signJws(claims.tctP256, 'aitp-tct+jwt', p);
    expect(ours.slice(0, ours.lastIndexOf('.'))).toBe(tokens.tctP256.slice(0, tokens.tctP256.lastIndexOf('.')));
    for (const token of [ours, tokens.tctP256]) {
      await verifyJws(token, {
        typ: 'aitp-tct+jwt',
        code: 'TCT_SIGNATURE_INVALID',
        claimNames: Object.keys(claims.tctP256),
      });
    }
  });

  it('headers are written with alg before typ', () => {
    for (const name of ['tct', 'delegation'] as const) {
      expect(tokens[name].startsWith(`${primitives.headers[name]}.`)).toBe(true);
    }
    expect(tokens.voucher.startsWith(`${primitives.headers.grant}.`)).toBe(true);
    expect(tokens.tctP256.startsWith(`${primitives.headers.tctP256}.`)).toBe(true);
  });
});

describe('envelopes of section 14.6', () => {
  const verify = (members: object, options = {}) =>
    outcome(() =>
      verifyEnvelope(JSON.stringify(members), { now: () => T, replay: { dangerouslyAllowReplay: true }, ...options }),
    );

  it('signs the text with bars, for Ed25519 to the byte', async () => {
    const { text, digest, envelope } = signed.envelope;
    const built = await buildEnvelope(
      { messageType: 'mutual_hello', messageId: envelope.message_id, timestampSec: T, payload: envelope.payload },
      await signerOf('A'),
    );
    const input = await envelopeSigningInput(built);
    expect(new TextDecoder().decode(input)).toBe(text);
    expect(hex(await sha256(input))).toBe(digest);
    expect(built.signature).toBe(envelope.signature);
    expect(await verify(envelope)).toBe('accepted');
  });

  it('takes the P-256 form that hashes twice, the other by option, and high S by none', async () => {
    const { envelope, singleHash, highS } = signed.envelopeP256;
    const acceptSingleHashP256 = true;
    expect(await verify(envelope)).toBe('accepted');
    expect(await verify(envelope, { acceptSingleHashP256 })).toBe('accepted');
    expect(await verify({ ...envelope, signature: singleHash })).toBe('INVALID_SIGNATURE');
    expect(await verify({ ...envelope, signature: singleHash }, { acceptSingleHashP256 })).toBe('accepted');
    expect(await verify({ ...envelope, signature: highS }, { acceptSingleHashP256 })).toBe('INVALID_SIGNATURE');
  });
});
