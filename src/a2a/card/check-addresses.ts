// Addresses that may stand in a card that is signed: such as a client can use without asking where the card came from. One
// that is relative would mean another place wherever the card is served (A2A v1.0, section 4.4.6).

import { parseUrl } from '../../bytes/parse-url.js';
import type { JsonObject } from '../../codec/json-value.js';
import { PHONE_BINDING } from '../phone/phone-interface.js';
import type { AgentInterface } from './agent-card.js';
import { invalidCard } from './project.js';

/** A gRPC target: a host, mostly with a port. */
const GRPC_TARGET = /^(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i;

/** Hosts of this machine, as `URL.hostname` has them. */
const LOOPBACK = /^(127(\.\d+){3}|\[::1\]|([^.]+\.)*localhost)$/;

/**
 * Checks where the interfaces of a card are: at `https` URLs; on this machine at `http`, `ws` and `wss` ones too, which is
 * for development; at `ws` and `wss` for phones; at a host and port for gRPC.
 *
 * @param card Of v1.0 to the letter.
 * @throws {A2aError} ERR_A2A_INVALID_CARD with `pointer`: another address, one with a user name, or longer than 8,192
 *   characters.
 */
export function checkAddresses(card: JsonObject): void {
  const interfaces = card.supportedInterfaces as unknown as readonly AgentInterface[];
  for (const [i, entry] of interfaces.entries()) {
    if (!isUsable(entry)) throw invalidCard(`/supportedInterfaces/${i}/url`, 'is no absolute https URL');
  }
}

function isUsable({ url, protocolBinding }: AgentInterface): boolean {
  if (protocolBinding.toUpperCase() === 'GRPC' && GRPC_TARGET.test(url)) return true;
  const parsed = parseUrl(url);
  if (parsed === undefined) return false;
  const { protocol, hostname, username, password } = parsed;
  // The parser also takes `https:a2a`, which other parsers resolve as a relative path.
  if (username !== '' || password !== '' || !/^[a-z]+:\/\//i.test(url)) return false;
  if (protocol === 'https:') return true;
  const isSocket = protocol === 'ws:' || protocol === 'wss:';
  return (
    (isSocket && protocolBinding === PHONE_BINDING) || ((isSocket || protocol === 'http:') && LOOPBACK.test(hostname))
  );
}
