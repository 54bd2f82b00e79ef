// For hosts whose requests are standard `Request`s: Deno, Bun, Workers.

import type { Admission, Refusal, UpgradeRequest } from './upgrade.js';

/** Views a request for the decision. The addresses are the socket's two ends, where the host knows them. */
export function upgradeRequest(request: Request, remoteAddress?: string, localAddress?: string): UpgradeRequest {
  const { method, url, headers } = request;
  return { method, url, header: (name) => headers.get(name), remoteAddress, localAddress };
}

/** The answer to a request that does not become a call. */
export function refusalResponse({ status, headers, body }: Refusal): Response {
  return new Response(body, { status, headers });
}

/** Headers of the answer to a request that becomes a connection. */
export function subprotocolHeaders({ subprotocol }: Admission): Record<string, string> {
  return subprotocol === undefined ? {} : { 'sec-websocket-protocol': subprotocol };
}
