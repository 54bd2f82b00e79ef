// A handler of standard requests behind an HTTP server, by `node:http`, which Bun and Deno have too.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import { type FetchHandler, nodeListener } from '../host/node-http.js';

/** Somewhere requests arrive. */
export interface HttpListening {
  /** Such as `http://127.0.0.1:8080/`. */
  readonly url: string;
  /** Ends connections too. */
  close(): Promise<void>;
}

/**
 * Listens for requests.
 *
 * @param address Port 0: any that is free.
 * @throws {Error} the runtime's own, such as EADDRINUSE.
 */
export async function listenHttp(
  handler: FetchHandler,
  address: { readonly port: number; readonly host: string },
): Promise<HttpListening> {
  const http = createServer({ headersTimeout: 10_000, requestTimeout: 10_000, connectionsCheckingInterval: 5_000 });
  http.listen(address);
  await once(http, 'listening');
  const { address: ip, port } = http.address() as AddressInfo;
  const url = `http://${isIPv6(ip) ? `[${ip}]` : ip}:${port}/`;
  http.on('request', nodeListener([handler], { origin: url.slice(0, -1) }));
  return {
    url,
    async close() {
      const closed = once(http, 'close');
      http.close();
      http.closeAllConnections();
      await closed;
    },
  };
}
