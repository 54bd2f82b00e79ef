// ARCP on the Node host over loopback: real sockets, real upgrades.

import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type ArcpNodeHostOptions, arcpNodeHost, attachArcpToNode, attachToNode } from '../../src/host/node.js';
import { createIdentity } from '../../src/identity/seed-identity.js';
import { connect } from '../../src/phone/connect.js';
import { serve } from '../../src/phone/serve.js';
import type { Transport } from '../../src/transport/contract.js';
import { openWebSocket, webSocket } from '../../src/transport/websocket.js';
import { unhandledDuring } from '../support/unhandled.js';
import { echoRuntime, nextTexts } from './echo-runtime.js';

const disposals: (() => unknown)[] = [];

afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

async function listen(options: ArcpNodeHostOptions = {}) {
  const runtime = echoRuntime();
  const host = await arcpNodeHost(runtime, options);
  disposals.push(() => host.close());
  return { runtime, ...host };
}

async function dial(url: string, options = {}): Promise<Transport> {
  const transport = await openWebSocket(url, { WebSocket, ...options });
  disposals.push(() => transport.abort());
  return transport;
}

/** Asks for an upgrade with these headers; the status that came back, 101 included. */
function ask(port: number, headers: Record<string, string> = {}): Promise<{ status: number; protocol?: unknown }> {
  return new Promise((resolve, reject) => {
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
    const key = { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };
    const asked = request({ port, host: '127.0.0.1', path: '/any', headers: { ...upgrade, ...key, ...headers } });
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

describe('a connection', () => {
  it('carries text both ways, on any path, and says who is there', async () => {
    const { url, port, runtime } = await listen();
    expect(url).toBe(`ws://127.0.0.1:${port}/`);
    const transport = await dial(`${url}some/path?x=1`);
    const sent = Array.from({ length: 500 }, (_, i) => `{"n":${i},"text":"${'\u00fc'.repeat(i)}"}`);
    const answers = nextTexts(transport, sent.length);
    for (const text of sent) transport.send(text);
    expect(await answers).toEqual(sent);
    expect(runtime.peers).toEqual([{ remoteAddress: '127.0.0.1' }]);
  });

  it('carries 8 MiB, and ends with 1009 at one byte more', async () => {
    const { url } = await listen();
    const transport = await dial(url);
    const answers = nextTexts(transport, 1);
    const text = 'x'.repeat(8_388_608);
    transport.send(text);
    expect((await answers)[0]?.length).toBe(text.length);
    transport.send(`${text}x`);
    expect(await transport.closed).toMatchObject({ code: 1009 });
  });

  it('[10.75] a binary frame is ignored, and the next text frame works', async () => {
    const { url } = await listen();
    const transport = await dial(url);
    const answers = nextTexts(transport, 1);
    transport.send(new TextEncoder().encode('{"arcp":"1.0"}'));
    transport.send('{"arcp":"1.0","id":"msg_1"}');
    expect(await answers).toEqual(['{"arcp":"1.0","id":"msg_1"}']);
  });

  it('ends with the host, which says so to the other side', async () => {
    const { url, close, runtime } = await listen();
    const transport = await dial(url);
    await close();
    expect(await transport.closed).toMatchObject({ code: 1001, clean: true });
    expect(await runtime.transports[0]?.closed).toMatchObject({ clean: true });
  });

  it('that the runtime fails on is cut, and nothing is left unhandled', async () => {
    const unhandled = await unhandledDuring(async () => {
      const host = await arcpNodeHost({ accept: () => Promise.reject(new Error('no')) });
      disposals.push(() => host.close());
      expect(await (await dial(host.url)).closed).toMatchObject({ clean: false });
    });
    expect(unhandled).toEqual([]);
  });
});

describe('what may connect', () => {
  it('needs no subprotocol; of those offered the first is echoed, but never the phone', async () => {
    const { port } = await listen();
    expect(await ask(port)).toEqual({ status: 101, protocol: undefined });
    const offer = (names: string) => ask(port, { 'sec-websocket-protocol': names });
    expect(await offer('arcp.v1, b')).toEqual({ status: 101, protocol: 'arcp.v1' });
    expect(await offer('agent-phone.v1, arcp.v1')).toEqual({ status: 101, protocol: 'arcp.v1' });
    expect(await offer('agent-phone.v1')).toEqual({ status: 426 });
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
    expect([response.status, response.headers.get('upgrade')]).toEqual([426, 'websocket']);
    expect((await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x' })).status).toBe(405);
  });

  it('connections past the cap get 503, and a place that became free is given away again', async () => {
    const { port, url, runtime } = await listen({ maxConnections: 2 });
    const first = await dial(url);
    await dial(url);
    expect(await ask(port)).toEqual({ status: 503 });
    first.close();
    await runtime.transports[0]?.closed;
    expect(await ask(port)).toMatchObject({ status: 101 });
  });
});

describe('strangers', () => {
  /** A WebSocket by hand, up to its first frame. */
  async function bareSocket(port: number): Promise<Socket> {
    const socket = connectTcp({ port, host: '127.0.0.1' });
    disposals.push(() => socket.destroy());
    socket.on('error', () => {});
    socket.write(
      [
        'GET / HTTP/1.1',
        `host: 127.0.0.1:${port}`,
        'connection: upgrade',
        'upgrade: websocket',
        'sec-websocket-version: 13',
        'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
        '',
        '',
      ].join('\r\n'),
    );
    await once(socket, 'data');
    return socket;
  }

  it.each([
    ['a frame that is not masked', [0x81, 0x02, 0x7b, 0x7d]],
    ['text that is no UTF-8', [0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe]],
    ['a frame that says it is 2^62 bytes long', [0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['a frame of no known kind', [0x83, 0x80, 0, 0, 0, 0]],
    ['a continuation of nothing', [0x80, 0x82, 0, 0, 0, 0, 0x7b, 0x7d]],
  ])('end with their own connection: %s', async (_name, frame) => {
    const { port, url, runtime } = await listen();
    const socket = await bareSocket(port);
    socket.write(Uint8Array.from(frame));
    expect(await runtime.transports[0]?.closed).toMatchObject({ clean: false });
    const transport = await dial(url);
    const answers = nextTexts(transport, 1);
    transport.send('{}');
    expect(await answers).toEqual(['{}']);
  });

  it('that hang up in the middle of a message: nothing of it is delivered', async () => {
    const { port, runtime } = await listen();
    const socket = await bareSocket(port);
    socket.write(Uint8Array.from([0x81, 0xfe, 0x10, 0x00, 0, 0, 0, 0, 0x7b]));
    socket.destroy();
    expect(await runtime.transports[0]?.closed).toMatchObject({ clean: false });
  });

  it('that send a message in fragments without end are cut at the limit', async () => {
    const { port, runtime } = await listen({ maxMessageBytes: 10_000 });
    const socket = await bareSocket(port);
    const fragment = (opcode: number) =>
      Uint8Array.from([opcode, 0xfe, 0x03, 0xe8, 0, 0, 0, 0, ...Array(1_000).fill(0x20)]);
    socket.write(fragment(0x01));
    for (let i = 0; i < 20; i++) socket.write(fragment(0x00));
    expect(await runtime.transports[0]?.closed).toMatchObject({
      clean: false,
      cause: { code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' },
    });
  });

  it('that never read are told by what is buffered, and cut past the limit', async () => {
    const { port, runtime } = await listen({ maxBufferedBytes: 40_000_000 });
    const socket = await bareSocket(port);
    socket.pause();
    const transport = runtime.transports[0] as Transport;
    const text = 'x'.repeat(1_000_000);
    for (let i = 0; i < 20; i++) transport.send(text);
    await new Promise((resolve) => setImmediate(resolve));
    expect(transport.bufferedBytes).toBeGreaterThan(1_000_000);
    let drained = false;
    const wait = transport.drained({ belowBytes: 0 }).then(() => {
      drained = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(drained).toBe(false);
    for (let i = 0; i < 60 && transport.bufferedBytes > 0; i++) {
      try {
        transport.send(text);
      } catch {
        break;
      }
    }
    expect(await transport.closed).toMatchObject({ clean: false, cause: { limit: 'maxBufferedBytes' } });
    await wait;
  });
});

describe('attached to an HTTP server', () => {
  it('stands beside a phone, each on its path', async () => {
    const http = createServer((_request, response) => response.end('the page'));
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    disposals.push(() => http.close());
    const { port } = http.address() as AddressInfo;
    const [alice, bob] = await Promise.all([createIdentity(), createIdentity()]);
    const phone = await attachToNode(serve({ identity: bob, handlers: { echo: (params) => params } }), http, {
      path: '/phone',
    });
    const arcp = await attachArcpToNode(echoRuntime(), http, { path: '/arcp' });
    disposals.push(() => phone.close());

    const transport = await dial(`ws://127.0.0.1:${port}/arcp`);
    const answers = nextTexts(transport, 1);
    transport.send('{}');
    expect(await answers).toEqual(['{}']);
    const session = await connect({
      identity: alice,
      remoteDid: bob.did,
      transport: webSocket(`ws://127.0.0.1:${port}/phone`),
    });
    expect(await session.call('echo', 1)).toBe(1);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('the page');

    await arcp.close();
    expect(await transport.closed).toMatchObject({ code: 1001 });
    expect(await session.call('echo', 2)).toBe(2);
    await session.close();
  });
});

describe('arguments', () => {
  it.each([
    [{ port: '1' }, TypeError],
    [{ port: 65_536 }, RangeError],
    [{ host: 1 }, TypeError],
    [{ maxMessageBytes: 0 }, RangeError],
    [{ allowedOrigins: 1 }, TypeError],
  ])('%j is refused before any I/O', async (options, kind) => {
    await expect(arcpNodeHost(echoRuntime(), options as never)).rejects.toThrow(kind);
  });

  it('a runtime that is none is refused', async () => {
    await expect(arcpNodeHost({} as never)).rejects.toThrow(TypeError);
    await expect(attachArcpToNode(echoRuntime(), createServer(), { path: 1 as never })).rejects.toThrow(TypeError);
  });
});
