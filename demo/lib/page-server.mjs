// @ts-check
// Serves the page over HTTP on loopback, under the strictest policy it can live with, and the agent's card beside it.

import { once } from 'node:events';
import { createServer } from 'node:http';

/** Scripts and styles from here only, no markup from text, connections to this machine's agents and nowhere else. */
export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws://127.0.0.1:*; " +
  "require-trusted-types-for 'script'";

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** Answers a request, or leaves it to others. @typedef {(request: Request) => Promise<Response | undefined>} FetchHandler */

/**
 * @typedef {object} PageServer
 * @property {string} url
 * @property {() => Promise<void>} close
 */

/**
 * Starts the server.
 *
 * @param {ReadonlyMap<string, import('./assemble.mjs').Asset>} assets
 * @param {{ port: number, fallback: boolean, handler?: FetchHandler }} options `fallback`: take any free port where this
 *   one is taken. `handler`: asked first, in the form that every runtime but Node's HTTP server speaks.
 * @returns {Promise<PageServer>}
 * @throws {Error} The port is taken, or Node's own.
 */
export async function servePage(assets, { port, fallback, handler }) {
  const server = createServer(async (request, response) => {
    const answer = await ask(handler, request).catch(() => new Response('failed\n', { status: 500 }));
    if (answer !== undefined) return reply(answer, response);
    const [path = ''] = (request.url ?? '').split('?', 1);
    const asset = assets.get(path);
    const readable = request.method === 'GET' || request.method === 'HEAD';
    if (asset === undefined || !readable) {
      response.writeHead(readable ? 404 : 405, { ...HEADERS, 'content-type': 'text/plain' });
      return response.end(readable ? 'not found\n' : 'use GET\n');
    }
    response.writeHead(200, { ...HEADERS, 'content-type': asset.type });
    response.end(request.method === 'HEAD' ? undefined : asset.body);
  });
  try {
    await listen(server, port);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EADDRINUSE') throw error;
    if (!fallback) throw new Error(`port ${port} is taken`, { cause: error });
    await listen(server, 0);
  }
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}/`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** @param {import('node:http').Server} server @param {number} port */
async function listen(server, port) {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

/**
 * Puts a request, without its body, to a handler.
 *
 * @param {FetchHandler | undefined} handler
 * @param {import('node:http').IncomingMessage} request
 */
async function ask(handler, { url = '', method = 'GET', headersDistinct }) {
  const base = 'http://127.0.0.1';
  if (handler === undefined || !URL.canParse(url, base)) return undefined;
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    for (const value of values) headers.append(name, value);
  }
  return handler(new Request(new URL(url, base), { method, headers }));
}

/** @param {Response} answer @param {import('node:http').ServerResponse} response */
async function reply(answer, response) {
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(new Uint8Array(await answer.arrayBuffer()));
}
