import { afterEach, describe, expect, it } from 'vitest';
import { CONTENT_SECURITY_POLICY, servePage } from '../../demo/lib/page-server.mjs';

const ASSETS = new Map<string, { type: string; body: string; shared?: true }>([
  ['/', { type: 'text/html; charset=utf-8', body: '<!doctype html>' }],
  ['/shared.js', { type: 'text/javascript; charset=utf-8', body: '', shared: true }],
]);

const running: { close(): Promise<void> }[] = [];

async function start(options: Parameters<typeof servePage>[1]) {
  const server = await servePage(ASSETS, options);
  running.push(server);
  return server;
}

afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});

describe('the server of the page', () => {
  it('serves what it was given, under the policy, and keeps it out of caches', async () => {
    const { url } = await start({ port: 0, fallback: false });
    const response = await fetch(`${url}?anything`);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('<!doctype html>');
    expect(response.headers.get('content-security-policy')).toBe(CONTENT_SECURITY_POLICY);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('has nothing else, and takes no other method', async () => {
    const { url } = await start({ port: 0, fallback: false });
    const missing = await fetch(`${url}../package.json`);
    expect([missing.status, await missing.text()]).toEqual([404, 'not found\n']);
    expect((await fetch(url, { method: 'POST', body: 'x' })).status).toBe(405);
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(200);
    expect(missing.headers.get('content-security-policy')).toBe(CONTENT_SECURITY_POLICY);
  });

  it('lets other origins read what is shared with them, and nothing else', async () => {
    const { url } = await start({ port: 0, fallback: false });
    const readers = async (path: string) =>
      (await fetch(new URL(path, url))).headers.get('access-control-allow-origin');
    expect([await readers('/'), await readers('/shared.js'), await readers('/missing')]).toEqual([null, '*', null]);
  });

  it('says that a port is taken, or takes another where it may', async () => {
    const { url } = await start({ port: 0, fallback: false });
    const port = Number(new URL(url).port);
    await expect(start({ port, fallback: false })).rejects.toThrow(`port ${port} is taken`);
    const other = await start({ port, fallback: true });
    expect(other.url).not.toBe(url);
  });

  it('asks a handler first, and serves its own where that has nothing to say', async () => {
    const asked: string[] = [];
    const { url } = await start({
      port: 0,
      fallback: false,
      async handler(request) {
        asked.push(`${request.method} ${new URL(request.url).pathname} ${request.headers.get('a2a-version')}`);
        if (!request.url.includes('/card')) return undefined;
        return new Response('{}', { status: 203, headers: { 'content-type': 'application/json', etag: '"a"' } });
      },
    });
    const answer = await fetch(`${url}card?x=1`, { headers: { 'a2a-version': '1.0' } });
    expect([answer.status, await answer.text(), answer.headers.get('etag')]).toEqual([203, '{}', '"a"']);
    expect(await (await fetch(url)).text()).toBe('<!doctype html>');
    expect(asked).toEqual(['GET /card 1.0', 'GET / null']);
  });

  it('hands over the body of a request, as it comes', async () => {
    const handler = async (request: Request) => new Response(`${request.method} ${await request.text()}`);
    const { url } = await start({ port: 0, fallback: false, handler });
    const body = 'x'.repeat(100_000);
    expect(await (await fetch(url, { method: 'POST', body })).text()).toBe(`POST ${body}`);
    expect(await (await fetch(url, { method: 'DELETE' })).text()).toBe('DELETE ');
  });

  it('survives a handler that fails', async () => {
    const handler = () => Promise.reject(new Error('no'));
    const { url } = await start({ port: 0, fallback: false, handler });
    expect((await fetch(url)).status).toBe(500);
    expect((await fetch(url)).status).toBe(500);
  });
});
