// Choosing where to call an agent: the first interface of its card that both sides speak (A2A v1.0, section 8.3.2).

import { A2aError } from '../errors.js';
import type { AgentCard, AgentInterface } from './agent-card.js';
import { shown } from './shown.js';

/** A way of talking that the caller implements. */
export interface InterfacePreference {
  /** Such as `JSONRPC` or the URI of a custom binding. Case does not matter. */
  readonly protocolBinding: string;
  /** `Major.Minor`. Default `1.0`. */
  readonly protocolVersion?: string;
}

/** What a client of this package speaks: both bindings, in the order the card prefers. */
const SPOKEN: readonly InterfacePreference[] = [{ protocolBinding: 'JSONRPC' }, { protocolBinding: 'HTTP+JSON' }];

/**
 * Lists the interfaces of a card that can be used, best first: the later ones are for when the network fails to reach the
 * first, never for when it answered.
 *
 * @param preferences What the caller speaks, best first; the card's order decides among equals. Default: `JSONRPC` and
 *   `HTTP+JSON`, version 1.0, in the card's order.
 * @returns Entries of the card, perhaps none.
 */
export function compatibleInterfaces(
  card: AgentCard,
  preferences?: readonly (string | InterfacePreference)[],
): readonly AgentInterface[] {
  // A card as it was signed may lack even this.
  const offered: readonly AgentInterface[] = card.supportedInterfaces ?? [];
  if (preferences === undefined) return offered.filter((entry) => SPOKEN.some((spoken) => fits(entry, spoken)));
  const ranked = preferences.flatMap((preference) => {
    const wanted = typeof preference === 'string' ? { protocolBinding: preference } : preference;
    return offered.filter((entry) => fits(entry, wanted));
  });
  return [...new Set(ranked)];
}

/**
 * Chooses the interface to use. Requests go to its `url`, with its `tenant` where it has one.
 *
 * @param preferences As for {@link compatibleInterfaces}.
 * @throws {A2aError} ERR_A2A_NO_COMPATIBLE_INTERFACE, with what was `offered`.
 *
 * @example
 * ```ts
 * const { url, tenant } = selectInterface(card, ['HTTP+JSON', 'JSONRPC']);
 * ```
 */
export function selectInterface(
  card: AgentCard,
  preferences?: readonly (string | InterfacePreference)[],
): AgentInterface {
  const [chosen] = compatibleInterfaces(card, preferences);
  if (chosen !== undefined) return chosen;
  const offered = card.supportedInterfaces ?? [];
  const names = offered.map(({ protocolBinding, protocolVersion }) => `${protocolBinding} ${protocolVersion}`);
  const message = `the card offers no interface we speak, but ${shown(names.join(', ')) || 'none at all'}`;
  throw new A2aError('ERR_A2A_NO_COMPATIBLE_INTERFACE', message, { offered });
}

function fits(entry: AgentInterface, { protocolBinding, protocolVersion = '1.0' }: InterfacePreference): boolean {
  return (
    `${entry.protocolBinding}`.toUpperCase() === protocolBinding.toUpperCase() &&
    majorMinor(`${entry.protocolVersion}`) === majorMinor(protocolVersion)
  );
}

/** A version without its patch part. */
function majorMinor(version: string): string {
  return version.replace(/^(\d+\.\d+)\.\d+$/, '$1');
}
