// `ringline/host/bun`: calls that arrive at `Bun.serve`.

import { MAX_FRAME_BYTES } from '../channel/contract.js';
import type { PhoneServer } from '../phone/serve.js';
import { type BunSocket, BunTransport } from './bun-transport.js';
import { refusalResponse, upgradeRequest } from './fetch.js';
import { Reception } from './reception.js';
import type { HostOptions, Upgrade } from './upgrade.js';

export type { HostOptions } from './upgrade.js';

/** What a socket carries from its upgrade on. */
export interface BunSocketData {
  readonly upgrade: Upgrade;
  transport?: BunTransport;
}

/** A `ServerWebSocket` of ours. */
export interface BunServerSocket extends BunSocket {
  readonly data: BunSocketData;
}

/** What this host uses of the server `Bun.serve` returns. */
export interface BunServer {
  upgrade(request: Request, options: { data: BunSocketData; headers: Record<string, string> }): boolean;
  requestIP(request: Request): { readonly address: string } | null;
}

/** Two members for the options of `Bun.serve`. */
export interface BunHost {
  fetch(request: Request, bunServer: BunServer): Response | undefined;
  readonly websocket: {
    readonly maxPayloadLength: number;
    open(socket: BunServerSocket): void;
    message(socket: BunServerSocket, message: string | Uint8Array): void;
    drain(socket: BunServerSocket): void;
    close(socket: BunServerSocket, code: number, reason: string): void;
  };
}

/**
 * Handlers for `Bun.serve` under which a server can be called.
 *
 * @returns `fetch` answers upgrades by upgrading and everything else with a refusal; see `HostOptions`.
 * @throws {TypeError | RangeError} options of the wrong kind or out of range.
 * @example
 * ```ts
 * Bun.serve({ hostname: '127.0.0.1', port: 8080, ...bunHost(serve({ identity, handlers })) })
 * ```
 */
export function bunHost(server: PhoneServer, options: HostOptions = {}): BunHost {
  const reception = new Reception(server, options);
  return {
    fetch(request, bunServer) {
      const verdict = reception.judge(upgradeRequest(request, bunServer.requestIP(request)?.address));
      if (!verdict.accepted) return refusalResponse(verdict);
      const headers = { 'sec-websocket-protocol': verdict.subprotocol };
      const upgraded = bunServer.upgrade(request, { data: { upgrade: verdict }, headers });
      return upgraded ? undefined : new Response('this is no WebSocket handshake\n', { status: 400 });
    },
    websocket: {
      maxPayloadLength: MAX_FRAME_BYTES,
      open(socket) {
        socket.data.transport = new BunTransport(socket);
        reception.take(socket.data.transport, socket.data.upgrade);
      },
      message: ({ data }, message) => data.transport?.onMessage(message),
      drain: ({ data }) => data.transport?.onDrain(),
      close: ({ data }, code, reason) => data.transport?.onClose(code, reason),
    },
  };
}
