// Dialling over loopback: what goes into the request, and what comes of servers that do not play along.

import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Transport } from '../../src/transport/contract.js';
import { type WebSocketConstructor, webSocket } from '../../src/transport/websocket.js';

const DID = 'did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd';
const OFFER = { subprotocol: 'agent-phone.v1', callerDid: DID };
const disposals: (() => unknown)[] = [];

afterEach(async () => {
  for (const dispose of disposals.splice(0)) await dispose();
});

interface ServerOptions {
  readonly protocol?: string | false;
  readonly onConnection?: (socket: WebSocket) => void;
}

/** A server that answers with any subprotocol, and remembers what was asked. */
async function serve({ protocol = 'agent-phone.v1', onConnection }: ServerOptions = {}) {
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    perMessageDeflate: true,
    handleProtocols: () => protocol,
  });
  const requests: IncomingMessage[] = [];
  const sockets: WebSocket[] = [];
  server.on('connection', (socket, request) => {
    requests.push(request);
    sockets.push(socket);
    onConnection?.(socket);
  });
  await once(server, 'listening');
  disposals.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return { base: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, sockets };
}

/** A WebSocket that must not be made. */
class Never extends EventTarget {
  readonly readyState = 0;
  constructor() {
    super();
    expect.unreachable();
  }
  send() {}
  close() {}
}

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function dial(url: string, options = {}): Promise<Transport> {
  const transport = await webSocket(url, options).dial(OFFER);
  disposals.push(() => transport.abort());
  return transport;
}

describe('webSocket address', () => {
  it.each([
    ['http', 'http://host/phone'],
    ['https', 'https://host/phone'],
    ['no scheme', 'host/phone'],
    ['a path', '/phone'],
    ['nothing', ''],
    ['no host', 'ws://'],
    ['no string', 1],
    ['undefined', undefined],
  ])('refuses %s before any I/O', (_name, url) => {
    expect(() => webSocket(url as never)).toThrow(TypeError);
  });

  it('refuses a WebSocket that is no class', () => {
    expect(() => webSocket('ws://host', { WebSocket: {} as never })).toThrow(TypeError);
  });

  it('checks the offer before any I/O', async () => {
    const never = webSocket('ws://host', { WebSocket: Never });
    await expect(never.dial({ ...OFFER, callerDid: 1 as never })).rejects.toThrow(TypeError);
    await expect(never.dial({ ...OFFER, subprotocol: undefined as never })).rejects.toThrow(TypeError);
    await expect(never.dial({ ...OFFER, signal: {} as never })).rejects.toThrow(TypeError);
    await expect(never.dial({ ...OFFER, signal: AbortSignal.abort('no') })).rejects.toBe('no');
  });
});

describe('webSocket request', () => {
  const caller = `caller=${encodeURIComponent(DID)}`;

  it.each([
    ['', `/?${caller}`],
    ['/phone', `/phone?${caller}`],
    ['/phone?', `/phone?${caller}`],
    ['/phone?token=a%20b&flag', `/phone?token=a%20b&flag&${caller}`],
    ['/phone?caller=somebody&x=1', `/phone?x=1&${caller}`],
    ['/phone#did:key:z6Mk', `/phone?${caller}`],
    ['/phone?x=1#did:key:z6Mk', `/phone?x=1&${caller}`],
  ])('asks %s for %s', async (path, asked) => {
    const { base, requests } = await serve();
    await dial(base + path);
    expect(requests[0]?.url).toBe(asked);
  });

  it('offers the subprotocol alone, and through ws no compression', async () => {
    const { base, requests } = await serve();
    await dial(base, { WebSocket });
    expect(requests[0]?.headers['sec-websocket-protocol']).toBe('agent-phone.v1');
    expect(requests[0]?.headers['sec-websocket-extensions']).toBeUndefined();
  });

  it('dials anew each time', async () => {
    const { base, requests } = await serve();
    const dialer = webSocket(base);
    for (let i = 0; i < 2; i++) (await dialer.dial(OFFER)).abort();
    expect(requests).toHaveLength(2);
  });

  it('dials with the class it was given', async () => {
    const { base } = await serve();
    const asked: unknown[] = [];
    class Spy extends WebSocket {
      constructor(url: string, protocols: string[], options?: object) {
        super(url, protocols, options);
        asked.push(protocols);
      }
    }
    await dial(base, { WebSocket: Spy satisfies WebSocketConstructor });
    expect(asked).toEqual([['agent-phone.v1']]);
  });
});

describe('webSocket, when the server does not play along', () => {
  it.each([
    ['another subprotocol', 'evil.v9'],
    ['no subprotocol', false],
  ] as const)('refuses %s', async (_name, protocol) => {
    const { base } = await serve({ protocol });
    await expect(dial(base)).rejects.toMatchObject({ name: 'ChannelError', code: 'ERR_CHANNEL_REFUSED' });
  });

  it('refuses another subprotocol also where the runtime lets it pass, and closes', async () => {
    const closes: unknown[][] = [];
    class Lax extends EventTarget {
      readyState = 1;
      protocol = 'evil.v9';
      binaryType = 'blob';
      constructor() {
        super();
        queueMicrotask(() => this.dispatchEvent(new Event('open')));
      }
      send() {}
      close(...args: unknown[]) {
        closes.push(args);
      }
    }
    await expect(dial('ws://host', { WebSocket: Lax })).rejects.toMatchObject({ code: 'ERR_CHANNEL_REFUSED' });
    expect(closes).toEqual([[1002, 'subprotocol']]);
  });

  it('refuses a port where nobody listens, and says why without the query', async () => {
    const url = `ws://127.0.0.1:${await freePort()}/phone?token=secret`;
    await expect(dial(url)).rejects.toMatchObject({ code: 'ERR_CHANNEL_REFUSED' });
    const error = await dial(url, { WebSocket }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_CHANNEL_REFUSED', cause: { code: 'ECONNREFUSED' } });
    expect(String(error)).not.toContain('secret');
    expect(String(error)).toContain('/phone');
  });

  it('refuses a server that answers with plain HTTP', async () => {
    const server = createServer((_request, response) => response.writeHead(404).end()).listen(0, '127.0.0.1');
    disposals.push(() => server.close());
    await once(server, 'listening');
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(dial(url)).rejects.toMatchObject({ code: 'ERR_CHANNEL_REFUSED' });
  });

  it('refuses when the class throws', async () => {
    const Throwing = class {
      constructor() {
        throw new Error('SecurityError');
      }
    };
    await expect(dial('ws://host', { WebSocket: Throwing })).rejects.toMatchObject({
      code: 'ERR_CHANNEL_REFUSED',
      cause: { message: 'SecurityError' },
    });
  });

  it.each([
    ['the default', {}],
    ['ws', { WebSocket }],
  ])('stops waiting for a server that never answers, with the reason it was given: %s', async (_name, options) => {
    const silent = createTcpServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const connected = once(silent, 'connection');
    const controller = new AbortController();
    const url = `ws://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const attempt = webSocket(url, options).dial({ ...OFFER, signal: controller.signal });
    const [peer] = (await connected) as [import('node:net').Socket];
    const gone = once(peer, 'close');
    peer.resume();
    const reason = { any: 'thing' };
    controller.abort(reason);
    await expect(attempt).rejects.toBe(reason);
    await gone;
    silent.close();
  });

  it('keeps what the server says before anybody can listen', async () => {
    const { base } = await serve({
      onConnection(socket) {
        socket.send('hello');
        socket.send(Uint8Array.of(1));
      },
    });
    const transport = await dial(base);
    const got: unknown[] = [];
    await new Promise<void>((resolve) => {
      transport.receive((message) => {
        got.push(message);
        if (got.length === 2) resolve();
      });
    });
    expect(got).toEqual(['hello', Uint8Array.of(1)]);
  });

  it('ends when a message over 1 MiB comes, through ws', async () => {
    const { base, sockets } = await serve();
    const transport = await dial(base, { WebSocket });
    transport.receive(() => expect.unreachable());
    sockets[0]?.send(new Uint8Array(1_048_577));
    expect(await transport.closed).toMatchObject({
      clean: false,
      cause: { code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' },
    });
  });

  it('ends when the server vanishes', async () => {
    const { base, sockets } = await serve();
    const transport = await dial(base);
    sockets[0]?.terminate();
    expect(await transport.closed).toEqual({ code: 1006, reason: '', clean: false });
  });
});

describe('webSocket on a runtime that has none', () => {
  afterEach(() => {
    vi.doUnmock('isows');
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it('says what to install', async () => {
    vi.stubGlobal('WebSocket', undefined);
    vi.doMock('isows', () => {
      throw new Error("Cannot find package 'ws'");
    });
    const fresh = await import('../../src/transport/websocket.js');
    await expect(fresh.webSocket('ws://host').dial(OFFER)).rejects.toMatchObject({ code: 'ERR_CHANNEL_REFUSED' });
  });

  it('opens nothing when the signal aborts while it looks for one', async () => {
    vi.stubGlobal('WebSocket', undefined);
    vi.doMock('isows', () => ({ WebSocket: Never }));
    const fresh = await import('../../src/transport/websocket.js');
    const controller = new AbortController();
    const attempt = fresh.webSocket('ws://host').dial({ ...OFFER, signal: controller.signal });
    controller.abort('enough');
    await expect(attempt).rejects.toBe('enough');
  });

  it('goes by the one the runtime has, where it has one', async () => {
    const asked: string[] = [];
    vi.stubGlobal(
      'WebSocket',
      class {
        constructor(url: string) {
          asked.push(url);
          throw new Error('as far as this test goes');
        }
      },
    );
    await expect(webSocket('ws://host/x').dial(OFFER)).rejects.toMatchObject({ code: 'ERR_CHANNEL_REFUSED' });
    expect(asked).toEqual([`ws://host/x?caller=${encodeURIComponent(DID)}`]);
  });
});
