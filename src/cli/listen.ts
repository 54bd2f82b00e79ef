// Listening on whichever runtime this is, each by its own host.

import { bunHost } from '../host/bun.js';
import { denoHandler } from '../host/deno.js';
import type { PhoneServer } from '../phone/serve.js';

/** Somewhere calls arrive. */
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
    handler: ReturnType<typeof denoHandler>,
  ): { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
}

/** What is used of Bun. */
interface BunRuntime {
  serve(options: ReturnType<typeof bunHost> & { port: number; hostname: string }): {
    readonly port: number;
    stop(now: boolean): Promise<void>;
  };
}

/** Listens for calls. @param address Port 0: any that is free. @throws {Error} the runtime's own. */
export async function listen(server: PhoneServer, address: Address): Promise<Listening> {
  const { Deno, Bun } = globalThis as { readonly Deno?: DenoRuntime; readonly Bun?: BunRuntime };
  const { port, host } = address;
  await server.ready();
  if (Deno !== undefined) {
    const http = Deno.serve({ port, hostname: host, onListen: () => {} }, denoHandler(server));
    return { url: urlOf(host, http.addr.port), close: () => http.shutdown() };
  }
  if (Bun !== undefined) {
    const http = Bun.serve({ port, hostname: host, ...bunHost(server) });
    return { url: urlOf(host, http.port), close: () => http.stop(true) };
  }
  const { nodeHost } = await import('../host/node.js');
  return nodeHost(server, address);
}

function urlOf(host: string, port: number): string {
  return `ws://${host.includes(':') ? `[${host}]` : host}:${port}/`;
}
