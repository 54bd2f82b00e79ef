// A card of ordinary size, signed: three interfaces, two security schemes, six skills.

import { signAgentCard } from '../../dist/a2a/card/sign.js';
import { identityFromSeed } from '../../dist/identity/seed-identity.js';

const CARD = {
  name: 'Harbour Master',
  description: 'Plans berths, answers skippers, and keeps the tide tables of a small port.',
  version: '3.2.1',
  provider: { organization: 'Port Office', url: 'https://port.example' },
  documentationUrl: 'https://port.example/docs',
  supportedInterfaces: [
    { url: 'https://port.example/a2a/rpc', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
    { url: 'https://port.example/a2a/rest', protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
    { url: 'https://port.example/legacy', protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
  ],
  capabilities: { streaming: true, pushNotifications: true, extensions: [{ uri: 'https://ext.example/audit/v1' }] },
  securitySchemes: {
    bearer: { httpAuthSecurityScheme: { scheme: 'Bearer', description: 'Issued by the port office.' } },
    key: { apiKeySecurityScheme: { location: 'header', name: 'X-Key' } },
  },
  securityRequirements: [{ schemes: { bearer: { list: ['berths'] } } }],
  defaultInputModes: ['text/plain', 'application/json'],
  defaultOutputModes: ['text/plain', 'application/json'],
  skills: Array.from({ length: 6 }, (_, n) => ({
    id: `skill-${n}`,
    name: `Skill number ${n}`,
    description: 'What it does in a sentence or two, as people write them.',
    tags: ['port', 'planning', `n${n}`],
    examples: ['Is there a berth for a ship of 30 m tonight?'],
  })),
};

/** @returns {Promise<{ text: string, did: string }>} */
export async function signedSample() {
  const identity = await identityFromSeed(new Uint8Array(32).fill(5));
  const text = JSON.stringify(await signAgentCard(CARD, identity));
  return { text, did: identity.did };
}
