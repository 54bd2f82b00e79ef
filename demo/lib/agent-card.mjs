// @ts-check
// What the agent says of itself, and the signature under it: made with the key it answers the phone with, once, at start.

import { readFileSync } from 'node:fs';
import { phoneInterface, serveAgentCard, signAgentCard } from 'ringline/a2a';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/** The agent's methods, as a card lists them. */
const SKILLS = [
  {
    id: 'echo',
    name: 'Echo',
    description: 'Says again what it was told.',
    tags: ['line'],
  },
  {
    id: 'count',
    name: 'Count',
    description: 'Streams the numbers from nought to where you like.',
    tags: ['line', 'stream'],
  },
  {
    id: 'ask',
    name: 'Answer',
    description: 'Answers a question, word by word. It knows very little.',
    tags: ['talk', 'stream'],
    examples: ['Who am I to you?', 'Can anybody hear us?'],
  },
  {
    id: 'order',
    name: 'Take an order',
    description: 'Writes it down on the name of the key that called.',
    tags: ['talk'],
  },
];

/**
 * Signs the card of an agent.
 *
 * @param {import('ringline').Identity} identity
 * @param {string} phoneUrl Where it answers.
 */
export async function signedCardOf(identity, phoneUrl) {
  const card = {
    name: 'The demo agent',
    description: 'Picks up for anybody who has a key, and remembers who called.',
    version,
    supportedInterfaces: [phoneInterface({ url: phoneUrl, did: identity.did })],
    capabilities: { streaming: true },
    defaultInputModes: ['application/json'],
    defaultOutputModes: ['application/json'],
    skills: SKILLS,
  };
  // Served in this order, which is one for people: to the signature it is all the same.
  const { signatures } = await signAgentCard(card, identity);
  return { ...card, signatures };
}

/**
 * Serves a card at the well-known place. Each run of the demo has a new agent at the same address, so browsers are to ask
 * every time whether the card they have is still the one.
 *
 * @param {import('ringline/a2a').AgentCard} card
 */
export function serveCard(card) {
  return serveAgentCard(card, { maxAgeSec: 0 });
}
