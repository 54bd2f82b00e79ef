// `ringline/host/deno`: calls, and connections of ARCP, that arrive at `Deno.serve`.

import type { ArcpAcceptor } from '../arcp/acceptor.js';
import type { PhoneServer } from '../phone/serve.js';
import type { WebSocketLike } from '../transport/socket-transport.js';
import { type ArcpHostOptions, arcpReception } from './arcp-desk.js';
import { refusalResponse, upgradeRequest } from './fetch.js';
import { phoneReception } from './phone-desk.js';
import type { Reception } from './reception.js';
import type { Admission, HostOptions } from './upgrade.js';

export type { ArcpHostOptions } from './arcp-desk.js';
export type { HostOptions } from './upgrade.js';

/** What this host reads of the second argument `Deno.serve` gives to a handler. */
export interface DenoServeInfo {
  readonly remoteAddr?: { readonly hostname?: string };
}

/** A handler for `Deno.serve`. */
export type DenoHandler = (request: Request, info?: DenoServeInfo) => Response;

/** What this host uses of Deno. */
interface DenoNamespace {
  upgradeWebSocket(request: Request, options: { protocol?: string }): { socket: WebSocketLike; response: Response };
}

/**
 * A handler for `Deno.serve` under which a server can be called.
 *
 * Give it `info` as well: without it, the addresses of callers are not known, and a caller on this machine is told only
 * by the name it dialled.
 *
 * @returns Answers upgrades with the socket's response and everything else with a refusal; see `HostOptions`.
 * @throws {TypeError | RangeError} options of the wrong kind or out of range.
 * @example
 * ```ts
 * Deno.serve({ hostname: '127.0.0.1', port: 8080 }, denoHandler(serve({ identity, handlers })))
 * ```
 */
export function denoHandler(server: PhoneServer, options: HostOptions = {}): DenoHandler {
  return handlerOf(phoneReception(server, options));
}

/**
 * The same for connections of ARCP.
 *
 * @param runtime What `createRuntime` returned. Silent connections are its own to end.
 * @throws as {@link denoHandler}.
 * @example
 * ```ts
 * Deno.serve({ hostname: '127.0.0.1', port: 7777 }, arcpDenoHandler(runtime))
 * ```
 */
export function arcpDenoHandler(runtime: ArcpAcceptor, options: ArcpHostOptions = {}): DenoHandler {
  return handlerOf(arcpReception(runtime, options));
}

function handlerOf<Admitted extends Admission>(reception: Reception<Admitted>): DenoHandler {
  return (request, info) => {
    const verdict = reception.judge(upgradeRequest(request, info?.remoteAddr?.hostname));
    if (!verdict.accepted) return refusalResponse(verdict);
    const { Deno } = globalThis as unknown as { readonly Deno: DenoNamespace };
    const { subprotocol: protocol } = verdict;
    const { socket, response } = Deno.upgradeWebSocket(request, protocol === undefined ? {} : { protocol });
    reception.takeSocket(socket, verdict);
    return response;
  };
}
