// From the body of an answer to a card: JSON first, so that a web page where a card should be is called by its name, then
// whatever a card has to be.

import { MAX_URL_CHARACTERS, parseUrl } from '../../bytes/parse-url.js';
import { decodeUtf8 } from '../../bytes/utf8.js';
import { CodecError } from '../../errors.js';
import type { AgentCard, AgentInterface } from '../card/agent-card.js';
import { A2aError } from '../errors.js';

/**
 * Takes the text of a card out of an answer. A byte order mark is left out.
 *
 * @param contentType Whatever it says, unless that is HTML: static hosts know no better than `text/plain`.
 * @throws {A2aError} ERR_A2A_CARD_NOT_JSON: not the JSON text of an object.
 */
export function cardText(body: Uint8Array, contentType: string | null): string {
  const mediaType = (contentType ?? '').split(';')[0]?.trim().toLowerCase();
  if (mediaType === 'text/html' || mediaType === 'application/xhtml+xml') throw notJson('a web page');
  let text: string;
  let value: unknown;
  try {
    text = decodeUtf8(body).replace(/^\uFEFF/, '');
    value = JSON.parse(text);
  } catch (cause) {
    // An engine that runs out of stack says RangeError.
    if (cause instanceof CodecError || cause instanceof SyntaxError || cause instanceof RangeError) {
      throw notJson('no JSON', cause);
    }
    throw cause;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw notJson('no JSON object');
  return text;
}

/**
 * A card with the relative addresses of its interfaces made absolute. They are against the protocol, and are met.
 *
 * Not for a verified card: the signer said nothing about who serves it, who would become the agent that way.
 *
 * @param cardUrl Address the card came from, after redirects.
 * @returns The same card where there are none; frozen if that is.
 */
export function resolveInterfaces(card: AgentCard, cardUrl: string): AgentCard {
  const interfaces = interfacesOf(card);
  if (!interfaces.some(isRelative)) return card;
  const resolved = interfaces.map((entry) => {
    const url = isRelative(entry) ? parseUrl(entry.url, cardUrl) : undefined;
    return url === undefined ? entry : freezeLike(entry, { ...entry, url: url.href });
  });
  return freezeLike(card, { ...card, supportedInterfaces: freezeLike(interfaces, resolved) });
}

/**
 * A verified card without the interfaces whose addresses are relative: whoever completes one, a browser with the address
 * of its page for example, asks somebody the signer did not name.
 *
 * @param onLeftOut Given the pointer to each, into the card given.
 * @returns The same card where there are none; frozen if that is.
 */
export function withoutRelative(card: AgentCard, onLeftOut: (pointer: string) => void): AgentCard {
  const interfaces = interfacesOf(card);
  if (!interfaces.some(isRelative)) return card;
  const absolute = interfaces.filter((entry, index) => {
    if (!isRelative(entry)) return true;
    onLeftOut(`/supportedInterfaces/${index}/url`);
    return false;
  });
  return freezeLike(card, { ...card, supportedInterfaces: freezeLike(interfaces, absolute) });
}

/** A verified card of a signer that drops what is empty may lack even these, or the members of one. */
function interfacesOf(card: AgentCard): readonly AgentInterface[] {
  return (card.supportedInterfaces as readonly AgentInterface[] | undefined) ?? [];
}

/** Of gRPC, an address is `host:port`, which looks like anything. */
function isRelative({ url, protocolBinding }: Partial<AgentInterface>): boolean {
  if (protocolBinding?.toUpperCase() === 'GRPC' || url === undefined || url === '') return false;
  // What is too long to be an address counts as a relative one: it is as useless, and nobody is to try.
  if (/^[a-z][a-z0-9+.-]*:/i.test(url)) return false;
  return url.length > MAX_URL_CHARACTERS || parseUrl(url, 'https://agent.example') !== undefined;
}

function freezeLike<T extends object>(original: object, copy: T): T {
  return Object.isFrozen(original) ? Object.freeze(copy) : copy;
}

function notJson(what: string, cause?: unknown): A2aError {
  const message = `the answer is ${what} where a card should be`;
  return new A2aError('ERR_A2A_CARD_NOT_JSON', message, cause === undefined ? {} : { cause });
}
