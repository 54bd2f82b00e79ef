import { describe, expect, it } from 'vitest';
import {
  fetchRevocationList,
  type HttpRevocationOptions,
  httpRevocation,
  revocationListUrl,
} from '../../../src/aitp/http/fetch-revocation-list.js';
import type { Manifest } from '../../../src/aitp/manifest.js';
import { buildSnapshot } from '../../../src/aitp/revocation-snapshot.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { codeOf, NOW, signerOf } from '../parties.js';
import { withBadSignature } from '../support.js';

const URL_OF_LIST = 'https://bert.example/revoked';
const BAD = '550e8400-e29b-41d4-a716-446655440000';
const GOOD = '550e8400-e29b-41d4-a716-446655440001';
const bert = await signerOf(2);

const list = (publishedAtSec: number, jtis: readonly string[] = [], expiresAtSec = publishedAtSec + 3_600) => {
  const entries = jtis.map((jti) => ({ jti, revokedAtSec: publishedAtSec }));
  return buildSnapshot({ publishedAtSec, expiresAtSec, entries }, bert);
};

/** A server whose answer can be changed, and a check that asks it. */
function world(first: () => Response | Promise<Response>, options: Partial<HttpRevocationOptions> = {}) {
  const state = { answer: first, asked: 0, nowSec: NOW };
  const clock = fakeClock();
  const fetch = async () => {
    state.asked++;
    return state.answer();
  };
  const revocation = httpRevocation({ locate: () => URL_OF_LIST, fetch, clock, ...options });
  const check = (jti = GOOD) =>
    codeOf(revocation.check({ issuer: bert.aid, jti, grants: ['read'], nowSec: state.nowSec }));
  const pass = (sec: number) => {
    state.nowSec += sec;
    clock.advance(sec * 1_000);
  };
  return { state, check, pass, revocation };
}

const serving = (text: string, headers: Record<string, string> = {}) => {
  return () => new Response(text, { headers });
};

describe('a list over HTTP', () => {
  it('[16.46] lets through what is not listed, and refuses what is', async () => {
    const { check } = world(serving(await list(NOW, [BAD])));
    expect(await check(GOOD)).toBe('accepted');
    expect(await check(BAD)).toBe('TCT_REVOKED');
  });

  it('is used for a minute, or for as long as its server says, or until it expires', async () => {
    const cases = [
      [{}, NOW + 3_600, 60],
      [{ 'cache-control': 'max-age=10' }, NOW + 3_600, 10],
      [{}, NOW + 20, 20],
    ] as const;
    for (const [headers, expiresAtSec, sec] of cases) {
      const { state, check, pass } = world(serving(await list(NOW, [], expiresAtSec), headers));
      await check();
      pass(sec - 1);
      await check();
      expect(state.asked).toBe(1);
      state.answer = serving(await list(NOW + sec, [GOOD]));
      pass(1);
      expect(await check()).toBe('TCT_REVOKED');
      expect(state.asked).toBe(2);
    }
  });

  it('[16.49] that cannot be had is never an empty list', async () => {
    const failures = [
      () => new Response(null, { status: 500 }),
      () => new Response(null, { status: 302, headers: { location: URL_OF_LIST } }),
      () => new Response('a'.repeat(262_145)),
      () => Promise.reject(new Error('down')),
    ];
    for (const failure of failures) {
      expect(await world(failure).check()).toBe('TCT_REVOKED');
      expect(await world(failure, { policy: { failMode: 'fail_open' } }).check()).toBe('accepted');
    }
    expect(await world(failures[0] as never, { locate: () => undefined }).check()).toBe('TCT_REVOKED');
    expect(await world(failures[0] as never, { locate: () => 'https://10.0.0.1/' }).check()).toBe('TCT_REVOKED');
  });

  it('[16.49] that cannot be had anew answers while it is recent enough, and no longer', async () => {
    const { state, check, pass } = world(serving(await list(NOW)));
    await check();
    state.answer = () => new Response(null, { status: 500 });
    pass(300);
    expect(await check()).toBe('accepted');
    expect(await check()).toBe('accepted');
    expect(state.asked).toBe(2);
    pass(1);
    expect(await check()).toBe('TCT_REVOKED');
  });

  it('[16.50] that is no good is an error whatever the mode, also for those who ask right afterwards', async () => {
    const { state, check } = world(serving(withBadSignature(await list(NOW))), { policy: { failMode: 'fail_open' } });
    expect(await check()).toBe('REVOCATION_SNAPSHOT_SIGNATURE_INVALID');
    expect(await check()).toBe('REVOCATION_SNAPSHOT_SIGNATURE_INVALID');
    expect(state.asked).toBe(1);
    state.answer = serving('{}');
  });

  it('[16.51] that is older than one known does not replace it', async () => {
    const { state, check, pass } = world(serving(await list(NOW, [BAD])));
    await check();
    state.answer = serving(await list(NOW - 60));
    pass(60);
    expect(await check(BAD)).toBe('TCT_REVOKED');
  });

  it('of another issuer is as good as none', async () => {
    const own = await signerOf(3);
    const text = await buildSnapshot({ publishedAtSec: NOW, expiresAtSec: NOW + 60, entries: [] }, own);
    expect(await world(serving(text)).check()).toBe('TCT_REVOKED');
  });

  it('is asked for once by all who wait', async () => {
    const { state, check } = world(serving(await list(NOW)));
    await Promise.all([check(), check(), check()]);
    expect(state.asked).toBe(1);
  });
});

it('is where the Manifest says, or at the well-known path of the handshake', () => {
  const manifest = { addresses: {}, handshakeEndpoint: 'https://bert.example/aitp/' } as Manifest;
  expect(revocationListUrl(manifest)).toBe('https://bert.example/.well-known/aitp-revocation-list');
  expect(revocationListUrl({ ...manifest, addresses: { revocationListUri: URL_OF_LIST } })).toBe(URL_OF_LIST);
});

it('the reason of the signal comes through, and options that cannot be are refused', async () => {
  const reason = new Error('enough');
  await expect(fetchRevocationList(URL_OF_LIST, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(() => httpRevocation({} as never)).toThrow(TypeError);
  expect(() => httpRevocation({ locate: () => undefined, maxIssuers: 0 })).toThrow(RangeError);
});
