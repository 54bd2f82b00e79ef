// The agent behind `ringline/host/bun`, and its side of A2A behind `Bun.serve`.

import { bunHost } from 'ringline/host/bun';
import * as library from '../suite/library.mjs';
import { tideAgent } from './a2a-agent.mjs';
import { makeAgent } from './agent.mjs';

const { did, identity, server, impostor } = await makeAgent(library);
const listen = (host) => {
  const { port } = Bun.serve({ hostname: '127.0.0.1', port: 0, ...host });
  return `127.0.0.1:${port}`;
};
const agentUrl = `ws://${listen(bunHost(server))}/`;
const impostorUrl = `ws://${listen(bunHost(impostor))}/`;
const answer = tideAgent(library, identity, () => agentUrl);
const a2aUrl = `http://${listen({ fetch: (request) => answer(request) })}`;
console.log(`@${JSON.stringify({ did, agentUrl, impostorUrl, a2aUrl })}`);
