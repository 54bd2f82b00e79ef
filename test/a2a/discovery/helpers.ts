// What the tests of discovery share: a card, agents that sign it, and a web of a few addresses.

import type { AgentCard } from '../../../src/a2a/card/agent-card.js';
import { SdkError } from '../../../src/errors.js';
import { type Asked, scriptedFetch } from '../../http/helpers.js';

export const CARD: AgentCard = {
  name: 'Weather',
  description: 'Tells the weather',
  supportedInterfaces: [{ url: 'https://agent.example/rpc', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
  version: '1.0.0',
  capabilities: { streaming: true },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [{ id: 'now', name: 'Now', description: 'The weather now', tags: ['weather'] }],
};

export function cardResponse(card: unknown = CARD, headers: HeadersInit = {}): Response {
  return new Response(typeof card === 'string' ? card : JSON.stringify(card), {
    headers: { 'content-type': 'application/json', ...Object.fromEntries(new Headers(headers)) },
  });
}

/** A fetch that knows some addresses, and answers 404 at all others. */
export function web(pages: Record<string, (asked: Asked) => Response | Promise<Response>>) {
  const scripted = scriptedFetch((asked) => pages[asked.url]?.(asked) ?? new Response('nothing', { status: 404 }));
  return { ...scripted, urls: () => scripted.asked.map(({ url }) => url) };
}

/** The error a promise rejects with, which has to be one of ours. */
export async function errorOf(work: Promise<unknown>): Promise<SdkError & { urls?: readonly string[] }> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof SdkError) return error;
  throw new Error('not an error of ours', { cause: error });
}
