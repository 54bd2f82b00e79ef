// Which of an agent's interfaces a client talks to, and which it may turn to where that one cannot be reached.

import { MAX_URL_CHARACTERS, parseUrl } from '../../bytes/parse-url.js';
import type { AgentCard, AgentInterface } from '../card/agent-card.js';
import { compatibleInterfaces, selectInterface } from '../card/interfaces.js';
import { A2aError } from '../errors.js';
import { isPathSegment } from '../wire/rest-routes.js';
import type { Binding } from './binding.js';
import { HttpJsonBinding } from './http-json.js';
import { JsonRpcBinding } from './json-rpc.js';
import type { A2aClientOptions } from './options.js';

/** An interface in use. */
export interface Line {
  readonly interface: AgentInterface;
  readonly binding: Binding;
  /** Whether it is at the origin of the preferred one, which the caller's own headers are meant for. */
  readonly isHome: boolean;
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
 * @throws {A2aError} ERR_A2A_NO_COMPATIBLE_INTERFACE, with what the card offers. ERR_A2A_INVALID_CARD, with the pointer to
 *   it: of those that would do, none has an address or a tenant that can be used.
 * @throws {TypeError} neither card nor interface nor URL is given, a URL beside a card, or one that is none.
 */
export function linesOf(options: A2aClientOptions, nextId: () => number): readonly Line[] {
  const card = cardOf(options) as AgentCard;
  const bindings = options.interface === undefined ? options.bindings : undefined;
  const preferred = bindings?.filter((name) => SPOKEN.includes(name.toUpperCase()));
  // For its error, should there be none.
  const first = selectInterface(card, preferred);
  const usable = compatibleInterfaces(card, preferred).filter((offered) => faultOf(offered) === undefined);
  const fault = usable.length === 0 ? faultOf(first) : undefined;
  if (fault !== undefined) {
    const pointer = `/supportedInterfaces/${card.supportedInterfaces.indexOf(first)}/${fault.member}`;
    throw new A2aError('ERR_A2A_INVALID_CARD', `the ${fault.member} of the interface ${fault.what}`, { pointer });
  }
  const home = parseUrl(usable[0]?.url)?.origin;
  return usable.map((offered) => ({
    interface: offered,
    binding: isJsonRpc(offered) ? new JsonRpcBinding(offered.url, nextId) : new HttpJsonBinding(offered.url),
    isHome: parseUrl(offered.url)?.origin === home,
    answered: false,
  }));
}

/** The part of a card that names interfaces. */
function cardOf({ card, url, interface: chosen, bindings }: A2aClientOptions): Partial<AgentCard> {
  if (chosen !== undefined) return { supportedInterfaces: [chosen] };
  if (url !== undefined && card !== undefined) throw new TypeError('url cannot be given with a card: give interface');
  if (card !== undefined) return card;
  if (typeof url !== 'string') throw new TypeError('one of card, interface and url must be given');
  if (parseUrl(url) === undefined) throw new TypeError(`url must ${ABSOLUTE}`);
  return { supportedInterfaces: [{ url, protocolBinding: bindings?.[0] ?? 'JSONRPC', protocolVersion: '1.0' }] };
}

const ABSOLUTE = `be absolute, and no longer than ${MAX_URL_CHARACTERS} characters`;

/** Why an interface cannot be used, be it spoken. A verified card of a signer that drops what is empty may lack even its address. */
function faultOf(entry: Partial<AgentInterface>): { member: 'url' | 'tenant'; what: string } | undefined {
  const { url, tenant } = entry;
  if (parseUrl(url) === undefined) return { member: 'url', what: `must ${ABSOLUTE}` };
  // HTTP+JSON puts it into the path.
  if (tenant === undefined || isJsonRpc(entry) || isPathSegment(tenant)) return undefined;
  return { member: 'tenant', what: 'must be text that a path can carry' };
}

function isJsonRpc({ protocolBinding }: Partial<AgentInterface>): boolean {
  return protocolBinding?.toUpperCase() === 'JSONRPC';
}
