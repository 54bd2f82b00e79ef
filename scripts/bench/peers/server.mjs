// The answering process of the network benchmarks: prints {"url", "did"?} and answers until it is killed.
//   node server.mjs raw|capnweb|default|fast

import { newWebSocketRpcSession, RpcTarget } from 'capnweb';
import { WebSocket, WebSocketServer } from 'ws';
import { nodeHost } from '../../../dist/host/node.js';
import { createIdentity, serve } from '../../../dist/index.js';
import { fastSuite } from '../../../dist/noise/fast.js';

class Echo extends RpcTarget {
  /** @param {unknown} value */
  echo(value) {
    return value;
  }
}

const [kind] = process.argv.slice(2);
// Node 20 has none, and Cap'n Web reads its constants.
if (kind === 'capnweb') globalThis.WebSocket ??= /** @type {any} */ (WebSocket);

if (kind === 'raw' || kind === 'capnweb') {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  server.on('connection', (socket) => {
    if (kind === 'capnweb') void newWebSocketRpcSession(/** @type {any} */ (socket), new Echo());
    else socket.on('message', (data) => socket.send(data));
  });
  server.on('listening', () => {
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    console.log(JSON.stringify({ url: `ws://127.0.0.1:${port}/` }));
  });
} else {
  const agent = serve({
    identity: await createIdentity(),
    ...(kind === 'fast' ? { suite: fastSuite } : {}),
    handlers: {
      echo: (params) => params,
      *count({ to }) {
        for (let n = 0; n < to; n++) yield n;
      },
      *blob({ bytes, n }) {
        const chunk = 'x'.repeat(bytes);
        for (let i = 0; i < n; i++) yield chunk;
      },
    },
  });
  const host = await nodeHost(agent, { port: 0, allowedOrigins: '*' });
  console.log(JSON.stringify({ url: host.url, did: agent.did }));
}
