// `ringline/host/node`: calls, and connections of ARCP, that arrive at an HTTP server of Node's, by way of the package
// `ws`.

import { once } from 'node:events';
import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { type AddressInfo, isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ArcpAcceptor } from '../arcp/acceptor.js';
import { assertInteger, assertString } from '../bytes/assert.js';
import type { PhoneServer } from '../phone/serve.js';
import { corkPerTurn } from '../transport/cork.js';
import type { WebSocketLike } from '../transport/socket-transport.js';
import { type ArcpHostOptions, arcpReception } from './arcp-desk.js';
import { refusalText } from './http-text.js';
import { phoneReception } from './phone-desk.js';
import type { Reception } from './reception.js';
import type { Admission, HostOptions, UpgradeRequest } from './upgrade.js';

export type { ArcpHostOptions } from './arcp-desk.js';
export type { HostOptions } from './upgrade.js';

/** Where to listen. */
export interface NodeAddress {
  /** TCP port, 0 to 65,535. Default 0: any that is free. */
  readonly port?: number;
  /** Address to listen on. Default `127.0.0.1`: this machine only. */
  readonly host?: string;
}

/** Options of {@link nodeHost}. */
export interface NodeHostOptions extends HostOptions, NodeAddress {}

/** Options of {@link arcpNodeHost}. */
export interface ArcpNodeHostOptions extends ArcpHostOptions, NodeAddress {}

/** Which upgrades are ours. */
export interface NodePath {
  /** Path that is ours, such as `/phone`; upgrades of other paths are left to others. Default: every path. */
  readonly path?: string;
}

/** Options of {@link attachToNode}. */
export interface NodeAttachOptions extends HostOptions, NodePath {}

/** Options of {@link attachArcpToNode}. */
export interface ArcpNodeAttachOptions extends ArcpHostOptions, NodePath {}

/** Connections that go on arriving until it is closed. */
export interface NodeAttachment {
  /** Takes no more and ends those it brought. Idempotent. Close the server first for polite goodbyes. */
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
  const reception = phoneReception(server, options);
  // An identity that does not answer for its DID is told here, not to the first caller.
  return listen(reception, options, () => server.ready());
}

/**
 * Listens for connections of ARCP, on any path.
 *
 * @param runtime What `createRuntime` returned. Silent connections are its own to end.
 * @throws as {@link nodeHost}.
 * @example
 * ```ts
 * const { url } = await arcpNodeHost(runtime, { port: 7777 })
 * ```
 */
export async function arcpNodeHost(runtime: ArcpAcceptor, options: ArcpNodeHostOptions = {}): Promise<NodeHost> {
  return listen(arcpReception(runtime, options), options);
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
  return attach(phoneReception(server, options), httpServer, options);
}

/**
 * Takes the connections of ARCP that arrive at an HTTP server of yours; a phone may be attached beside it, on another path.
 *
 * @param httpServer As for {@link attachToNode}.
 * @throws as {@link attachToNode}.
 */
export async function attachArcpToNode(
  runtime: ArcpAcceptor,
  httpServer: HttpServer | HttpsServer,
  options: ArcpNodeAttachOptions = {},
): Promise<NodeAttachment> {
  return attach(arcpReception(runtime, options), httpServer, options);
}

async function listen<Admitted extends Admission>(
  reception: Reception<Admitted>,
  { port = 0, host = '127.0.0.1' }: NodeAddress,
  ready?: () => Promise<void>,
): Promise<NodeHost> {
  assertInteger(port, 'port', 0, 65_535);
  assertString(host, 'host');
  await ready?.();
  // Whoever has not finished asking after 10 s is gone; an upgraded connection has the deadlines of whoever answers it.
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

async function attach<Admitted extends Admission>(
  reception: Reception<Admitted>,
  http: HttpServer | HttpsServer,
  { path }: NodePath = {},
): Promise<NodeAttachment> {
  if (path !== undefined) assertString(path, 'path');
  const { WebSocketServer } = await loadWs();
  const subprotocols = new WeakMap<IncomingMessage, string>();
  const ws = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // A compressor would gain nothing on ciphertext, and cost more than the network saves on the rest.
    perMessageDeflate: false,
    maxPayload: reception.maxMessageBytes,
    handleProtocols: (_offered, request) => subprotocols.get(request) ?? false,
  });
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (path !== undefined && request.url?.split('?', 1)[0] !== path) return;
    socket.on('error', () => socket.destroy());
    const verdict = reception.judge(upgradeRequest(request));
    if (verdict.accepted) {
      if (verdict.subprotocol !== undefined) subprotocols.set(request, verdict.subprotocol);
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
