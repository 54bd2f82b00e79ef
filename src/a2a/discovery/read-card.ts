// From the body of an answer to a card: JSON first, so that a web page where a card should be is called by its name, then
// whatever a card has to be.

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
 * @param cardUrl Address the card came from, after redirects.
 * @returns The same card where there are none; frozen if that is.
 */
export function resolveInterfaces(card: AgentCard, cardUrl: string): AgentCard {
  // A verified card of a signer that drops what is empty may lack even these.
  const interfaces = (card.supportedInterfaces as readonly AgentInterface[] | undefined) ?? [];
  if (!interfaces.some(isRelative)) return card;
  const resolved = interfaces.map((entry) => {
    if (!isRelative(entry)) return entry;
    return freezeLike(entry, { ...entry, url: new URL(entry.url, cardUrl).href });
  });
  return freezeLike(card, { ...card, supportedInterfaces: freezeLike(interfaces, resolved) });
}

/** Of gRPC, an address is `host:port`, which looks like anything. */
function isRelative({ url, protocolBinding }: AgentInterface): boolean {
  if (protocolBinding.toUpperCase() === 'GRPC' || url === '' || /^[a-z][a-z0-9+.-]*:/i.test(url)) return false;
  return URL.canParse(url, 'https://agent.example');
}

function freezeLike<T extends object>(original: object, copy: T): T {
  return Object.isFrozen(original) ? Object.freeze(copy) : copy;
}

function notJson(what: string, cause?: unknown): A2aError {
  const message = `the answer is ${what} where a card should be`;
  return new A2aError('ERR_A2A_CARD_NOT_JSON', message, cause === undefined ? {} : { cause });
}
