// What the page does with cards: finds one by its origin, verifies it under the key it trusts, signs one, calls from one.
// Loaded only when a card is asked for.

import { connect, type Identity } from 'ringline';
import {
  type AgentCard,
  fetchAgentCard,
  phoneInterface,
  phoneTarget,
  signAgentCard,
  verifyAgentCard,
} from 'ringline/a2a';

/** A card that holds. */
export type VerifiedCard = Awaited<ReturnType<typeof verifyAgentCard>>;

/** A card that was found, and holds. */
export interface FoundCard {
  readonly verified: VerifiedCard;
  /** Address that had it. */
  readonly url: string;
  /** The card as it came, laid out for reading. */
  readonly text: string;
  /** Length as it came. */
  readonly bytes: number;
  /** To find it and to verify it. */
  readonly tookMs: number;
}

/**
 * Asks an origin for its card, and verifies it.
 *
 * @param trustedDid Key that has to have signed it.
 * @throws {A2aError} there is none, or it does not hold.
 */
export async function findCard(origin: string, trustedDid: string): Promise<FoundCard> {
  const startedAt = performance.now();
  const { verified, url, text } = await fetchAgentCard(origin, {
    verify: { keys: trustedDid },
    allowHttpLoopback: true,
  });
  const tookMs = performance.now() - startedAt;
  return { verified, url, text: layOut(JSON.parse(text)), bytes: new TextEncoder().encode(text).length, tookMs };
}

/**
 * Verifies a card from its text.
 *
 * @param trustedDid The only key that counts.
 * @throws {A2aError} it does not hold.
 */
export function verifyCard(text: string, trustedDid: string): Promise<VerifiedCard> {
  return verifyAgentCard(text, { keys: trustedDid });
}

/** What a person says about an agent of theirs. */
export interface OwnCard {
  readonly name: string;
  /** Of its phone, `ws:` or `wss:`. */
  readonly url: string;
}

/**
 * Signs a card for an agent that answers with our own key.
 *
 * @returns The card with its signature, as text.
 * @throws {TypeError} the address of the phone.
 */
export async function signOwnCard(identity: Identity, { name, url }: OwnCard): Promise<string> {
  const card: AgentCard = {
    name,
    description: 'An agent that answers with the key of a browser.',
    version: '1.0.0',
    supportedInterfaces: [phoneInterface({ url, did: identity.did })],
    capabilities: { streaming: true },
    defaultInputModes: ['application/json'],
    defaultOutputModes: ['application/json'],
    skills: [{ id: 'echo', name: 'Echo', description: 'Says again what it was told.', tags: ['line'] }],
  };
  // In our own order, for people: to the signature, and to JSON, it is all the same.
  const { signatures } = await signAgentCard(card, identity);
  return layOut({ ...card, signatures });
}

/**
 * Calls an agent of which nothing is known but its card, and has it say something again.
 *
 * @throws {SdkError} as `connect` and `call`; or the card does not say where its signer answers the phone.
 */
export async function echoFromCard(
  identity: Identity,
  verified: VerifiedCard,
  text: string,
): Promise<{ said: string; readyMs: number; echoMs: number }> {
  const startedAt = performance.now();
  // The agent of the demo answers on this machine.
  const session = await connect({ identity, ...phoneTarget(verified, { allowLoopback: true }) });
  try {
    const readyAt = performance.now();
    const { text: said } = await session.call<{ text: string }>('echo', { text });
    return { said, readyMs: readyAt - startedAt, echoMs: performance.now() - readyAt };
  } finally {
    await session.close();
  }
}

const layOut = (card: unknown): string => JSON.stringify(card, undefined, 2);
