import { exportJWK, generateKeyPair } from 'jose';
import { describe, expect, it } from 'vitest';
import { aidJkt } from '../../../src/aitp/aid.js';
import { type HttpIssuerKeysOptions, httpIssuerKeys } from '../../../src/aitp/http/issuer-keys.js';
import { verifyOidcProof } from '../../../src/aitp/oidc.js';
import { issuerKeys } from '../../../src/aitp/oidc-keys.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { codeOf, ISSUER, mint, NOW, providerKeys, signerOf } from '../parties.js';

const DISCOVERY = `${ISSUER}/.well-known/openid-configuration`;
const FALLBACK = `${ISSUER}/.well-known/aitp-keys`;
const JWKS = 'https://keys.example.com/jwks';
const key = async (kid: string) => ({ ...(await exportJWK((await generateKeyPair('EdDSA')).publicKey)), kid });
const K1 = await key('k1');
const K2 = await key('k2');

type Answer = unknown | (() => Response | Promise<Response>);

/** A network of a few documents, which can be changed, and what was asked of it. */
function network(documents: Record<string, Answer>, options: HttpIssuerKeysOptions = {}) {
  const asked: string[] = [];
  const clock = fakeClock();
  const fetch = async (url: string, init: RequestInit) => {
    expect(init).toMatchObject({ redirect: 'manual', credentials: 'omit' });
    asked.push(url);
    const answer = documents[url];
    if (typeof answer === 'function') return answer();
    return answer === undefined ? new Response(null, { status: 404 }) : Response.json(answer);
  };
  const keys = httpIssuerKeys({ fetch, clock, now: () => NOW, ...options });
  const find = (kid?: string, issuer = ISSUER) => keys.find(kid === undefined ? { issuer } : { issuer, kid });
  return { asked, clock, find, documents, keys };
}

const discovered = (keys: readonly unknown[] = [K1]) => ({
  [DISCOVERY]: { issuer: ISSUER, jwks_uri: JWKS },
  [JWKS]: { keys },
});

describe('discovery', () => {
  it('leads to the keys, which are kept for an hour', async () => {
    const { asked, clock, find } = network(discovered());
    expect(await find('k1')).toEqual([K1]);
    clock.advance(3_599_999);
    await find('k1');
    expect(asked).toEqual([DISCOVERY, JWKS]);
    clock.advance(1);
    await find('k1');
    expect(asked).toHaveLength(4);
  });

  it('keeps keys no longer than their server says, though a minute at least', async () => {
    const headers = { 'cache-control': 'max-age=120' };
    const { asked, clock, find, documents } = network(discovered());
    documents[JWKS] = () => Response.json({ keys: [K1] }, { headers });
    await find();
    clock.advance(120_000);
    await find();
    expect(asked).toHaveLength(4);
    documents[JWKS] = () => Response.json({ keys: [K1] }, { headers: { 'cache-control': 'no-store' } });
    clock.advance(120_000);
    await find();
    clock.advance(59_999);
    await find();
    expect(asked).toHaveLength(6);
  });

  it('is asked again for a name not known, though not at the pace of strangers', async () => {
    const { asked, clock, find, documents } = network(discovered());
    await find('k1');
    documents[JWKS] = { keys: [K1, K2] };
    for (let n = 0; n < 10; n++) expect(await find(`stranger-${n}`)).toEqual([K1]);
    expect(asked).toHaveLength(2);
    clock.advance(30_000);
    expect(await find('k2')).toEqual([K1, K2]);
  });

  it('shares one request among all who wait', async () => {
    const { asked, find } = network(discovered());
    await Promise.all([find('k1'), find('k1'), find('k1')]);
    expect(asked).toHaveLength(2);
  });

  it('of another issuer, without keys, over http or in private is no good, and nothing else is tried', async () => {
    const fallback = { issuer: ISSUER, keys: [K1], published_at: NOW, expires_at: NOW + 60 };
    const bad: Record<string, Answer>[] = [
      { [DISCOVERY]: { issuer: `${ISSUER}/`, jwks_uri: JWKS }, [JWKS]: { keys: [K1] } },
      { [DISCOVERY]: { issuer: ISSUER } },
      { [DISCOVERY]: { issuer: ISSUER, jwks_uri: 'http://keys.example.com/jwks' } },
      { [DISCOVERY]: { issuer: ISSUER, jwks_uri: 'https://169.254.169.254/jwks' } },
      { [DISCOVERY]: { issuer: ISSUER, jwks_uri: JWKS }, [JWKS]: { keys: 'none' } },
      { [DISCOVERY]: () => new Response('{"issuer":1,"issuer":2}') },
      { [DISCOVERY]: () => new Response(null, { status: 302, headers: { location: JWKS } }), [JWKS]: { keys: [K1] } },
      { [DISCOVERY]: () => new Response('a'.repeat(65_537)) },
    ];
    for (const documents of bad) {
      const { asked, find } = network({ ...documents, [FALLBACK]: fallback });
      expect(await find('k1')).toBeUndefined();
      expect(asked).not.toContain(FALLBACK);
    }
  });
});

describe('the document AITP has for it', () => {
  const fallback = { issuer: ISSUER, keys: [K1], published_at: NOW, expires_at: NOW + 600 };

  it('is asked only where there is no discovery, and holds until it expires', async () => {
    const { asked, clock, find } = network({ [FALLBACK]: fallback });
    expect(await find('k1')).toEqual([K1]);
    expect(asked).toEqual([DISCOVERY, FALLBACK]);
    clock.advance(599_999);
    await find('k1');
    expect(asked).toHaveLength(2);
    clock.advance(1);
    await find('k1');
    expect(asked).toHaveLength(4);
  });

  it('of another issuer, or expired, is no good', async () => {
    for (const bad of [{ issuer: 'https://other.example.com' }, { expires_at: NOW }, { expires_at: undefined }]) {
      expect(await network({ [FALLBACK]: { ...fallback, ...bad } }).find('k1')).toBeUndefined();
    }
  });
});

describe('[16.61] an issuer that is down', () => {
  it('is left alone for half a minute', async () => {
    const { asked, clock, find, documents } = network({});
    expect(await find('k1')).toBeUndefined();
    expect(await find('k1')).toBeUndefined();
    expect(asked).toHaveLength(2);
    Object.assign(documents, discovered());
    clock.advance(30_000);
    expect(await find('k1')).toEqual([K1]);
  });

  it('leaves keys whose time is not over, and none whose time is', async () => {
    const { clock, find, documents } = network(discovered());
    await find('k1');
    documents[DISCOVERY] = () => Promise.reject(new Error('down'));
    clock.advance(40_000);
    expect(await find('unknown')).toEqual([K1]);
    clock.advance(3_600_000);
    expect(await find('k1')).toBeUndefined();
  });

  it('is KEY_RESOLUTION_FAILED for a proof, and an issuer that is not ours is never asked', async () => {
    const { asked, keys } = network({});
    const [sender, own] = [await signerOf(1), await signerOf(2)];
    const clock = { sec: NOW };
    const jkt = await aidJkt(sender.aid);
    const proof = await mint({ sub: 'anna', aud: own.aid, nonce: 'A'.repeat(22), cnf: { jkt } }, clock);
    const expected = { issuer: ISSUER, subject: 'anna', audience: own.aid, nonce: 'A'.repeat(22), sender: sender.aid };
    const options = { issuerKeys: keys, now: NOW };
    expect(await codeOf(verifyOidcProof(proof, expected, { ...options, trustAnchors: [] }))).toBe(
      'INCOMPATIBLE_TRUST_ANCHORS',
    );
    expect(asked).toEqual([]);
    expect(await codeOf(verifyOidcProof(proof, expected, { ...options, trustAnchors: [ISSUER] }))).toBe(
      'KEY_RESOLUTION_FAILED',
    );
    expect(asked).toEqual([DISCOVERY, FALLBACK]);
  });
});

describe('keys known beforehand', () => {
  it('come first, and where nothing may be fetched alone', async () => {
    const pinned = issuerKeys({ [ISSUER]: [K2] });
    const online = network(discovered(), { pinned });
    expect(await online.find('k2')).toEqual([K2]);
    expect(online.asked).toEqual([]);
    expect(await online.find('k1')).toEqual([K1]);
    const offline = network(discovered(), { pinned, offline: true });
    expect(await offline.find('k1')).toEqual([K2]);
    expect(await offline.find('k1', 'https://other.example.com')).toBeUndefined();
    expect(offline.asked).toEqual([]);
  });

  it('verify what their provider signed', async () => {
    const keys = httpIssuerKeys({ pinned: await providerKeys(), offline: true });
    expect(await keys.find({ issuer: ISSUER, kid: 'idp-1' })).toHaveLength(1);
  });
});

it('keeps as many issuers as it was told, and forgets the one asked longest ago', async () => {
  const other = 'https://other.example.com';
  const { asked, find } = network(
    {
      ...discovered(),
      [`${other}/.well-known/openid-configuration`]: { issuer: other, jwks_uri: `${other}/jwks` },
      [`${other}/jwks`]: { keys: [K2] },
    },
    { maxIssuers: 1 },
  );
  await find('k1');
  await find('k2', other);
  await find('k1');
  expect(asked).toHaveLength(6);
});

it('the reason of the signal comes through, and options that cannot be are refused', async () => {
  const reason = new Error('enough');
  const { keys } = network(discovered());
  await expect(keys.find({ issuer: ISSUER, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(() => httpIssuerKeys({ cacheTtlSec: 1 })).toThrow(RangeError);
  expect(() => httpIssuerKeys({ fetch: 1 as never })).toThrow(TypeError);
});
