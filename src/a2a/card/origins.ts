// Where a card says its agent is, and where the card came from: what a key of one site must not vouch for on another.

import { originOf } from '../../bytes/origin.js';
import type { AgentInterface } from './agent-card.js';
import { shown } from './shown.js';

/** The addresses that go with a card. */
export interface CardPlace {
  /** As the card lists them. */
  readonly interfaces: readonly AgentInterface[];
  /** Where the card came from, after redirects. */
  readonly cardUrl?: string | undefined;
}

/**
 * Checks that all addresses of a card are at the given origins. A WebSocket counts by the origin its handshake is sent to:
 * `wss://agent.example/phone` is at `https://agent.example`.
 *
 * gRPC interfaces have no URL and are not looked at. A card without any other address is at no origin.
 *
 * @param origins In the form {@link originOf} gives.
 * @returns The first address elsewhere, fit for a message; `undefined` when there is none.
 */
export function outsideOf(origins: readonly string[], { interfaces, cardUrl }: CardPlace): string | undefined {
  const urls = interfaces
    .filter(({ protocolBinding }) => protocolBinding?.toUpperCase() !== 'GRPC')
    .map(({ url }) => url);
  if (cardUrl !== undefined) urls.push(cardUrl);
  if (urls.length === 0) return 'a card without an address';
  const outside = urls.find((url) => !origins.includes(originOf(`${url}`.replace(/^ws(?=s?:)/i, 'http')) ?? ''));
  return outside === undefined ? undefined : shown(`${outside}`);
}
