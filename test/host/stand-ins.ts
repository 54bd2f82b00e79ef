// Deno, Bun and Workers as their hosts see them: a stand-in for what each adapter uses of its runtime.

import { expect, vi } from 'vitest';
import type { ArcpAcceptor } from '../../src/arcp/acceptor.js';
import type { ArcpHostOptions } from '../../src/host/arcp-desk.js';
import { arcpBunHost, type BunHost, type BunServer, type BunServerSocket, bunHost } from '../../src/host/bun.js';
import { arcpWorkerHandler, workerHandler } from '../../src/host/cloudflare.js';
import { arcpDenoHandler, type DenoHandler, denoHandler } from '../../src/host/deno.js';
import type { HostOptions } from '../../src/host/upgrade.js';
import type { PhoneServer } from '../../src/phone/serve.js';
import type { WebSocketLike } from '../../src/transport/socket-transport.js';
import { type SocketHalf, socketPair } from './socket-pair.js';

/** A request, and where it comes from. */
export interface Asked {
  readonly request: Request;
  readonly remoteAddress?: string;
}

/** What a request came to: the caller's half of the socket, where it became a connection. */
export interface Answered {
  readonly status: number;
  readonly protocol?: string | null;
  readonly socket?: WebSocketLike;
}

/** One runtime, with a host in it. */
export interface StandIn {
  readonly name: string;
  /** Whether the runtime tells the host the caller's address. */
  readonly knowsAddress: boolean;
  phone(server: PhoneServer, options?: HostOptions): (asked: Asked) => Answered;
  arcp(runtime: ArcpAcceptor, options?: ArcpHostOptions): (asked: Asked) => Answered;
}

class UpgradeResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly webSocket: unknown;

  constructor(_body: unknown, init: { status: number; headers?: Record<string, string>; webSocket?: unknown }) {
    this.status = init.status;
    this.headers = new Headers(init.headers);
    this.webSocket = init.webSocket;
  }
}

export const deno: StandIn = {
  name: 'Deno',
  knowsAddress: true,
  phone: (server, options) => onDeno(denoHandler(server, options)),
  arcp: (runtime, options) => onDeno(arcpDenoHandler(runtime, options)),
};

function onDeno(handler: DenoHandler): (asked: Asked) => Answered {
  let socket: WebSocketLike | undefined;
  const upgradeWebSocket = (_request: Request, { protocol }: { protocol?: string }) => {
    const [caller, host] = socketPair();
    socket = caller;
    const headers: Record<string, string> = protocol === undefined ? {} : { 'sec-websocket-protocol': protocol };
    return { socket: host, response: new UpgradeResponse(null, { status: 101, headers }) };
  };
  vi.stubGlobal('Deno', { upgradeWebSocket });
  return ({ request, remoteAddress = '203.0.113.9' }) => {
    const { status, headers } = handler(request, { remoteAddr: { hostname: remoteAddress } });
    return { status, protocol: headers.get('sec-websocket-protocol'), ...(socket && { socket }) };
  };
}

export const workers: StandIn = {
  name: 'Workers',
  knowsAddress: false,
  phone: (server, options) => onWorkers(workerHandler(server, options)),
  arcp: (runtime, options) => onWorkers(arcpWorkerHandler(runtime, options)),
};

function onWorkers(handler: (request: Request) => Response): (asked: Asked) => Answered {
  vi.stubGlobal('Response', UpgradeResponse);
  vi.stubGlobal(
    'WebSocketPair',
    class {
      readonly [index: number]: SocketHalf;
      constructor() {
        const [caller, host] = socketPair();
        const accept = () => expect(host.binaryType).toBe('arraybuffer');
        Object.assign(this, [caller, Object.assign(host, { accept })]);
      }
    },
  );
  return ({ request }) => {
    const { status, headers, webSocket } = handler(request) as unknown as UpgradeResponse;
    const socket = webSocket as SocketHalf | undefined;
    return { status, protocol: headers.get('sec-websocket-protocol'), ...(socket && { socket }) };
  };
}

export const bun: StandIn = {
  name: 'Bun',
  knowsAddress: true,
  phone: (server, options) => onBun(bunHost(server, options)),
  arcp: (runtime, options) => onBun(arcpBunHost(runtime, options)),
};

function onBun({ fetch, websocket }: BunHost): (asked: Asked) => Answered {
  return ({ request, remoteAddress = '203.0.113.9' }) => {
    let socket: SocketHalf | undefined;
    let protocol: string | undefined;
    const bunServer: BunServer = {
      requestIP: () => ({ address: remoteAddress }),
      upgrade(_request, { data, headers }) {
        const [caller, host] = socketPair();
        socket = caller;
        protocol = headers['sec-websocket-protocol'];
        const handle: BunServerSocket = {
          data,
          send: (message) => {
            host.send(message);
            return message.length + 2;
          },
          close: (code, reason) => host.close(code, reason),
          terminate: () => host.close(1006, ''),
          getBufferedAmount: () => 0,
        };
        host.addEventListener('message', ({ data: message }) => {
          websocket.message(handle, typeof message === 'string' ? message : new Uint8Array(message as ArrayBuffer));
        });
        host.addEventListener('close', ({ code = 1005, reason = '' }) => websocket.close(handle, code, reason));
        websocket.open(handle);
        return true;
      },
    };
    const response = fetch(request, bunServer);
    return { status: response?.status ?? 101, protocol: protocol ?? null, ...(socket && { socket }) };
  };
}
