// The agent behind `ringline/host/node`, and its side of A2A behind `node:http`.

import { nodeHost } from 'ringline/host/node';
import * as library from '../suite/library.mjs';
import { tideAgent } from './a2a-agent.mjs';
import { makeAgent } from './agent.mjs';
import { listenHttp } from './node-http.mjs';

const { did, identity, server, impostor } = await makeAgent(library);
const [agentHost, impostorHost] = await Promise.all([nodeHost(server), nodeHost(impostor)]);
const a2aUrl = await listenHttp(tideAgent(library, identity, () => agentHost.url));
console.log(`@${JSON.stringify({ did, agentUrl: agentHost.url, impostorUrl: impostorHost.url, a2aUrl })}`);
