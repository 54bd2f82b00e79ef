import { describe, expect, it, vi } from 'vitest';
import { keySet, oneKey, parseJwks } from '../../src/documents/jwks.js';
import type { ProtectedHeader } from '../../src/documents/protected-header.js';
import { keyFromBytes, keyFromDid, keyFromJwk } from '../../src/documents/verification-key.js';
import didKeys from '../../vectors/did-key/edge-cases.json' with { type: 'json' };
import keys from '../../vectors/jose/keys.json' with { type: 'json' };

const [ed, ec, edOther] = keys.map(({ publicJwk }) => publicJwk) as [Jwk, Jwk, Jwk];
type Jwk = (typeof keys)[number]['publicJwk'];

const header = (alg: string, kid?: string): ProtectedHeader => ({
  alg,
  ...(kid === undefined ? {} : { kid }),
  extra: {},
  segment: '',
});
const unusable = { name: 'VerifyError', code: 'ERR_VERIFY_KEY_UNUSABLE' };
const notFound = { name: 'VerifyError', code: 'ERR_VERIFY_KEY_NOT_FOUND' };

describe('a JWK Set', () => {
  it('is read from text or value, its keys not judged', () => {
    const set = { keys: [ed, { kid: 7 }, null, 'x', { kty: 'oct', kid: 'o' }], other: 1 };
    for (const input of [set, JSON.stringify(set)]) {
      expect(parseJwks(input)).toEqual([
        { kid: 'ed', jwk: ed },
        { jwk: { kid: 7 } },
        { jwk: null },
        { jwk: 'x' },
        { kid: 'o', jwk: { kty: 'oct', kid: 'o' } },
      ]);
    }
    expect(parseJwks({ keys: [] })).toEqual([]);
  });

  it.each([
    [null],
    [undefined],
    [7],
    [[ed]],
    [{}],
    [{ keys: ed }],
    [{ keys: { 0: ed, length: 1 } }],
    ['[]'],
    ['{"keys":[]'],
    ['{"keys":[],"keys":[]}'],
    ['{"keys":[{"kid":"a","kid":"b"}]}'],
  ])('is not %j', (input) => {
    expect(() => parseJwks(input)).toThrow(expect.objectContaining(unusable));
  });

  it('holds at most 100 keys', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => ({ ...ed, kid: `k${i}` }));
    expect(parseJwks({ keys: many(100) })).toHaveLength(100);
    expect(await keySet(many(100)).find(header('EdDSA', 'k99'))).toHaveLength(1);
    expect(() => parseJwks({ keys: many(101) })).toThrow(expect.objectContaining(unusable));
    expect(() => keySet(many(101))).toThrow(expect.objectContaining(unusable));
  });
});

describe('a set of keys', () => {
  it('takes keys, JWKs and JWK Sets', async () => {
    const held = keyFromJwk(ed);
    for (const set of [keySet([held]), keySet([ed]), keySet({ keys: [ed] }), keySet([held, ec])]) {
      const found = await set.find(header('EdDSA', 'ed'));
      expect(found).toMatchObject([{ kid: 'ed', publicKey: held.publicKey }]);
    }
    expect(await keySet([held]).find(header('EdDSA', 'ed'))).toEqual([held]);
    expect(() => keySet(undefined as never)).toThrow(expect.objectContaining(unusable));
  });

  it('finds by the exact name', async () => {
    const set = keySet([ed, ec, keyFromDid(didKeys.did)]);
    expect(await set.find(header('ES256', 'ec'))).toMatchObject([{ curve: 'P-256' }]);
    expect(await set.find(header('Ed25519', didKeys.did))).toMatchObject([{ did: didKeys.did }]);
    for (const kid of ['ED', 'ed ', '', 'e', '__proto__', 'constructor', `${didKeys.did}#key-1`]) {
      await expect(set.find(header('EdDSA', kid))).rejects.toMatchObject(notFound);
    }
    await expect(keySet([]).find(header('EdDSA', 'ed'))).rejects.toMatchObject(notFound);
    await expect(keySet([]).find(header('EdDSA'))).rejects.toMatchObject(notFound);
  });

  it('does not find a key without a name by any', async () => {
    const nameless = keyFromBytes('Ed25519', keyFromJwk(ed).publicKey);
    await expect(keySet([nameless]).find(header('EdDSA', 'ed'))).rejects.toMatchObject(notFound);
    expect(await keySet([nameless]).find(header('EdDSA'))).toEqual([nameless]);
  });

  it('gives only keys of the curve of the algorithm', async () => {
    const set = keySet([
      { ...ed, kid: 'k' },
      { ...ec, kid: 'k' },
    ]);
    expect(await set.find(header('EdDSA', 'k'))).toMatchObject([{ curve: 'Ed25519' }]);
    expect(await set.find(header('ES256', 'k'))).toMatchObject([{ curve: 'P-256' }]);
    await expect(keySet([ed]).find(header('ES256', 'ed'))).rejects.toMatchObject(unusable);
    for (const alg of ['none', 'HS256', 'RS256', '__proto__']) {
      await expect(set.find(header(alg, 'k'))).rejects.toMatchObject({ code: 'ERR_VERIFY_ALGORITHM' });
    }
  });

  it('gives at most four, in order', async () => {
    const points = [ed, edOther, ed, edOther, ed, edOther].map((jwk, i) => ({ ...jwk, kid: i < 5 ? 'k' : 'other' }));
    const set = keySet([{ ...ec, kid: 'k' }, ...points]);
    const expected = points.slice(0, 4).map((jwk) => keyFromJwk(jwk).publicKey);
    expect((await set.find(header('EdDSA', 'k'))).map(({ publicKey }) => publicKey)).toEqual(expected);
    expect(await set.find(header('EdDSA'))).toHaveLength(4);
  });

  it('is not spoilt by a bad key, unless that is the one that is meant', async () => {
    const bad = { ...ed, use: 'enc', kid: 'bad' };
    const set = keySet([
      bad,
      ed,
      { ...ed, kid: 'bad', key_ops: [] },
      { ...edOther, kid: 'mixed', x: 'AA' },
      { ...ed, kid: 'mixed' },
    ]);
    expect(await set.find(header('EdDSA', 'ed'))).toHaveLength(1);
    await expect(set.find(header('EdDSA', 'bad'))).rejects.toMatchObject(unusable);
    expect(await set.find(header('EdDSA', 'mixed'))).toHaveLength(1);
    expect(await set.find(header('EdDSA'))).toHaveLength(2);
  });

  it('makes each key once, when it is first found', async () => {
    let reads = 0;
    const jwk = Object.defineProperty({ ...ed }, 'x', {
      get() {
        reads++;
        return ed.x;
      },
    });
    const set = keySet([jwk]);
    expect(reads).toBe(0);
    const [[one], [two]] = [await set.find(header('EdDSA', 'ed')), await set.find(header('EdDSA', 'ed'))];
    expect(reads).toBe(1);
    expect(one).toBe(two);
  });
});

describe('one key', () => {
  it('is tried whatever the header calls it', async () => {
    for (const source of [oneKey(ed), oneKey(keyFromJwk(ed))]) {
      for (const kid of [undefined, 'ed', 'other']) {
        expect(await source.find(header('EdDSA', kid))).toMatchObject([{ publicKey: keyFromJwk(ed).publicKey }]);
      }
      await expect(source.find(header('ES256', 'ed'))).rejects.toMatchObject(unusable);
    }
  });

  it('is judged at once', () => {
    expect(() => oneKey({ ...ed, use: 'enc' })).toThrow(expect.objectContaining(unusable));
    expect(() => oneKey(undefined as never)).toThrow(expect.objectContaining(unusable));
  });

  it('asks nothing of anybody', async () => {
    const fetch = vi.spyOn(globalThis, 'fetch');
    await oneKey(ed).find({
      ...header('EdDSA', 'x'),
      jku: 'https://evil.example/keys',
      extra: { x5u: 'https://evil.example' },
    });
    expect(fetch).not.toHaveBeenCalled();
    fetch.mockRestore();
  });
});
