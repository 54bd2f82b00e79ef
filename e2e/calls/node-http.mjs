// A fetch handler on a free port of this machine, behind `node:http`.

import { createServer } from 'node:http';
import { nodeListener } from 'ringline/host/node-http';

/**
 * Listens.
 *
 * @param {(request: Request) => Promise<Response>} answer
 * @param {AbortSignal} [signal] Ends it.
 * @returns {Promise<string>} Its origin.
 */
export function listenHttp(answer, signal) {
  return new Promise((resolve, reject) => {
    const server = createServer(nodeListener([answer]));
    server.once('error', reject);
    signal?.addEventListener('abort', () => {
      server.close();
      server.closeAllConnections();
    });
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`));
  });
}
