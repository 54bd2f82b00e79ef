// Addresses that others choose: of lists, of keys, of endpoints. None may lead us from the public Internet into our own
// network, also where the rules open that up; and nothing that never answers may keep everybody waiting.

import { exportJWK, generateKeyPair } from 'jose';
import { describe, expect, it, vi } from 'vitest';
import { fetchManifest } from '../../../src/aitp/http/fetch-manifest.js';
import { httpRevocation } from '../../../src/aitp/http/fetch-revocation-list.js';
import { handshakeOverHttp } from '../../../src/aitp/http/handshake-over-http.js';
import { httpIssuerKeys } from '../../../src/aitp/http/issuer-keys.js';
import { httpRenewal } from '../../../src/aitp/http/renew.js';
import type { Manifest } from '../../../src/aitp/manifest.js';
import { buildSnapshot } from '../../../src/aitp/revocation-snapshot.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { codeOf, ISSUER, NOW, signerOf } from '../parties.js';
import { makeWorld, ORIGIN, serving, wireTo } from './agents.js';

const OPEN = { allowPrivateHosts: true, allowHttpLoopback: true } as const;
const INSIDE = ['https://10.0.0.1/x', 'https://127.0.0.1/x', 'https://[::1]/x', 'https://metadata.internal/x'];

describe('a public agent', () => {
  it('does not have its list looked up in our network', async () => {
    const bert = await signerOf(2);
    const list = await buildSnapshot({ publishedAtSec: NOW, expiresAtSec: NOW + 60, entries: [] }, bert);
    const fetch = vi.fn(async () => new Response(list));
    const query = { issuer: bert.aid, jti: '550e8400-e29b-41d4-a716-446655440000', grants: ['read'], nowSec: NOW };
    const manifest = (handshakeEndpoint: string, revocationListUri: string) =>
      ({ addresses: { revocationListUri }, handshakeEndpoint }) as Manifest;
    for (const inside of INSIDE) {
      const locate = () => manifest('https://bert.example/aitp/', inside);
      expect(await codeOf(httpRevocation({ locate, fetch, ...OPEN }).check(query))).toBe('TCT_REVOKED');
    }
    expect(fetch).not.toHaveBeenCalled();
    // One that is private itself may: that is what the rules are for.
    const locate = () => manifest('https://10.0.0.2/aitp/', 'https://10.0.0.1/x');
    expect(await codeOf(httpRevocation({ locate, fetch, ...OPEN }).check(query))).toBe('accepted');
  });

  it('does not have its handshake done in our network', async () => {
    for (const endpoint of ['https://10.0.0.1/aitp/', 'http://127.0.0.1:1234/aitp/', 'https://localhost/aitp/']) {
      const world = await makeWorld(endpoint, { allowHttpLoopback: true });
      const wire = wireTo(serving(world));
      const shaken = handshakeOverHttp(world.anna, ORIGIN, { requestedGrants: ['read'], fetch: wire.fetch, ...OPEN });
      expect(await codeOf(shaken)).toBe('ERR_HTTP_URL');
      expect(wire.asked).toEqual(['GET /.well-known/aitp-manifest']);
    }
  });

  it('does not have our tokens renewed in our network', async () => {
    const fetch = vi.fn(async () => new Response('{}'));
    const peer = { handshakeEndpoint: 'https://bert.example/aitp/' } as Manifest;
    const { signal } = new AbortController();
    for (const inside of INSIDE) {
      expect(await codeOf(Promise.resolve(httpRenewal({ fetch, ...OPEN })(inside, '{}', { signal, peer })))).toBe(
        'ERR_HTTP_URL',
      );
    }
    expect(fetch).not.toHaveBeenCalled();
  });
});

it('a public provider does not have its keys looked up in our network', async () => {
  const key = { ...(await exportJWK((await generateKeyPair('EdDSA')).publicKey)), kid: 'k' };
  for (const inside of [...INSIDE, 'http://localhost/x']) {
    const asked: string[] = [];
    const fetch = async (url: string) => {
      asked.push(url);
      return url.endsWith('openid-configuration')
        ? Response.json({ issuer: ISSUER, jwks_uri: inside })
        : Response.json({ keys: [key] });
    };
    expect(await httpIssuerKeys({ fetch, ...OPEN }).find({ issuer: ISSUER, kid: 'k' })).toBeUndefined();
    expect(asked).toEqual([`${ISSUER}/.well-known/openid-configuration`]);
  }
});

describe('something that never answers', () => {
  it('while a list is looked for counts as no list, for all who wait', async () => {
    const clock = fakeClock();
    const locate = vi.fn(() => new Promise<never>(() => {}));
    const revocation = httpRevocation({ locate, clock });
    const query = { issuer: 'aid:x', jti: 'j', grants: ['read'], nowSec: NOW };
    const answers = [codeOf(revocation.check(query)), codeOf(revocation.check(query))];
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(1));
    clock.advance(5_000);
    expect(await Promise.all(answers)).toEqual(['TCT_REVOKED', 'TCT_REVOKED']);
    expect(locate).toHaveBeenCalledTimes(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is given up on abort by every function that waits', async () => {
    const world = await makeWorld();
    const reason = new Error('enough');
    const fetch = () => new Promise<never>(() => {});
    const waits = (signal: AbortSignal) => [
      fetchManifest(ORIGIN, { fetch, signal, now: () => NOW }),
      handshakeOverHttp(world.anna, ORIGIN, { requestedGrants: ['read'], fetch, signal }),
      httpIssuerKeys({ fetch }).find({ issuer: ISSUER, signal }),
      httpRevocation({ locate: () => ORIGIN, fetch }).check({ issuer: 'x', jti: 'j', grants: [], nowSec: NOW, signal }),
    ];
    const controller = new AbortController();
    const settled = Promise.allSettled(waits(controller.signal));
    controller.abort(reason);
    for (const result of await settled) expect(result).toEqual({ status: 'rejected', reason });
  });
});
