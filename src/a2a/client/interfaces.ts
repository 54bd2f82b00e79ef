// Which of an agent's interfaces a client talks to, and which it may turn to where that one cannot be reached.

import type { AgentCard, AgentInterface } from '../card/agent-card.js';
import { compatibleInterfaces, selectInterface } from '../card/interfaces.js';
import type { Binding } from './binding.js';
import { HttpJsonBinding } from './http-json.js';
import { JsonRpcBinding } from './json-rpc.js';
import type { A2aClientOptions } from './options.js';

/** An interface in use. */
export interface Line {
  readonly interface: AgentInterface;
  readonly binding: Binding;
  /** Whether it has answered anything: then it is not left for another one with a message. */
  answered: boolean;
  /** Verb that SubscribeToTask has turned out to need. */
  subscribeVerb?: 'GET';
}

const SPOKEN = ['JSONRPC', 'HTTP+JSON'];

/**
 * The interfaces that can be used, the preferred one first.
 *
 * @param nextId Gives the ids of JSON-RPC.
 * @returns One or more.
 * @throws {A2aError} ERR_A2A_NO_COMPATIBLE_INTERFACE, with what the card offers.
 * @throws {TypeError} neither card nor interface nor URL is given, or a URL beside a card.
 */
export function linesOf(options: A2aClientOptions, nextId: () => number): readonly Line[] {
  const card = cardOf(options) as AgentCard;
  const bindings = options.interface === undefined ? options.bindings : undefined;
  const preferred = bindings?.filter((name) => SPOKEN.includes(name.toUpperCase()));
  // For its error, should there be none.
  selectInterface(card, preferred);
  return compatibleInterfaces(card, preferred).map((offered) => ({
    interface: offered,
    binding: isJsonRpc(offered) ? new JsonRpcBinding(offered.url, nextId) : new HttpJsonBinding(offered.url),
    answered: false,
  }));
}

/** The part of a card that names interfaces. */
function cardOf({ card, url, interface: chosen, bindings }: A2aClientOptions): Partial<AgentCard> {
  if (chosen !== undefined) return { supportedInterfaces: [chosen] };
  if (url !== undefined && card !== undefined) throw new TypeError('url cannot be given with a card: give interface');
  if (card !== undefined) return card;
  if (typeof url !== 'string') throw new TypeError('one of card, interface and url must be given');
  return { supportedInterfaces: [{ url, protocolBinding: bindings?.[0] ?? 'JSONRPC', protocolVersion: '1.0' }] };
}

function isJsonRpc({ protocolBinding }: AgentInterface): boolean {
  return protocolBinding.toUpperCase() === 'JSONRPC';
}
