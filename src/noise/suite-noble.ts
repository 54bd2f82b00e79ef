// The default suite: noble's audited primitives, put together and nothing more (Noise rev 34, section 4).

import { blake2s } from '@noble/hashes/blake2.js';
import { concatBytes } from '../bytes/concat.js';
import { wipe } from '../bytes/wipe.js';
import { generateX25519 } from '../curves/x25519.js';
import { NobleAead } from './noble-aead.js';
import type { NoiseSuite } from './suite.js';

/** Block of BLAKE2s, to which HMAC fills its key up. */
const BLOCK_BYTES = 64;

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
  const tempKey = hmac(chainingKey, inputKeyMaterial);
  const first = hmac(tempKey, Uint8Array.of(1));
  const second = hmac(tempKey, first, Uint8Array.of(2));
  wipe(tempKey);
  return [first, second];
}

/** HMAC (RFC 2104) under a key of one hash; noble's own takes keys of any length, for twice the code. */
function hmac(key: Uint8Array, ...message: readonly Uint8Array[]): Uint8Array {
  const inner = keyedHash(key, 0x36, ...message);
  return keyedHash(key, 0x5c, inner);
}

function keyedHash(key: Uint8Array, padding: number, ...message: readonly Uint8Array[]): Uint8Array {
  const joined = concatBytes(new Uint8Array(BLOCK_BYTES), ...message);
  for (let i = 0; i < BLOCK_BYTES; i++) joined[i] = (key[i] ?? 0) ^ padding;
  const digest = blake2s(joined);
  wipe(joined);
  return digest;
}
