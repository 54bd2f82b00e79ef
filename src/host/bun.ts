// `ringline/host/bun`: calls, and connections of ARCP, that arrive at `Bun.serve`.

import type { ArcpAcceptor } from '../arcp/acceptor.js';
import type { PhoneServer } from '../phone/serve.js';
import { type ArcpHostOptions, arcpReception } from './arcp-desk.js';
import { type BunSocket, BunTransport } from './bun-transport.js';
import { refusalResponse, subprotocolHeaders, upgradeRequest } from './fetch.js';
import { phoneReception } from './phone-desk.js';
import type { Reception } from './reception.js';
import type { Admission, HostOptions } from './upgrade.js';

export type { ArcpHostOptions } from './arcp-desk.js';
export type { HostOptions } from './upgrade.js';

/** What a socket carries from its upgrade on. */
export interface BunSocketData {
  readonly upgrade: Admission;
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
    /** Bytes that wait before Bun drops messages. */
    readonly backpressureLimit?: number;
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
  return hostOf(phoneReception(server, options));
}

/**
 * The same for connections of ARCP.
 *
 * @param runtime What `createRuntime` returned. Silent connections are its own to end.
 * @throws as {@link bunHost}.
 * @example
 * ```ts
 * Bun.serve({ hostname: '127.0.0.1', port: 7777, ...arcpBunHost(runtime) })
 * ```
 */
export function arcpBunHost(runtime: ArcpAcceptor, options: ArcpHostOptions = {}): BunHost {
  return hostOf(arcpReception(runtime, options));
}

function hostOf<Admitted extends Admission>(reception: Reception<Admitted>): BunHost {
  const { maxMessageBytes, transportOptions } = reception;
  const { maxBufferedBytes } = transportOptions;
  return {
    fetch(request, bunServer) {
      const verdict = reception.judge(upgradeRequest(request, bunServer.requestIP(request)?.address));
      if (!verdict.accepted) return refusalResponse(verdict);
      const headers = subprotocolHeaders(verdict);
      const upgraded = bunServer.upgrade(request, { data: { upgrade: verdict }, headers });
      return upgraded ? undefined : new Response('this is no WebSocket handshake\n', { status: 400 });
    },
    websocket: {
      maxPayloadLength: maxMessageBytes,
      ...(maxBufferedBytes !== undefined && { backpressureLimit: maxBufferedBytes }),
      open(socket) {
        socket.data.transport = new BunTransport(socket, transportOptions);
        // What `fetch` above has put there.
        reception.take(socket.data.transport, socket.data.upgrade as Admitted);
      },
      message: ({ data }, message) => data.transport?.onMessage(message),
      drain: ({ data }) => data.transport?.onDrain(),
      close: ({ data }, code, reason) => data.transport?.onClose(code, reason),
    },
  };
}
