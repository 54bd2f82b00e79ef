import { describe, expect, it } from 'vitest';
import type { AitpError } from '../../../src/aitp/errors.js';
import { type FetchManifestOptions, fetchManifest, manifestUrl } from '../../../src/aitp/http/fetch-manifest.js';
import { manifestCache } from '../../../src/aitp/manifest-cache.js';
import type { JsonObject } from '../../../src/codec/json-value.js';
import primitives from '../../../vectors/aitp/primitives.json' with { type: 'json' };
import { manifestOf, outcome, publish, signerOf, T } from '../support.js';

const A = primitives.keys.A.aid;
const published = async (members: JsonObject = {}) => {
  const a = await signerOf('A');
  return publish(await manifestOf(a, members), a);
};

/** A server that answers every request alike, and what it was asked. */
function server(answer: () => Response | Promise<Response>) {
  const asked: { url: string; init: RequestInit }[] = [];
  const fetch = async (url: string, init: RequestInit) => {
    asked.push({ url, init });
    return answer();
  };
  return { asked, fetch };
}
const run = (answer: () => Response | Promise<Response>, options: Partial<FetchManifestOptions> = {}) =>
  outcome(() => fetchManifest('https://a.example', { now: () => T, fetch: server(answer).fetch, ...options }));

describe('fetching a Manifest', () => {
  it('asks at the well-known path, follows no redirect and sends no cookies', async () => {
    const text = await published();
    const { asked, fetch } = server(() => new Response(text));
    const manifest = await fetchManifest('https://a.example/some/where', { now: () => T, fetch, expectedAid: A });
    expect(manifest.aid).toBe(A);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.url).toBe('https://a.example/.well-known/aitp-manifest');
    expect(asked[0]?.init).toMatchObject({ redirect: 'manual', credentials: 'omit' });
  });

  it.each([404, 500, 301, 302, 304])('[16.23] status %i is no Manifest', async (status) => {
    const headers = { location: 'https://b.example/' };
    expect(await run(() => new Response(null, { status, headers }))).toBe('MANIFEST_NOT_FOUND');
  });

  it('[16.23] a body of 300 KiB is refused, and a server that is down can be asked again', async () => {
    expect(await run(() => new Response('a'.repeat(300 * 1024)))).toBe('MANIFEST_NOT_FOUND');
    const down = () => Promise.reject(new Error('down'));
    const error = await fetchManifest('https://a.example', { now: () => T, fetch: server(down).fetch }).catch((e) => e);
    expect(error as AitpError).toMatchObject({ wireCode: 'MANIFEST_NOT_FOUND', retryable: true });
  });

  it('what comes is verified before anybody sees it', async () => {
    const text = await published();
    expect(await run(() => new Response('{}'))).toBe('MANIFEST_INVALID');
    expect(await run(() => new Response(text), { now: () => T + 3600 })).toBe('MANIFEST_EXPIRED');
    expect(await run(() => new Response(text), { expectedAid: primitives.keys.B.aid })).toBe(
      'MANIFEST_SIGNATURE_INVALID',
    );
  });

  it.each(['http://a.example', 'https://127.0.0.1', 'https://169.254.169.254', 'nowhere'])(
    'nothing is asked of %s',
    async (origin) => {
      const { asked, fetch } = server(() => new Response('{}'));
      expect(await outcome(() => fetchManifest(origin, { now: () => T, fetch }))).toBe('MANIFEST_NOT_FOUND');
      expect(asked).toEqual([]);
    },
  );

  it('the reason of the signal comes through', async () => {
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(fetchManifest('https://a.example', { now: () => T, signal })).rejects.toBe(reason);
    expect(() => manifestUrl('nowhere')).toThrow();
  });
});

describe('with a cache', () => {
  it('asks again only when the answer is no longer fresh', async () => {
    let now = T;
    const text = await published();
    const { asked, fetch } = server(() => new Response(text, { headers: { 'cache-control': 'max-age=60' } }));
    const options = { now: () => now, fetch, cache: manifestCache(), expectedAid: A };
    await fetchManifest('https://a.example', options);
    now = T + 59;
    await fetchManifest('https://a.example', options);
    expect(asked).toHaveLength(1);
    now = T + 60;
    await fetchManifest('https://a.example', options);
    expect(asked).toHaveLength(2);
  });

  it('[16.22] a server that goes back to an older Manifest is not believed', async () => {
    let text = await published({ published_at: T });
    const { fetch } = server(() => new Response(text));
    const options = { now: () => T, fetch, cache: manifestCache(), expectedAid: A };
    await fetchManifest('https://a.example', options);
    text = await published({ published_at: T - 100 });
    expect((await fetchManifest('https://a.example', options)).publishedAtSec).toBe(T);
  });

  it('[16.16] an expired one is never taken out', async () => {
    let now = T;
    let text = await published();
    const { fetch } = server(() => new Response(text, { headers: { 'cache-control': 'max-age=99999' } }));
    const options = { now: () => now, fetch, cache: manifestCache(), expectedAid: A };
    await fetchManifest('https://a.example', options);
    now = T + 3600;
    expect(await outcome(() => fetchManifest('https://a.example', options))).toBe('MANIFEST_EXPIRED');
    text = await published({ published_at: now, expires_at: now + 3600 });
    expect((await fetchManifest('https://a.example', options)).publishedAtSec).toBe(now);
  });
});
