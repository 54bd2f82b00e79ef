import { expect, it } from 'vitest';
import { readTrustConfig } from '../../src/aitp/trust-config.js';

const KEY = 'O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik';
const P256 = 'AweBDql0zqV3PmO4l_N-O-mgnnpf6blxpE0QZawqOpMR';
const ISSUER = 'https://idp.example.com';

it('reads whom to believe', async () => {
  const config = readTrustConfig(
    JSON.stringify({
      trust_anchors: [{ issuer: ISSUER, keys: [KEY, P256] }],
      pinned_keys: [{ subject: 'worker', public_key: KEY, allowed_capabilities: ['read'] }],
      key_resolution: { offline_mode: true, cache_ttl_secs: 60, fail_mode: 'soft_fail' },
      revocation_policy: { mode: 'fail_open', max_staleness_secs: 10 },
    }),
  );
  expect(config).toMatchObject({
    trustAnchors: [ISSUER],
    keyResolution: { offlineMode: true, cacheTtlSec: 60, failMode: 'soft_fail' },
    revocationPolicy: { failMode: 'fail_open', maxStalenessSec: 10 },
  });
  expect(await config.issuerKeys.find({ issuer: ISSUER, kid: 'any' })).toMatchObject([
    { kty: 'OKP', kid: 'any' },
    { kty: 'EC', kid: 'any' },
  ]);
  expect(await config.issuerKeys.find({ issuer: `${ISSUER}/` })).toBeUndefined();
  expect(await config.pinnedKeys.find('worker', KEY)).toEqual({
    subject: 'worker',
    publicKey: KEY,
    allowedCapabilities: ['read'],
  });
  expect(await config.pinnedKeys.find('other', KEY)).toBeUndefined();
});

it('believes nobody and fails closed where nothing is said', () => {
  expect(readTrustConfig('{}')).toMatchObject({
    trustAnchors: [],
    keyResolution: { offlineMode: false, cacheTtlSec: 3_600, failMode: 'fail_closed' },
    revocationPolicy: { failMode: 'fail_closed', maxStalenessSec: 300 },
  });
});

it.each([
  'no JSON',
  '[]',
  '{"trust_anchor":[]}',
  '{"trust_anchors":[{"issuer":"idp","keys":["x"]}]}',
  `{"trust_anchors":[{"issuer":"${ISSUER}","keys":[]}]}`,
  `{"pinned_keys":[{"subject":"","public_key":"${KEY}"}]}`,
  '{"revocation_policy":{"mode":"open"}}',
  '{"key_resolution":{"cache_ttl_secs":-1}}',
  '{"key_resolution":{},"key_resolution":{}}',
])('is refused: %s', (text) => {
  expect(() => readTrustConfig(text)).toThrow(TypeError);
});

it('is refused with a key that is none', () => {
  const keys = ['A'.repeat(43)];
  expect(() => readTrustConfig(JSON.stringify({ trust_anchors: [{ issuer: ISSUER, keys }] }))).toThrow(
    expect.objectContaining({ code: 'ERR_VERIFY_KEY_UNUSABLE' }),
  );
});

it('is refused with an issuer named twice: which of the keys count is not to be guessed', () => {
  const twice = [
    { issuer: ISSUER, keys: [KEY] },
    { issuer: ISSUER, keys: [P256] },
  ];
  expect(() => readTrustConfig(JSON.stringify({ trust_anchors: twice }))).toThrow(TypeError);
});
