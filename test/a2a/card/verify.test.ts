import { ed25519 } from '@noble/curves/ed25519.js';
import { flattenedVerify, generateKeyPair } from 'jose';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import {
  type AgentCard,
  type AgentCardSignature,
  type CanonicalProfile,
  canonicalSigningPayload,
  raw,
  type SignatureVerifier,
  sdk,
  signAgentCard,
  spec,
  type VerificationInput,
  type VerifiedAgentCard,
  verifyAgentCard,
  verifySignatures,
} from '../../../src/a2a/card/index.js';
import { A2aError } from '../../../src/a2a/errors.js';
import { encodeUtf8 } from '../../../src/bytes/utf8.js';
import { encodeBase64url } from '../../../src/codec/base64url.js';
import type { JsonObject } from '../../../src/codec/json-value.js';
import type { KeySource } from '../../../src/documents/jwks.js';
import { keyFromJwk, type VerificationKey } from '../../../src/documents/verification-key.js';
import type { Verified } from '../../../src/documents/verified.js';
import signedCards from '../../../vectors/a2a/signed.json' with { type: 'json' };
import { codeOf, ec, ed, edNew, jwks, plainCard, publicOf } from './helpers.js';

const vector = (id: string) =>
  (signedCards.find((one) => one.id === id) ?? expect.fail(id)).card as unknown as JsonObject;
const signed = await signAgentCard(plainCard, ed);
const [good] = signed.signatures as [AgentCardSignature];
const withEntries = (...signatures: unknown[]) => ({ ...plainCard, signatures });
const bad: AgentCardSignature = { ...good, signature: encodeBase64url(new Uint8Array(64).fill(7)) };
const entryWith = (header: object, signature = good.signature): AgentCardSignature => ({
  protected: encodeBase64url(encodeUtf8(JSON.stringify(header))),
  signature,
});
const failureOf = async (promise: Promise<unknown>): Promise<A2aError> => {
  const error = await promise.then(
    () => expect.fail('it verified'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(A2aError);
  return error as A2aError;
};

describe('what comes out', () => {
  it('is the card, who signed it, and how, frozen at every depth', async () => {
    const result = await verifyAgentCard(JSON.stringify(signed), { keys: jwks });
    expectTypeOf(result).toEqualTypeOf<Verified<VerifiedAgentCard>>();
    expect(result).toEqual({
      card: plainCard,
      signedText: canonicalSigningPayload(plainCard).text,
      profile: 'spec',
      kid: 'ed-1',
      alg: 'EdDSA',
      key: expect.objectContaining({ curve: 'Ed25519', kid: 'ed-1' }),
      attempts: [{ index: 0, verified: true, alg: 'EdDSA', kid: 'ed-1', typ: 'JOSE', profile: 'spec' }],
      untriedSignatures: 0,
      uncovered: [],
    });
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen));
    const { key: _, ...data } = result;
    expect(Object.isFrozen(result) && Object.values(data).every(frozen)).toBe(true);
  });

  it('[7.32] holds nothing that was not signed', async () => {
    const served = vector('served-with-old-members');
    const { card, uncovered } = await verifyAgentCard(served, { keys: jwks });
    for (const name of ['url', 'preferredTransport', 'protocolVersion', 'supportsAuthenticatedExtendedCard']) {
      expect(card).not.toHaveProperty(name);
      expect(uncovered).toContain(`/${name}`);
    }
    expect(card.securitySchemes?.key).toEqual({ apiKeySecurityScheme: expect.anything() });
    expect(uncovered).toEqual([...uncovered].sort());
    expect(uncovered).toEqual([
      '/preferredTransport',
      '/protocolVersion',
      '/securitySchemes/key/in',
      '/securitySchemes/key/name',
      '/securitySchemes/key/type',
      '/supportsAuthenticatedExtendedCard',
      '/url',
    ]);
  });

  it('J7: does not hold a member added to a signed card', async () => {
    const card = { ...signed, xEvil: 'https://evil.example', skills: [{ ...plainCard.skills[0], xEvil: {} }] };
    const result = await verifyAgentCard(card, { keys: jwks });
    expect(result.card).toEqual(plainCard);
    expect(result.uncovered).toEqual(['/skills/0/xEvil', '/xEvil']);
  });

  it('holds unknown members where they are signed', async () => {
    const { card, uncovered, profile } = await verifyAgentCard(vector('vendor-kept'), { keys: jwks });
    expect(profile).toBe('specKeepUnknown');
    expect(card).toMatchObject({ xRegion: 'north', capabilities: { xBurst: 3 } });
    expect(uncovered).toEqual([]);
    const nothing = { ...plainCard, xOwn: null, iconUrl: null, signatures: [good] };
    const asserted = await verifySignatures(nothing, ['EdDSA'], () => true, { profiles: [raw] });
    expect(asserted.uncovered).toEqual([]);
    expect(asserted.card).toEqual({ ...plainCard, xOwn: null });
  });

  it('[7.33] leaves out, keeps or refuses what is known and not signed', async () => {
    const card = vector('case-shape-by-sdk');
    const dropped = await verifyAgentCard(card, { keys: jwks });
    expect(dropped.card).not.toHaveProperty('securitySchemes');
    expect(dropped.uncovered).toEqual(['/documentationUrl', '/securitySchemes']);
    const kept = await verifyAgentCard(card, { keys: jwks, uncovered: 'keep' });
    expect(kept.card.securitySchemes?.key).toEqual({
      apiKeySecurityScheme: { description: '', location: 'header', name: 'X-Tide-Key' },
    });
    expect(kept.card.securitySchemes?.code).toHaveProperty('oauth2SecurityScheme.flows.clientCredentials');
    expect(kept.uncovered).toEqual(dropped.uncovered);
    expect(Object.isFrozen(kept.card.securitySchemes)).toBe(true);
    const refused = await failureOf(verifyAgentCard(card, { keys: jwks, uncovered: 'reject' }));
    expect(refused).toMatchObject({ code: 'ERR_A2A_UNCOVERED_CONTENT', uncovered: dropped.uncovered });
    expect(refused.attempts).toHaveLength(1);
  });

  it('[7.34] names requirements that the SDKs do not sign', async () => {
    const securityRequirements = [
      { schemes: { a: { list: ['read'] }, b: { list: [] } } },
      { schemes: { b: {} } },
      { schemes: { a: { list: ['x'] } } },
      {},
    ];
    const card: AgentCard = { ...plainCard, securityRequirements };
    const bySdk = await signAgentCard(card, ed);
    const { uncovered, card: covered } = await verifyAgentCard(bySdk, { keys: jwks, profiles: [sdk] });
    expect(uncovered).toEqual([
      '/securityRequirements/0/schemes/b',
      '/securityRequirements/1',
      '/securityRequirements/3',
    ]);
    expect(covered.securityRequirements).toEqual([
      { schemes: { a: { list: ['read'] } } },
      { schemes: { a: { list: ['x'] } } },
    ]);
    const none = await signAgentCard({ ...plainCard, securityRequirements: [{ schemes: { b: { list: [] } } }] }, ed);
    expect((await verifyAgentCard(none, { keys: jwks, profiles: [sdk] })).uncovered).toEqual(['/securityRequirements']);
    expect((await verifyAgentCard(none, { keys: jwks })).uncovered).toEqual([]);
  });

  it('names what was pruned inside lists and free JSON, and nothing else', async () => {
    const card: AgentCard = {
      ...plainCard,
      iconUrl: '',
      capabilities: {
        extensions: [{ uri: 'u', required: false, params: { a: [null, 1, '', [2, {}], {}], b: null, c: { d: '' } } }],
      },
      skills: [{ id: 's', name: '', description: 'd', tags: ['a', '', 'b'] }],
      securitySchemes: {
        tls: { mtlsSecurityScheme: {} },
        key: { apiKeySecurityScheme: { location: 'header', name: 'X', description: '' } },
      },
    };
    const { uncovered } = await verifyAgentCard(await signAgentCard(card, ed), { keys: jwks, profiles: [sdk] });
    expect(uncovered).toEqual([
      '/capabilities/extensions/0/params/a/0',
      '/capabilities/extensions/0/params/a/2',
      '/capabilities/extensions/0/params/a/3/1',
      '/capabilities/extensions/0/params/a/4',
      '/capabilities/extensions/0/params/b',
      '/capabilities/extensions/0/params/c',
      '/iconUrl',
      '/securitySchemes/tls',
      '/skills/0/tags/1',
    ]);
  });
});

describe('several signatures', () => {
  it('[7.29] tries the next after a broken one, and reports both', async () => {
    const { attempts } = await verifyAgentCard(withEntries({ protected: '=', signature: 'AA' }, null, bad, good, bad), {
      keys: jwks,
    });
    expect(attempts.map(({ index, verified, code }) => [index, verified, code])).toEqual([
      [0, false, 'ERR_A2A_INVALID_PROTECTED_ENCODING'],
      [1, false, 'ERR_A2A_INVALID_ENTRY'],
      [2, false, 'ERR_A2A_VERIFICATION_FAILED'],
      [3, true, undefined],
    ]);
  });

  it('[7.30] asks for no key where no algorithm is allowed', async () => {
    const find = vi.fn();
    const verification = verifyAgentCard(
      withEntries(entryWith({ alg: 'RS256', kid: 'ed-1' }), entryWith({ alg: 'PS512', kid: 'ed-1' })),
      { keys: { find } },
    );
    expect(await failureOf(verification)).toMatchObject({
      code: 'ERR_A2A_UNSUPPORTED_ALGORITHM',
      attempts: [{ alg: 'RS256' }, { alg: 'PS512' }],
    });
    expect(find).not.toHaveBeenCalled();
  });

  it('[7.27] takes either S of an ES256 signature, unless told to be strict', async () => {
    const card = vector('high-s');
    await verifyAgentCard(card, { keys: jwks });
    expect(await codeOf(verifyAgentCard(card, { keys: jwks, requireLowS: true }))).toBe('ERR_A2A_VERIFICATION_FAILED');
    await verifyAgentCard(vector('full-es256'), { keys: jwks, requireLowS: true });
  });

  it('[7.31] refuses none, even where it is allowed', async () => {
    for (const alg of ['none', 'HS256']) {
      const card = withEntries(entryWith({ alg, kid: 'ed-1' }));
      expect(await codeOf(verifyAgentCard(card, { keys: jwks, algorithms: [alg] }))).toBe(
        'ERR_A2A_UNSUPPORTED_ALGORITHM',
      );
      expect(await codeOf(verifySignatures(card, [alg], () => true))).toBe('ERR_A2A_UNSUPPORTED_ALGORITHM');
    }
  });

  it('[7.35] may all be asked for, or those of some signers', async () => {
    const both = await signAgentCard(signed, ec);
    for (const accept of ['any', 'all', { kids: ['ec-1'] }, { kids: ['ec-1', 'ed-1'] }] as const) {
      await verifyAgentCard(both, { keys: jwks, accept });
    }
    const broken = { ...both, signatures: [bad, both.signatures[1]] };
    await verifyAgentCard(broken, { keys: jwks, accept: { kids: ['ec-1'] } });
    for (const accept of ['all', { kids: ['ec-1', 'ed-1'] }, { kids: ['ed-2'] }] as const) {
      const failure = await failureOf(verifyAgentCard(broken, { keys: jwks, accept }));
      expect(failure.code).toBe('ERR_A2A_VERIFICATION_FAILED');
      expect(failure.attempts?.map(({ verified }) => verified)).toEqual([false, true]);
    }
  });

  it('gives what all of them cover, where more than one is asked for', async () => {
    const card: AgentCard = { ...plainCard, iconUrl: '', provider: { url: '', organization: 'Board' } };
    const bySpec = await signAgentCard(card, ed, { compat: 'off' });
    const both = await signAgentCard(card, ec);
    const mixed = { ...card, signatures: [...bySpec.signatures, both.signatures[1]] };
    const any = await verifyAgentCard(mixed, { keys: jwks });
    expect(any).toMatchObject({ profile: 'spec', kid: 'ed-1', card: { iconUrl: '' } });
    for (const accept of ['all', { kids: ['ed-1', 'ec-1'] }] as const) {
      const all = await verifyAgentCard(mixed, { keys: jwks, accept });
      expect(all).toMatchObject({ profile: 'sdk', kid: 'ec-1', uncovered: ['/iconUrl'] });
      expect(all.card).not.toHaveProperty('iconUrl');
    }
  });

  it('comes from a signature that was asked for, where some were', async () => {
    const card: AgentCard = { ...plainCard, iconUrl: '' };
    const bySpec = await signAgentCard(card, ec, { compat: 'off' });
    const both = await signAgentCard(card, ed);
    // The first in the list holds as well, over less.
    const mixed = { ...card, signatures: [both.signatures[1], bySpec.signatures[0]] };
    const result = await verifyAgentCard(mixed, { keys: jwks, accept: { kids: ['ec-1'] } });
    expect(result).toMatchObject({ kid: 'ec-1', profile: 'spec', uncovered: [], card: { iconUrl: '' } });
    expect(result.attempts).toHaveLength(2);
  });

  it('[7.36] are tried up to the cap, and the rest is reported', async () => {
    const verify = vi.fn(async () => false);
    const many = withEntries(...Array(40).fill(bad), good);
    const failure = await failureOf(verifySignatures(many, ['EdDSA'], verify, { profiles: [spec] }));
    expect(verify).toHaveBeenCalledTimes(16);
    expect(failure.attempts).toHaveLength(16);
    expect(failure.untriedSignatures).toBe(25);
    const some = await verifyAgentCard(withEntries(good, ...Array(40).fill(bad)), { keys: jwks });
    expect(some.untriedSignatures).toBe(25);
    await verifyAgentCard(many, { keys: jwks, maxSignatures: 41 });
    expect(await codeOf(verifyAgentCard(withEntries(...Array(17).fill(good)), { keys: jwks, accept: 'all' }))).toBe(
      'ERR_A2A_VERIFICATION_FAILED',
    );
  });

  it('[7.38] of a card of 1 MB are checked within seconds, all of them bad', async () => {
    const params = Object.fromEntries(Array.from({ length: 17_000 }, (_, i) => [`name-${i}`, 'x'.repeat(45)]));
    const card = {
      ...withEntries(...Array(16).fill(bad)),
      iconUrl: '',
      xOwn: 1,
      capabilities: { extensions: [{ uri: 'u', params }] },
    };
    const text = JSON.stringify(card);
    expect(text.length).toBeGreaterThan(1_000_000);
    const started = performance.now();
    expect(await codeOf(verifyAgentCard(text, { keys: jwks }))).toBe('ERR_A2A_VERIFICATION_FAILED');
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('[7.37] a callback', () => {
  it('gets all there is to check a signature with', async () => {
    const inputs: VerificationInput[] = [];
    const card = { ...signed, signatures: [{ ...good, header: { note: 1 } }] };
    const result = await verifySignatures(card, ['EdDSA'], (input) => {
      inputs.push(input);
      const { x } = publicOf(ed);
      return ed25519.verify(input.signature, input.signingInput, Buffer.from(x, 'base64url'), { zip215: false });
    });
    expect(result).toEqual({
      card: plainCard,
      signedText: expect.any(String),
      profile: 'spec',
      kid: 'ed-1',
      alg: 'EdDSA',
      attempts: [expect.objectContaining({ verified: true })],
      untriedSignatures: 0,
      uncovered: [],
    });
    expect(inputs).toEqual([
      {
        header: expect.objectContaining({ alg: 'EdDSA', kid: 'ed-1', typ: 'JOSE' }),
        protected: good.protected,
        signature: expect.any(Uint8Array),
        signingInput: expect.any(Uint8Array),
        unprotected: { note: 1 },
        profile: 'spec',
      },
    ]);
  });

  it('is asked once for each distinct text, and skips algorithms it does not do', async () => {
    const asked: string[] = [];
    const card = { ...vector('empties-raw') };
    const verifier: SignatureVerifier = ({ profile }) => {
      asked.push(profile);
      return profile === 'raw';
    };
    expect(await verifySignatures(card, ['ES256'], verifier)).toMatchObject({ profile: 'raw' });
    // `specFill` and `specKeepUnknown` give the same text as `spec` here.
    expect(asked).toEqual(['spec', 'sdk', 'raw']);
    expect(await codeOf(verifySignatures(card, ['EdDSA'], verifier))).toBe('ERR_A2A_UNSUPPORTED_ALGORITHM');
    expect(await codeOf(verifySignatures(card, [], verifier))).toBe('ERR_A2A_UNSUPPORTED_ALGORITHM');
    expect(await codeOf(verifySignatures(plainCard, ['EdDSA'], verifier))).toBe('ERR_A2A_MISSING_SIGNATURES');
  });

  it('may do algorithms that we do not', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const { FlattenedSign } = await import('jose');
    const jws = await new FlattenedSign(canonicalSigningPayload(plainCard).bytes)
      .setProtectedHeader({ alg: 'RS256', kid: 'rsa' })
      .sign(privateKey);
    const card = withEntries({ protected: jws.protected, signature: jws.signature });
    const verifier: SignatureVerifier = async ({ protected: segment, signature, signingInput }) => {
      const [, payload] = new TextDecoder().decode(signingInput).split('.') as [string, string];
      const whole = { protected: segment, signature: encodeBase64url(signature), payload };
      return flattenedVerify(whole, publicKey).then(() => true);
    };
    expect(await verifySignatures(card, ['RS256'], verifier)).toMatchObject({ alg: 'RS256', kid: 'rsa' });
    expect(await codeOf(verifyAgentCard(card, { keys: jwks, algorithms: ['RS256'] }))).toBe(
      'ERR_A2A_UNSUPPORTED_ALGORITHM',
    );
  });

  it('that throws fails its own attempt, with the reason', async () => {
    const reason = new Error('the module is offline');
    const verifier: SignatureVerifier = ({ header }) => {
      if (header.kid === 'ed-1') throw reason;
      return true;
    };
    const both = await signAgentCard(signed, edNew);
    const { attempts, kid } = await verifySignatures(both, ['EdDSA'], verifier);
    expect(kid).toBe('ed-2');
    expect(attempts[0]).toMatchObject({ verified: false, code: 'ERR_A2A_VERIFICATION_FAILED', cause: reason });
    const failure = await failureOf(verifySignatures(signed, ['EdDSA'], async () => Promise.reject(reason)));
    expect(failure.attempts?.[0]?.cause).toBe(reason);
  });

  it('has to say true', async () => {
    for (const answer of [1, 'true', {}, undefined, null, [true]]) {
      const verification = verifySignatures(signed, ['EdDSA'], () => answer as never);
      expect(await codeOf(verification)).toBe('ERR_A2A_VERIFICATION_FAILED');
    }
  });
});

describe('profiles', () => {
  it('may be those of the caller', async () => {
    const shout: CanonicalProfile = {
      name: 'shout',
      canonicalize: ({ signatures: _, ...card }) => JSON.stringify({ ...card, name: `${card.name}!` }),
    };
    const asked = await verifySignatures(signed, ['EdDSA'], ({ profile }) => profile === 'shout', {
      profiles: [spec, shout],
    });
    expect(asked).toMatchObject({ profile: 'shout', card: { name: `${plainCard.name}!` } });
  });

  it('that fail are passed over', async () => {
    const broken: CanonicalProfile = {
      name: 'broken',
      canonicalize() {
        throw new Error('no');
      },
    };
    expect(await verifyAgentCard(signed, { keys: jwks, profiles: [broken, spec] })).toHaveProperty('profile', 'spec');
    expect(await codeOf(verifyAgentCard(signed, { keys: jwks, profiles: [broken] }))).toBe(
      'ERR_A2A_CANONICALIZATION_FAILED',
    );
    for (const text of ['[]', '7', '{']) {
      const strange: CanonicalProfile = { name: 'strange', canonicalize: () => text };
      const verification = verifySignatures(signed, ['EdDSA'], () => true, { profiles: [strange] });
      expect(await codeOf(verification)).toBe('ERR_A2A_CANONICALIZATION_FAILED');
    }
  });

  it('are no wider together than apart', async () => {
    // Tried one by one: what no profile gives is not accepted, though each part of it comes from one of them.
    const card: AgentCard = { ...plainCard, iconUrl: '', documentationUrl: '' };
    const { iconUrl: _, ...half } = card;
    const mixed = await signAgentCard(half, ed, { compat: 'off' });
    expect(await codeOf(verifyAgentCard({ ...card, signatures: mixed.signatures }, { keys: jwks }))).toBe(
      'ERR_A2A_VERIFICATION_FAILED',
    );
  });
});

describe('waiting', () => {
  it('stops when the signal says so, with its reason', async () => {
    const reason = new Error('enough');
    await expect(verifyAgentCard(signed, { keys: jwks, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const source: KeySource = { find: () => new Promise(() => {}) };
    const verification = verifyAgentCard(signed, { keys: source, signal: controller.signal });
    controller.abort(reason);
    await expect(verification).rejects.toBe(reason);
    const later = new AbortController();
    const verifier: SignatureVerifier = () => {
      later.abort(reason);
      throw new Error('interrupted');
    };
    await expect(verifySignatures(signed, ['EdDSA'], verifier, { signal: later.signal })).rejects.toBe(reason);
  });

  it('does not let the caller change the card meanwhile', async () => {
    const card = structuredClone(signed) as { name: string };
    const key = keyFromJwk(publicOf(ed));
    const slow: VerificationKey = {
      ...key,
      async verify(...args) {
        card.name = 'Changed';
        return key.verify(...args);
      },
    };
    const { card: verifiedCard } = await verifyAgentCard(card, { keys: slow });
    expect(verifiedCard.name).toBe(plainCard.name);
  });

  it('reads a getter once', async () => {
    let reads = 0;
    const card = {
      ...signed,
      get name() {
        return reads++ === 0 ? plainCard.name : 'Other';
      },
    };
    expect((await verifyAgentCard(card, { keys: jwks })).card.name).toBe(plainCard.name);
  });
});

describe('misuse', () => {
  it.each([
    ['no options', undefined],
    ['no keys', {}],
    ['a key that is none', { keys: [7] }],
    ['an object that is no key', { keys: {} }],
    ['algorithms as text', { keys: jwks, algorithms: 'EdDSA' }],
    ['no profiles', { keys: jwks, profiles: [] }],
    ['a profile by name', { keys: jwks, profiles: ['spec'] }],
    ['another acceptance', { keys: jwks, accept: 'most' }],
    ['no kids', { keys: jwks, accept: { kids: [] } }],
    ['another policy', { keys: jwks, uncovered: 'ignore' }],
    ['a typ of another kind', { keys: jwks, typ: 7 }],
    ['a card URL of another kind', { keys: jwks, cardUrl: new URL('https://lock.example') }],
    ['a signal of another kind', { keys: jwks, signal: {} }],
    ['a cap of no kind', { keys: jwks, maxSignatures: '16' }],
    ['an origin that is none', { keys: { keys: jwks, allowedOrigins: ['lock.example'] } }],
  ])('is a TypeError: %s', async (_, options) => {
    await expect(verifyAgentCard(signed, options as never)).rejects.toThrow(TypeError);
  });

  it('is a RangeError: a cap or a length out of range', async () => {
    for (const options of [{ maxSignatures: 0 }, { maxSignatures: 257 }, { maxBytes: 0 }]) {
      await expect(verifyAgentCard(signed, { keys: jwks, ...options })).rejects.toThrow(RangeError);
    }
    await expect(verifySignatures(signed, 'EdDSA' as never, () => true)).rejects.toThrow(TypeError);
    await expect(verifySignatures(signed, ['EdDSA'], undefined as never)).rejects.toThrow(TypeError);
  });
});
