// The Node host over loopback: real sockets, real upgrades.

import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { attachToNode, type NodeHostOptions, nodeHost } from '../../src/host/node.js';
import { createIdentity } from '../../src/identity/seed-identity.js';
import { connect } from '../../src/phone/connect.js';
import { type PhoneServer, type ServeOptions, serve } from '../../src/phone/serve.js';
import type { Session } from '../../src/phone/session.js';
import { webSocket } from '../../src/transport/websocket.js';

const [alice, bob] = await Promise.all([createIdentity(), createIdentity()]);
const disposals: (() => unknown)[] = [];

afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

interface Calls {
  readonly server: PhoneServer;
  readonly url: string;
  readonly port: number;
  readonly refused: unknown[];
  readonly handled: string[];
}

async function listen(options: NodeHostOptions = {}, serving: Partial<ServeOptions> = {}): Promise<Calls> {
  const refused: unknown[] = [];
  const handled: string[] = [];
  const server = serve({
    identity: bob,
    handlers: {
      echo: (params: unknown, { peer }) => {
        handled.push(peer.did);
        return params;
      },
      address: (_params, { peer }) => peer.remoteAddress,
      async *count({ n }: { n: number }) {
        for (let i = 1; i <= n; i++) yield i;
      },
    },
    onRefused: (error) => refused.push(error),
    ...serving,
  });
  const host = await nodeHost(server, options);
  disposals.push(async () => {
    await server.close();
    await host.close();
  });
  return { server, url: host.url, port: host.port, refused, handled };
}

async function call(url: string): Promise<Session> {
  const session = await connect({ identity: alice, remoteDid: bob.did, transport: webSocket(url) });
  disposals.push(() => session.close());
  return session;
}

interface Answer {
  readonly status: number;
  readonly protocol?: string | undefined;
}

/** Asks for an upgrade with these headers; the status that came back, 101 included. */
function ask(port: number, headers: Record<string, string> = {}, path = `/?caller=${alice.did}`): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({
      port,
      host: '127.0.0.1',
      path,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'sec-websocket-protocol': 'agent-phone.v1',
        ...headers,
      },
    });
    asked.on('response', (response) => {
      response.resume();
      resolve({ status: response.statusCode as number });
    });
    asked.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: 101, protocol: response.headers['sec-websocket-protocol'] });
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('a call', () => {
  it('goes through: unary, stream, cancel, error, one more', async () => {
    const { url, port, handled } = await listen();
    expect(url).toBe(`ws://127.0.0.1:${port}/`);
    const session = await call(url);
    expect(await session.call('echo', { text: 'x'.repeat(30_000) })).toEqual({ text: 'x'.repeat(30_000) });
    expect(handled).toEqual([alice.did]);
    const seen: unknown[] = [];
    for await (const n of session.stream('count', { n: 1_000 }, { credits: 8 })) seen.push(n);
    expect(seen).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
    for await (const n of session.stream('count', { n: 1_000 })) if (n === 5) break;
    await expect(session.call('nope')).rejects.toMatchObject({ code: 'ERR_RPC_METHOD_NOT_FOUND' });
    expect(await session.call('address')).toBe('127.0.0.1');
  });

  it('can be one of many at once, over IPv6 too', async () => {
    const { url } = await listen({ host: '::1' });
    expect(url).toMatch(/^ws:\/\/\[::1\]:\d+\/$/);
    const sessions = await Promise.all(Array.from({ length: 8 }, () => call(url)));
    const answers = await Promise.all(sessions.map((session, i) => session.call('echo', i)));
    expect(answers).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('ends with the host, which says so to the other side', async () => {
    const server = serve({ identity: bob, handlers: {} });
    const host = await nodeHost(server);
    const session = await call(host.url);
    await host.close();
    expect(await session.closed).toMatchObject({ code: 1001, clean: true });
    await host.close();
    expect(server.sessions.size).toBe(0);
    await expect(ask(host.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('what is no call', () => {
  it('F19: only agent-phone.v1 is spoken and echoed', async () => {
    const { port } = await listen();
    expect(await ask(port, { 'sec-websocket-protocol': 'evil.v9' })).toEqual({ status: 426 });
    expect(await ask(port, { 'sec-websocket-protocol': 'evil.v9, agent-phone.v1' })).toEqual({
      status: 101,
      protocol: 'agent-phone.v1',
    });
  });

  it('F2: a caller that is no DID is refused with 400', async () => {
    const { port } = await listen();
    expect(await ask(port, {}, '/?caller=not-a-did-at-all')).toEqual({ status: 400 });
    expect(await ask(port, {}, '/')).toEqual({ status: 400 });
  });

  it('N9: a caller of 65,539 characters ends with its own connection', async () => {
    const { port, url } = await listen();
    expect(await ask(port, {}, `/?caller=did:key:z${'1'.repeat(65_530)}`)).toEqual({ status: 431 });
    expect(await (await call(url)).call('echo', 1)).toBe(1);
  });

  it('N11: a page on another origin that dials 127.0.0.1, and DNS rebinding, are refused with 403', async () => {
    const { port } = await listen();
    expect(await ask(port, { origin: 'https://attacker.example' })).toEqual({ status: 403 });
    expect(await ask(port, { origin: 'http://attacker.example', host: `attacker.example:${port}` })).toEqual({
      status: 403,
    });
    expect(await ask(port, { origin: `http://127.0.0.1:${port}` })).toMatchObject({ status: 101 });
  });

  it('N11: allow-listed pages come in, others do not', async () => {
    const { port } = await listen({ allowedOrigins: ['https://app.example'] });
    expect(await ask(port, { origin: 'https://app.example' })).toMatchObject({ status: 101 });
    expect(await ask(port, { origin: 'http://localhost' })).toEqual({ status: 403 });
  });

  it('a plain request is told to upgrade', async () => {
    const { port } = await listen();
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect(response.status).toBe(426);
    expect(response.headers.get('upgrade')).toBe('websocket');
    expect(await response.text()).toContain('agent-phone.v1');
    expect((await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x' })).status).toBe(405);
  });

  it.each([
    [
      'an upgrade without a key',
      'GET / HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    ],
    [
      'an upgrade nobody asked to switch to',
      `GET /?caller=${alice.did} HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nsec-websocket-protocol: agent-phone.v1\r\n\r\n`,
    ],
    ['no HTTP', '\x16\x03\x01\x02\x00\x01\r\n\r\n'],
  ])('%s ends with its own connection', async (_name, text) => {
    const { port, url } = await listen();
    const socket = connectTcp({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.write(text);
    socket.resume();
    await once(socket, 'close');
    expect(await (await call(url)).call('echo', 1)).toBe(1);
  });
});

describe('N6: floods', () => {
  async function silent(port: number, count: number): Promise<WebSocket[]> {
    const sockets = Array.from({ length: count }, () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/?caller=${alice.did}`, ['agent-phone.v1']);
      socket.on('error', () => {});
      disposals.push(() => socket.terminate());
      return socket;
    });
    await Promise.all(sockets.map((socket) => once(socket, 'open')));
    return sockets;
  }

  it('200 silent connections do not keep an honest caller out', async () => {
    const { port, url } = await listen();
    await silent(port, 200);
    expect(await (await call(url)).call('echo', 1)).toBe(1);
  });

  it('200 garbage first messages do not either, and each ends its own connection', async () => {
    const { port, url, refused } = await listen();
    const sockets = await silent(port, 200);
    const closed = sockets.map((socket) => once(socket, 'close'));
    for (const socket of sockets) socket.send(new Uint8Array(48));
    expect(await (await call(url)).call('echo', 1)).toBe(1);
    await Promise.all(closed);
    expect(refused).toHaveLength(200);
  });

  it('connections past the cap get 503, and a place that became free is given away again', async () => {
    const { port, url, server } = await listen({ maxConnections: 2 });
    const [first] = await silent(port, 1);
    const session = await call(url);
    expect(await ask(port)).toEqual({ status: 503 });
    const ended = [...server.sessions][0]?.closed;
    await session.close();
    await ended;
    expect(await (await call(url)).call('echo', 1)).toBe(1);
    expect(await ask(port)).toEqual({ status: 503 });
    first?.terminate();
  });

  it('a message longer than any frame ends its own connection', async () => {
    const { port, refused } = await listen();
    const [socket] = await silent(port, 1);
    socket?.send(new Uint8Array(65_536));
    const [code] = await once(socket as WebSocket, 'close');
    expect([1006, 1008, 1009]).toContain(code);
    expect(refused).toHaveLength(1);
  });
});

describe('attached to an HTTP server', () => {
  it('takes one path and leaves everything else alone', async () => {
    const http = createServer((_request, response) => response.end('the page'));
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    disposals.push(() => http.close());
    const { port } = http.address() as AddressInfo;
    const others: string[] = [];
    http.on('upgrade', ({ url }, socket) => {
      if (url?.startsWith('/phone?') === true) return;
      others.push(url as string);
      socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n');
    });
    const server = serve({ identity: bob, handlers: { echo: (params) => params } });
    const attachment = await attachToNode(server, http, { path: '/phone' });

    const session = await call(`ws://127.0.0.1:${port}/phone`);
    expect(await session.call('echo', 1)).toBe(1);
    expect(await ask(port, {}, '/elsewhere')).toEqual({ status: 404 });
    expect(others).toEqual(['/elsewhere']);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('the page');

    await attachment.close();
    expect(await session.closed).toMatchObject({ code: 1001 });
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('the page');
  });
});

describe('arguments', () => {
  const server = serve({ identity: bob });

  it.each([
    [{ port: '1' }, TypeError],
    [{ port: 65_536 }, RangeError],
    [{ host: 1 }, TypeError],
    [{ allowedOrigins: 1 }, TypeError],
  ])('%j is refused before any I/O', async (options, kind) => {
    await expect(nodeHost(server, options as never)).rejects.toThrow(kind);
  });

  it('a server that is none is refused', async () => {
    await expect(nodeHost({} as never)).rejects.toThrow(TypeError);
    await expect(attachToNode(server, createServer(), { path: 1 as never })).rejects.toThrow(TypeError);
  });

  it("a port that is taken is Node's own error", async () => {
    const { port } = await listen();
    await expect(nodeHost(server, { port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
