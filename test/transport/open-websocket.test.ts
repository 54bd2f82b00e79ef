// Dialling without an offer: nothing is said about the caller, and nothing is demanded of the server.

import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { receiveText } from '../../src/arcp/acceptor.js';
import { openWebSocket } from '../../src/transport/websocket.js';

const disposals: (() => unknown)[] = [];

afterEach(async () => {
  for (const dispose of disposals.splice(0)) await dispose();
});

async function serve(protocol: string | false = false) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => protocol });
  const requests: IncomingMessage[] = [];
  const sockets: WebSocket[] = [];
  server.on('connection', (socket, request) => {
    requests.push(request);
    sockets.push(socket);
  });
  await once(server, 'listening');
  disposals.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, sockets };
}

async function open(url: string, options = {}) {
  const transport = await openWebSocket(url, { WebSocket, ...options });
  disposals.push(() => transport.abort());
  return transport;
}

describe('openWebSocket', () => {
  it('dials the URL as it is, without its fragment, and offers no subprotocol', async () => {
    const { url, requests } = await serve();
    await open(`${url}/arcp?token=a%20b#part`);
    expect(requests[0]?.url).toBe('/arcp?token=a%20b');
    expect(requests[0]?.headers['sec-websocket-protocol']).toBeUndefined();
    expect(requests[0]?.headers['sec-websocket-extensions']).toBeUndefined();
  });

  it('offers what it is told to, and takes what the server chooses', async () => {
    const { url, requests } = await serve('b');
    await open(url, { protocols: ['a', 'b'] });
    expect(requests[0]?.headers['sec-websocket-protocol']).toBe('a,b');
  });

  it('[10.75] a binary frame is ignored, and the next text frame works', async () => {
    const { url, sockets } = await serve();
    const transport = await open(url);
    const arrived = new Promise((resolve) => receiveText(transport, resolve));
    sockets[0]?.send(new TextEncoder().encode('{"arcp":"1.0"}'), { binary: true });
    sockets[0]?.send('{"arcp":"1.0","id":"msg_1"}');
    expect(await arrived).toBe('{"arcp":"1.0","id":"msg_1"}');
  });

  it('sends text frames', async () => {
    const { url, sockets } = await serve();
    const transport = await open(url);
    transport.send('{}');
    const [data, isBinary] = await once(sockets[0] as WebSocket, 'message');
    expect([String(data), isBinary]).toEqual(['{}', false]);
  });

  it('carries 8 MiB both ways by default', async () => {
    const { url, sockets } = await serve();
    const transport = await open(url);
    const text = 'x'.repeat(8_388_608);
    const arrived = new Promise((resolve) => receiveText(transport, resolve));
    (sockets[0] as WebSocket).on('message', (data) => sockets[0]?.send(data, { binary: false }));
    transport.send(text);
    expect(await arrived).toBe(text);
  });

  it.each([
    ['ws, which looks at the frame', WebSocket, { code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' }],
    [
      'a WebSocket that takes any length',
      class extends WebSocket {
        constructor(url: string, protocols: string[]) {
          super(url, protocols);
        }
      },
      { limit: 'maxMessageBytes', allowed: 1_000 },
    ],
  ])('ends at a message over the limit, and takes one of just that length: %s', async (_name, Class, cause) => {
    const { url, sockets } = await serve();
    const transport = await open(url, { WebSocket: Class, maxMessageBytes: 1_000 });
    const got: unknown[] = [];
    transport.receive((message) => got.push(message));
    const closed = once(sockets[0] as WebSocket, 'close');
    sockets[0]?.send('x'.repeat(999));
    sockets[0]?.send('x'.repeat(1_000));
    sockets[0]?.send('x'.repeat(1_001));
    sockets[0]?.send('after');
    expect(await transport.closed).toMatchObject({ cause });
    expect(got.map((message) => String(message).length)).toEqual([999, 1_000]);
    expect((await closed)[0]).toBe(1009);
  });

  it('refuses where nobody speaks WebSocket, and says why without the query', async () => {
    const http = createServer((_request, response) => response.writeHead(404).end()).listen(0, '127.0.0.1');
    disposals.push(() => http.close());
    await once(http, 'listening');
    const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/arcp?token=secret`;
    const error = await openWebSocket(url, { WebSocket }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_CHANNEL_REFUSED' });
    expect(String(error)).not.toContain('secret');
  });

  it('ends by signal, with its reason', async () => {
    const { url } = await serve();
    await expect(openWebSocket(url, { signal: AbortSignal.abort('no') })).rejects.toBe('no');
    const controller = new AbortController();
    const attempt = openWebSocket(url, { WebSocket, signal: controller.signal });
    controller.abort('enough');
    await expect(attempt).rejects.toBe('enough');
  });

  it.each([
    ['a URL of http', ['http://host'], TypeError],
    ['a subprotocol that is no text', ['ws://host', { protocols: [1] }], TypeError],
    ['subprotocols that are no list', ['ws://host', { protocols: 'arcp' }], TypeError],
    ['a class that is none', ['ws://host', { WebSocket: {} }], TypeError],
    ['a signal that is none', ['ws://host', { signal: {} }], TypeError],
    ['a limit of 0', ['ws://host', { maxMessageBytes: 0 }], RangeError],
    ['a limit that is no number', ['ws://host', { maxBufferedBytes: '1' }], TypeError],
  ])('refuses %s before any I/O', async (_name, args, kind) => {
    await expect(openWebSocket(...(args as unknown as [string]))).rejects.toThrow(kind);
  });
});
