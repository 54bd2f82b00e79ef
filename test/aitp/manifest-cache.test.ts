import { expect, it } from 'vitest';
import { buildManifest } from '../../src/aitp/manifest-build.js';
import { manifestCache } from '../../src/aitp/manifest-cache.js';
import { codeOf, NOW, signerOf } from './parties.js';

const manifest = await buildManifest(
  {
    now: () => NOW,
    ttlSec: 3_600,
    identity: { type: 'pinned_key', subject: 'bert' },
    handshakeEndpoint: 'https://bert.example/aitp/',
    acceptedIdentityTypes: ['pinned_key'],
    offeredCapabilities: [],
  },
  await signerOf(2),
);
const { aid } = manifest;
const fetcher = { type: 'oidc', issuer: 'https://idp.example.com' } as const;

it('a Manifest that is no longer fresh keeps nobody from the next one, also where it would not have us', async () => {
  const cache = manifestCache();
  cache.offer(manifest, NOW + 60);
  expect(await codeOf(cache.get(aid, { now: () => NOW + 59, fetcher }))).toBe('INCOMPATIBLE_IDENTITY_TYPE');
  expect(await cache.get(aid, { now: () => NOW + 60, fetcher })).toBeUndefined();
});

it('[16.16] one that has expired is told of as such', async () => {
  const cache = manifestCache();
  cache.offer(manifest);
  expect(await codeOf(cache.get(aid, { now: () => NOW + 3_600 }))).toBe('MANIFEST_EXPIRED');
});
