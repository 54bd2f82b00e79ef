// @ts-check
// Serves the page over HTTP on loopback, under the strictest policy it can live with, and the agent's card beside it.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { nodeListener } from 'ringline/host/node-http';

/**
 * Scripts, styles and frames from here only, no markup from text, the addresses of workers from one place in the page,
 * connections to this machine's agents and nowhere else.
 */
export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; frame-src 'self'; " +
  "connect-src 'self' ws://127.0.0.1:* http://127.0.0.1:*; " +
  "require-trusted-types-for 'script'; trusted-types ringline-demo";

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/**
 * @typedef {object} PageServer
 * @property {string} url
 * @property {() => Promise<void>} close
 */

/**
 * Starts the server.
 *
 * @param {ReadonlyMap<string, import('./assemble.mjs').Asset>} assets
 * @param {{ port: number, fallback: boolean, handler?: import('ringline/host/node-http').FetchHandler }} options `fallback`: take any free port where this
 *   one is taken. `handler`: asked first, in the form that every runtime but Node's HTTP server speaks.
 * @returns {Promise<PageServer>}
 * @throws {Error} The port is taken, or Node's own.
 */
export async function servePage(assets, { port, fallback, handler }) {
  const server = createServer(nodeListener([...(handler ? [handler] : []), (request) => page(assets, request)]));
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

/** @param {ReadonlyMap<string, import('./assemble.mjs').Asset>} assets @param {Request} request */
function page(assets, { method, url }) {
  const asset = assets.get(new URL(url).pathname);
  const readable = method === 'GET' || method === 'HEAD';
  if (asset === undefined || !readable) {
    const headers = { ...HEADERS, 'content-type': 'text/plain' };
    return new Response(readable ? 'not found\n' : 'use GET\n', { status: readable ? 404 : 405, headers });
  }
  const readers = asset.shared === true ? { 'access-control-allow-origin': '*' } : {};
  return new Response(asset.body, { headers: { ...HEADERS, ...readers, 'content-type': asset.type } });
}

/** @param {import('node:http').Server} server @param {number} port */
async function listen(server, port) {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}
