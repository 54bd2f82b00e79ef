// Listening on whichever runtime this is, each by its own host.

import type { ArcpAcceptor } from '../arcp/acceptor.js';
import { arcpBunHost, type BunHost, bunHost } from '../host/bun.js';
import { arcpDenoHandler, type DenoHandler, denoHandler } from '../host/deno.js';
import type { PhoneServer } from '../phone/serve.js';

/** Somewhere calls, or connections, arrive. */
export interface Listening {
  /** Such as `ws://127.0.0.1:8080/`. */
  readonly url: string;
  close(): Promise<void>;
}

interface Address {
  readonly port: number;
  readonly host: string;
}

/** What is used of Deno. */
interface DenoRuntime {
  serve(
    options: { port: number; hostname: string; onListen(): void },
    handler: DenoHandler,
  ): { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
}

/** What is used of Bun. */
interface BunRuntime {
  serve(options: BunHost & { port: number; hostname: string }): {
    readonly port: number;
    stop(now: boolean): Promise<void>;
  };
}

/** One kind of host, on each runtime. */
interface Hosts {
  deno(): DenoHandler;
  bun(): BunHost;
  node(): Promise<Listening>;
}

/** Listens for calls. @param address Port 0: any that is free. @throws {Error} the runtime's own. */
export async function listen(server: PhoneServer, address: Address): Promise<Listening> {
  await server.ready();
  return listenOn(address, {
    deno: () => denoHandler(server),
    bun: () => bunHost(server),
    node: async () => (await import('../host/node.js')).nodeHost(server, address),
  });
}

/** Listens for connections of ARCP; otherwise as {@link listen}. */
export async function listenArcp(runtime: ArcpAcceptor, address: Address): Promise<Listening> {
  return listenOn(address, {
    deno: () => arcpDenoHandler(runtime),
    bun: () => arcpBunHost(runtime),
    node: async () => (await import('../host/node.js')).arcpNodeHost(runtime, address),
  });
}

async function listenOn({ port, host }: Address, hosts: Hosts): Promise<Listening> {
  const { Deno, Bun } = globalThis as { readonly Deno?: DenoRuntime; readonly Bun?: BunRuntime };
  if (Deno !== undefined) {
    const http = Deno.serve({ port, hostname: host, onListen: () => {} }, hosts.deno());
    return { url: urlOf(host, http.addr.port), close: () => http.shutdown() };
  }
  if (Bun !== undefined) {
    const http = Bun.serve({ port, hostname: host, ...hosts.bun() });
    return { url: urlOf(host, http.port), close: () => http.stop(true) };
  }
  return hosts.node();
}

function urlOf(host: string, port: number): string {
  return `ws://${host.includes(':') ? `[${host}]` : host}:${port}/`;
}
