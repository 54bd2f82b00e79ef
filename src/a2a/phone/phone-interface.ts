// How a card names a phone: an interface entry of our own binding, whose address carries the agent's DID as its fragment
// (agent-phone v1, section 8). The fragment is covered by the card's signature, and no request ever sends it.

import { assertString } from '../../bytes/assert.js';
import { parseUrl } from '../../bytes/parse-url.js';
import { isSdkError } from '../../errors.js';
import { decodeDidKey } from '../../identity/did-key.js';
import type { AgentCard, AgentInterface } from '../card/agent-card.js';
import { A2aError } from '../errors.js';

/** `protocolBinding` of an interface that is a phone. */
export const PHONE_BINDING = 'urn:ringline:agent-phone:1';

/** `protocolVersion` of such an interface. */
export const PHONE_VERSION = '1.0';

/** Where an agent's phone is, and who has to answer it. */
export interface PhoneAddress {
  /** `ws:` or `wss:`, without the fragment. */
  readonly url: string;
  /** `did:key` of the agent. */
  readonly did: string;
}

/**
 * Makes the entry for `supportedInterfaces` that names a phone.
 *
 * @param address `url`: absolute, `ws:` or `wss:` (pages from https can dial `wss:` only), without user and fragment.
 * @throws {TypeError} not such a URL.
 * @throws {IdentityError} ERR_IDENTITY_DID, ERR_IDENTITY_KEY: the DID.
 * @example
 * ```ts
 * const card = { ...about, supportedInterfaces: [phoneInterface({ url: 'wss://agent.example/phone', did: identity.did })] }
 * ```
 */
export function phoneInterface(address: PhoneAddress): AgentInterface {
  const { url, did } = address;
  assertString(url, 'url');
  decodeDidKey(did);
  const parsed = parsePhoneUrl(url);
  if (parsed === undefined || parsed.hash !== '') {
    throw new TypeError('url must be an absolute ws: or wss: URL without user and fragment');
  }
  return { url: `${parsed.href}#${did}`, protocolBinding: PHONE_BINDING, protocolVersion: PHONE_VERSION };
}

/**
 * Reads the first phone a card names. Entries of other bindings, and of versions but 1.x, are passed over.
 *
 * @param card Trust nothing this returns of a card that was not verified; and of a verified one, only that its signer says
 *   so: the address may lead into your own network. `phoneTarget` judges it.
 * @throws {A2aError} ERR_A2A_NO_COMPATIBLE_INTERFACE: there is none. ERR_A2A_INVALID_CARD: its address is no `ws:` or
 *   `wss:` URL of at most 8,192 characters, or its fragment no usable DID.
 */
export function readPhoneAddress(card: AgentCard): PhoneAddress {
  return findPhone(card).address;
}

/** As {@link readPhoneAddress}, with the JSON pointer to the address. */
export function findPhone(card: AgentCard): { readonly address: PhoneAddress; readonly pointer: string } {
  // A verified card of a signer that drops what is empty may lack even these.
  const offered: readonly AgentInterface[] = card.supportedInterfaces ?? [];
  const index = offered.findIndex(isPhone);
  const entry = offered[index];
  if (entry === undefined) {
    throw new A2aError('ERR_A2A_NO_COMPATIBLE_INTERFACE', 'the card names no phone', { offered });
  }
  const pointer = `/supportedInterfaces/${index}/url`;
  const parsed = parsePhoneUrl(entry.url);
  if (parsed === undefined) {
    throw new A2aError('ERR_A2A_INVALID_CARD', 'the address of the phone is no ws: or wss: URL', { pointer });
  }
  const did = parsed.hash.slice(1);
  try {
    decodeDidKey(did);
  } catch (cause) {
    if (!isSdkError(cause)) throw cause;
    throw new A2aError('ERR_A2A_INVALID_CARD', 'the address of the phone names no usable DID', { pointer, cause });
  }
  parsed.hash = '';
  return { address: { url: parsed.href, did }, pointer };
}

function isPhone({ protocolBinding, protocolVersion }: AgentInterface): boolean {
  return protocolBinding === PHONE_BINDING && /^1(\.|$)/.test(protocolVersion);
}

function parsePhoneUrl(text: string): URL | undefined {
  const url = parseUrl(text);
  const speaks = url?.protocol === 'ws:' || url?.protocol === 'wss:';
  return speaks && url.username === '' && url.password === '' ? url : undefined;
}
