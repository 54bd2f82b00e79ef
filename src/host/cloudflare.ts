// `ringline/host/cloudflare`: calls that arrive at a Worker, without Node compatibility.

import type { PhoneServer } from '../phone/serve.js';
import type { WebSocketLike } from '../transport/socket-transport.js';
import { refusalResponse, upgradeRequest } from './fetch.js';
import { Reception } from './reception.js';
import type { HostOptions } from './upgrade.js';

export type { HostOptions } from './upgrade.js';

/** What this host uses of Workers. */
interface WorkersGlobals {
  readonly WebSocketPair: new () => { readonly 0: unknown; readonly 1: WebSocketLike & { accept(): void } };
}

/**
 * A `fetch` handler for a Worker under which a server can be called.
 *
 * Make both once per isolate and keep them, so that the caps count; the identity comes from a secret. The address of a
 * caller is known only if you say where it is written: `addressHeader: 'cf-connecting-ip'`.
 * A Worker knows no address of its own either: on a developer's machine, where a foreign name may lead to loopback, only
 * `allowedHosts` and `allowedOrigins` keep other sites' pages out.
 *
 * @returns Answers upgrades with status 101 and everything else with a refusal; see `HostOptions`.
 * @throws {TypeError | RangeError} options of the wrong kind or out of range.
 * @example
 * ```ts
 * let handler
 * export default { async fetch(request, env) {
 *   handler ??= workerHandler(serve({ identity: await identityFromSeed(seedOf(env)), handlers }))
 *   return handler(request)
 * } }
 * ```
 */
export function workerHandler(server: PhoneServer, options: HostOptions = {}): (request: Request) => Response {
  const reception = new Reception(server, options);
  return (request) => {
    const verdict = reception.judge(upgradeRequest(request));
    if (!verdict.accepted) return refusalResponse(verdict);
    const { WebSocketPair } = globalThis as unknown as WorkersGlobals;
    const { 0: theirs, 1: ours } = new WebSocketPair();
    // Before `accept`: newer compatibility dates deliver Blobs otherwise.
    ours.binaryType = 'arraybuffer';
    ours.accept();
    reception.takeSocket(ours, verdict);
    const headers = { 'sec-websocket-protocol': verdict.subprotocol };
    return new Response(null, { status: 101, webSocket: theirs, headers } as ResponseInit);
  };
}
