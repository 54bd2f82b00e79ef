// The opt-in suite: the same bytes as the default one, several times faster, from primitives of our own that nobody has
// audited. They are held to noble by differential tests, RFC vectors and hostile cases; choose accordingly.

import { generateX25519 } from '../curves/x25519.js';
import { FastAead } from './fast/aead.js';
import { blake2s, hkdf2 } from './fast/blake2s.js';
import type { NoiseSuite } from './suite.js';

/**
 * `25519_ChaChaPoly_BLAKE2s` in place and without intermediate objects. **Not audited.** It interoperates with the
 * default suite byte for byte. Needs a little-endian machine.
 */
export const fastSuite: NoiseSuite = {
  name: 'fast',
  hash: blake2s,
  hkdf: hkdf2,
  aead: (key) => new FastAead(key),
  generateKeyPair: () => generateX25519(),
};
