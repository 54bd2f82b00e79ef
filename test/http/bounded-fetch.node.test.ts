// The same against real servers on loopback: what a runtime does to connections and bodies, no script can show.

import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { boundedFetch } from '../../src/http/bounded-fetch.js';
import { loopbackServer } from '../support/loopback-server.js';
import { codeOf } from './helpers.js';

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

const local = { allowHttpLoopback: true, timeoutMs: 10_000 };

describe('a server on loopback', () => {
  it('is asked when that is allowed', async () => {
    const { url } = await loopbackServer((request, response) => {
      response.setHeader('x-agent', request.headers.accept ?? '');
      response.end('{"a":1}');
    });
    expect(await codeOf(boundedFetch(url))).toBe('ERR_HTTP_URL');
    const { body, headers, status } = await boundedFetch(url, { ...local, accept: 'application/json' });
    expect([status, new TextDecoder().decode(body), headers.get('x-agent')]).toEqual([
      200,
      '{"a":1}',
      'application/json',
    ]);
  });

  it('with a body of a gigabyte to come is left at once', async () => {
    const { url } = await loopbackServer((_, response) => {
      response.writeHead(200, { 'content-length': 2 ** 30 });
      response.write('{');
    });
    expect(await codeOf(boundedFetch(url, local))).toBe('ERR_HTTP_TOO_LARGE');
  });

  it('with an endless chunked body is left, and sees the connection close', async () => {
    const closed = withResolvers();
    const { url } = await loopbackServer((_, response) => {
      const piece = new Uint8Array(16_384);
      const write = () => {
        while (response.writable && response.write(piece));
      };
      response.on('drain', write).on('close', closed.resolve);
      write();
    });
    expect(await codeOf(boundedFetch(url, local))).toBe('ERR_HTTP_TOO_LARGE');
    await closed.promise;
  });

  it('with a bomb of gzip is left: bytes count once they are unpacked', async () => {
    const bomb = gzipSync(new Uint8Array(64 * 1024 * 1024), { level: 9 });
    expect(bomb.length).toBeLessThan(262_144);
    const { url } = await loopbackServer((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': bomb.length });
      response.end(bomb);
    });
    expect(await codeOf(boundedFetch(url, local))).toBe('ERR_HTTP_TOO_LARGE');
  });

  it('that never answers runs out of time', async () => {
    const { url } = await loopbackServer(() => {});
    expect(await codeOf(boundedFetch(url, { ...local, timeoutMs: 30 }))).toBe('ERR_HTTP_TIMEOUT');
  });

  it('that stops half-way runs out of time, and sees the connection close', async () => {
    const closed = withResolvers();
    const { url } = await loopbackServer((_, response) => {
      response.on('close', closed.resolve);
      response.writeHead(200).write('{');
    });
    expect(await codeOf(boundedFetch(url, { ...local, timeoutMs: 50 }))).toBe('ERR_HTTP_TIMEOUT');
    await closed.promise;
  });

  it('that breaks off is a network failure', async () => {
    const { url } = await loopbackServer((_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('{', () => response.destroy());
    });
    expect(await codeOf(boundedFetch(url, local))).toBe('ERR_HTTP_NETWORK');
  });

  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'https://169.254.169.254/',
    'http://agent.example/',
    'https://10.0.0.1/',
  ])('cannot redirect to %s', async (location) => {
    const { url, asked } = await loopbackServer((_, response) => response.writeHead(302, { location }).end());
    expect(await codeOf(boundedFetch(url, { ...local, maxRedirects: 5 }))).toBe('ERR_HTTP_URL');
    expect(asked).toEqual(['GET /']);
  });

  it('can redirect to itself', async () => {
    const { url } = await loopbackServer((request, response) => {
      if (request.url === '/') response.writeHead(307, { location: '/next' }).end('ignored');
      else response.end('here');
    });
    const answer = await boundedFetch(url, { ...local, maxRedirects: 1 });
    expect(answer.url).toBe(`${url}/next`);
  });

  it('is sent no cookie, and no header that was not asked for', async () => {
    const seen: Record<string, unknown>[] = [];
    const { url } = await loopbackServer((request, response) => {
      seen.push(request.headers);
      response.setHeader('set-cookie', 'a=b');
      response.end();
    });
    await boundedFetch(url, local);
    await boundedFetch(url, local);
    expect(seen).toHaveLength(2);
    for (const headers of seen) {
      expect(Object.keys(headers).filter((name) => ['cookie', 'referer', 'origin'].includes(name))).toEqual([]);
    }
  });
});
