// `ringline aitp manifest`: what is signed, and what is wrong usage.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyManifest } from '../../src/aitp/manifest.js';
import { aitp, NOW, Stage } from './aitp-files.js';

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.make();
});
afterEach(() => stage.remove());

/** Makes a Manifest, and reads what was printed as a peer does. */
async function made(words: readonly string[]) {
  const { code, out, err } = await aitp(words);
  expect(code).toBe(0);
  return { manifest: await verifyManifest(out, { now: () => NOW, allowHttpLoopback: true }), out, err };
}

describe('aitp manifest', () => {
  it('prints a signed Manifest, and tells a person where it belongs and when it ends', async () => {
    const { manifest, out, err } = await made(stage.manifestWords());
    expect(manifest).toMatchObject({
      aid: stage.a.aid,
      displayName: 'Tides',
      identityHint: { type: 'pinned_key', subject: 'Tides' },
      handshakeEndpoint: 'https://tide.example/aitp/',
      offeredCapabilities: ['read', 'write'],
      requiredPeerCapabilities: [],
      acceptedIdentityTypes: ['pinned_key'],
      publishedAtSec: NOW,
      expiresAtSec: NOW + 86_400,
    });
    expect(out.split('\n').length).toBeGreaterThan(20);
    expect(err).toContain(stage.a.aid);
    expect(err).toContain('2027-01-16 08:00:00 UTC (24 hours from now)');
    expect(err).toContain('https://tide.example/.well-known/aitp-manifest');
  });

  it('prints one line, and says nothing, with --json', async () => {
    const { out, err } = await made(stage.manifestWords('--json'));
    expect(out.split('\n')).toHaveLength(2);
    expect(err).toBe('');
  });

  it('takes every word there is', async () => {
    const { manifest } = await made([
      ...stage.manifestWords('--require', 'sky', '--subject', 'tides', '--oidc-issuer', 'https://login.example'),
      ...['--accept', 'oidc', '--accept', 'pinned_key', '--anchor', 'https://other.example', '--ttl', '60'],
      ...['--revocation-list', 'https://tide.example/list'],
    ]);
    expect(manifest).toMatchObject({
      identityHint: { type: 'oidc', subject: 'tides', issuer: 'https://login.example' },
      requiredPeerCapabilities: ['sky'],
      acceptedIdentityTypes: ['oidc', 'pinned_key'],
      acceptedTrustAnchors: ['https://other.example'],
      addresses: { revocationListUri: 'https://tide.example/list' },
      expiresAtSec: NOW + 60,
    });
  });

  it('believes its own identity provider unless told otherwise', async () => {
    const { manifest } = await made(stage.manifestWords('--oidc-issuer', 'https://login.example'));
    expect(manifest.acceptedTrustAnchors).toEqual(['https://login.example']);
  });

  it('names this machine only when that is allowed', async () => {
    const words = ['manifest', '--identity', stage.a.file, '--name', 'A', '--endpoint', 'http://127.0.0.1:8080/aitp/'];
    expect((await aitp(words)).code).toBe(2);
    expect((await made([...words, '--allow-http-loopback'])).manifest.handshakeEndpoint).toBe(words.at(-1));
  });

  it('warns of an endpoint without a slash at its end', async () => {
    const words = ['manifest', '--identity', stage.a.file, '--name', 'A', '--endpoint', 'https://tide.example/aitp'];
    expect((await aitp(words)).err).toContain('slash');
    expect((await aitp([...words, '--json'])).err).toBe('');
  });

  it('says in one line that there is no identity, and how one is made', async () => {
    const words = ['manifest', '--name', 'A', '--endpoint', 'https://a.example/'];
    const { code, out, err } = await aitp([...words, '--identity', stage.at('none.json')]);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^ringline: there is no [^\n]+none\.json: "ringline id new" makes one\n$/);
  });

  it.each([
    [['--endpoint', 'https://a.example/']],
    [['--name', 'A']],
    [['--name', 'A', '--endpoint', 'http://a.example/']],
    [['--name', 'A', '--endpoint', 'https://']],
    [['--name', 'A', '--endpoint', 'https://a.example/ b']],
    [['--name', 'A', '--endpoint', 'http://10.0.0.1/', '--allow-http-loopback']],
    [['--name', 'x'.repeat(129), '--endpoint', 'https://a.example/']],
    [['--name', 'A', '--endpoint', 'https://a.example/', '--offer', 'two words']],
    [['--name', 'A', '--endpoint', 'https://a.example/', '--offer', 'a', '--offer', 'a']],
    [['--name', 'A', '--endpoint', 'https://a.example/', '--require', 'a', '--require', 'a']],
    [['--name', 'A', '--endpoint', 'https://a.example/', '--accept', 'x509']],
    [['--name', 'A', '--endpoint', 'https://a.example/', '--accept', 'oidc']],
    [['--name', 'A', '--endpoint', 'https://a.example/', '--anchor', 'login.example']],
    [['--name', 'A', '--endpoint', 'https://a.example/', '--oidc-issuer', 'http://login.example']],
    [['--name', 'A', '--endpoint', 'https://a.example/', '--revocation-list', 'list.json']],
    [['--name', 'A', '--endpoint', 'https://a.example/', '--ttl', '0']],
    [['--name', 'A', '--endpoint', 'https://a.example/', '--ttl', '31536001']],
    [['--name', 'A', '--endpoint', 'https://a.example/', 'word']],
  ])('takes %j as wrong usage, and says so in one line', async (words) => {
    const { code, out, err } = await aitp(['manifest', '--identity', stage.a.file, ...words]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^ringline: [^\n]+\. Try: ringline help aitp manifest\n$/);
  });
});
