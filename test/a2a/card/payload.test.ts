import { createPublicKey, verify as nodeVerify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type AgentCardSignature,
  protectedHeader,
  sdk,
  signAgentCard,
  signatureBytes,
  spec,
  unsignedClone,
  verificationInput,
} from '../../../src/a2a/card/index.js';
import { decodeUtf8 } from '../../../src/bytes/utf8.js';
import { decodeBase64url, encodeBase64url } from '../../../src/codec/base64url.js';
import type { JsonObject } from '../../../src/codec/json-value.js';
import { codeOfCall, ec, ed, plainCard, publicOf, sameJson } from './helpers.js';

const signed = await signAgentCard(await signAgentCard(plainCard, ed), ec, {
  jku: 'https://lock.example/keys',
  header: { x: 1 },
});
const [first, second] = signed.signatures as [AgentCardSignature, AgentCardSignature];
const segment = (header: unknown) => encodeBase64url(new TextEncoder().encode(JSON.stringify(header)));

describe('unsignedClone', () => {
  it('is the card without its signatures, down to the last member a copy', () => {
    const text = JSON.stringify({ ...signed, xOwn: { signatures: [1] } }).replace(
      '"xOwn":{',
      '"xOwn":{"__proto__":{"a":1},',
    );
    const card = JSON.parse(text) as JsonObject;
    const clone = unsignedClone(card) as { xOwn: { signatures: number[] } };
    sameJson(clone, JSON.parse(text.replace(/"signatures":\[\{.*?\}\],?/, '')));
    clone.xOwn.signatures.push(2);
    expect(JSON.stringify(card)).toBe(text);
  });

  it('is of a card', () => {
    expect(codeOfCall(() => unsignedClone([] as never))).toBe('ERR_A2A_INVALID_CARD');
    expect(codeOfCall(() => unsignedClone({ a: 1n } as never))).toBe('ERR_A2A_CANONICALIZATION_FAILED');
  });
});

describe('protectedHeader', () => {
  it('reads the parameters, the unknown ones too', () => {
    expect(protectedHeader(second)).toEqual({
      alg: 'ES256',
      kid: ec.kid,
      typ: 'JOSE',
      jku: 'https://lock.example/keys',
      extra: { x: 1 },
      segment: second.protected,
    });
    const nulls = protectedHeader({ ...first, protected: segment({ alg: 'a', kid: 'k', typ: null, jku: null }) });
    expect(nulls).not.toHaveProperty('typ');
    expect(nulls).not.toHaveProperty('jku');
  });

  it('takes a missing kid only when told, and a typ only as told', () => {
    const nameless = { ...first, protected: segment({ alg: 'EdDSA', typ: 'JOSE' }) };
    expect(codeOfCall(() => protectedHeader(nameless))).toBe('ERR_A2A_INVALID_PROTECTED_HEADER');
    expect(protectedHeader(nameless, { requireKid: false, typ: 'JOSE' }).kid).toBeUndefined();
    expect(codeOfCall(() => protectedHeader(first, { typ: 'JWT' }))).toBe('ERR_A2A_INVALID_PROTECTED_HEADER');
  });

  it.each([
    [null, 'ERR_A2A_INVALID_ENTRY'],
    [{ protected: 7, signature: 'AA' }, 'ERR_A2A_INVALID_ENTRY'],
    [{ protected: 'e30=', signature: 'AA' }, 'ERR_A2A_INVALID_PROTECTED_ENCODING'],
    [{ protected: '', signature: 'AA' }, 'ERR_A2A_INVALID_PROTECTED_ENCODING'],
    [{ protected: 'e30', signature: 'AA' }, 'ERR_A2A_INVALID_PROTECTED_HEADER'],
    [
      { protected: segment({ alg: 'x', kid: 'k', crit: ['y'] }), signature: 'AA' },
      'ERR_A2A_UNSUPPORTED_CRITICAL_HEADER',
    ],
    [
      { protected: segment({ alg: 'x', kid: 'k' }), signature: 'AA', header: { kid: 'k' } },
      'ERR_A2A_INVALID_PROTECTED_HEADER',
    ],
    [{ protected: segment({ alg: 'x', kid: 'k' }), signature: 'AA', header: null }, undefined],
  ])('of %j is %s', (entry, code) => {
    expect(codeOfCall(() => protectedHeader(entry as never))).toBe(code);
  });
});

describe('signatureBytes', () => {
  it('decodes strictly', () => {
    expect(signatureBytes(first)).toEqual(decodeBase64url(first.signature));
    for (const signature of ['', 'AA==', 'A', 'AB', 'A A', '+/']) {
      expect(codeOfCall(() => signatureBytes({ ...first, signature }))).toBe('ERR_A2A_INVALID_SIGNATURE_ENCODING');
    }
    expect(codeOfCall(() => signatureBytes({} as never))).toBe('ERR_A2A_INVALID_ENTRY');
  });
});

describe('verificationInput', () => {
  it('is all that somebody else needs to check a signature', () => {
    const edInput = verificationInput(signed);
    expect(edInput).toMatchObject({
      profile: 'spec',
      protected: first.protected,
      header: { alg: 'EdDSA', kid: ed.kid },
    });
    expect(edInput.signature).toEqual(decodeBase64url(first.signature));
    const [header, payload] = decodeUtf8(edInput.signingInput).split('.') as [string, string];
    expect(header).toBe(first.protected);
    expect(decodeUtf8(decodeBase64url(payload))).toBe(spec.canonicalize(signed as never));
    const keyOf = (jwk: object) => createPublicKey({ key: jwk as never, format: 'jwk' });
    expect(nodeVerify(null, edInput.signingInput, keyOf(publicOf(ed)), edInput.signature)).toBe(true);

    const ecInput = verificationInput(JSON.stringify(signed), 1);
    const key = { key: keyOf(publicOf(ec)), dsaEncoding: 'ieee-p1363' } as const;
    expect(nodeVerify('sha256', ecInput.signingInput, key, ecInput.signature)).toBe(true);
  });

  it('says which profile gave the text, and carries the unprotected header', () => {
    const card = { ...signed, iconUrl: '', signatures: [{ ...first, header: { note: 'n' } }] };
    const input = verificationInput(card, 0, sdk);
    expect(input).toMatchObject({ profile: 'sdk', unprotected: { note: 'n' } });
    expect(decodeUtf8(input.signingInput)).not.toBe(decodeUtf8(verificationInput(card).signingInput));
    expect(verificationInput(signed)).not.toHaveProperty('unprotected');
  });

  it('fails as verifying does', () => {
    expect(codeOfCall(() => verificationInput(plainCard))).toBe('ERR_A2A_MISSING_SIGNATURES');
    expect(codeOfCall(() => verificationInput({ ...signed, name: 7 }))).toBe('ERR_A2A_INVALID_CARD');
    expect(codeOfCall(() => verificationInput({ ...signed, signatures: [7] }))).toBe('ERR_A2A_INVALID_ENTRY');
    expect(() => verificationInput(signed, 2)).toThrow(RangeError);
    expect(() => verificationInput(signed, '0' as never)).toThrow(TypeError);
  });
});
