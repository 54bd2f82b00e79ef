import { afterEach, describe, expect, it, vi } from 'vitest';
import { encodeUtf8 } from '../../src/bytes/utf8.js';
import type { ProtectedHeader } from '../../src/documents/protected-header.js';
import { type RemoteJwksOptions, remoteJwks } from '../../src/documents/remote-jwks.js';
import { signCompact } from '../../src/documents/sign.js';
import { signerFromJwk } from '../../src/documents/signer.js';
import { verifyCompact } from '../../src/documents/verify.js';
import { fakeClock } from '../../src/testing/fake-clock.js';
import keys from '../../vectors/jose/keys.json' with { type: 'json' };
import { loopbackServer } from '../support/loopback-server.js';
import { unhandledDuring } from '../support/unhandled.js';

const URL_OF_SET = 'https://keys.example/jwks.json';
const jwks = { keys: keys.map(({ publicJwk }) => publicJwk) };
const [MINUTE, DAY] = [60_000, 86_400_000];
const retrieval = { name: 'VerifyError', code: 'ERR_VERIFY_KEY_RETRIEVAL' };
const notFound = { name: 'VerifyError', code: 'ERR_VERIFY_KEY_NOT_FOUND' };

const header = (kid?: string, alg = 'EdDSA'): ProtectedHeader => ({
  alg,
  ...(kid === undefined ? {} : { kid }),
  extra: {},
  segment: '',
});

type Answer = () => Response | Promise<Response>;

const json = (body: unknown, headers: Record<string, string> = {}, status = 200): Answer => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return () => new Response(text, { status, headers: { 'content-type': 'application/jwk-set+json', ...headers } });
};

/** A source over a fetch that counts, a clock that stands, and an answer that can be changed. */
function remote(answer: Answer, options: RemoteJwksOptions = {}) {
  const clock = fakeClock();
  const requests: { url: string; init: RequestInit }[] = [];
  const state = { answer };
  const source = remoteJwks(URL_OF_SET, {
    clock,
    async fetch(url, init) {
      requests.push({ url, init });
      return state.answer();
    },
    ...options,
  });
  return { source, clock, requests, state };
}

afterEach(() => vi.restoreAllMocks());

describe('keys behind a URL', () => {
  it('are fetched when they are first wanted, once', async () => {
    const { source, requests } = remote(json(jwks));
    expect(requests).toHaveLength(0);
    expect(await source.find(header('ed'))).toMatchObject([{ curve: 'Ed25519', kid: 'ed' }]);
    expect(await source.find(header('ec', 'ES256'))).toMatchObject([{ curve: 'P-256', kid: 'ec' }]);
    expect(await source.find(header())).toHaveLength(2);
    expect(requests).toHaveLength(1);
    const [{ url, init }] = requests as [(typeof requests)[number]];
    expect(url).toBe(URL_OF_SET);
    expect(init).toMatchObject({
      method: 'GET',
      redirect: 'manual',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
    });
    expect(new Headers(init.headers).get('accept')).toContain('application/jwk-set+json');
  });

  it('stay the same objects, so that each is imported once', async () => {
    const { source } = remote(json(jwks));
    const [[one], [two]] = [await source.find(header('ed')), await source.find(header('ed'))];
    expect(one).toBe(two);
  });

  it('verify', async () => {
    const { source } = remote(json(jwks));
    const token = await signCompact(encodeUtf8('hello'), await signerFromJwk(keys[0]!.privateJwk));
    expect((await verifyCompact(token, { keys: source })).key.kid).toBe('ed');
  });

  it('are not spoilt by a bad one', async () => {
    const set = {
      keys: [{ kty: 'oct', kid: 'o', k: 'AA' }, 'x', { ...jwks.keys[0], use: 'enc', kid: 'enc' }, ...jwks.keys],
    };
    const { source, requests } = remote(json(set));
    expect(await source.find(header('ed'))).toHaveLength(1);
    for (const kid of ['o', 'enc']) {
      await expect(source.find(header(kid))).rejects.toMatchObject({ code: 'ERR_VERIFY_KEY_UNUSABLE' });
    }
    await expect(source.find(header('ec'))).rejects.toMatchObject({ code: 'ERR_VERIFY_KEY_UNUSABLE' });
    expect(requests).toHaveLength(1);
  });

  it('are fetched once for all that wait', async () => {
    const { source, requests } = remote(json(jwks));
    const found = await Promise.all([...Array(50)].map((_, i) => source.find(header(i % 2 ? 'ed' : 'ed-other'))));
    expect(found.every(({ length }) => length === 1)).toBe(true);
    expect(requests).toHaveLength(1);
  });
});

describe('a set is used', () => {
  it.each<[string, Record<string, string>, number]>([
    ['five minutes where nothing is said', {}, 5 * MINUTE],
    ['as long as max-age says', { 'cache-control': 'max-age=600' }, 10 * MINUTE],
    ['as long as max-age says, less its age', { 'cache-control': 'max-age=600', age: '300' }, 5 * MINUTE],
    ['a minute at least', { 'cache-control': 'max-age=5' }, MINUTE],
    ['a minute for max-age=0', { 'cache-control': 'max-age=0' }, MINUTE],
    ['a minute for no-store', { 'cache-control': 'no-store' }, MINUTE],
    ['a minute for no-cache', { 'cache-control': 'max-age=600, no-cache' }, MINUTE],
    ['a day at most', { 'cache-control': 'max-age=31536000' }, DAY],
    ['a minute where max-age is no number', { 'cache-control': 'max-age=soon' }, MINUTE],
  ])('%s', async (_, headers, lifetimeMs) => {
    const { source, clock, requests } = remote(json(jwks, headers));
    await source.find(header('ed'));
    clock.advance(lifetimeMs - 1);
    await source.find(header('ed'));
    expect(requests).toHaveLength(1);
    clock.advance(1);
    await source.find(header('ed'));
    expect(requests).toHaveLength(2);
  });

  it('never when it is stale, not even when its server is down', async () => {
    const { source, clock, state } = remote(json(jwks));
    await source.find(header('ed'));
    clock.advance(5 * MINUTE);
    state.answer = json('down', {}, 503);
    await expect(source.find(header('ed'))).rejects.toMatchObject(retrieval);
    state.answer = json(jwks);
    clock.advance(1_000);
    expect(await source.find(header('ed'))).toHaveLength(1);
  });

  it('without a key that was taken out of it', async () => {
    const { source, clock, state } = remote(json(jwks));
    await source.find(header('ed'));
    state.answer = json({ keys: jwks.keys.slice(1) });
    clock.advance(5 * MINUTE);
    await expect(source.find(header('ed'))).rejects.toMatchObject(notFound);
  });
});

describe('a name that is not in the set', () => {
  it('asks again, at most every 30 seconds', async () => {
    const { source, clock, requests, state } = remote(json({ keys: [] }, { 'cache-control': 'max-age=3600' }));
    const miss = () => expect(source.find(header('ed'))).rejects.toMatchObject(notFound);
    await miss();
    expect(requests).toHaveLength(1);
    clock.advance(29_999);
    await miss();
    expect(requests).toHaveLength(1);
    clock.advance(1);
    await miss();
    expect(requests).toHaveLength(2);
    await miss();
    expect(requests).toHaveLength(2);
    state.answer = json(jwks);
    clock.advance(30_000);
    expect(await source.find(header('ed'))).toHaveLength(1);
    expect(requests).toHaveLength(3);
  });

  it('asks once for a flood of names', async () => {
    const { source, clock, requests } = remote(json(jwks));
    await source.find(header('ed'));
    clock.advance(30_000);
    const flood = [...Array(200)].map((_, i) => expect(source.find(header(`k${i}`))).rejects.toMatchObject(notFound));
    await Promise.all(flood);
    expect(requests).toHaveLength(2);
  });

  it('does not stop the names that are in it, while it asks and when asking fails', async () => {
    const { source, clock, requests, state } = remote(json(jwks, { 'cache-control': 'max-age=3600' }));
    await source.find(header('ed'));
    clock.advance(30_000);
    let fail!: (error: Error) => void;
    state.answer = () =>
      new Promise((_, reject) => {
        fail = reject;
      });
    const missing = source.find(header('new'));
    expect(await source.find(header('ed'))).toHaveLength(1);
    fail(new TypeError('fetch failed'));
    await expect(missing).rejects.toMatchObject(retrieval);
    expect(await source.find(header('ed'))).toHaveLength(1);
    // And the pause holds for a request that failed, too.
    await expect(source.find(header('new'))).rejects.toMatchObject(notFound);
    expect(requests).toHaveLength(2);
  });

  it('is no reason to ask where the header has no name, or the key does not fit', async () => {
    const { source, clock, requests } = remote(json({ keys: jwks.keys.slice(0, 1) }));
    await source.find(header('ed'));
    clock.advance(MINUTE);
    await source.find(header());
    for (const kid of ['ed', undefined]) {
      await expect(source.find(header(kid, 'ES256'))).rejects.toMatchObject({ code: 'ERR_VERIFY_KEY_UNUSABLE' });
    }
    expect(requests).toHaveLength(1);
  });
});

describe('a set that cannot be had', () => {
  const redirected = Object.defineProperty(new Response('{}'), 'type', { value: 'opaqueredirect' });

  it.each<[string, Answer, string | undefined]>([
    ['no answer', () => Promise.reject(new TypeError('fetch failed')), 'ERR_HTTP_NETWORK'],
    ['404', json('', {}, 404), 'ERR_HTTP_STATUS'],
    ['500', json(jwks, {}, 500), 'ERR_HTTP_STATUS'],
    ['201', json(jwks, {}, 201), 'ERR_HTTP_STATUS'],
    ['a redirect', json('', { location: 'https://keys.example/other' }, 302), 'ERR_HTTP_REDIRECT'],
    ['a redirect to this machine', json('', { location: 'http://127.0.0.1/' }, 307), 'ERR_HTTP_REDIRECT'],
    ['a redirect browsers hide', () => redirected, 'ERR_HTTP_REDIRECT'],
    ['65,537 bytes', json(JSON.stringify(jwks).padEnd(65_537)), 'ERR_HTTP_TOO_LARGE'],
    ['an announced terabyte', json('{}', { 'content-length': '1000000000000' }), 'ERR_HTTP_TOO_LARGE'],
    ['HTML', json('<!doctype html>'), 'ERR_CODEC_JSON_SYNTAX'],
    ['nothing', json(''), 'ERR_CODEC_JSON_SYNTAX'],
    ['a member twice', json('{"keys":[],"keys":[]}'), 'ERR_CODEC_JSON_DUPLICATE_KEY'],
    ['no set', json('{"key":[]}'), 'ERR_VERIFY_KEY_UNUSABLE'],
    ['a list', json(jwks.keys), 'ERR_VERIFY_KEY_UNUSABLE'],
    ['101 keys', json({ keys: Array(101).fill(jwks.keys[0]) }), 'ERR_VERIFY_KEY_UNUSABLE'],
    ['a map of PEM', json({ ed: keys[0]!.pem }), 'ERR_VERIFY_KEY_UNUSABLE'],
    ['no UTF-8', () => new Response(Uint8Array.of(0xff)), 'ERR_CODEC_UTF8'],
  ])('says why: %s', async (_, answer, code) => {
    const { source } = remote(answer);
    await expect(source.find(header('ed'))).rejects.toMatchObject({ ...retrieval, cause: { code } });
  });

  it('65,536 bytes and 100 keys can', async () => {
    const set = JSON.stringify({ keys: Array(100).fill({ kid: 'x' }).with(99, jwks.keys[0]) });
    const { source } = remote(json(set.padEnd(65_536)));
    expect(await source.find(header('ed'))).toHaveLength(1);
  });

  it.each([
    'http://keys.example/jwks.json',
    'https://127.0.0.1/jwks.json',
    'https://169.254.169.254/latest',
    'https://[::ffff:10.0.0.1]/',
    'https://user:secret@keys.example/',
    'file:///etc/passwd',
    'data:application/json,{"keys":[]}',
    'not a url',
    '',
  ])('is not asked for at %j', async (url) => {
    const fetch = vi.fn();
    const source = remoteJwks(url, { fetch });
    await expect(source.find(header('ed'))).rejects.toMatchObject({ ...retrieval, cause: { code: 'ERR_HTTP_URL' } });
    expect(fetch).not.toHaveBeenCalled();
  });

  it('is given up after five seconds, however slowly it comes', async () => {
    const slow = new ReadableStream({
      start(controller) {
        controller.enqueue(encodeUtf8('{"keys":'));
      },
    });
    for (const answer of [() => new Promise<Response>(() => {}), () => new Response(slow)]) {
      const { source, clock } = remote(answer);
      const pending = expect(source.find(header('ed'))).rejects.toMatchObject({
        ...retrieval,
        cause: { code: 'ERR_HTTP_TIMEOUT' },
      });
      await Promise.resolve();
      clock.advance(5_000);
      await pending;
      expect(clock.pendingTimers).toBe(0);
    }
  });

  it('is asked for once a second at most', async () => {
    const { source, clock, requests, state } = remote(json('', {}, 500));
    const fail = () => expect(source.find(header('ed'))).rejects.toMatchObject(retrieval);
    await Promise.all([fail(), fail()]);
    await fail();
    clock.advance(999);
    await fail();
    expect(requests).toHaveLength(1);
    state.answer = json(jwks);
    clock.advance(1);
    expect(await source.find(header('ed'))).toHaveLength(1);
    expect(requests).toHaveLength(2);
  });
});

describe('an abort', () => {
  const reason = new Error('enough');

  it('before the start asks for nothing', async () => {
    const { source, requests } = remote(json(jwks));
    await expect(source.find(header('ed'), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(requests).toHaveLength(0);
  });

  it('ends one wait, and neither the request nor the waits of others', async () => {
    const unhandled = await unhandledDuring(async () => {
      let answer!: (response: Response) => void;
      const { source, requests } = remote(
        () =>
          new Promise((resolve) => {
            answer = resolve;
          }),
      );
      const controller = new AbortController();
      const mine = source.find(header('ed'), { signal: controller.signal });
      const theirs = source.find(header('ed'));
      await Promise.resolve();
      controller.abort(reason);
      await expect(mine).rejects.toBe(reason);
      answer(await json(jwks)());
      expect(await theirs).toHaveLength(1);
      expect(requests).toHaveLength(1);
    });
    expect(unhandled).toEqual([]);
  });

  it('of the only wait leaves no failure for nobody to catch', async () => {
    const unhandled = await unhandledDuring(async () => {
      let fail!: (error: Error) => void;
      const { source } = remote(
        () =>
          new Promise((_, reject) => {
            fail = reject;
          }),
      );
      const controller = new AbortController();
      const pending = source.find(header('ed'), { signal: controller.signal });
      await Promise.resolve();
      controller.abort(reason);
      await expect(pending).rejects.toBe(reason);
      fail(new TypeError('fetch failed'));
    });
    expect(unhandled).toEqual([]);
  });
});

describe('a map from kid to PEM', () => {
  const map = Object.fromEntries(keys.map(({ name, pem }) => [name, pem]));

  it('is taken where that is allowed', async () => {
    const { source, requests } = remote(json({ ...map, broken: 'no PEM', '': keys[0]!.pem }), { allowPemMap: true });
    expect(await source.find(header('ed'))).toMatchObject([{ curve: 'Ed25519', kid: 'ed' }]);
    expect(await source.find(header('ec', 'ES256'))).toMatchObject([{ curve: 'P-256', kid: 'ec' }]);
    await expect(source.find(header('broken'))).rejects.toMatchObject({ code: 'ERR_VERIFY_KEY_UNUSABLE' });
    for (const kid of ['none', '__proto__', 'toString', '']) {
      await expect(source.find(header(kid))).rejects.toMatchObject(notFound);
    }
    expect(requests).toHaveLength(1);
  });

  it('a JWK Set is still one, and what is neither is none', async () => {
    expect(await remote(json(jwks), { allowPemMap: true }).source.find(header('ed'))).toHaveLength(1);
    for (const body of [
      '[]',
      'null',
      '"x"',
      JSON.stringify(Object.fromEntries([...Array(101)].map((_, i) => [i, 'x']))),
    ]) {
      const { source } = remote(json(body), { allowPemMap: true });
      await expect(source.find(header('ed'))).rejects.toMatchObject(retrieval);
    }
  });
});

describe('options', () => {
  it('are checked before anything is done', () => {
    expect(() => remoteJwks(7 as never)).toThrow(TypeError);
    expect(() => remoteJwks(URL_OF_SET, { timeoutMs: 0 })).toThrow(RangeError);
    expect(() => remoteJwks(URL_OF_SET, { timeoutMs: '5' as never })).toThrow(TypeError);
    expect(() => remoteJwks(URL_OF_SET, { maxBodyBytes: 0 })).toThrow(RangeError);
    expect(() => remoteJwks(URL_OF_SET, { maxBodyBytes: 2 ** 21 })).toThrow(RangeError);
    expect(() => remoteJwks(URL_OF_SET, { fetch: 'fetch' as never })).toThrow(TypeError);
  });
});

describe('over a real connection', () => {
  it('asks this machine where that is allowed, and nowhere else', async () => {
    const { url: base, asked } = await loopbackServer((request, response) => {
      if (request.url === '/moved') response.writeHead(302, { location: '/jwks.json' }).end();
      else response.end(JSON.stringify(jwks));
    });
    expect(await remoteJwks(`${base}/jwks.json`, { allowHttpLoopback: true }).find(header('ed'))).toHaveLength(1);
    expect(asked).toHaveLength(1);
    await expect(remoteJwks(`${base}/jwks.json`).find(header('ed'))).rejects.toMatchObject(retrieval);
    expect(asked).toHaveLength(1);
    const moved = remoteJwks(`${base}/moved`, { allowHttpLoopback: true });
    await expect(moved.find(header('ed'))).rejects.toMatchObject({
      ...retrieval,
      cause: { code: 'ERR_HTTP_REDIRECT' },
    });
    expect(asked).toHaveLength(2);

    // J6: a header that points at a counting server, under a known and an unknown name.
    const signer = await signerFromJwk(keys[0]!.privateJwk);
    const source = remote(json(jwks)).source;
    for (const kid of ['ed', 'new']) {
      const jku = `${base}/jwks.json`;
      const token = await signCompact(encodeUtf8('x'), signer, { kid, jku, x5u: jku, jwk: jwks.keys[0]! });
      await verifyCompact(token, { keys: source }).catch(() => {});
    }
    expect(asked).toHaveLength(2);
  });
});
