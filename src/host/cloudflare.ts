// `ringline/host/cloudflare`: calls, and connections of ARCP, that arrive at a Worker, without Node compatibility.

import type { ArcpAcceptor } from '../arcp/acceptor.js';
import type { PhoneServer } from '../phone/serve.js';
import type { WebSocketLike } from '../transport/socket-transport.js';
import { type ArcpHostOptions, arcpReception } from './arcp-desk.js';
import { refusalResponse, subprotocolHeaders, upgradeRequest } from './fetch.js';
import { phoneReception } from './phone-desk.js';
import type { Reception } from './reception.js';
import type { Admission, HostOptions } from './upgrade.js';

export type { ArcpHostOptions } from './arcp-desk.js';
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
  return handlerOf(phoneReception(server, options));
}

/**
 * The same for connections of ARCP. Call it in a Worker, or in the `fetch` of a Durable Object, where sessions find their
 * runtime again; see {@link workerHandler} about addresses and origins.
 *
 * @param runtime What `createRuntime` returned. Silent connections are its own to end.
 * @throws as {@link workerHandler}.
 * @example
 * ```ts
 * export class Sessions extends DurableObject {
 *   #handler = arcpWorkerHandler(createRuntime({ tools }))
 *   fetch(request) { return this.#handler(request) }
 * }
 * ```
 */
export function arcpWorkerHandler(
  runtime: ArcpAcceptor,
  options: ArcpHostOptions = {},
): (request: Request) => Response {
  return handlerOf(arcpReception(runtime, options));
}

function handlerOf<Admitted extends Admission>(reception: Reception<Admitted>): (request: Request) => Response {
  return (request) => {
    const verdict = reception.judge(upgradeRequest(request));
    if (!verdict.accepted) return refusalResponse(verdict);
    const { WebSocketPair } = globalThis as unknown as WorkersGlobals;
    const { 0: theirs, 1: ours } = new WebSocketPair();
    // Before `accept`: newer compatibility dates deliver Blobs otherwise.
    ours.binaryType = 'arraybuffer';
    ours.accept();
    reception.takeSocket(ours, verdict);
    const headers = subprotocolHeaders(verdict);
    return new Response(null, { status: 101, webSocket: theirs, headers } as ResponseInit);
  };
}
