// An agent card, signed by its agent and verified by a stranger who knows the agent's DID; and what tampering does.

import { createIdentity } from 'ringline';
import { signAgentCard, verifyAgentCard } from 'ringline/a2a/card';

const agent = await createIdentity();
const card = {
  name: 'Tide Table',
  description: 'Tells when the water is high.',
  version: '1.0.0',
  supportedInterfaces: [{ url: 'https://tide.example/a2a', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
  capabilities: { streaming: true },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [{ id: 'next', name: 'Next high water', description: 'At a port near you.', tags: ['tide'] }],
};

// What the agent serves at /.well-known/agent-card.json.
const served = JSON.stringify(await signAgentCard(card, agent));

const { card: verified, profile } = await verifyAgentCard(served, { keys: agent.did });
console.log(`${verified.name}, signed under the profile ${profile}`);

// What was not signed does not get through: it is left out of the card, and named.
const decorated = JSON.stringify({ ...JSON.parse(served), discount: '100%' });
console.log('not signed:', (await verifyAgentCard(decorated, { keys: agent.did })).uncovered.join());

const forged = served.replace('https://tide.example', 'https://evil.example');
console.log(await verifyAgentCard(forged, { keys: agent.did }).catch((error) => error.code));
