// The agent behind `ringline/host/deno`, and its side of A2A behind `Deno.serve`.

import { denoHandler } from 'ringline/host/deno';
import * as library from '../suite/library.mjs';
import { tideAgent } from './a2a-agent.mjs';
import { makeAgent } from './agent.mjs';

const { did, identity, server, impostor } = await makeAgent(library);
const listen = (handler) => {
  const { addr } = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen() {} }, handler);
  return `127.0.0.1:${addr.port}`;
};
const agentUrl = `ws://${listen(denoHandler(server))}/`;
const impostorUrl = `ws://${listen(denoHandler(impostor))}/`;
const a2aUrl = `http://${listen(tideAgent(library, identity, () => agentUrl))}`;
console.log(`@${JSON.stringify({ did, agentUrl, impostorUrl, a2aUrl })}`);
