// A fetch handler on a port of this machine: the little that tests need of an adapter for `node:http`.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Listening {
  /** Such as `http://127.0.0.1:49152`. */
  readonly origin: string;
  close(): Promise<void>;
}

/** Listens on a free port. The handler may be changed later, once the origin is known. */
export async function listen(handler: { fetch: (request: Request) => Promise<Response> }): Promise<Listening> {
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing, origin, handler).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  origin: string,
  handler: { fetch: (request: Request) => Promise<Response> },
): Promise<void> {
  const gone = new AbortController();
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) headers.set(name, String(value));
  const pieces: Uint8Array[] = [];
  for await (const piece of incoming) pieces.push(piece as Uint8Array);
  const body = pieces.length === 0 ? {} : { body: Buffer.concat(pieces) };
  const request = new Request(`${origin}${incoming.url}`, {
    method: incoming.method ?? 'GET',
    headers,
    signal: gone.signal,
    ...body,
  });
  const response = await handler.fetch(request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  const reader = response.body?.getReader();
  outgoing.once('close', () => {
    gone.abort();
    reader?.cancel().catch(() => {});
  });
  for (;;) {
    const step = await reader?.read();
    if (step === undefined || step.done) break;
    if (!outgoing.write(step.value)) await once(outgoing, 'drain');
  }
  outgoing.end();
}
