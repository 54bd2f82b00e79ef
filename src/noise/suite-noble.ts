// The default suite: noble's audited primitives, put together and nothing more.

import { blake2s } from '@noble/hashes/blake2.js';
import { hmac } from '@noble/hashes/hmac.js';
import { concatBytes } from '../bytes/concat.js';
import { wipe } from '../bytes/wipe.js';
import { generateX25519 } from '../curves/x25519.js';
import { NobleAead } from './noble-aead.js';
import type { NoiseSuite } from './suite.js';

/** `25519_ChaChaPoly_BLAKE2s` over noble, with WebCrypto's X25519 where the runtime has it. */
export const nobleSuite: NoiseSuite = {
  name: 'noble',
  hash,
  hkdf,
  aead: (key) => new NobleAead(key),
  generateKeyPair: () => generateX25519(),
};

function hash(...parts: readonly Uint8Array[]): Uint8Array {
  return blake2s(concatBytes(...parts));
}

/** Noise rev 34, section 4.3, with two outputs. */
function hkdf(chainingKey: Uint8Array, inputKeyMaterial: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const tempKey = hmac(blake2s, chainingKey, inputKeyMaterial);
  const first = hmac(blake2s, tempKey, Uint8Array.of(1));
  const second = hmac(blake2s, tempKey, concatBytes(first, Uint8Array.of(2)));
  wipe(tempKey);
  return [first, second];
}
