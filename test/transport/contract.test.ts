// The contract suite over every adapter that Node can run: memory, MessagePort, and WebSocket over loopback.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer, type Socket } from 'node:net';
import { describe, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { arcpPhone } from '../../src/arcp/phone/arcp-phone.js';
import { ARCP_METHOD } from '../../src/arcp/phone/parts.js';
import { webStreams } from '../../src/cli/stdio.js';
import { abortable } from '../../src/transport/abortable.js';
import type { IncomingCall, Transport } from '../../src/transport/contract.js';
import type { TransportOptions } from '../../src/transport/core.js';
import { memoryPair, memoryTransports } from '../../src/transport/memory.js';
import { messagePort, portTransport } from '../../src/transport/message-port.js';
import { ndjson } from '../../src/transport/ndjson.js';
import { type SocketTransportOptions, socketTransport } from '../../src/transport/socket-transport.js';
import { openWebSocket, webSocket } from '../../src/transport/websocket.js';
import { acceptWebSocket, callerFromUrl } from '../../src/transport/websocket-accept.js';
import { type LinkSetup, linkCases, type TransportSetup, transportCases } from '../contracts/transport.js';
import { phoneSessions } from '../support/phone-sessions.js';

const OFFER = { subprotocol: 'agent-phone.v1', callerDid: 'did:key:z6Mk' };

const memory: TransportSetup = {
  name: 'memory pair',
  singleUse: true,
  async open(options) {
    const [dialer, acceptor] = memoryPair(options);
    return { dialer, acceptor, dispose: async () => {} };
  },
};

const port: TransportSetup = {
  name: 'MessagePort',
  singleUse: true,
  async open(options) {
    const { port1, port2 } = new MessageChannel();
    return {
      dialer: messagePort(port1, options),
      acceptor: messagePort(port2, options),
      async dispose() {
        port1.close();
        port2.close();
      },
    };
  },
  async openRaw() {
    const { port1, port2 } = new MessageChannel();
    return {
      acceptor: messagePort(port1),
      send: (message) => port2.postMessage(typeof message === 'string' ? message : message.slice().buffer),
      async dispose() {
        port1.close();
      },
    };
  },
  async openDeaf(options) {
    const { port1, port2 } = new MessageChannel();
    return {
      transport: await messagePort(port1, options).dial(OFFER),
      async dispose() {
        port2.close();
      },
    };
  },
};

const socket: TransportSetup = {
  name: 'WebSocket',
  singleUse: false,
  async open(options) {
    const server = await listen(options);
    return {
      dialer: webSocket(server.url, options),
      acceptor: { accept: ({ signal }) => abortable(signal, ({ resolve }) => server.onCall(resolve)) },
      dispose: server.dispose,
    };
  },
  async openDeaf(options) {
    const server = await listen();
    server.sockets.on('connection', (deaf) => deaf.pause());
    return { transport: await webSocket(server.url, options).dial(OFFER), dispose: server.dispose };
  },
};

/** A server on loopback that accepts the phone's subprotocol only. */
async function listen(options?: TransportOptions) {
  const http: Server = createServer();
  const sockets = new WebSocketServer({
    server: http,
    verifyClient: ({ req }: { readonly req: IncomingMessage }) =>
      req.headers['sec-websocket-protocol'] === 'agent-phone.v1',
  });
  const calls: IncomingCall[] = [];
  let waiting: ((call: IncomingCall) => void) | undefined;
  sockets.on('connection', (accepted, request) => {
    const call = acceptWebSocket(accepted, {
      ...options,
      callerDid: callerFromUrl(request.url ?? '') ?? '',
      subprotocol: accepted.protocol,
    });
    if (waiting !== undefined) waiting(call);
    else calls.push(call);
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/phone?keep=this`,
    sockets,
    onCall(resolve: (call: IncomingCall) => void) {
      const call = calls.shift();
      if (call !== undefined) resolve(call);
      else waiting = resolve;
      return () => {
        waiting = undefined;
      };
    },
    async dispose() {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      http.close();
      await once(http, 'close');
    },
  };
}

const plainMemory: LinkSetup = {
  name: 'memory, without an offer',
  async open(options) {
    const [near, far] = memoryTransports(options);
    return { near, far, dispose: async () => {} };
  },
};

const plainPort: LinkSetup = {
  name: 'MessagePort, without an offer',
  async open(options) {
    const { port1, port2 } = new MessageChannel();
    return {
      near: portTransport(port1, options),
      far: portTransport(port2, options),
      async dispose() {
        port1.close();
        port2.close();
      },
    };
  },
};

/** A server on loopback that takes whatever comes. */
async function listenPlainly(options?: SocketTransportOptions) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const accepted = new Promise<Transport>((resolve) => {
    server.once('connection', (socket) => resolve(socketTransport(socket, options)));
  });
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    accepted,
    async dispose() {
      for (const client of server.clients) client.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}

const plainSocket: LinkSetup = {
  name: 'WebSocket, without an offer',
  async open(options) {
    const { url, accepted, dispose } = await listenPlainly(options);
    const [near, far] = await Promise.all([openWebSocket(url, options), accepted]);
    return { near, far, dispose };
  },
  async openDeaf(options) {
    const { url, server, dispose } = await listenPlainly();
    server.on('connection', (deaf) => deaf.pause());
    return { transport: await openWebSocket(url, options), dispose };
  },
};

const lines: LinkSetup = {
  name: 'NDJSON over streams',
  linesOnly: true,
  async open(options) {
    const [there, back] = [new TransformStream<Uint8Array>(), new TransformStream<Uint8Array>()];
    return {
      near: ndjson({ readable: back.readable, writable: there.writable }, options),
      far: ndjson({ readable: there.readable, writable: back.writable }, options),
      dispose: async () => {},
    };
  },
  async openDeaf(options) {
    const [there, back] = [new TransformStream<Uint8Array>(), new TransformStream<Uint8Array>()];
    return {
      transport: ndjson({ readable: back.readable, writable: there.writable }, options),
      dispose: () => there.readable.cancel(),
    };
  },
};

/** Node's own streams, over a TCP connection on loopback. */
const pipes: LinkSetup = {
  name: 'NDJSON over sockets of the operating system',
  linesOnly: true,
  abortLooksPolite: true,
  async open(options) {
    const server = createTcpServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true });
    const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
      [Socket],
      unknown,
    ];
    const transportOf = (socket: Socket) => ndjson(webStreams(socket, socket), options);
    return {
      near: transportOf(client),
      far: transportOf(accepted),
      async dispose() {
        client.destroy();
        accepted.destroy();
        server.close();
      },
    };
  },
};

for (const setup of [memory, port, socket]) {
  describe(`transport contract: ${setup.name}`, () => {
    for (const { name, run } of transportCases(setup)) it(name, run);
  });
}

const tunnel: LinkSetup = {
  name: 'ARCP inside a phone session',
  linesOnly: true,
  async open(options) {
    const [calling, answering] = [arcpPhone(options), arcpPhone(options)];
    const { caller, callee } = phoneSessions(calling, answering);
    const near = calling.open(caller);
    return { near, far: answering.open(callee), dispose: async () => void (await caller.close()) };
  },
  async openDeaf(options) {
    const calling = arcpPhone(options);
    const { caller } = phoneSessions(calling, { handlers: { [ARCP_METHOD]: () => new Promise(() => {}) } });
    return { transport: calling.open(caller), dispose: async () => caller.abort() };
  },
};

for (const setup of [plainMemory, plainPort, plainSocket, lines, pipes, tunnel]) {
  describe(`transport contract: ${setup.name}`, () => {
    for (const { name, run } of linkCases(setup)) it(name, run);
  });
}
