// Keys this agent knows beforehand (AITP 0.2, section 8.6): an identity of type `pinned_key` is believed only if its
// subject and key are on such a list.

import { assertString } from '../bytes/assert.js';
import type { JsonValue } from '../codec/json-value.js';

/** One identity known by its key. */
export interface PinnedKey {
  /** Name of the identity, compared exactly. */
  readonly subject: string;
  /** Its Ed25519 key, 43 characters of base64url, compared exactly. */
  readonly publicKey: string;
  /** What it may be granted at most. Absent: no limit beyond what we offer and our policy. */
  readonly allowedCapabilities?: readonly string[];
}

/** Where pinned keys are looked up. */
export interface PinnedKeys {
  /** @returns The entry for both the subject and the key; `undefined` where there is none. */
  find(subject: string, publicKey: string): PinnedKey | undefined | Promise<PinnedKey | undefined>;
}

/**
 * Makes a list of pinned keys. A subject may have several keys, and a key several subjects.
 *
 * @param keys Copied.
 * @throws {TypeError} an entry without a subject or a key, or whose `allowedCapabilities` are no list.
 */
export function pinnedKeys(keys: readonly PinnedKey[]): PinnedKeys {
  const known = new Map<string, PinnedKey>();
  for (const { subject, publicKey, allowedCapabilities } of keys) {
    assertString(subject, 'subject');
    assertString(publicKey, 'publicKey');
    if (subject === '' || publicKey === '') throw new TypeError('subject and publicKey must have content');
    if (allowedCapabilities !== undefined && !Array.isArray(allowedCapabilities)) {
      throw new TypeError('allowedCapabilities must be an array');
    }
    const limit = allowedCapabilities === undefined ? {} : { allowedCapabilities: [...allowedCapabilities] };
    known.set(nameOf(subject, publicKey), { subject, publicKey, ...limit });
  }
  return { find: (subject, publicKey) => known.get(nameOf(subject, publicKey)) };
}

/**
 * Believes every pinned-key identity whose proof holds, whoever it is. Its subject is then a name the peer gave itself.
 *
 * For tests, and for agents that check the AID of the peer by other means.
 */
export function trustAnyPinnedKey(): PinnedKeys {
  return { find: (subject, publicKey) => ({ subject, publicKey }) };
}

/** Two texts as one: a key holds no blank, so that the first one ends it. */
function nameOf(subject: string, publicKey: string): string {
  return `${publicKey} ${subject}`;
}

/** Whether a value has the form in which AITP writes a public key by itself: 32 or 33 bytes in base64url. */
export function isPublicKeyText(value: JsonValue): boolean {
  return typeof value === 'string' && /^[\w-]{43,44}$/.test(value);
}
