// The agent behind `ringline/host/node`.

import { nodeHost } from 'ringline/host/node';
import * as library from '../suite/library.mjs';
import { makeAgent } from './agent.mjs';

const { did, server, impostor } = await makeAgent(library);
const [agentHost, impostorHost] = await Promise.all([nodeHost(server), nodeHost(impostor)]);
console.log(`@${JSON.stringify({ did, agentUrl: agentHost.url, impostorUrl: impostorHost.url })}`);
