import { exportJWK, generateKeyPair } from 'jose';
import { describe, expect, it, vi } from 'vitest';
import { aidJkt } from '../../../src/aitp/aid.js';
import { ISSUER_KEYS_PATH } from '../../../src/aitp/http/issuer-address.js';
import { httpIssuerKeys } from '../../../src/aitp/http/issuer-keys.js';
import type { PublishedIssuerKeys } from '../../../src/aitp/http/serve-issuer-keys.js';
import type { ServeAitpOptions } from '../../../src/aitp/http/serve-options.js';
import { verifyOidcProof } from '../../../src/aitp/oidc.js';
import type { PublicJwk } from '../../../src/documents/jwk.js';
import { ISSUER, mint, NOW, providerKeys, signerOf } from '../parties.js';
import { makeWorld, ORIGIN, serving, wireTo } from './agents.js';

async function keyOf(alg: 'EdDSA' | 'ES256' | 'RS256', kid?: string, part: 'publicKey' | 'privateKey' = 'publicKey') {
  const pair = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(pair[part])), ...(kid === undefined ? {} : { kid }) } as unknown as PublicJwk;
}

const ED = await keyOf('EdDSA', 'ed');
const P256 = await keyOf('ES256', 'p256');

/** A server of bert's that publishes the keys of an issuer. */
async function publishing(issuerKeys: PublishedIssuerKeys, options: Partial<ServeAitpOptions> = {}) {
  const world = await makeWorld();
  const serve = serving(world, { issuerKeys, ...options });
  const read = async (path = ISSUER_KEYS_PATH) => serve(new Request(`${ORIGIN}${path}`));
  return { ...world, serve, read };
}

const published = (...keys: readonly PublicJwk[]): PublishedIssuerKeys => ({ issuer: ORIGIN, keys: () => keys });

describe('[16.61] the keys of an issuer', () => {
  it('are served as the protocol has them, and no longer kept than they hold', async () => {
    const { read } = await publishing({ ...published(ED, P256), ttlSec: 600 });
    const response = (await read()) as Response;
    expect(response.headers.get('cache-control')).toBe('public, max-age=600');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(await response.json()).toEqual({
      issuer: ORIGIN,
      keys: [
        { kid: 'ed', kty: 'OKP', crv: 'Ed25519', x: ED.x },
        { kid: 'p256', kty: 'EC', crv: 'P-256', x: P256.x, y: P256.y },
      ],
      published_at: NOW,
      expires_at: NOW + 600,
    });
  });

  it('are what a peer finds that has nothing but the name of the issuer, and verify its proofs', async () => {
    const jwks = (await (await providerKeys()).find({ issuer: ISSUER })) as readonly PublicJwk[];
    const fit = jwks.filter(({ kty }) => kty !== 'RSA');
    const { serve, clock } = await publishing({ issuer: ISSUER, keys: async () => fit });
    const { fetch, asked } = wireTo(serve);
    const [sender, own] = [await signerOf(1), await signerOf(2)];
    const nonce = 'A'.repeat(22);
    const proof = await mint({ sub: 'anna', aud: own.aid, nonce, cnf: { jkt: await aidJkt(sender.aid) } }, clock);
    const expected = { issuer: ISSUER, subject: 'anna', audience: own.aid, nonce, sender: sender.aid };
    const issuerKeys = httpIssuerKeys({ fetch, now: () => NOW });
    await verifyOidcProof(proof, expected, { issuerKeys, now: NOW, trustAnchors: [ISSUER] });
    expect(asked).toEqual(['GET /.well-known/openid-configuration', 'GET /.well-known/aitp-keys']);
  });

  it('of an issuer below a path are below that path', async () => {
    const { read, serve } = await publishing({ issuer: `${ORIGIN}/tenant/`, keys: () => [ED] });
    expect(await read()).toBeUndefined();
    expect(((await read(`/tenant${ISSUER_KEYS_PATH}`)) as Response).status).toBe(200);
    const keys = httpIssuerKeys({ fetch: wireTo(serve).fetch, now: () => NOW });
    expect(await keys.find({ issuer: `${ORIGIN}/tenant/`, kid: 'ed' })).toHaveLength(1);
  });

  it('are read anew each time, so that a key that was taken out is gone', async () => {
    const keys = [ED, P256];
    const { read } = await publishing({ issuer: ORIGIN, keys: () => keys });
    keys.shift();
    expect((await ((await read()) as Response).json()).keys).toHaveLength(1);
  });

  it('never hold a private part', async () => {
    const secret = await keyOf('EdDSA', 'secret', 'privateKey');
    expect(secret).toHaveProperty('d');
    const { read } = await publishing(published(secret));
    expect((await ((await read()) as Response).json()).keys).toEqual([
      { kid: 'secret', kty: 'OKP', crv: 'Ed25519', x: secret.x },
    ]);
  });

  it('are not there unless that is asked for', async () => {
    const serve = serving(await makeWorld());
    expect(await serve(new Request(`${ORIGIN}${ISSUER_KEYS_PATH}`))).toBeUndefined();
  });

  it.each<[string, () => Promise<readonly PublicJwk[]>]>([
    ['without a name', async () => [await keyOf('EdDSA')]],
    ['two of one name', async () => [ED, { ...P256, kid: 'ed' }]],
    ['of a kind the document cannot hold', async () => [await keyOf('RS256', 'rsa')]],
    ['too many', async () => Array.from({ length: 65 }, (_, n) => ({ ...ED, kid: `k${n}` }))],
    ['that cannot be had', () => Promise.reject(new Error('vault is sealed'))],
  ])('%s are a fault of ours, and nothing is served', async (_, keys) => {
    const onError = vi.fn();
    const { read } = await publishing({ issuer: ORIGIN, keys }, { onError });
    const response = (await read()) as Response;
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('');
    expect(onError).toHaveBeenCalledTimes(1);
  });

  it('of an issuer that is no address, or for no time, are refused at once', async () => {
    const { bert: agent } = await makeWorld();
    for (const issuer of ['bert', `${ORIGIN}/?x`, `${ORIGIN}/#x`, 'ftp://bert.example', 7 as never]) {
      expect(() => serving({ bert: agent } as never, { issuerKeys: { issuer, keys: () => [] } })).toThrow(TypeError);
    }
    expect(() => serving({ bert: agent } as never, { issuerKeys: { issuer: ORIGIN } as never })).toThrow(TypeError);
    const brief = { ...published(ED), ttlSec: 59 };
    expect(() => serving({ bert: agent } as never, { issuerKeys: brief })).toThrow(RangeError);
  });
});
