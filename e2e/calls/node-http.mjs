// A fetch handler behind `node:http`: requests in, answers out piece by piece, and either side told when the other has
// gone.

import { createServer } from 'node:http';
import { Readable } from 'node:stream';

/**
 * Listens on a free port of this machine.
 *
 * @param {(request: Request) => Promise<Response>} answer @returns {Promise<string>} Its origin.
 */
export function listenHttp(answer) {
  return new Promise((resolve, reject) => {
    const server = createServer((incoming, outgoing) => {
      pass(answer, incoming, outgoing).catch(() => outgoing.destroy());
    });
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`));
  });
}

async function pass(answer, incoming, outgoing) {
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  const { method, headers, url } = incoming;
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const request = new Request(`http://${headers.host}${url}`, {
    method,
    headers: Object.entries(headers).map(([name, value]) => [name, String(value)]),
    signal: gone.signal,
    ...(hasBody && { body: Readable.toWeb(incoming), duplex: 'half' }),
  });
  const response = await answer(request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  const reader = response.body?.getReader();
  gone.signal.addEventListener('abort', () => reader?.cancel().catch(() => {}));
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (done) break;
    if (!outgoing.write(value)) await Promise.race([drained(outgoing), closed(outgoing)]);
  }
  outgoing.end();
}

const drained = (outgoing) => new Promise((resolve) => outgoing.once('drain', resolve));
const closed = (outgoing) => new Promise((resolve) => outgoing.once('close', resolve));
