// What a client may make of an agent's extended card: the one it shows to authenticated callers (A2A v1.0, sections
// 3.1.11 and 13.3). Pure decisions; asking for it, and verifying it, is the client's.

import { parseUrl } from '../../bytes/parse-url.js';
import type { AgentCard, AgentInterface } from '../card/agent-card.js';
import { A2aError } from '../errors.js';
import { A2aOperationError } from '../wire/errors.js';

/**
 * Asserts that an agent has an extended card, before it is asked for one.
 *
 * @throws {A2aOperationError} ERR_A2A_UNSUPPORTED_OPERATION: its public card does not say so.
 */
export function assertExtendedCardOffered(publicCard: AgentCard): void {
  if (publicCard.capabilities?.extendedAgentCard === true) return;
  throw new A2aOperationError('ERR_A2A_UNSUPPORTED_OPERATION', 'the card of the agent offers no extended card');
}

/** What is known of an extended card beside its content. */
export interface ExtendedCardFacts {
  /**
   * Whether a signature of the extended card itself has verified, under the policy for the public card. That the public
   * card has says nothing about this one.
   */
  readonly verified: boolean;
  /** Whether the caller insists on that. Default: no. */
  readonly requireVerified?: boolean;
  /** Address at which the public card was found; its origin counts as the agent's own. */
  readonly cardUrl?: string;
  /** Origins an unverified extended card may move the agent to, such as `https://eu.agent.example`; `true` for any. */
  readonly allowedOrigins?: readonly string[] | true;
}

/**
 * Judges an extended card that has come.
 *
 * One that is not verified may say anything but where the agent is: it must not move an interface to an origin of which
 * the public card does not know.
 *
 * @returns The extended card, to be used in place of the public one for as long as {@link extendedCardApplies}.
 * @throws {A2aError} ERR_A2A_ORIGIN_NOT_ALLOWED, with the pointer to the interface. ERR_A2A_VERIFICATION_FAILED: not
 *   verified, and the caller insists.
 */
export function judgeExtendedCard(
  publicCard: Pick<AgentCard, 'supportedInterfaces'>,
  extendedCard: AgentCard,
  facts: ExtendedCardFacts,
): AgentCard {
  const { verified, requireVerified = false, cardUrl, allowedOrigins = [] } = facts;
  if (verified) return extendedCard;
  if (requireVerified) throw new A2aError('ERR_A2A_VERIFICATION_FAILED', 'the extended card is not verified');
  if (allowedOrigins === true) return extendedCard;
  const known = new Set<string | undefined>([
    ...allowedOrigins,
    ...(publicCard.supportedInterfaces ?? []).map(placeOf),
  ]);
  if (cardUrl !== undefined) known.add(originOf(cardUrl));
  known.delete(undefined);
  for (const [index, entry] of (extendedCard.supportedInterfaces ?? []).entries()) {
    if (known.has(placeOf(entry))) continue;
    throw new A2aError('ERR_A2A_ORIGIN_NOT_ALLOWED', 'an extended card that is not verified moves the agent', {
      pointer: `/supportedInterfaces/${index}/url`,
    });
  }
  return extendedCard;
}

/** An extended card in use. */
export interface HeldExtendedCard {
  readonly card: AgentCard;
  /** `version` of the public card at the time. */
  readonly publicVersion: string;
  /** Names the credentials it was shown to; never the credentials themselves. */
  readonly partition: string;
}

/**
 * Whether an extended card may still stand in for the public one: not once the public card has another version, nor for
 * other credentials, nor after logout.
 *
 * @param partition Names the credentials in use now; nothing after logout.
 */
export function extendedCardApplies(
  held: HeldExtendedCard,
  publicCard: AgentCard,
  partition: string | undefined,
): boolean {
  return held.publicVersion === publicCard.version && held.partition === partition;
}

/**
 * What an interface is reached by: an origin, or `host:port` for gRPC. Nothing where that cannot be told, as of an entry
 * that was signed without its address.
 */
function placeOf({ url, protocolBinding }: Partial<AgentInterface>): string | undefined {
  const isGrpc = protocolBinding?.toUpperCase() === 'GRPC' && url?.includes('://') === false;
  return isGrpc ? `grpc ${url.toLowerCase()}` : originOf(url);
}

function originOf(url: string | undefined): string | undefined {
  const origin = parseUrl(url)?.origin;
  // Of schemes that are not the web's, and there each is its own.
  return origin === 'null' ? undefined : origin;
}
