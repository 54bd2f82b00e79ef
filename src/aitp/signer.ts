// Keys that sign for an agent, wherever they are. What leaves here is checked under the agent's own name, and low in S.

import { assertBytes } from '../bytes/assert.js';
import { randomBytes } from '../bytes/random.js';
import { wipe } from '../bytes/wipe.js';
import { ed25519FromSeed } from '../curves/ed25519.js';
import { p256FromSecret } from '../curves/p256.js';
import type { KeyCurve } from '../documents/algorithms.js';
import type { PublicJwk } from '../documents/jwk.js';
import { signerFromCryptoKey, signerFromIdentity } from '../documents/signer.js';
import { IdentityError } from '../errors.js';
import type { Identity } from '../identity/identity.js';
import { type Aid, type AidForm, type AitpSuite, aidOfKey, parseAid } from './aid.js';
import { normalizeLowS } from './low-s.js';

/** A key that signs for an agent. */
export interface AitpSigner {
  /** The agent's name. */
  readonly aid: Aid;
  readonly suite: AitpSuite;
  /** Algorithm in the header of compact tokens. */
  readonly alg: 'EdDSA' | 'ES256';
  /** Ed25519: 32 bytes. P-256: 65, `04 | x | y`. Owned by the signer: read, never write. */
  readonly publicKey: Uint8Array;

  /**
   * @param message Any length. Borrowed until the promise settles.
   * @returns 64 bytes, fresh, that verify under {@link aid}; S is low. Not necessarily the same each time.
   * @throws {IdentityError} ERR_IDENTITY_MISMATCH: the key underneath is not the one it claims to be.
   */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** How a signer is made of a seed. */
export interface SeedOptions extends AidForm {
  /** Kind of key. Default `ed25519`. */
  readonly suite?: AitpSuite;
}

/** Anything that signs: a pair of keys, a `JwsSigner`, a hardware token. */
export interface RawSigner {
  readonly curve: KeyCurve;
  /** Ed25519: 32 bytes. P-256: 65, `04 | x | y`. */
  readonly publicKey: Uint8Array;
  /** @returns 64 bytes. For P-256 ECDSA with SHA-256, `r | s`, S as it comes. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/**
 * Signs for the agent of a key.
 *
 * @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: its public key.
 * @throws {TypeError} no signer.
 */
export function aitpSigner(raw: RawSigner, form: AidForm = {}): AitpSigner {
  if (typeof raw?.sign !== 'function') throw new TypeError('raw must be a signer: curve, publicKey and sign');
  const { aid, suite, key } = parseAid(aidOfKey(raw, form));
  return {
    aid,
    suite,
    alg: suite === 'p256' ? 'ES256' : 'EdDSA',
    publicKey: key.publicKey,
    async sign(message) {
      assertBytes(message, 'message');
      const made = await raw.sign(message);
      const signature = suite === 'p256' ? normalizeLowS(made) : made;
      if (await key.verify(message, signature, { requireLowS: true })) return signature;
      throw new IdentityError('ERR_IDENTITY_MISMATCH', 'the signer does not hold the key it names');
    },
  };
}

/**
 * Signs as an identity of this package does.
 *
 * @throws {IdentityError} ERR_IDENTITY_DID, ERR_IDENTITY_KEY: the identity's DID.
 * @throws {TypeError} no identity.
 */
export function aitpSignerFromIdentity(identity: Identity, form: AidForm = {}): AitpSigner {
  return aitpSigner(signerFromIdentity(identity), form);
}

/**
 * Makes the signer of a known secret.
 *
 * @param seed 32 bytes: the Ed25519 seed, or the P-256 scalar. Copied; the caller wipes its own.
 * @throws {IdentityError} ERR_IDENTITY_KEY: no P-256 scalar.
 * @throws {TypeError | RangeError} another length or suite.
 */
export async function aitpSignerFromSeed(
  seed: Uint8Array,
  { suite = 'ed25519', ...form }: SeedOptions = {},
): Promise<AitpSigner> {
  assertBytes(seed, 'seed', 32);
  if (suite !== 'ed25519' && suite !== 'p256') throw new RangeError('suite must be ed25519 or p256');
  const curve = suite === 'p256' ? 'P-256' : 'Ed25519';
  const pair = await (suite === 'p256' ? p256FromSecret(seed) : ed25519FromSeed(seed));
  return aitpSigner({ curve, publicKey: pair.publicKey, sign: (message) => pair.sign(message) }, form);
}

/** Makes a fresh signer that lives as long as the program holds it. */
export async function generateAitpSigner(options: SeedOptions = {}): Promise<AitpSigner> {
  const seed = randomBytes(32);
  try {
    return await aitpSignerFromSeed(seed, options);
  } finally {
    wipe(seed);
  }
}

/**
 * Signs with a key that WebCrypto holds, extractable or not.
 *
 * @param privateKey `Ed25519`, or `ECDSA` over P-256, with usage `sign`.
 * @param publicKey Its public key.
 * @throws {IdentityError} ERR_IDENTITY_KEY: keys that cannot sign or are of different kinds.
 * @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: the public key.
 * @throws {TypeError} no keys.
 */
export async function aitpSignerFromCryptoKeys(
  privateKey: CryptoKey,
  publicKey: CryptoKey | PublicJwk,
  form: AidForm = {},
): Promise<AitpSigner> {
  return aitpSigner(await signerFromCryptoKey(privateKey, publicKey), form);
}
