// Fetch handlers behind Node's HTTP server, over loopback: bodies both ways, clients that leave, requests that are none.

import { once } from 'node:events';
import { Agent, createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type FetchHandler, type NodeListenerOptions, nodeListener } from '../../src/host/node-http.js';

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

async function serving(handlers: readonly FetchHandler[], options?: NodeListenerOptions): Promise<URL> {
  const http = createServer(nodeListener(handlers, options));
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  endings.push(async () => {
    const closed = once(http, 'close');
    http.close();
    http.closeAllConnections();
    await closed;
  });
  return new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}`);
}

describe('nodeListener', () => {
  it('gives method, URL, headers and body, and sends status, headers and body', async () => {
    const url = await serving([
      async (request) =>
        Response.json([request.method, request.url, request.headers.get('x-a'), await request.text()], {
          status: 201,
          headers: [
            ['set-cookie', 'a=1'],
            ['set-cookie', 'b=2'],
          ],
        }),
    ]);
    const response = await fetch(new URL('/p?q=1', url), { method: 'POST', headers: { 'x-a': '7' }, body: 'hello' });
    expect(response.status).toBe(201);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await response.json()).toEqual(['POST', `${url.origin}/p?q=1`, '7', 'hello']);
  });

  it('asks handlers in turn, and says 404 where none answers', async () => {
    const url = await serving([
      () => undefined,
      (request) => (request.url.endsWith('/here') ? new Response('second') : undefined),
    ]);
    expect(await (await fetch(new URL('/here', url))).text()).toBe('second');
    expect((await fetch(new URL('/there', url))).status).toBe(404);
  });

  it('says 500 for a handler that throws, and not why', async () => {
    const url = await serving([() => Promise.reject(new Error('a secret'))]);
    const response = await fetch(url);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
  });

  it('takes the origin from the options before the Host header', async () => {
    const url = await serving([(request) => new Response(request.url)], { origin: 'https://agents.example' });
    expect(await (await fetch(new URL('/x', url))).text()).toBe('https://agents.example/x');
  });

  it.each([
    'agents.example',
    'ftp://a.example',
    'wss://a.example',
    'https://a.example/path',
    'https://a.example:443',
    'null',
    '',
  ])('refuses %j as an origin', (origin) => {
    expect(() => nodeListener([], { origin })).toThrow(TypeError);
  });

  it('answers HEAD without a body and cancels the one there was', async () => {
    let cancelled = false;
    const body = () =>
      new ReadableStream({
        cancel() {
          cancelled = true;
        },
      });
    const url = await serving([() => new Response(body(), { headers: { 'content-length': '5' } })]);
    const response = await fetch(url, { method: 'HEAD' });
    expect(response.headers.get('content-length')).toBe('5');
    await expect.poll(() => cancelled).toBe(true);
  });

  it('streams an answer as it comes', async () => {
    let more: (text: string) => void = () => {};
    let end = () => {};
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        more = (text) => controller.enqueue(new TextEncoder().encode(text));
        end = () => controller.close();
      },
    });
    const url = await serving([() => new Response(body)]);
    const response = await fetch(url);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    more('one');
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('one');
    more('two');
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('two');
    end();
    expect((await reader.read()).done).toBe(true);
  });

  it('lives through a body that the handler cancels, or reads in part, or never reads', async () => {
    const big = new Uint8Array(4_000_000);
    const ways: Record<string, FetchHandler> = {
      cancelled: async (request) => {
        await request.body?.cancel();
        return new Response('cancelled');
      },
      partly: async (request) => {
        const reader = (request.body as ReadableStream<Uint8Array>).getReader();
        await reader.read();
        reader.releaseLock();
        return new Response('partly');
      },
      never: () => new Response('never'),
    };
    const url = await serving([(request) => ways[new URL(request.url).pathname.slice(1)]?.(request)]);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    endings.push(async () => agent.destroy());
    // One connection for all: each answer says that the one before left it usable.
    for (const name of ['never', 'cancelled', 'partly', 'never', 'partly']) {
      const sent = httpRequest(new URL(`/${name}`, url), { method: 'POST', agent });
      sent.end(big);
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      answer.setEncoding('utf8');
      let text = '';
      for await (const chunk of answer) text += chunk;
      expect(text).toBe(name);
    }
  });

  it('aborts the signal of a request whose client has gone, and cancels the answer', async () => {
    const seen: string[] = [];
    const url = await serving([
      (request) => {
        request.signal.addEventListener('abort', () => seen.push('aborted'));
        return new Response(new ReadableStream({ cancel: () => void seen.push('cancelled') }));
      },
    ]);
    const leave = new AbortController();
    await fetch(url, { signal: leave.signal });
    leave.abort();
    await expect.poll(() => seen).toEqual(['aborted', 'cancelled']);
  });

  it('errors a body whose client goes away in the middle', async () => {
    const outcome = new Promise((resolve) => {
      void serving([
        async (request) => {
          await request.text().then(resolve, resolve);
          return new Response('late');
        },
      ]).then((url) => {
        const socket = connect(Number(url.port), '127.0.0.1', () => {
          socket.write('POST / HTTP/1.1\r\nhost: a.example\r\ncontent-length: 10\r\n\r\nabc');
          setTimeout(() => socket.destroy(), 20);
        });
      });
    });
    expect(await outcome).toBeInstanceOf(Error);
  });

  it.each([
    ['an absolute target', 'GET http://evil.example/ HTTP/1.1'],
    ['an authority', 'OPTIONS * HTTP/1.1'],
    ['a method that no page may use', 'TRACE / HTTP/1.1'],
  ])('says 400 to %s, and asks nobody', async (_name, line) => {
    let asked = false;
    const url = await serving([
      () => {
        asked = true;
        return undefined;
      },
    ]);
    const socket = connect(Number(url.port), '127.0.0.1', () => socket.write(`${line}\r\nhost: a.example\r\n\r\n`));
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(chunk.toString('latin1')).toMatch(/^HTTP\/1\.1 400 /);
    expect(asked).toBe(false);
  });

  it('does not take a Host header that is no host into the URL', async () => {
    const url = await serving([(request) => new Response(request.url)]);
    const socket = connect(Number(url.port), '127.0.0.1', () =>
      socket.write('GET /x HTTP/1.1\r\nhost: a.example/evil?\r\n\r\n'),
    );
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(chunk.toString('latin1')).toContain('http://a.example/x');
  });
});
