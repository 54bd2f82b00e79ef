import { describe, expect, it } from 'vitest';
import { HttpError } from '../../src/errors.js';
import { type BoundedFetchOptions, boundedFetch } from '../../src/http/bounded-fetch.js';
import { fakeClock } from '../../src/testing/fake-clock.js';
import { countedSignal } from '../support/counted-signal.js';
import { unhandledDuring } from '../support/unhandled.js';
import { codeOf, scriptedFetch, watchedBody } from './helpers.js';

const URL_ASKED = 'https://agent.example/card.json';
const moved = (location: string, status = 302) => new Response('elsewhere', { status, headers: { location } });
/** Answers as only a server can make them. */
const answer = (fields: Partial<Record<'type' | 'status' | 'redirected', unknown>>, body?: ReadableStream) =>
  new Proxy(new Response(body ?? null), {
    get(target, name) {
      if (name in fields) return fields[name as 'type'];
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
const neverAsked = scriptedFetch(() => Response.error());

async function errorOf(work: Promise<unknown>): Promise<HttpError> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  if (error instanceof HttpError) return error;
  throw new Error('no HttpError', { cause: error });
}

describe('a request', () => {
  it('carries no cookies, no referrer, no member "cache", and follows nothing by itself', async () => {
    const { fetch, asked } = scriptedFetch(() => new Response('{}'));
    const { status, body, url } = await boundedFetch(`${URL_ASKED}#part`, { fetch, accept: 'application/json' });
    expect([status, new TextDecoder().decode(body), url]).toEqual([200, '{}', URL_ASKED]);
    const [request] = asked;
    expect(request?.url).toBe(URL_ASKED);
    expect(request?.init).toMatchObject({
      method: 'GET',
      redirect: 'manual',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
    });
    expect(Object.keys(request?.init ?? {})).not.toContain('cache');
    expect(Object.keys(request?.init ?? {})).not.toContain('body');
    expect([...(request?.headers ?? [])]).toEqual([['accept', 'application/json']]);
  });

  it('leaves "cache" out even when asked for it, outside of a browser', async () => {
    const { fetch, asked } = scriptedFetch(() => new Response());
    await boundedFetch(URL_ASKED, { fetch, cache: 'no-cache' });
    expect(Object.keys(asked[0]?.init ?? {})).not.toContain('cache');
  });

  it('takes an option that is undefined for one that is absent', async () => {
    const { fetch, asked } = scriptedFetch(() => new Response('{}'));
    const nothing = {
      ...{
        signal: undefined,
        timeoutMs: undefined,
        maxBodyBytes: undefined,
        maxRedirects: undefined,
        clock: undefined,
      },
      ...{ headers: undefined, crossOriginHeaders: undefined, method: undefined, body: undefined, accept: undefined },
      ...{ expectStatus: undefined, credentials: undefined, cache: undefined },
      ...{ allowHttpLoopback: undefined, allowPrivateHosts: undefined },
    } satisfies { [Name in Exclude<keyof BoundedFetchOptions, 'fetch'>]-?: undefined };
    await boundedFetch(URL_ASKED, { fetch });
    await boundedFetch(URL_ASKED, { fetch, ...nothing });
    const [bare, given] = asked.map(({ init }) => ({ ...init, headers: [...new Headers(init.headers)], signal: null }));
    expect(given).toEqual(bare);
    expect(await errorOf(boundedFetch('http://127.0.0.1/', { fetch, ...nothing }))).toMatchObject({
      code: 'ERR_HTTP_URL',
    });
  });

  it('passes headers, method and body through', async () => {
    const { fetch, asked } = scriptedFetch(() => new Response());
    const options = { method: 'post', body: '{}', headers: { 'X-Key': 'k', Accept: 'text/plain' }, accept: 'a/b' };
    await boundedFetch(URL_ASKED, { fetch, ...options, credentials: 'include' });
    expect(asked[0]?.init).toMatchObject({ method: 'POST', body: '{}', credentials: 'include' });
    expect(Object.fromEntries(asked[0]?.headers ?? [])).toEqual({ 'x-key': 'k', accept: 'text/plain' });
  });

  it.each<[string, BoundedFetchOptions, ErrorConstructor]>([
    ['maxBodyBytes', { maxBodyBytes: -1 }, RangeError],
    ['timeoutMs', { timeoutMs: 0 }, RangeError],
    ['maxRedirects', { maxRedirects: 11 }, RangeError],
    ['signal', { signal: {} as AbortSignal }, TypeError],
    ['fetch', { fetch: 'fetch' as never }, TypeError],
    ['headers', { headers: { 'a\nb': 'c' } }, TypeError],
    ['body', { body: 'x' }, TypeError],
  ])('is refused for its %s, before anything is sent', async (_, options, kind) => {
    await expect(boundedFetch(URL_ASKED, { fetch: neverAsked.fetch, ...options })).rejects.toBeInstanceOf(kind);
    expect(neverAsked.asked).toHaveLength(0);
  });

  it('is not sent to an address that is not to be asked', async () => {
    const error = await errorOf(boundedFetch('https://127.1/', { fetch: neverAsked.fetch }));
    expect([error.code, error.url]).toEqual(['ERR_HTTP_URL', 'https://127.1/']);
    await expect(boundedFetch(5 as never)).rejects.toBeInstanceOf(TypeError);
    expect(neverAsked.asked).toHaveLength(0);
  });

  it('is not sent once the signal has aborted', async () => {
    const signal = AbortSignal.abort('over');
    await expect(boundedFetch(URL_ASKED, { fetch: neverAsked.fetch, signal })).rejects.toBe('over');
    expect(neverAsked.asked).toHaveLength(0);
  });
});

describe('redirects', () => {
  it.each([301, 302, 303, 307, 308])('fail with %i by default, and let go of the body', async (status) => {
    const { stream, state } = watchedBody();
    const { fetch, asked } = scriptedFetch(() => new Response(stream, { status, headers: { location: '/next' } }));
    const error = await errorOf(boundedFetch(URL_ASKED, { fetch }));
    expect([error.code, error.status, error.url]).toEqual(['ERR_HTTP_REDIRECT', status, URL_ASKED]);
    expect(state.cancelled).toBe(true);
    expect(asked).toHaveLength(1);
  });

  it('are followed as far as allowed, and the last address is reported', async () => {
    const { fetch, asked } = scriptedFetch((_, index) => (index < 2 ? moved(`/${index}#x`) : new Response('here')));
    expect((await boundedFetch(URL_ASKED, { fetch, maxRedirects: 2 })).url).toBe('https://agent.example/1');
    expect(asked.map(({ url }) => url)).toEqual([URL_ASKED, 'https://agent.example/0', 'https://agent.example/1']);
  });

  it('that go in a circle end', async () => {
    const { fetch, asked } = scriptedFetch(() => moved(URL_ASKED));
    expect(await codeOf(boundedFetch(URL_ASKED, { fetch, maxRedirects: 10 }))).toBe('ERR_HTTP_REDIRECT');
    expect(asked).toHaveLength(11);
  });

  it.each([
    'http://agent.example/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::ffff:7f00:1]/',
    'https://user@other.example/',
    'file:///etc/passwd',
    '//10.0.0.1/',
  ])('to %s are judged like any address', async (location) => {
    const { fetch, asked } = scriptedFetch(() => moved(location));
    expect(await codeOf(boundedFetch(URL_ASKED, { fetch, maxRedirects: 3 }))).toBe('ERR_HTTP_URL');
    expect(asked).toHaveLength(1);
  });

  it('are judged at each hop', async () => {
    const { fetch, asked } = scriptedFetch((_, index) =>
      moved(index === 0 ? 'https://b.example/' : 'https://10.0.0.1/'),
    );
    const error = await errorOf(boundedFetch(URL_ASKED, { fetch, maxRedirects: 5 }));
    expect([error.code, error.url, asked.length]).toEqual(['ERR_HTTP_URL', 'https://10.0.0.1/', 2]);
  });

  it.each([
    ['nowhere', () => new Response(null, { status: 302 })],
    ['no address', () => moved('https://[')],
  ])('to %s fail', async (_, reply) => {
    const { fetch } = scriptedFetch(reply);
    expect(await codeOf(boundedFetch(URL_ASKED, { fetch, maxRedirects: 1 }))).toBe('ERR_HTTP_REDIRECT');
  });

  it('that a browser keeps to itself fail', async () => {
    const { fetch } = scriptedFetch(() => answer({ type: 'opaqueredirect', status: 0 }));
    const error = await errorOf(boundedFetch(URL_ASKED, { fetch, maxRedirects: 3 }));
    expect([error.code, error.status]).toEqual(['ERR_HTTP_REDIRECT', undefined]);
  });

  it('that the fetch given followed by itself fail, and let go of the body', async () => {
    const { stream, state } = watchedBody();
    const { fetch } = scriptedFetch(() => answer({ redirected: true }, stream));
    expect(await codeOf(boundedFetch(URL_ASKED, { fetch, maxRedirects: 3 }))).toBe('ERR_HTTP_REDIRECT');
    expect(state.cancelled).toBe(true);
  });

  it('are not followed with a method that does something', async () => {
    const { fetch, asked } = scriptedFetch(() => moved('/next', 307));
    const sent = boundedFetch(URL_ASKED, { fetch, maxRedirects: 3, method: 'POST', body: '{}' });
    expect(await codeOf(sent)).toBe('ERR_HTTP_REDIRECT');
    expect(asked).toHaveLength(1);
  });

  it('to another origin carry only the headers that are named, even on the way back', async () => {
    const targets = ['/same', 'https://other.example/', 'https://agent.example/back'];
    const { fetch, asked } = scriptedFetch((_, index) =>
      index < targets.length ? moved(targets[index] as string) : new Response(),
    );
    const headers = { authorization: 'Bearer secret', 'x-api-key': 'secret', 'a2a-version': '1.0' };
    const options = { headers, accept: 'application/json', crossOriginHeaders: ['A2A-Version'], maxRedirects: 3 };
    await boundedFetch(URL_ASKED, { fetch, ...options });
    const names = asked.map((request) => [...request.headers.keys()].join());
    const all = 'a2a-version,accept,authorization,x-api-key';
    expect(names).toEqual([all, all, 'a2a-version,accept', 'a2a-version,accept']);
  });
});

describe('answers', () => {
  it('of any status are answers', async () => {
    const { fetch } = scriptedFetch(() => new Response('no', { status: 404 }));
    expect(await boundedFetch(URL_ASKED, { fetch })).toMatchObject({ status: 404 });
  });

  it('of a status not expected fail, and their body is let go of', async () => {
    const { stream, state } = watchedBody();
    const { fetch } = scriptedFetch(() => new Response(stream, { status: 500 }));
    const error = await errorOf(boundedFetch(URL_ASKED, { fetch, expectStatus: [200] }));
    expect([error.code, error.status, state.cancelled]).toEqual(['ERR_HTTP_STATUS', 500, true]);
  });

  it('that announce too much are refused without reading a byte', async () => {
    const { stream, state } = watchedBody();
    const { fetch } = scriptedFetch(() => new Response(stream, { headers: { 'content-length': '1073741824' } }));
    expect(await codeOf(boundedFetch(URL_ASKED, { fetch }))).toBe('ERR_HTTP_TOO_LARGE');
    expect(state).toMatchObject({ pulled: 0, cancelled: true });
  });

  it('that announce a length of something they do not send are taken', async () => {
    const headers = { 'content-length': '1073741824' };
    const { fetch } = scriptedFetch((_, index) => new Response(null, { headers, status: index === 0 ? 200 : 304 }));
    expect((await boundedFetch(URL_ASKED, { fetch, method: 'HEAD' })).body).toHaveLength(0);
    expect((await boundedFetch(URL_ASKED, { fetch })).status).toBe(304);
  });

  it('that never end are cut off', async () => {
    const { stream, state } = watchedBody((controller) => controller.enqueue(new Uint8Array(65_536)));
    const { fetch } = scriptedFetch(() => new Response(stream));
    const error = await errorOf(boundedFetch(URL_ASKED, { fetch }));
    expect([error.code, state.pulled, state.cancelled]).toEqual(['ERR_HTTP_TOO_LARGE', 5, true]);
  });

  it('that break off are no answers', async () => {
    const broken = new TypeError('terminated');
    const { stream } = watchedBody((controller) => controller.error(broken));
    const { fetch } = scriptedFetch(() => new Response(stream));
    const error = await errorOf(boundedFetch(URL_ASKED, { fetch }));
    expect([error.code, error.cause]).toEqual(['ERR_HTTP_NETWORK', broken]);
  });

  it('that do not come are named', async () => {
    const cause = new TypeError('fetch failed');
    const { fetch } = scriptedFetch(() => Promise.reject(cause));
    const error = await errorOf(boundedFetch(URL_ASKED, { fetch }));
    expect([error.code, error.cause, error.url]).toEqual(['ERR_HTTP_NETWORK', cause, URL_ASKED]);
    expect(await codeOf(boundedFetch(URL_ASKED, { fetch: async () => Response.error() }))).toBe('ERR_HTTP_NETWORK');
    const throwing = () => {
      throw cause;
    };
    expect(await codeOf(boundedFetch(URL_ASKED, { fetch: throwing }))).toBe('ERR_HTTP_NETWORK');
  });
});

describe('time', () => {
  it('runs over headers', async () => {
    const clock = fakeClock();
    const { fetch } = scriptedFetch(() => new Promise(() => {}));
    const work = errorOf(boundedFetch(URL_ASKED, { fetch, clock, timeoutMs: 100 }));
    await Promise.resolve();
    clock.advance(100);
    expect((await work).code).toBe('ERR_HTTP_TIMEOUT');
  });

  it('runs over a body that trickles, as one for all of it', async () => {
    const clock = fakeClock();
    const { stream, state } = watchedBody((controller) => {
      clock.advance(30);
      controller.enqueue(new Uint8Array(1));
    });
    const { fetch } = scriptedFetch(() => new Response(stream));
    expect(await codeOf(boundedFetch(URL_ASKED, { fetch, clock, timeoutMs: 100 }))).toBe('ERR_HTTP_TIMEOUT');
    expect(state).toMatchObject({ pulled: 4, cancelled: true });
  });

  it('runs over redirects, as one for all of them', async () => {
    const clock = fakeClock();
    const { fetch, asked } = scriptedFetch(() => {
      clock.advance(30);
      return moved('/again');
    });
    const work = boundedFetch(URL_ASKED, { fetch, clock, timeoutMs: 100, maxRedirects: 10 });
    expect(await codeOf(work)).toBe('ERR_HTTP_TIMEOUT');
    expect(asked).toHaveLength(4);
  });

  it('leaves no timer behind', async () => {
    const clock = fakeClock();
    const { fetch } = scriptedFetch((_, index) => new Response(null, { status: index === 0 ? 200 : 500 }));
    await boundedFetch(URL_ASKED, { fetch, clock });
    await boundedFetch(URL_ASKED, { fetch, clock, expectStatus: [200] }).catch(() => {});
    await boundedFetch('https://10.0.0.1', { fetch, clock }).catch(() => {});
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a signal', () => {
  it('ends the wait for headers with its reason, untouched, though the fetch does not listen', async () => {
    const counted = countedSignal();
    let arrive: (response: Response) => void = () => {};
    const fetch = () =>
      new Promise<Response>((resolve) => {
        arrive = resolve;
      });
    const { stream, state } = watchedBody();
    const reason = { left: true };
    const unhandled = await unhandledDuring(async () => {
      const work = boundedFetch(URL_ASKED, { fetch, signal: counted.signal });
      counted.abort(reason);
      await expect(work).rejects.toBe(reason);
      arrive(new Response(stream));
    });
    expect(unhandled).toEqual([]);
    // The answer that came too late is let go of.
    expect(state.cancelled).toBe(true);
    expect(counted.listeners).toBe(0);
  });

  it('is handed on to the fetch', async () => {
    const controller = new AbortController();
    const { fetch, asked } = scriptedFetch(() => new Promise(() => {}));
    const work = boundedFetch(URL_ASKED, { fetch, signal: controller.signal });
    await Promise.resolve();
    controller.abort('left');
    await expect(work).rejects.toBe('left');
    expect(asked[0]?.init.signal?.reason).toBe('left');
  });

  it('ends the wait for a body with its reason, untouched', async () => {
    const counted = countedSignal();
    const { stream, state } = watchedBody(() => counted.abort('left'));
    const { fetch } = scriptedFetch(() => new Response(stream));
    await expect(boundedFetch(URL_ASKED, { fetch, signal: counted.signal })).rejects.toBe('left');
    expect([state.cancelled, counted.listeners]).toEqual([true, 0]);
  });
});
