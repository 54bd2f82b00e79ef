// The agent behind `ringline/host/deno`.

import { denoHandler } from 'ringline/host/deno';
import * as library from '../suite/library.mjs';
import { makeAgent } from './agent.mjs';

const { did, server, impostor } = await makeAgent(library);
const listen = (phoneServer) => {
  const { addr } = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen() {} }, denoHandler(phoneServer));
  return `ws://127.0.0.1:${addr.port}/`;
};
console.log(`@${JSON.stringify({ did, agentUrl: listen(server), impostorUrl: listen(impostor) })}`);
