// `ringline/host/node`: calls that arrive at an HTTP server of Node's, by way of the package `ws`.

import { once } from 'node:events';
import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { type AddressInfo, isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import { assertInteger, assertString } from '../bytes/assert.js';
import { MAX_FRAME_BYTES } from '../channel/contract.js';
import { SUBPROTOCOL } from '../channel/parties.js';
import type { PhoneServer } from '../phone/serve.js';
import { corkPerTurn } from '../transport/cork.js';
import type { WebSocketLike } from '../transport/socket-transport.js';
import { refusalText } from './http-text.js';
import { Reception } from './reception.js';
import type { HostOptions, UpgradeRequest } from './upgrade.js';

export type { HostOptions } from './upgrade.js';

/** Options of {@link nodeHost}. */
export interface NodeHostOptions extends HostOptions {
  /** TCP port, 0 to 65,535. Default 0: any that is free. */
  readonly port?: number;
  /** Address to listen on. Default `127.0.0.1`: this machine only. */
  readonly host?: string;
}

/** Options of {@link attachToNode}. */
export interface NodeAttachOptions extends HostOptions {
  /** Path that is ours, such as `/phone`; upgrades of other paths are left to others. Default: every path. */
  readonly path?: string;
}

/** Calls that go on arriving until it is closed. */
export interface NodeAttachment {
  /** Takes no more calls and ends those it brought. Idempotent. Close the server first for polite goodbyes. */
  close(): Promise<void>;
}

/** A host that listens by itself. */
export interface NodeHost extends NodeAttachment {
  /** Where callers find it, such as `ws://127.0.0.1:8080/`. */
  readonly url: string;
  readonly port: number;
}

/**
 * Listens for calls.
 *
 * @throws {Error} the package `ws` is missing, or Node's own error, such as EADDRINUSE.
 * @throws {TypeError | RangeError} options of the wrong kind or out of range.
 * @example
 * ```ts
 * const { url } = await nodeHost(serve({ identity, handlers }), { port: 8080 })
 * ```
 */
export async function nodeHost(server: PhoneServer, options: NodeHostOptions = {}): Promise<NodeHost> {
  const { port = 0, host = '127.0.0.1' } = options;
  assertInteger(port, 'port', 0, 65_535);
  assertString(host, 'host');
  const reception = new Reception(server, options);
  // An identity that does not answer for its DID is told here, not to the first caller.
  await server.ready();
  // Whoever has not finished asking after 10 s is gone; an upgraded connection has the server's own deadlines.
  const http = createServer({ headersTimeout: 10_000, requestTimeout: 10_000, connectionsCheckingInterval: 5_000 });
  http.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const verdict = reception.judge(upgradeRequest(request));
    if (verdict.accepted) return request.destroy();
    response.writeHead(verdict.status, verdict.headers).end(verdict.body);
  });
  const attachment = await attach(reception, http);
  http.listen({ port, host });
  await once(http, 'listening');
  const address = http.address() as AddressInfo;
  const name = isIPv6(address.address) ? `[${address.address}]` : address.address;
  return {
    url: `ws://${name}:${address.port}/`,
    port: address.port,
    async close() {
      http.close();
      http.closeAllConnections();
      await attachment.close();
    },
  };
}

/**
 * Takes the calls that arrive at an HTTP server of yours, `https` or plain.
 *
 * @param httpServer Listening or not; it stays yours, and goes on when the attachment is closed.
 * @throws {Error} the package `ws` is missing. @throws {TypeError | RangeError} options of the wrong kind or out of range.
 */
export async function attachToNode(
  server: PhoneServer,
  httpServer: HttpServer | HttpsServer,
  options: NodeAttachOptions = {},
): Promise<NodeAttachment> {
  const { path } = options;
  if (path !== undefined) assertString(path, 'path');
  return attach(new Reception(server, options), httpServer, path);
}

async function attach(reception: Reception, http: HttpServer | HttpsServer, path?: string): Promise<NodeAttachment> {
  const { WebSocketServer } = await loadWs();
  // A compressor would gain nothing on ciphertext.
  const options = { noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: MAX_FRAME_BYTES };
  const ws = new WebSocketServer({ ...options, handleProtocols: () => SUBPROTOCOL });
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (path !== undefined && request.url?.split('?', 1)[0] !== path) return;
    socket.on('error', () => socket.destroy());
    const verdict = reception.judge(upgradeRequest(request));
    if (verdict.accepted) {
      const onBeforeSend = corkPerTurn(socket, process.nextTick);
      ws.handleUpgrade(request, socket, head, (accepted) =>
        reception.takeSocket(accepted as WebSocketLike, verdict, { onBeforeSend, binaryType: 'nodebuffer' }),
      );
    } else {
      socket.once('finish', () => socket.destroy());
      socket.end(refusalText(verdict));
    }
  };
  http.on('upgrade', onUpgrade);
  return {
    async close() {
      http.off('upgrade', onUpgrade);
      await reception.close();
    },
  };
}

function upgradeRequest({ method = '', url = '', headers, socket }: IncomingMessage): UpgradeRequest {
  const header = (name: string) => headers[name]?.toString();
  return { method, url, header, remoteAddress: socket.remoteAddress, localAddress: socket.localAddress };
}

async function loadWs(): Promise<typeof import('ws')> {
  try {
    return await import('ws');
  } catch (cause) {
    throw new Error('ringline/host/node needs the package "ws": npm install ws', { cause });
  }
}
