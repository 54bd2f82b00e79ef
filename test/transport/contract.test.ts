// The contract suite over every adapter that Node can run: memory, MessagePort, and WebSocket over loopback.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { abortable } from '../../src/transport/abortable.js';
import type { IncomingCall } from '../../src/transport/contract.js';
import type { TransportOptions } from '../../src/transport/core.js';
import { memoryPair } from '../../src/transport/memory.js';
import { messagePort } from '../../src/transport/message-port.js';
import { webSocket } from '../../src/transport/websocket.js';
import { acceptWebSocket, callerFromUrl } from '../../src/transport/websocket-accept.js';
import { type TransportSetup, transportCases } from '../contracts/transport.js';

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

for (const setup of [memory, port, socket]) {
  describe(`transport contract: ${setup.name}`, () => {
    for (const { name, run } of transportCases(setup)) it(name, run);
  });
}
