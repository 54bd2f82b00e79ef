// The agent behind `ringline/host/bun`.

import { bunHost } from 'ringline/host/bun';
import * as library from '../suite/library.mjs';
import { makeAgent } from './agent.mjs';

const { did, server, impostor } = await makeAgent(library);
const listen = (phoneServer) => {
  const { port } = Bun.serve({ hostname: '127.0.0.1', port: 0, ...bunHost(phoneServer) });
  return `ws://127.0.0.1:${port}/`;
};
console.log(`@${JSON.stringify({ did, agentUrl: listen(server), impostorUrl: listen(impostor) })}`);
