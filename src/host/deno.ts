// `ringline/host/deno`: calls that arrive at `Deno.serve`.

import type { PhoneServer } from '../phone/serve.js';
import type { WebSocketLike } from '../transport/socket-transport.js';
import { refusalResponse, upgradeRequest } from './fetch.js';
import { Reception } from './reception.js';
import type { HostOptions } from './upgrade.js';

export type { HostOptions } from './upgrade.js';

/** What this host reads of the second argument `Deno.serve` gives to a handler. */
export interface DenoServeInfo {
  readonly remoteAddr?: { readonly hostname?: string };
}

/** What this host uses of Deno. */
interface DenoNamespace {
  upgradeWebSocket(request: Request, options: { protocol: string }): { socket: WebSocketLike; response: Response };
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
export function denoHandler(
  server: PhoneServer,
  options: HostOptions = {},
): (request: Request, info?: DenoServeInfo) => Response {
  const reception = new Reception(server, options);
  return (request, info) => {
    const verdict = reception.judge(upgradeRequest(request, info?.remoteAddr?.hostname));
    if (!verdict.accepted) return refusalResponse(verdict);
    const { Deno } = globalThis as unknown as { readonly Deno: DenoNamespace };
    const { socket, response } = Deno.upgradeWebSocket(request, { protocol: verdict.subprotocol });
    reception.takeSocket(socket, verdict);
    return response;
  };
}
