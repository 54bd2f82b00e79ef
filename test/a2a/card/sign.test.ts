import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { calculateJwkThumbprint, flattenedVerify, importJWK } from 'jose';
import { describe, expect, it } from 'vitest';
import {
  type AgentCard,
  type AgentCardSignature,
  canonicalSigningPayload,
  protectedHeader,
  type SignedAgentCard,
  sdk,
  signAgentCard,
  spec,
  verificationInput,
  verifyAgentCard,
} from '../../../src/a2a/card/index.js';
import { decodeBase64url, encodeBase64url } from '../../../src/codec/base64url.js';
import type { JsonObject } from '../../../src/codec/json-value.js';
import { p256FromSecret } from '../../../src/curves/p256.js';
import { type JwsSigner, signerFromCryptoKey, signerFromJwk } from '../../../src/documents/signer.js';
import { keyFromJwk } from '../../../src/documents/verification-key.js';
import { createIdentity, identityFromSeed } from '../../../src/identity/seed-identity.js';
import signedCards from '../../../vectors/a2a/signed.json' with { type: 'json' };
import { codeOf, ec, ed, edNew, plainCard, publicOf } from './helpers.js';

/** Empty values, on which the profiles differ. */
const emptyCard: AgentCard = { ...plainCard, description: '', iconUrl: '' };

const payloadOf = (card: object, profile = spec) =>
  encodeBase64url(canonicalSigningPayload(card as JsonObject, profile).bytes);

async function joseAccepts(card: SignedAgentCard, index: number, jwk: object, profile = spec): Promise<boolean> {
  const { protected: segment, signature } = card.signatures[index] as AgentCardSignature;
  const key = await importJWK(jwk as never, protectedHeader({ protected: segment, signature }).alg);
  const jws = { protected: segment, signature, payload: payloadOf(card, profile) };
  return flattenedVerify(jws, key).then(
    () => true,
    () => false,
  );
}

describe('what comes out', () => {
  it('[7.16] is the vector, for the same key, header and card', async () => {
    // Made by the official SDK, whose header has the same three parameters in another order.
    const { card } = signedCards.find(({ id }) => id === 'minimal-by-sdk') ?? expect.fail();
    const vector = card.signatures[0] as AgentCardSignature;
    const signer = await signerFromJwk(ed);
    const input = new TextEncoder().encode(`${vector.protected}.${payloadOf(card)}`);
    // Node's WebCrypto is deterministic; Safari's is not.
    expect(encodeBase64url(await signer.sign(input))).toBe(vector.signature);
  });

  it('[7.17] verifies with WebCrypto, noble and jose', async () => {
    for (const key of [ed, ec]) {
      const signed = await signAgentCard(plainCard, key);
      expect(await joseAccepts(signed, 0, publicOf(key))).toBe(true);
      await verifyAgentCard(JSON.stringify(signed), { keys: publicOf(key) });
      const { signature, signingInput } = verificationInput(signed);
      const { publicKey } = keyFromJwk(publicOf(key));
      const holds =
        key === ed
          ? ed25519.verify(signature, signingInput, publicKey, { zip215: false })
          : p256.verify(signature, signingInput, publicKey, { lowS: false });
      expect(holds).toBe(true);
    }
  });

  it('is a fresh card with everything the other said', async () => {
    const card = Object.freeze({ ...plainCard });
    const signed = await signAgentCard(card, ed);
    const { signatures, ...rest } = signed;
    expect(rest).toEqual(plainCard);
    expect(signatures).toEqual([{ protected: expect.any(String), signature: expect.any(String) }]);
    expect(card).toEqual(plainCard);
    expect(signed.skills).not.toBe(card.skills);
  });

  it('has a header in order, with what was asked for', async () => {
    const signed = await signAgentCard(plainCard, ed, {
      kid: 'other',
      jku: 'https://lock.example/keys',
      header: { z: [1.5], a: null },
    });
    const header = new TextDecoder().decode(decodeBase64url(signed.signatures[0]?.protected as string));
    expect(header).toBe(
      '{"alg":"EdDSA","typ":"JOSE","kid":"other","jku":"https://lock.example/keys","z":[1.5],"a":null}',
    );
  });

  it('[7.19] does not depend on the order of the header, of which the bytes count', async () => {
    const signer = await signerFromJwk(ed);
    for (const header of ['{"kid":"ed-1","alg":"EdDSA"}', '{ "alg" : "EdDSA", "x":1e2, "kid":"ed-1" }']) {
      const segment = encodeBase64url(new TextEncoder().encode(header));
      const signature = await signer.sign(new TextEncoder().encode(`${segment}.${payloadOf(plainCard)}`));
      const card = { ...plainCard, signatures: [{ protected: segment, signature: encodeBase64url(signature) }] };
      expect(await verifyAgentCard(card, { keys: publicOf(ed) })).toMatchObject({ kid: 'ed-1', profile: 'spec' });
    }
  });
});

describe('who signs', () => {
  it('[7.18] is an identity, a JWK, a key nobody can read, or a seed', async () => {
    const identity = await createIdentity();
    expect(await verifyAgentCard(await signAgentCard(plainCard, identity), { keys: identity.did })).toMatchObject({
      kid: identity.did,
      alg: 'EdDSA',
    });
    const seeded = await identityFromSeed(decodeBase64url(ed.d));
    await verifyAgentCard(await signAgentCard(plainCard, seeded), { keys: seeded.did });

    for (const algorithm of [{ name: 'Ed25519' }, { name: 'ECDSA', namedCurve: 'P-256' }]) {
      const pair = (await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])) as CryptoKeyPair;
      const signer = await signerFromCryptoKey(pair.privateKey, pair.publicKey);
      const signed = await signAgentCard(plainCard, signer);
      await verifyAgentCard(signed, { keys: pair.publicKey });
    }

    const raw = await p256FromSecret(decodeBase64url(ec.d));
    const signer: JwsSigner = {
      alg: 'ES256',
      curve: 'P-256',
      publicKey: raw.publicKey,
      sign: (message) => raw.sign(message),
    };
    await verifyAgentCard(await signAgentCard(plainCard, signer, { kid: ec.kid }), { keys: publicOf(ec) });
  });

  it('[7.18] is not a public key, or one that is broken', async () => {
    for (const jwk of [
      publicOf(ed),
      publicOf(ec),
      { ...ed, d: 'AA' },
      { ...ed, x: edNew.x },
      { kty: 'RSA', d: 'AA' },
      {},
    ]) {
      expect(await codeOf(signAgentCard(plainCard, jwk as never))).toBe('ERR_A2A_INVALID_KEY');
    }
  });

  it('is somebody who holds the key', async () => {
    const signer = await signerFromJwk(ed);
    const other = await signerFromJwk(edNew);
    const liar: JwsSigner = { ...signer, sign: (message) => other.sign(message) };
    expect(await codeOf(signAgentCard(plainCard, liar))).toBe('ERR_A2A_INVALID_KEY');
    const locked = new Error('the wallet is locked');
    const wallet: JwsSigner = { ...signer, sign: () => Promise.reject(locked) };
    await expect(signAgentCard(plainCard, wallet)).rejects.toBe(locked);
    const offline = new TypeError('fetch failed');
    const remote: JwsSigner = { ...signer, sign: () => Promise.reject(offline) };
    await expect(signAgentCard(plainCard, remote)).rejects.toBe(offline);
  });

  it('[7.23] is named by the thumbprint of the key, where nothing else names it', async () => {
    for (const { kid: _, ...nameless } of [ed, ec]) {
      const thumbprint = await calculateJwkThumbprint(nameless as never);
      const signed = await signAgentCard(plainCard, nameless);
      expect(protectedHeader(signed.signatures[0] as AgentCardSignature).kid).toBe(thumbprint);
      // A key without a name answers to its thumbprint.
      const { d: __, ...jwk } = nameless;
      await verifyAgentCard(signed, { keys: jwk });
      await verifyAgentCard(signed, { keys: keyFromJwk({ ...jwk, kid: thumbprint }) });
    }
  });
});

describe('several signatures', () => {
  it('[7.20] are kept, and all of them break when the card changes', async () => {
    const once = await signAgentCard(plainCard, ed);
    const twice = await signAgentCard(once, ec);
    expect(twice.signatures).toHaveLength(2);
    expect(twice.signatures[0]).toEqual(once.signatures[0]);
    const keys = [publicOf(ed), publicOf(ec)];
    const { attempts } = await verifyAgentCard(twice, { keys, accept: 'all' });
    expect(attempts.map(({ kid, verified }) => [kid, verified])).toEqual([
      ['ed-1', true],
      ['ec-1', true],
    ]);
    expect(await codeOf(verifyAgentCard({ ...twice, name: 'Other' }, { keys }))).toBe('ERR_A2A_VERIFICATION_FAILED');
    const replaced = await signAgentCard(twice, edNew, { existing: 'replace' });
    expect(replaced.signatures.map((entry) => protectedHeader(entry).kid)).toEqual(['ed-2']);
  });

  it('[7.21] are made when the forms differ, and only then', async () => {
    const one = await signAgentCard(plainCard, ed);
    expect(one.signatures).toHaveLength(1);
    const two = await signAgentCard(emptyCard, ed);
    expect(two.signatures).toHaveLength(2);
    expect(await joseAccepts(two, 0, publicOf(ed), spec)).toBe(true);
    expect(await joseAccepts(two, 1, publicOf(ed), sdk)).toBe(true);
    expect(await joseAccepts(two, 0, publicOf(ed), sdk)).toBe(false);
    expect((await signAgentCard(emptyCard, ed, { compat: 'off' })).signatures).toHaveLength(1);
    for (const profile of [spec, sdk]) {
      expect(await verifyAgentCard(two, { keys: publicOf(ed), profiles: [profile] })).toHaveProperty(
        'profile',
        profile.name,
      );
    }
  });
});

describe('[7.22] what is not signed', () => {
  const refusal = async (card: unknown, options = {}) => {
    try {
      await signAgentCard(card as AgentCard, ed, options);
    } catch (error) {
      const { code, pointer } = error as { code: string; pointer?: string };
      return [code, pointer];
    }
    return 'signed';
  };

  it('is a card that is not v1.0 to the letter', async () => {
    const cases: [card: unknown, pointer: string][] = [
      [{ ...plainCard, xOwn: 1 }, '/xOwn'],
      [{ ...plainCard, skills: [{ ...plainCard.skills[0], xOwn: null }] }, '/skills/0/xOwn'],
      [{ ...plainCard, provider: null }, '/provider'],
      [{ ...plainCard, capabilities: { streaming: null } }, '/capabilities/streaming'],
      [{ ...plainCard, capabilities: { push_notifications: true } }, '/capabilities/push_notifications'],
      [{ ...plainCard, securityRequirements: [{ schemes: { a: ['x'] } }] }, '/securityRequirements/0/schemes/a'],
      [
        { ...plainCard, securitySchemes: { k: { scheme: { $case: 'mtlsSecurityScheme', value: {} } } } },
        '/securitySchemes/k/scheme',
      ],
      [{ ...plainCard, name: 7 }, '/name'],
      [
        { ...plainCard, securitySchemes: { k: { mtlsSecurityScheme: {}, httpAuthSecurityScheme: { scheme: 'x' } } } },
        '/securitySchemes/k',
      ],
      [{ ...plainCard, signatures: 'none' }, '/signatures'],
      [{ ...plainCard, signatures: [{}] }, '/signatures/0'],
      [[plainCard], ''],
    ];
    for (const [card, pointer] of cases) expect(await refusal(card)).toEqual(['ERR_A2A_INVALID_CARD', pointer]);
    for (const name of ['name', 'version', 'supportedInterfaces', 'capabilities', 'skills'] as const) {
      const { [name]: _, ...rest } = plainCard;
      expect(await refusal(rest)).toEqual(['ERR_A2A_INVALID_CARD', `/${name}`]);
    }
  });

  it('is what has no canonical form everywhere', async () => {
    const withParams = (params: unknown) => ({ ...plainCard, capabilities: { extensions: [{ uri: 'u', params }] } });
    for (const number of [2 ** 53, -(2 ** 53), 1e20]) {
      expect(await refusal(withParams({ n: [number] }))).toEqual([
        'ERR_A2A_CANONICALIZATION_FAILED',
        '/capabilities/extensions/0/params/n/0',
      ]);
    }
    for (const value of ['\ud800', undefined, 1n, Number.NaN]) {
      expect(await refusal(withParams({ value }))).toEqual(['ERR_A2A_CANONICALIZATION_FAILED', undefined]);
    }
    expect(await refusal(withParams({ a: null, b: 1e21, c: 2 ** 53 - 1, d: '\u{1f30a}' }))).toBe('signed');
  });

  it('is an unknown member, even where it may be there', async () => {
    const card = { ...plainCard, xOwn: { a: 1 } } as unknown as JsonObject;
    const signed = await signAgentCard(card, ed, { allowUnknown: true });
    expect(signed).toHaveProperty('xOwn', { a: 1 });
    const { card: covered, uncovered } = await verifyAgentCard(signed, { keys: publicOf(ed) });
    expect(covered).toEqual(plainCard);
    expect(uncovered).toEqual(['/xOwn']);
    expect(await refusal({ ...card, provider: null }, { allowUnknown: true })).toEqual([
      'ERR_A2A_INVALID_CARD',
      '/provider',
    ]);
  });

  it('is a header with parameters of ours, or none', async () => {
    for (const header of [
      { crit: ['x'] },
      { b64: false },
      { alg: 'ES256' },
      { kid: 'x' },
      { typ: 'x' },
      { jku: 'x' },

      { x: undefined },
      { x: 1n },
    ]) {
      expect(await codeOf(signAgentCard(plainCard, ed, { header: header as never }))).toBe('ERR_A2A_INVALID_HEADER');
    }
    expect(await codeOf(signAgentCard(plainCard, ed, { jku: 7 as never }))).toBe('ERR_A2A_INVALID_HEADER');
  });

  it('is misuse', async () => {
    for (const signer of [undefined, null, 'key', 7]) {
      await expect(signAgentCard(plainCard, signer as never)).rejects.toThrow(TypeError);
    }
    await expect(signAgentCard(plainCard, ed, { compat: 'on' as never })).rejects.toThrow(TypeError);
    await expect(signAgentCard(plainCard, ed, { existing: 'keep' as never })).rejects.toThrow(TypeError);
    const { privateKey } = generateKeyPairSync('ed25519');
    expect(createPublicKey(privateKey).type).toBe('public');
    await expect(signAgentCard(plainCard, privateKey as never)).rejects.toThrow();
  });
});
