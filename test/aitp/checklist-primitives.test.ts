// Lines 5 to 10 of the checklist, where the tests beside each file show a part: signatures that would hold under a lax
// verifier, members twice in text that is signed, and the same rule in every artifact that carries it.

import { createHash } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { parseAid } from '../../src/aitp/aid.js';
import { buildEnvelope, encodeEnvelope } from '../../src/aitp/envelope.js';
import { verifyEnvelope } from '../../src/aitp/envelope-verify.js';
import { signHashed, signJcs } from '../../src/aitp/jcs-profile.js';
import { encodeManifest, verifyManifest } from '../../src/aitp/manifest.js';
import { buildManifest } from '../../src/aitp/manifest-build.js';
import { signPop } from '../../src/aitp/pop.js';
import { ownRevocations } from '../../src/aitp/revocation.js';
import { buildSnapshot, verifySnapshot } from '../../src/aitp/revocation-snapshot.js';
import { verifySessionBundle } from '../../src/aitp/session-bundle.js';
import type { AitpSigner } from '../../src/aitp/signer.js';
import { verifyTct } from '../../src/aitp/tct.js';
import { decodeBase64url, encodeBase64url } from '../../src/codec/base64url.js';
import { canonicalize } from '../../src/codec/jcs.js';
import type { JsonObject } from '../../src/codec/json-value.js';
import primitives from '../../vectors/aitp/primitives.json' with { type: 'json' };
import signed from '../../vectors/aitp/signed.json' with { type: 'json' };
import { hex, unhex } from '../support/hex.js';
import { ED25519_SMALL_ORDER } from '../support/small-order.js';
import { holdsUnder, manifestOf, outcome, publish, publishList, signerOf, T } from './support.js';
import { forge, KEYS, TCT, tctClaims } from './tokens-oracle.js';

const now = () => T;
const replay = { dangerouslyAllowReplay: true } as const;
const AID = primitives.keys.A.aid;

const verify = {
  envelope: (text: string) => outcome(() => verifyEnvelope(text, { now, replay })),
  manifest: (text: string) => outcome(() => verifyManifest(text, { now })),
  snapshot: (text: string) => outcome(() => verifySnapshot(text)),
  bundle: (text: string) =>
    outcome(() => verifySessionBundle(text, { verifier: KEYS.B.aid, now, revocation: ownRevocations(new Set()) })),
  tct: (token: string, issuer: string = AID) =>
    outcome(() =>
      verifyTct(token, {
        issuer,
        audience: { dangerouslyAcceptAnyHolder: true },
        now,
        issuerManifest: { dangerouslyIgnoreIssuerManifest: true },
        revocation: { dangerouslyIgnoreRevocation: true },
      }),
    ),
};

/** Every P-256 or Ed25519 artifact of the JCS profile by one signer, as text, and the code of a signature that is wrong. */
async function artifactsOf(signer: AitpSigner): Promise<readonly [keyof typeof verify, string, string][]> {
  const envelope = await buildEnvelope({ messageType: 'error', timestampSec: T, payload: { a: 1 } }, signer);
  const tct = forge(
    signer.suite === 'p256' ? KEYS.P : KEYS.A,
    TCT,
    tctClaims(signer.suite === 'p256' ? KEYS.P : KEYS.A, KEYS.B),
  );
  const bundle: JsonObject = {
    version: 'aitp/0.2',
    session_id: '650e8400-e29b-41d4-a716-446655440000',
    coordinator: signer.aid,
    issued_at: T,
    expires_at: T + 3600,
    participants: [{ aid: KEYS.B.aid, tct }],
  };
  const sealed = canonicalize({ session_bundle: { ...bundle, signature: await signJcs(bundle, signer) } });
  return [
    ['envelope', encodeEnvelope(envelope), 'INVALID_SIGNATURE'],
    ['manifest', await publish(await manifestOf(signer), signer), 'MANIFEST_SIGNATURE_INVALID'],
    [
      'snapshot',
      await buildSnapshot({ publishedAtSec: T, expiresAtSec: T + 1, entries: [] }, signer),
      'REVOCATION_SNAPSHOT_SIGNATURE_INVALID',
    ],
    ['bundle', sealed, 'BUNDLE_INVALID_SIGNATURE'],
  ];
}

/** The text with the last of its signatures, the one over all of it, changed. */
function withSignature(text: string, change: (signature: string) => string): string {
  const last = [...text.matchAll(/"signature":"([^"]*)"/g)].at(-1) as RegExpExecArray;
  const at = last.index + '"signature":"'.length;
  const signature = last[1] as string;
  return text.slice(0, at) + change(signature) + text.slice(at + signature.length);
}

describe('[16.5] a member twice, three levels down, in text whose signature covers it', () => {
  const twice = '{"b":{"c":1,"c":1}}';
  // What JSON.parse makes of it: the last one stands, so that a reader who does not look takes the signature for good.
  const once = { b: { c: 1 } };

  it('in a Manifest', async () => {
    const a = await signerOf('A');
    const text = await publish(await manifestOf(a, { extensions: once }), a);
    expect(await verify.manifest(text)).toBe('accepted');
    const doubled = text.replace(JSON.stringify(once), twice);
    expect(JSON.parse(doubled)).toEqual(JSON.parse(text));
    expect(await verify.manifest(doubled)).toBe('MANIFEST_INVALID');
  });

  it('in an envelope', async () => {
    const content = { messageType: 'error', timestampSec: T, payload: { a: once } } as const;
    const text = encodeEnvelope(await buildEnvelope(content, await signerOf('A')));
    expect(await verify.envelope(text)).toBe('accepted');
    const doubled = text.replace(JSON.stringify(once), twice);
    expect(JSON.parse(doubled)).toEqual(JSON.parse(text));
    expect(await verify.envelope(doubled)).toBe('INVALID_ENVELOPE');
  });

  it('in the claims of a token', async () => {
    const claims = JSON.stringify(tctClaims(KEYS.A, KEYS.B, { ext: once }));
    expect(await verify.tct(forge(KEYS.A, TCT, claims))).toBe('accepted');
    expect(await verify.tct(forge(KEYS.A, TCT, claims.replace(JSON.stringify(once), twice)))).toBe(
      'TCT_SIGNATURE_INVALID',
    );
  });
});

describe('[16.6] the wrapper is no part of what is signed', () => {
  it.each([
    ['manifest', 'manifest', '636'],
    ['revocation', 'revocation_list', '241'],
    ['bundle', 'session_bundle', '941'],
  ] as const)('%s: the digest of the wrapped form is the abandoned one', (name, member, bytes) => {
    const { value, wrappedSha256, sha256 } = primitives.bodies[name];
    const wrapped = canonicalize({ [member]: value } as JsonObject);
    expect([wrapped.length, createHash('sha256').update(wrapped).digest('hex')]).toEqual([
      Number(bytes),
      wrappedSha256,
    ]);
    expect(
      createHash('sha256')
        .update(canonicalize(value as JsonObject))
        .digest('hex'),
    ).toBe(sha256);
  });

  it('a signature over the wrapped form holds for none of them', async () => {
    const a = await signerOf('A');
    const artifacts = (await artifactsOf(a)).filter(([kind]) => kind !== 'envelope');
    expect(artifacts).toHaveLength(3);
    for (const [kind, text, code] of artifacts) {
      expect(await verify[kind](text), kind).toBe('accepted');
      const whole = JSON.parse(text) as Record<string, JsonObject>;
      const [member = ''] = Object.keys(whole).filter((name) => name !== 'signature');
      const { signature: _, ...body } = whole[member] as JsonObject;
      const overWrapper = await signJcs({ [member]: body }, a);
      expect(await verify[kind](withSignature(text, () => overWrapper)), kind).toBe(code);
    }
  });
});

describe('[16.7] made again by the calls people make, the published bytes come out', () => {
  it('the Manifest, its proof and its signature', async () => {
    const { manifest } = signed.manifest;
    const challenge = decodeBase64url(manifest.proof_of_possession.challenge);
    const made = await buildManifest(
      {
        now,
        identity: { type: 'pinned_key', subject: manifest.identity_hint.subject },
        displayName: manifest.display_name,
        handshakeEndpoint: manifest.handshake_endpoint,
        acceptedTrustAnchors: manifest.accepted_trust_anchors,
        offeredCapabilities: manifest.offered_capabilities,
        random: () => challenge,
      },
      await signerOf('A'),
    );
    expect(encodeManifest(made)).toBe(canonicalize(signed.manifest as unknown as JsonObject));
  });

  it('the snapshot', async () => {
    const { published_at: publishedAtSec, expires_at: expiresAtSec, entries } = signed.snapshot.revocation_list;
    const listed = entries.map(({ jti, revoked_at: revokedAtSec, reason }) => ({ jti, revokedAtSec, reason }));
    const made = await buildSnapshot({ publishedAtSec, expiresAtSec, entries: listed }, await signerOf('A'));
    expect(made).toBe(canonicalize(signed.snapshot as unknown as JsonObject));
  });
});

describe('[16.8] Ed25519 points of small order', () => {
  const L = 2n ** 252n + 27742317777372353535851937790883648493n;
  const POINTS = ED25519_SMALL_ORDER.map(unhex);
  const message = new TextEncoder().encode('message');

  const number = (bytes: Uint8Array) => BigInt(`0x${hex(Uint8Array.from(bytes).reverse())}`);
  const littleEndian = (value: bigint) => unhex(value.toString(16).padStart(64, '0')).reverse();
  const challengeOf = (r: Uint8Array, publicKey: Uint8Array, of: Uint8Array) =>
    number(createHash('sha512').update(r).update(publicKey).update(of).digest()) % L;

  /** What the holder of a seed can make: a signature whose R is of small order, and whose S fits it all the same. */
  function forged(r: Uint8Array, of: Uint8Array): Uint8Array {
    const seed = unhex(primitives.keys.A.seedHex);
    const scalar = createHash('sha512').update(seed).digest().subarray(0, 32);
    scalar[0] = (scalar[0] as number) & 248;
    scalar[31] = ((scalar[31] as number) & 127) | 64;
    const s = (challengeOf(r, parseAid(AID).key.publicKey, of) * number(scalar)) % L;
    return Uint8Array.from([...r, ...littleEndian(s)]);
  }

  it.each(POINTS.map((r) => [hex(r), r] as const))('as R, in a signature a lax verifier takes: %s', async (_, r) => {
    const signature = forged(r, message);
    expect(ed25519.verify(signature, message, parseAid(AID).key.publicKey, { zip215: true })).toBe(true);
    expect(await holdsUnder(AID, message, signature)).toBe(false);
    const digest = Uint8Array.from(createHash('sha256').update('x').digest());
    expect(await holdsUnder(AID, digest, forged(r, digest))).toBe(false);
  });

  it.each(POINTS.map((a) => [hex(a), a] as const))('as key, for which anybody signs anything: %s', async (_, a) => {
    const aid = `aid:pubkey:${encodeBase64url(a)}`;
    const trivial = Uint8Array.from([...(POINTS[0] as Uint8Array), ...new Uint8Array(32)]);
    const takes = (of: Uint8Array) => ed25519.verify(trivial, of, a, { zip215: true });
    expect(takes(message)).toBe(true);
    const signature = encodeBase64url(trivial);
    const envelope = JSON.parse(JSON.stringify(signed.envelope.envelope));
    expect(await verify.envelope(JSON.stringify({ ...envelope, sender: { agent_id: aid }, signature }))).toBe(
      'INVALID_ENVELOPE',
    );
    const body = await manifestOf(await signerOf('A'), { aid });
    const proof_of_possession = { challenge: 'E1P1xitRfiKsGDoeyKCI0w', signature };
    expect(await verify.manifest(canonicalize({ manifest: { ...body, proof_of_possession, signature } }))).toBe(
      'MANIFEST_INVALID',
    );
    const list = { version: 'aitp/0.2', issuer: aid, published_at: T, expires_at: T + 1, entries: [] };
    expect(await verify.snapshot(canonicalize({ revocation_list: list, signature }))).toBe(
      'REVOCATION_SNAPSHOT_INVALID',
    );
    const claims = Buffer.from(JSON.stringify({ ...tctClaims(KEYS.A, KEYS.B), iss: aid })).toString('base64url');
    const header = Buffer.from(JSON.stringify({ alg: 'EdDSA', typ: TCT })).toString('base64url');
    expect(await verify.tct(`${header}.${claims}.${signature}`, aid)).toBe('TCT_SIGNATURE_INVALID');
  });

  it('S + L is refused in every artifact', async () => {
    const shift = (text: string) => {
      const bytes = Uint8Array.from(decodeBase64url(text));
      bytes.set(littleEndian(number(bytes.subarray(32)) + L), 32);
      return encodeBase64url(bytes);
    };
    for (const [kind, text, code] of await artifactsOf(await signerOf('A'))) {
      expect(await verify[kind](withSignature(text, shift)), kind).toBe(code);
    }
    const token = forge(KEYS.A, TCT, tctClaims(KEYS.A, KEYS.B));
    expect(await verify.tct(token.replace(/[^.]+$/, shift))).toBe('TCT_SIGNATURE_INVALID');
  });
});

describe('[16.9] P-256 signatures with a high S', () => {
  const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const twin = (text: string) => {
    const bytes = Buffer.from(text.replace('p256.', ''), 'base64url');
    const s = N - BigInt(`0x${bytes.subarray(32).toString('hex')}`);
    const high = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
    return `p256.${high.toString('base64url')}`;
  };

  it('are refused in an envelope made elsewhere, whose low twin holds', async () => {
    const { envelope, highS } = signed.envelopeP256;
    expect(twin(envelope.signature)).toBe(highS);
    expect(await verify.envelope(JSON.stringify(envelope))).toBe('accepted');
    expect(await verify.envelope(JSON.stringify({ ...envelope, signature: highS }))).toBe('INVALID_SIGNATURE');
  });

  it('are refused in every artifact, and in a proof of possession', async () => {
    const p = await signerOf('P');
    for (const [kind, text, code] of await artifactsOf(p)) {
      expect(await verify[kind](text), kind).toBe('accepted');
      expect(await verify[kind](withSignature(text, twin)), kind).toBe(code);
    }
    const challenge = 'E1P1xitRfiKsGDoeyKCI0w';
    const proof_of_possession = { challenge, signature: twin(await signPop(challenge, p)) };
    expect(await verify.manifest(await publish(await manifestOf(p, { proof_of_possession }), p))).toBe(
      'MANIFEST_POP_FAILED',
    );
    expect(await verify.tct(forge(KEYS.P, TCT, tctClaims(KEYS.P, KEYS.B), { highS: true }), KEYS.P.aid)).toBe(
      'TCT_SIGNATURE_INVALID',
    );
  });
});

describe('[16.10] a signature that names another suite, or one nobody knows', () => {
  it.each<[string, (signature: string) => string]>([
    ['p256', (signature) => `p256.${signature}`],
    ['unknown', (signature) => `ed448.${signature}`],
    ['empty', (signature) => `.${signature}`],
  ])('%s: the code is that of the artifact, never of a key that cannot be found', async (_, change) => {
    for (const [kind, text, code] of await artifactsOf(await signerOf('A'))) {
      expect(await verify[kind](withSignature(text, (signature) => `ed25519.${signature}`)), kind).toBe('accepted');
      expect(await verify[kind](withSignature(text, change)), kind).toBe(code);
    }
  });

  it('the tag of Ed25519 on a P-256 signature, and none at all', async () => {
    for (const [kind, text, code] of await artifactsOf(await signerOf('P'))) {
      for (const tag of ['', 'ed25519.']) {
        expect(await verify[kind](withSignature(text, (signature) => signature.replace('p256.', tag))), kind).toBe(
          code,
        );
      }
    }
  });

  it('a proof of possession with such a tag is that proof failed', async () => {
    const a = await signerOf('A');
    const challenge = 'E1P1xitRfiKsGDoeyKCI0w';
    const proof_of_possession = { challenge, signature: `p256.${await signHashed(decodeBase64url(challenge), a)}` };
    expect(await verify.manifest(await publish(await manifestOf(a, { proof_of_possession }), a))).toBe(
      'MANIFEST_POP_FAILED',
    );
  });
});

it('[16.47] a list with everything in its place but signed by nobody is not an empty one', async () => {
  const a = await signerOf('A');
  const list = { version: 'aitp/0.2', issuer: a.aid, published_at: T, expires_at: T + 1, entries: [] };
  const text = await publishList(list, a);
  expect(await verify.snapshot(text)).toBe('accepted');
  for (const signature of ['', 'A'.repeat(86), null]) {
    const verdict = await verify.snapshot(JSON.stringify({ revocation_list: list, signature }));
    expect(verdict).toBe(signature === null ? 'REVOCATION_SNAPSHOT_INVALID' : 'REVOCATION_SNAPSHOT_SIGNATURE_INVALID');
  }
});
