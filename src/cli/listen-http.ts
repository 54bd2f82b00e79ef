// A handler of standard requests behind an HTTP server, by `node:http`, which Bun and Deno have too.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';

/** Answers requests that have no body. */
export type RequestHandler = (request: Request) => Promise<Response>;

/** Somewhere requests arrive. */
export interface HttpListening {
  /** Such as `http://127.0.0.1:8080/`. */
  readonly url: string;
  /** Ends connections too. */
  close(): Promise<void>;
}

/**
 * Listens for requests. Their bodies are not read.
 *
 * @param address Port 0: any that is free.
 * @throws {Error} the runtime's own, such as EADDRINUSE.
 */
export async function listenHttp(
  handler: RequestHandler,
  address: { readonly port: number; readonly host: string },
): Promise<HttpListening> {
  const http = createServer({ headersTimeout: 10_000, requestTimeout: 10_000, connectionsCheckingInterval: 5_000 });
  http.listen(address);
  await once(http, 'listening');
  const { address: ip, port } = http.address() as AddressInfo;
  const url = `http://${isIPv6(ip) ? `[${ip}]` : ip}:${port}/`;
  http.on('request', (incoming, outgoing) => {
    outgoing.on('error', () => {});
    answer(handler, url, incoming, outgoing).catch(() => outgoing.destroy());
  });
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

async function answer(
  handler: RequestHandler,
  origin: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  // Read to nowhere, so that the connection can be used again.
  incoming.resume();
  const request = requestOf(incoming, origin);
  const response = request === undefined ? new Response(null, { status: 400 }) : await answerOf(handler, request);
  const body = new Uint8Array(await response.arrayBuffer());
  outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(body);
}

/** @returns `undefined`: what came cannot be a request of the kind browsers make. */
function requestOf({ method = 'GET', url = '', rawHeaders }: IncomingMessage, origin: string): Request | undefined {
  // A path, and no other address: the name the caller dialled is for nobody to choose.
  if (!url.startsWith('/')) return undefined;
  try {
    const headers = new Headers();
    for (let i = 0; i + 1 < rawHeaders.length; i += 2)
      headers.append(rawHeaders[i] as string, rawHeaders[i + 1] as string);
    return new Request(`${origin}${url.slice(1)}`, { method, headers });
  } catch {
    return undefined;
  }
}

async function answerOf(handler: RequestHandler, request: Request): Promise<Response> {
  try {
    return await handler(request);
  } catch {
    return new Response(null, { status: 500 });
  }
}
