// An identity from its seed: WebCrypto keys that nobody can read where the runtime has the curves, noble where it lacks
// one (agent-phone v1, section 1). Keeping a seed is the vault's matter.

import { assertBytes } from '../bytes/assert.js';
import { randomBytes } from '../bytes/random.js';
import { wipe } from '../bytes/wipe.js';
import type { CurveBackend } from '../curves/backend.js';
import { ed25519FromSeed, x25519SecretOfSeed } from '../curves/ed25519.js';
import { x25519FromSecret } from '../curves/x25519.js';
import { encodeDidKey } from './did-key.js';
import type { Identity } from './identity.js';

/** Length of a seed. */
export const SEED_BYTES = 32;

/**
 * Makes a fresh identity that lives as long as the program holds it. To keep one, use `openIdentity`.
 *
 * @example
 * ```ts
 * const alice = await createIdentity();
 * console.log(alice.did); // did:key:z6Mk...
 * ```
 */
export async function createIdentity(): Promise<Identity> {
  const seed = randomBytes(SEED_BYTES);
  try {
    return await identityFromSeed(seed);
  } finally {
    wipe(seed);
  }
}

/**
 * Makes the identity of a known seed, for servers that are handed one as a secret.
 *
 * @param seed 32 random bytes (RFC 8032 calls them the private key). Copied at once; the caller wipes its own.
 * @throws {TypeError | RangeError} not 32 bytes.
 *
 * @example
 * ```ts
 * const seed = decodeBase64url(env.AGENT_SEED);
 * const agent = await identityFromSeed(seed);
 * seed.fill(0);
 * ```
 */
export function identityFromSeed(seed: Uint8Array): Promise<Identity> {
  return identityOver(seed);
}

/** {@link identityFromSeed} with a backend named, for tests and benchmarks. */
export async function identityOver(seed: Uint8Array, backend?: CurveBackend): Promise<Identity> {
  assertBytes(seed, 'seed', SEED_BYTES);
  const own = new Uint8Array(seed);
  let secret: Uint8Array | undefined;
  try {
    const signing = await ed25519FromSeed(own, backend);
    secret = await x25519SecretOfSeed(own, backend);
    const agreement = await x25519FromSecret(secret, backend);
    return {
      did: encodeDidKey(signing.publicKey),
      sign: (message) => signing.sign(message),
      agree: (publicKey) => agreement.agree(publicKey),
    };
  } finally {
    wipe(own, secret);
  }
}
