// X25519 key pairs over WebCrypto or noble (RFC 7748, section 6.1), with one answer from both: a pair that agrees, or
// ERR_IDENTITY_AGREEMENT for a low-order point. What the shared secret is good for is the caller's matter.

import { assertBytes } from '../bytes/assert.js';
import { randomBytes } from '../bytes/random.js';
import { wipe } from '../bytes/wipe.js';
import { IdentityError } from '../errors.js';
import { backendChooser, type CurveBackend, loadNoble } from './backend.js';
import { encodePkcs8, OID_X25519 } from './pkcs8.js';

/** An X25519 key pair whose secret may be out of our reach. */
export interface X25519KeyPair {
  /** 32 bytes. Owned by the pair: read, never write. */
  readonly publicKey: Uint8Array;

  /**
   * X25519 with the other side's key.
   *
   * @param remotePublicKey 32 bytes. Borrowed.
   * @returns 32-byte shared secret, fresh; the caller wipes it.
   * @throws {IdentityError} ERR_IDENTITY_AGREEMENT: low-order point, or the runtime refused. ERR_IDENTITY_KEY: wiped.
   * @throws {TypeError | RangeError} not 32 bytes.
   */
  agree(remotePublicKey: Uint8Array): Promise<Uint8Array>;

  /** Forgets the secret: later agreements are refused. */
  wipe(): void;
}

const ALGORITHM = 'X25519';

const chooseBackend = /* @__PURE__ */ backendChooser(async () => {
  const pair = await webCryptoPair();
  await pair.agree(pair.publicKey);
});

/**
 * Makes a fresh pair, in WebCrypto not extractable.
 *
 * @param backend For tests and benchmarks; the best the runtime has when left out.
 */
export async function generateX25519(backend?: CurveBackend): Promise<X25519KeyPair> {
  if ((await chooseBackend(backend)) === 'webcrypto') return webCryptoPair();
  const secret = randomBytes(32);
  try {
    return await noblePair(secret);
  } finally {
    wipe(secret);
  }
}

/**
 * Makes the pair of a known secret, in WebCrypto not extractable.
 *
 * @param secret 32 bytes; clamped as RFC 7748 has it. Copied; the caller wipes its own.
 * @param backend For tests and benchmarks; the best the runtime has when left out.
 * @throws {TypeError | RangeError} not 32 bytes.
 */
export async function x25519FromSecret(secret: Uint8Array, backend?: CurveBackend): Promise<X25519KeyPair> {
  assertBytes(secret, 'secret', 32);
  const own = new Uint8Array(secret);
  try {
    if ((await chooseBackend(backend)) === 'noble') return await noblePair(own);
    const key = await importX25519(own);
    return x25519FromKey(key, await x25519PublicKey(key));
  } finally {
    wipe(own);
  }
}

/**
 * Imports a secret into WebCrypto for good: nobody can read it back.
 *
 * @param secret 32 bytes. Borrowed until the promise settles; the caller wipes it then.
 * @throws {DOMException} the runtime does not know the curve.
 */
export async function importX25519(secret: Uint8Array): Promise<CryptoKey> {
  const der = encodePkcs8(OID_X25519, secret);
  try {
    return await crypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['deriveBits']);
  } finally {
    wipe(der);
  }
}

/** Public key of a private key that cannot be exported: the secret times the base point, u = 9. @returns 32 bytes. */
export function x25519PublicKey(key: CryptoKey): Promise<Uint8Array> {
  const base = new Uint8Array(32);
  base[0] = 9;
  return deriveX25519(key, base);
}

/**
 * Makes a pair of a private key that WebCrypto holds.
 *
 * @param key Private X25519 key with usage `deriveBits`.
 * @param publicKey Its public key, 32 bytes; not checked. Kept.
 */
export function x25519FromKey(key: CryptoKey, publicKey: Uint8Array): X25519KeyPair {
  return pairOf(publicKey, key, deriveX25519);
}

/** X25519 inside WebCrypto. Runtimes are asked to refuse an all-zero secret (RFC 7748, section 6.1); some may not. */
async function deriveX25519(key: CryptoKey, remotePublicKey: Uint8Array): Promise<Uint8Array> {
  const { subtle } = crypto;
  const remote = await subtle.importKey('raw', new Uint8Array(remotePublicKey), ALGORITHM, true, []);
  return new Uint8Array(await subtle.deriveBits({ name: ALGORITHM, public: remote }, key, 256));
}

async function webCryptoPair(): Promise<X25519KeyPair> {
  const generated = await crypto.subtle.generateKey(ALGORITHM, false, ['deriveBits']);
  const { privateKey, publicKey } = generated as CryptoKeyPair;
  // JWK, not raw: Node answers it without a trip to another thread, 3 us instead of 100, on the path of every connect.
  const { x } = await crypto.subtle.exportKey('jwk', publicKey);
  return x25519FromKey(privateKey, decodeX(x as string));
}

/** The `x` of a JWK: base64url, from the runtime itself, so lenient decoding does no harm. */
function decodeX(x: string): Uint8Array {
  const binary = atob(x.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

async function noblePair(secret: Uint8Array): Promise<X25519KeyPair> {
  const { x25519Public, x25519Shared } = await loadNoble();
  return pairOf(x25519Public(secret), new Uint8Array(secret), x25519Shared, wipe);
}

/** A pair of either backend: what both refuse, and how both forget. */
function pairOf<Secret>(
  publicKey: Uint8Array,
  secret: Secret,
  derive: (secret: Secret, remotePublicKey: Uint8Array) => Uint8Array | Promise<Uint8Array>,
  forget?: (secret: Secret) => void,
): X25519KeyPair {
  let held: Secret | undefined = secret;
  return {
    publicKey,
    async agree(remotePublicKey) {
      assertBytes(remotePublicKey, 'remotePublicKey', 32);
      if (held === undefined) throw new IdentityError('ERR_IDENTITY_KEY', 'the key pair has been wiped');
      let shared: Uint8Array;
      try {
        shared = await derive(held, remotePublicKey);
      } catch (cause) {
        throw refused({ cause });
      }
      if (shared.reduce((bits, byte) => bits | byte, 0) === 0) throw refused();
      return shared;
    },
    wipe() {
      if (held !== undefined) forget?.(held);
      held = undefined;
    },
  };
}

function refused(options?: ErrorOptions): IdentityError {
  return new IdentityError('ERR_IDENTITY_AGREEMENT', 'key agreement refused: a low-order or unusable point', options);
}
