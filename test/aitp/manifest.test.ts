import { describe, expect, it } from 'vitest';
import { encodeManifest, newerManifest, verifyManifest, verifyManifestBody } from '../../src/aitp/manifest.js';
import { buildManifest, type ManifestContent } from '../../src/aitp/manifest-build.js';
import { manifestCache } from '../../src/aitp/manifest-cache.js';
import { signPop } from '../../src/aitp/pop.js';
import type { JsonObject } from '../../src/codec/json-value.js';
import primitives from '../../vectors/aitp/primitives.json' with { type: 'json' };
import { type Break, breaksInOrder } from './checklist-steps.js';
import { manifestOf, mutations, outcome, publish, signerOf, T, withBadSignature } from './support.js';

type Options = Partial<Parameters<typeof verifyManifest>[1]>;
const now = () => T;
const verify = (input: string | Uint8Array, options: Options = {}) =>
  outcome(() => verifyManifest(input, { now, ...options }));
/** Verdict on the Manifest of A with members changed and everything signed anew. */
async function verdict(members: JsonObject, options: Options = {}, without: string[] = []) {
  const a = await signerOf('A');
  const body = Object.fromEntries(
    Object.entries(await manifestOf(a, members)).filter(([name]) => !without.includes(name)),
  );
  return verify(await publish(body, a), options);
}
const A_KEY = primitives.keys.A.identifier;
const oidc = { type: 'oidc', issuer: 'https://auth.example.com', subject: 'a' };

describe('expiry and version', () => {
  it('[16.16] expired, at the very second, and from a cache too', async () => {
    const a = await signerOf('A');
    const text = await publish(await manifestOf(a), a);
    expect(await verify(text, { now: () => T + 3599 })).toBe('accepted');
    expect(await verify(text, { now: () => T + 3600 })).toBe('MANIFEST_EXPIRED');
    const cache = manifestCache();
    cache.offer(await verifyManifest(text, { now }));
    expect(await outcome(() => cache.get(a.aid, { now }))).toBe('accepted');
    expect(await outcome(() => cache.get(a.aid, { now: () => T + 3600 }))).toBe('MANIFEST_EXPIRED');
  });

  it('[16.17] another version', async () => {
    expect(await verdict({ version: 'aitp/9.9' })).toBe('MANIFEST_VERSION_UNKNOWN');
    expect(await verdict({ version: 'aitp/9.9' }, {}, ['aid'])).toBe('MANIFEST_VERSION_UNKNOWN');
    expect(await verdict({ version: 2 })).toBe('MANIFEST_INVALID');
    expect(await verdict({}, {}, ['version'])).toBe('MANIFEST_INVALID');
  });
});

describe('shape', () => {
  it.each([
    'aid',
    'identity_hint',
    'handshake_endpoint',
    'accepted_trust_anchors',
    'offered_capabilities',
    'proof_of_possession',
    'published_at',
    'expires_at',
  ])('[16.18] without %s', async (name) => {
    expect(await verdict({}, {}, [name])).toBe('MANIFEST_INVALID');
    expect(await verdict({ more: 1 }, {}, [name])).toBe('MANIFEST_INVALID');
  });

  it.each<[string, JsonObject]>([
    ['an endpoint without TLS', { handshake_endpoint: 'http://agents.example.com/' }],
    ['an endpoint that is no URL', { handshake_endpoint: 'https://' }],
    ['an endpoint with a space', { handshake_endpoint: 'https://a.example/ b' }],
    ['a local endpoint, unless it is asked for', { handshake_endpoint: 'http://localhost:8080/' }],
    ['a hint oidc with a key', { identity_hint: { ...oidc, public_key: A_KEY } }],
    ['a hint oidc without an issuer', { identity_hint: { type: 'oidc', subject: 'a' } }],
    ['a hint pinned_key without a key', { identity_hint: { type: 'pinned_key', subject: 'a' } }],
    [
      'a hint pinned_key with the key of somebody else',
      { identity_hint: { type: 'pinned_key', subject: 'a', public_key: primitives.keys.B.identifier } },
    ],
    ['a hint of another type', { identity_hint: { type: 'did', subject: 'a' } }],
    ['a hint without a subject', { identity_hint: { ...oidc, subject: '' } }],
    ['a hint that is no object', { identity_hint: 'a' }],
    ['a name of 129 characters', { display_name: 'a'.repeat(129) }],
    ['an anchor that is no URI', { accepted_trust_anchors: ['auth.example.com'] }],
    ['an anchor twice', { accepted_trust_anchors: ['https://a.example', 'https://a.example'] }],
    ['a capability with whitespace', { offered_capabilities: ['a b'] }],
    ['an empty capability', { offered_capabilities: [''] }],
    ['a capability twice', { offered_capabilities: ['a', 'a'] }],
    ['capabilities that are no list', { required_peer_capabilities: { 0: 'a' } }],
    ['an identity type nobody knows', { accepted_identity_types: ['did'] }],
    ['an algorithm nobody knows', { accepted_signature_algorithms: ['rsa'] }],
    ['a challenge of 15 bytes', { proof_of_possession: { challenge: 'A'.repeat(20), signature: 'A'.repeat(86) } }],
    ['an expiry of 0', { expires_at: 0 }],
    ['a time as text', { published_at: '1' }],
    ['extensions that are a list', { extensions: [] }],
    ['no AID', { aid: 'aid:pubkey:A' }],
  ])('[16.18] %s', async (_, members) => {
    expect(await verdict(members)).toBe('MANIFEST_INVALID');
    // With an unknown member beside it, it is the same.
    expect(await verdict({ ...members, more: 1 })).toBe('MANIFEST_INVALID');
  });

  it.each<[string, JsonObject, Options]>([
    ['no anchors, as pinned agents have it', { accepted_trust_anchors: [] }, {}],
    ['a name of 128 astral characters', { display_name: '\u{1f600}'.repeat(128) }, {}],
    ['a hint pinned_key', { identity_hint: { type: 'pinned_key', subject: 'a', public_key: A_KEY } }, {}],
    ['a local endpoint by option', { handshake_endpoint: 'http://127.0.0.1:1/x' }, { allowHttpLoopback: true }],
    ['empty lists', { offered_capabilities: [], required_peer_capabilities: [] }, {}],
  ])('accepted: %s', async (_, members, options) => {
    expect(await verdict(members, options)).toBe('accepted');
  });

  it.each(['http://localhost.example.com/', 'http://127.0.0.1.example.com/', 'http://localhost@example.com/'])(
    'not a local endpoint: %s',
    async (handshake_endpoint) => {
      expect(await verdict({ handshake_endpoint }, { allowHttpLoopback: true })).toBe('MANIFEST_INVALID');
    },
  );

  it('[16.19] a member nobody knows, wherever an object is closed; in extensions it is signed', async () => {
    const proof_of_possession = (await manifestOf(await signerOf('A'))).proof_of_possession as JsonObject;
    expect(await verdict({ deployment_region: 'us' })).toBe('UNKNOWN_FIELD');
    expect(await verdict({ identity_hint: { ...oidc, proof: 'x' } })).toBe('UNKNOWN_FIELD');
    expect(await verdict({ proof_of_possession: { ...proof_of_possession, alg: 1 } })).toBe('UNKNOWN_FIELD');
    const a = await signerOf('A');
    const text = await publish(await manifestOf(a, { extensions: { 'com.example.a': { b: 1 } } }), a);
    expect(await verify(text)).toBe('accepted');
    expect(await verify(text.replace(',"extensions":{"com.example.a":{"b":1}}', ''))).toBe(
      'MANIFEST_SIGNATURE_INVALID',
    );
    expect(await verify(text.replace('{"com.example.a":{"b":1}}', '{}'))).toBe('MANIFEST_SIGNATURE_INVALID');
    expect(await verify(text.replace(/}$/, ',"signature":"x"}'))).toBe('UNKNOWN_FIELD');
  });

  it.each(['', '{}', '[]', 'null', '{"manifest":null}', '{"manifest":[]}'])('no Manifest at all: %j', async (text) => {
    expect(await verify(text)).toBe('MANIFEST_INVALID');
  });

  it('the bare inner object is for messages, not for publishing', async () => {
    const a = await signerOf('A');
    const { manifest } = JSON.parse(await publish(await manifestOf(a), a)) as { manifest: JsonObject };
    expect(await verify(JSON.stringify(manifest))).toBe('MANIFEST_INVALID');
    expect(await outcome(() => verifyManifestBody(manifest, { now }))).toBe('accepted');
    expect(await outcome(() => verifyManifestBody(null, { now }))).toBe('MANIFEST_INVALID');
  });
});

describe('proof and signature', () => {
  it('[16.20] a proof over the text of the challenge is none', async () => {
    const { challenge, overText } = primitives.pop;
    const proof_of_possession = { challenge, signature: overText };
    expect(await verdict({ proof_of_possession })).toBe('MANIFEST_POP_FAILED');
    expect(await verdict({ proof_of_possession: { challenge, signature: primitives.pop.signature } })).toBe('accepted');
  });

  it('a Manifest of another agent, in a fetch and in a handshake', async () => {
    const expectedAid = primitives.keys.B.aid;
    expect(await verdict({}, { expectedAid })).toBe('MANIFEST_SIGNATURE_INVALID');
    expect(await verdict({}, { expectedAid, mismatchCode: 'INVALID_ENVELOPE' })).toBe('INVALID_ENVELOPE');
    expect(await verdict({}, { expectedAid: primitives.keys.A.aid })).toBe('accepted');
  });

  it('is signed by the agent it names, and by nobody else', async () => {
    const a = await signerOf('A');
    expect(await verify(await publish(await manifestOf(a), await signerOf('B')))).toBe('MANIFEST_SIGNATURE_INVALID');
  });
});

describe('[16.21] would the agent talk to us', () => {
  const fetcher = { type: 'oidc', issuer: 'https://auth.example.com' } as const;

  it('by identity type', async () => {
    const pinned = { fetcher: { type: 'pinned_key' } } as const;
    expect(await verdict({}, pinned)).toBe('INCOMPATIBLE_IDENTITY_TYPE');
    expect(await verdict({ accepted_identity_types: [] }, pinned)).toBe('INCOMPATIBLE_IDENTITY_TYPE');
    expect(await verdict({ accepted_identity_types: [] }, { fetcher })).toBe('INCOMPATIBLE_IDENTITY_TYPE');
    expect(await verdict({ accepted_identity_types: ['pinned_key'] }, pinned)).toBe('accepted');
    expect(await verdict({}, { fetcher })).toBe('accepted');
  });

  it('by issuer, to the letter', async () => {
    const other = { ...fetcher, issuer: 'https://auth.example.com/' };
    expect(await verdict({}, { fetcher: other })).toBe('INCOMPATIBLE_TRUST_ANCHORS');
    expect(await verdict({ accepted_trust_anchors: [] }, { fetcher })).toBe('INCOMPATIBLE_TRUST_ANCHORS');
  });
});

describe('[16.22] the newest stands', () => {
  const at = async (published_at: number, name: 'A' | 'B' = 'A') => {
    const signer = await signerOf(name);
    return verifyManifest(await publish(await manifestOf(signer, { published_at }), signer), { now });
  };

  it('of two copies', async () => {
    const [older, newer] = [await at(T - 10), await at(T)];
    expect(newerManifest(older, newer)).toBe(newer);
    expect(newerManifest(newer, older)).toBe(newer);
  });

  it('in a cache, which forgets the agent longest not offered', async () => {
    const cache = manifestCache({ maxEntries: 1 });
    const [older, newer, other] = [await at(T - 10), await at(T), await at(T, 'B')];
    expect(cache.offer(newer)).toBe(newer);
    expect(cache.offer(older)).toBe(newer);
    expect((await cache.get(newer.aid, { now }))?.publishedAtSec).toBe(T);
    cache.offer(other);
    expect(await cache.get(newer.aid, { now })).toBeUndefined();
    cache.delete(other.aid);
    expect(await cache.get(other.aid, { now })).toBeUndefined();
  });

  it('and is fetched anew when it is no longer fresh', async () => {
    const cache = manifestCache();
    const manifest = await at(T);
    cache.offer(manifest, T + 60);
    expect(await cache.get(manifest.aid, { now: () => T + 59 })).toBeDefined();
    expect(await cache.get(manifest.aid, { now: () => T + 60 })).toBeUndefined();
    cache.offer(await at(T - 1), T + 600);
    expect(await cache.get(manifest.aid, { now: () => T + 60 })).toBeUndefined();
  });
});

describe('order of the checks', () => {
  interface Case {
    members: Record<string, JsonObject[string] | undefined>;
    options: Options & { now: () => number };
    badSignature: boolean;
  }
  const fetcher = { type: 'oidc', issuer: 'https://auth.example.com' } as const;
  const steps: Break<Case>[] = [
    ['version', 'MANIFEST_VERSION_UNKNOWN', (c) => ({ members: { ...c.members, version: 'aitp/0.1' } })],
    ['shape', 'MANIFEST_INVALID', (c) => ({ members: { ...c.members, offered_capabilities: undefined } })],
    ['unknown member', 'UNKNOWN_FIELD', (c) => ({ members: { ...c.members, region: 'us' } })],
    ['expiry', 'MANIFEST_EXPIRED', (c) => ({ options: { ...c.options, now: () => T + 3600 } })],
    [
      'proof of possession',
      'MANIFEST_POP_FAILED',
      (c) => {
        const proof = c.members.proof_of_possession as JsonObject;
        return { members: { ...c.members, proof_of_possession: { ...proof, challenge: 'A'.repeat(22) } } };
      },
    ],
    ['signature', 'MANIFEST_SIGNATURE_INVALID', () => ({ badSignature: true })],
    [
      'identity type',
      'INCOMPATIBLE_IDENTITY_TYPE',
      (c) => ({ members: { ...c.members, accepted_identity_types: [] } }),
    ],
    ['issuer', 'INCOMPATIBLE_TRUST_ANCHORS', (c) => ({ members: { ...c.members, accepted_trust_anchors: [] } })],
  ];
  breaksInOrder('a Manifest', steps, async (spoil) => {
    const a = await signerOf('A');
    const state = spoil({ members: { ...(await manifestOf(a)) }, options: { now, fetcher }, badSignature: false });
    const body = Object.fromEntries(Object.entries(state.members).filter(([, value]) => value !== undefined));
    const text = await publish(body as JsonObject, a);
    return verify(state.badSignature ? withBadSignature(text) : text, state.options);
  });
});

it.each(['A', 'P'] as const)('a Manifest of %s with any one byte changed is refused', async (name) => {
  const signer = await signerOf(name);
  const text = await publish(await manifestOf(signer, { extensions: { a: [{ b: 'c' }, 1] } }), signer);
  expect(await verify(text)).toBe('accepted');
  for (const { at, bytes } of mutations(text)) expect([at, await verify(bytes)]).not.toEqual([at, 'accepted']);
});

describe('making one', () => {
  const content: ManifestContent = {
    now,
    identity: { type: 'pinned_key', subject: 'agent' },
    handshakeEndpoint: 'https://a.example/aitp/',
    offeredCapabilities: ['a.v1'],
  };

  it.each(['A', 'P'] as const)('for a pinned key of %s', async (name) => {
    const signer = await signerOf(name);
    const manifest = await buildManifest(content, signer);
    expect(manifest).toMatchObject({
      aid: signer.aid,
      identityHint: { type: 'pinned_key', subject: 'agent', publicKey: primitives.keys[name].identifier },
      acceptedTrustAnchors: [],
      acceptedIdentityTypes: ['pinned_key'],
      acceptedSuites: ['ed25519', 'p256'],
      publishedAtSec: T,
      expiresAtSec: T + 86_400,
      addresses: {},
    });
    expect(Object.keys(manifest.body)).not.toContain('extensions');
    expect(await verify(encodeManifest(manifest))).toBe('accepted');
  });

  it('for oidc, with addresses and all that is optional', async () => {
    const signer = await signerOf('A');
    const issuer = 'https://idp.example.com';
    const addresses = { renewUri: 'https://a.example/renew', revocationListUri: 'https://a.example/revoked' };
    const manifest = await buildManifest(
      {
        ...content,
        identity: { type: 'oidc', subject: 'agent', issuer },
        ttlSec: 60,
        displayName: 'Agent',
        requiredPeerCapabilities: ['b.v1'],
        acceptedSuites: ['p256'],
        addresses,
        extensions: { 'com.example.a': 1 },
      },
      signer,
    );
    expect(manifest).toMatchObject({
      displayName: 'Agent',
      identityHint: { type: 'oidc', subject: 'agent', issuer },
      acceptedTrustAnchors: [issuer],
      acceptedIdentityTypes: ['oidc'],
      acceptedSuites: ['p256'],
      requiredPeerCapabilities: ['b.v1'],
      expiresAtSec: T + 60,
      addresses,
    });
  });

  it('two have different challenges', async () => {
    const signer = await signerOf('A');
    const [one, other] = [await buildManifest(content, signer), await buildManifest(content, signer)];
    expect(one.body.proof_of_possession).not.toEqual(other.body.proof_of_possession);
  });

  it('never accepts oidc from nobody, and never goes without TLS', async () => {
    const signer = await signerOf('A');
    const make = (more: Partial<ManifestContent>) => buildManifest({ ...content, ...more }, signer);
    await expect(make({ acceptedIdentityTypes: ['oidc'] })).rejects.toThrow(RangeError);
    expect(await outcome(() => make({ handshakeEndpoint: 'http://a.example/' }))).toBe('MANIFEST_INVALID');
    await expect(make({ addresses: { renewUri: 'http://a.example/' } })).rejects.toThrow(TypeError);
  });

  it('reads addresses of the right kind only', async () => {
    const extensions = { 'rfc-aitp-0005.renew_uri': 'http://a.example', 'rfc-aitp-0005.verify_uri': 7 };
    const signer = await signerOf('A');
    const text = await publish(await manifestOf(signer, { extensions }), signer);
    expect((await verifyManifest(text, { now })).addresses).toEqual({});
  });

  it('a proof is over the nonce alone', async () => {
    await expect(signPop('short', await signerOf('A'))).rejects.toThrow(TypeError);
  });
});

it('a Manifest changed while it is verified is verified as it was read', async () => {
  const signer = await signerOf('B');
  const { manifest } = JSON.parse(await publish(await manifestOf(signer), signer)) as { manifest: JsonObject };
  const honest = manifest.handshake_endpoint as string;
  const shared: Record<string, JsonObject[string]> = { ...manifest, handshake_endpoint: 'https://evil.example/' };
  const verdict = outcome(() => verifyManifestBody(shared, { now }));
  shared.handshake_endpoint = honest;
  expect(await verdict).toBe('MANIFEST_SIGNATURE_INVALID');
  const verified = await verifyManifestBody(shared, { now });
  shared.handshake_endpoint = 'https://evil.example/';
  expect(verified.body.handshake_endpoint).toBe(honest);
});

it('what is no JSON at all is no Manifest', async () => {
  for (const value of [undefined, new Map(), [undefined], { aid: 1n }, Object.create({ version: 'aitp/0.2' })]) {
    expect(await outcome(() => verifyManifestBody(value as never, { now }))).toBe('MANIFEST_INVALID');
  }
});
